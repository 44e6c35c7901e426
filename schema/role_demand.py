"""A role demand: a need for people who have no names yet, from a deal or in an engagement."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Annotated, ClassVar

import strawberry

from schema.access import Reach
from schema.capacity import CapacityScenario
from schema.graph import Node, Traced, home, link
from schema.role import Role
from schema.rows import Maybe, Ref, Row, System
from schema.values import DateRange, Hours, Ratio

if TYPE_CHECKING:
    from schema.assignment import Assignment
    from schema.engagement import Engagement
    from schema.opportunity import Opportunity
    from schema.project import Project


@strawberry.enum
class RoleDemandStatus(Enum):
    """How far a need is met. LAPSED: its opportunity was lost."""

    DRAFT = "DRAFT"
    OPEN = "OPEN"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELLED = "CANCELLED"
    LAPSED = "LAPSED"


class RoleDemandRow(Row):
    """What forecasting says."""

    type: ClassVar[str] = "RoleDemand"

    code: str | None = None
    role: Annotated[Ref, "Role"] | None = None
    engagement: Annotated[Ref, "Engagement"] | None = None
    project: Annotated[Ref, "Project"] | None = None
    opportunity: Annotated[Ref, "Opportunity"] | None = None
    count: int | None = None
    range: DateRange | None = None
    hours_per_week: Hours | None = None
    region: str | None = None
    status: Maybe[RoleDemandStatus] = None
    probability_weight: Ratio | None = None
    scenario: Annotated[Ref, "CapacityScenario"] | None = None
    filled_by: list[Annotated[Ref, "Assignment"]] | None = None


@home(System.FORECAST, "role_demands_by_id", RoleDemandRow, scope={Reach.ENGAGEMENT: "engagement"})
class RoleDemand(Traced, Node):
    """People wanted in one role; `hoursPerWeek` is for each of them, `probabilityWeight` the chance that they are."""

    code: str | None
    role: Role | None = link(System.PSA, "roles_by_id", key="role")
    engagement: Annotated[Engagement, strawberry.lazy("schema.engagement")] | None = link(
        System.PSA, "engagements_by_id", key="engagement"
    )
    opportunity: Annotated[Opportunity, strawberry.lazy("schema.opportunity")] | None = link(
        System.CRM, "opportunities_by_id", key="opportunity"
    )
    project: Annotated[Project, strawberry.lazy("schema.project")] | None = link(
        System.PSA, "projects_by_id", key="project"
    )
    count: int | None
    range: DateRange | None
    hours_per_week: Hours | None
    region: str | None
    status: RoleDemandStatus | None
    probability_weight: Ratio | None
    scenario: CapacityScenario | None = link(System.FORECAST, "capacity_scenarios_by_id", key="scenario")
    filled_by: list[Annotated[Assignment, strawberry.lazy("schema.assignment")] | None] | None = link(
        System.PSA, "assignments_by_id", key="filled_by", at_most=500, about=1
    )
