"""A source segment: one row of forecasting's plan. An assignment may be several, where leave interrupts it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

import strawberry

from schema.access import Reach
from schema.graph import Node, Traced, home, link
from schema.role import Role
from schema.rows import Ref, Row, System
from schema.values import DateRange, Hours

if TYPE_CHECKING:
    from schema.assignment import Assignment
    from schema.engagement import Engagement
    from schema.resource import Resource


class SourceSegmentRow(Row):
    """What forecasting says."""

    type: ClassVar[str] = "SourceSegment"

    assignment: Annotated[Ref, "Assignment"] | None = None
    resource: Annotated[Ref, "Resource"] | None = None
    engagement: Annotated[Ref, "Engagement"] | None = None
    role: Annotated[Ref, "Role"] | None = None
    range: DateRange | None = None
    hours_per_day: Hours | None = None
    billable: bool | None = None


@home(
    *(System.FORECAST, "source_segments_by_id", SourceSegmentRow),
    scope={Reach.PERSON: "resource", Reach.ENGAGEMENT: "engagement"},
)
class SourceSegment(Traced, Node):
    """What forecasting plans for a person; without an assignment it is a plan that delivery does not know."""

    assignment: Annotated[Assignment, strawberry.lazy("schema.assignment")] | None = link(
        System.PSA, "assignments_by_id", key="assignment", may_miss=True
    )
    resource: Annotated[Resource, strawberry.lazy("schema.resource")] | None = link(
        System.HR, "resources_by_id", key="resource"
    )
    engagement: Annotated[Engagement, strawberry.lazy("schema.engagement")] | None = link(
        System.PSA, "engagements_by_id", key="engagement"
    )
    role: Role | None = link(System.PSA, "roles_by_id", key="role")
    range: DateRange | None
    hours_per_day: Hours | None
    billable: bool | None
