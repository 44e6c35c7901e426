"""An assignment: a named person on a piece of work."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Annotated, ClassVar

import strawberry

from schema.access import Reach
from schema.connection import Connection
from schema.engagement import Engagement
from schema.graph import Node, Traced, home, link
from schema.project import Project
from schema.resource import Resource
from schema.role import Role
from schema.rows import Maybe, Ref, Row, System
from schema.values import DateRange, Hours, Money, Ratio

if TYPE_CHECKING:
    from schema.role_demand import RoleDemand
    from schema.source_segment import SourceSegment
    from schema.time_entry import TimeEntry


@strawberry.enum
class Commitment(Enum):
    """Whether the booking consumes the person's capacity."""

    TENTATIVE = "TENTATIVE"
    FIRM = "FIRM"


@strawberry.enum
class AssignmentStatus(Enum):
    """Where a booking stands; ENDED before its last day is a roll-off."""

    PROPOSED = "PROPOSED"
    TENTATIVE = "TENTATIVE"
    FIRM = "FIRM"
    ACTIVE = "ACTIVE"
    ENDED = "ENDED"
    CANCELLED = "CANCELLED"


@strawberry.enum
class AllocationBasis(Enum):
    """Which measure of the allocation the PSA was given; the others follow from it."""

    ALLOCATION = "ALLOCATION"
    HOURS_PER_DAY = "HOURS_PER_DAY"
    TOTAL_HOURS = "TOTAL_HOURS"


class AssignmentRow(Row):
    """What the PSA says."""

    type: ClassVar[str] = "Assignment"

    code: str | None = None
    resource: Annotated[Ref, "Resource"] | None = None
    project: Annotated[Ref, "Project"] | None = None
    engagement: Annotated[Ref, "Engagement"] | None = None
    role: Annotated[Ref, "Role"] | None = None
    commitment: Maybe[Commitment] = None
    status: Maybe[AssignmentStatus] = None
    range: DateRange | None = None
    allocation: Ratio | None = None
    total_hours: Hours | None = None
    hours_per_day: Hours | None = None
    basis: Maybe[AllocationBasis] = None
    billable: bool | None = None
    bill_rate: Money | None = None
    request: Annotated[Ref, "RoleDemand"] | None = None


@home(System.PSA, "assignments_by_id", AssignmentRow, scope={Reach.PERSON: "resource", Reach.ENGAGEMENT: "engagement"})
class Assignment(Traced, Node):
    """A person booked on a project. `billRate` is per hour and indicative; the entry's resolved rate is the fact."""

    code: str | None
    resource: Resource | None = link(System.HR, "resources_by_id", key="resource")
    project: Project | None = link(System.PSA, "projects_by_id", key="project")
    engagement: Engagement | None = link(System.PSA, "engagements_by_id", key="engagement")
    role: Role | None = link(System.PSA, "roles_by_id", key="role")
    commitment: Commitment | None
    status: AssignmentStatus | None
    range: DateRange | None
    allocation: Ratio | None
    total_hours: Hours | None
    hours_per_day: Hours | None
    basis: AllocationBasis | None
    billable: bool | None
    bill_rate: Money | None
    request: Annotated[RoleDemand, strawberry.lazy("schema.role_demand")] | None = link(
        System.FORECAST, "role_demands_by_id", key="request"
    )
    time_entries: Connection[Annotated[TimeEntry, strawberry.lazy("schema.time_entry")]] | None = link(
        System.PSA, "time_entries_by_engagement", key="engagement", where="assignment", at_most=10_000, paged=True
    )
    segments: list[Annotated[SourceSegment, strawberry.lazy("schema.source_segment")] | None] | None = link(
        System.FORECAST, "source_segments_by_assignment", at_most=500
    )
