"""A project: one node of an engagement's delivery breakdown."""

from __future__ import annotations

from datetime import date
from enum import Enum
from typing import TYPE_CHECKING, Annotated, ClassVar, Optional

import strawberry

from schema.access import Reach
from schema.connection import Connection
from schema.cost_center import CostCenter
from schema.engagement import Engagement, EngagementStatus
from schema.graph import Node, Traced, facet, home, link
from schema.legal_entity import LegalEntity
from schema.rows import Maybe, Ref, Row, System
from schema.values import Hours, Ratio

if TYPE_CHECKING:
    from schema.assignment import Assignment
    from schema.expense import Expense
    from schema.milestone import Milestone
    from schema.task import Task
    from schema.time_entry import TimeEntry


@strawberry.enum
class ProjectKind(Enum):
    """What a node of the breakdown is."""

    PROJECT = "PROJECT"
    WORKSTREAM = "WORKSTREAM"
    PHASE = "PHASE"


@strawberry.enum
class ProjectPhase(Enum):
    """The default method's phases, in order."""

    INITIATE = "INITIATE"
    DESIGN = "DESIGN"
    BUILD = "BUILD"
    TEST = "TEST"
    DEPLOY = "DEPLOY"
    RUN_OFF = "RUN_OFF"


class ProjectRow(Row):
    """What the PSA says."""

    type: ClassVar[str] = "Project"

    name: str
    code: str | None = None
    kind: Maybe[ProjectKind] = None
    engagement: Annotated[Ref, "Engagement"] | None = None
    parent: Annotated[Ref, "Project"] | None = None
    region: str | None = None
    delivering_entity: Annotated[Ref, "LegalEntity"] | None = None
    phase: Maybe[ProjectPhase] = None
    status: Maybe[EngagementStatus] = None
    planned_start: date | None = None
    planned_end: date | None = None
    actual_start: date | None = None
    actual_end: date | None = None
    progress: Ratio | None = None
    estimate_to_complete: Hours | None = None


class ProjectErpRow(Row):
    """What the ERP says of the object by which it controls the node."""

    type: ClassVar[str] = "Project"

    erp_reference: str | None = None
    posting_allowed: Maybe[bool] = None
    cost_center: Annotated[Ref, "CostCenter"] | None = None


@facet(System.ERP, "projects_erp")
class ProjectErp:
    """The node as an object of financial control; null where the ERP controls the engagement above it."""

    erp_reference: str | None
    posting_allowed: bool | None


@home(System.PSA, "projects_by_id", ProjectRow, scope={Reach.ENGAGEMENT: "engagement"})
class Project(ProjectErp, Traced, Node):
    """A project, workstream or phase. `progress` is reported, not derived from hours."""

    name: str
    code: str | None
    kind: ProjectKind | None
    engagement: Engagement | None = link(System.PSA, "engagements_by_id", key="engagement")
    parent: Optional[Project] = link(System.PSA, "projects_by_id", key="parent")  # noqa: UP045  a forward reference
    children: list[Optional[Project]] | None = link(  # noqa: UP045  a forward reference
        System.PSA, "projects_by_engagement", key="engagement", where="parent", at_most=200, about=3
    )
    region: str | None
    delivering_entity: LegalEntity | None = link(System.ERP, "legal_entities_by_id", key="delivering_entity")
    phase: ProjectPhase | None
    status: EngagementStatus | None
    planned_start: date | None
    planned_end: date | None
    actual_start: date | None
    actual_end: date | None
    progress: Ratio | None
    estimate_to_complete: Hours | None
    cost_center: CostCenter | None = link(System.ERP, "cost_centers_by_id", key="cost_center", of="projects_erp")
    tasks: list[Annotated[Task, strawberry.lazy("schema.task")] | None] | None = link(
        System.PSA, "tasks_by_engagement", key="engagement", where="project", at_most=500
    )
    assignments: list[Annotated[Assignment, strawberry.lazy("schema.assignment")] | None] | None = link(
        System.PSA, "assignments_by_engagement", key="engagement", where="project", at_most=500
    )
    milestones: list[Annotated[Milestone, strawberry.lazy("schema.milestone")] | None] | None = link(
        System.PSA, "milestones_by_engagement", key="engagement", where="project", at_most=200
    )
    time_entries: Connection[Annotated[TimeEntry, strawberry.lazy("schema.time_entry")]] | None = link(
        System.PSA, "time_entries_by_engagement", key="engagement", where="project", at_most=10_000, paged=True
    )
    expenses: Connection[Annotated[Expense, strawberry.lazy("schema.expense")]] | None = link(
        System.PSA, "expenses_by_engagement", key="engagement", where="project", at_most=10_000, paged=True
    )
