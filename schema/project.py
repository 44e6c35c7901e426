"""A project: one node of an engagement's delivery breakdown."""

from __future__ import annotations

from datetime import date
from enum import Enum
from typing import TYPE_CHECKING, Annotated, ClassVar, Optional

import strawberry

from schema.engagement import Engagement, EngagementStatus
from schema.graph import Node, Traced, home, link
from schema.legal_entity import LegalEntity
from schema.rows import Maybe, Ref, Row, System
from schema.values import Hours, Ratio

if TYPE_CHECKING:
    from schema.assignment import Assignment
    from schema.task import Task


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
    progress: Ratio | None = None
    estimate_to_complete: Hours | None = None


@home(System.PSA, "projects_by_id", ProjectRow)
class Project(Traced, Node):
    """A project, workstream or phase. `progress` is reported, not derived from hours."""

    name: str
    code: str | None
    kind: ProjectKind | None
    engagement: Engagement | None = link(System.PSA, "engagements_by_id", key="engagement")
    parent: Optional[Project] = link(System.PSA, "projects_by_id", key="parent")  # noqa: UP045  a forward reference
    children: list[Optional[Project]] | None = link(  # noqa: UP045  a forward reference
        System.PSA, "projects_by_engagement", key="engagement", where="parent", at_most=200
    )
    region: str | None
    delivering_entity: LegalEntity | None = link(System.ERP, "legal_entities_by_id", key="delivering_entity")
    phase: ProjectPhase | None
    status: EngagementStatus | None
    planned_start: date | None
    planned_end: date | None
    progress: Ratio | None
    estimate_to_complete: Hours | None
    tasks: list[Annotated[Task, strawberry.lazy("schema.task")] | None] | None = link(
        System.PSA, "tasks_by_engagement", key="engagement", where="project", at_most=500
    )
    assignments: list[Annotated[Assignment, strawberry.lazy("schema.assignment")] | None] | None = link(
        System.PSA, "assignments_by_engagement", key="engagement", where="project", at_most=500
    )
