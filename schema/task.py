"""A task: the smallest piece of planned work."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, ClassVar

import strawberry

from schema.graph import Node, Traced, home, link
from schema.project import Project
from schema.rows import Maybe, Ref, Row, System
from schema.values import Hours, Ratio


@strawberry.enum
class TaskStatus(Enum):
    """Whether the work has begun or ended."""

    NOT_STARTED = "NOT_STARTED"
    IN_PROGRESS = "IN_PROGRESS"
    DONE = "DONE"


class TaskRow(Row):
    """What the PSA says."""

    type: ClassVar[str] = "Task"

    name: str
    code: str | None = None
    project: Annotated[Ref, "Project"] | None = None
    progress: Ratio | None = None
    planned_hours: Hours | None = None
    remaining_hours: Hours | None = None
    status: Maybe[TaskStatus] = None


@home(System.PSA, "tasks_by_id", TaskRow)
class Task(Traced, Node):
    """A piece of work in a project."""

    name: str
    code: str | None
    project: Project | None = link(System.PSA, "projects_by_id", key="project")
    progress: Ratio | None
    planned_hours: Hours | None
    remaining_hours: Hours | None
    status: TaskStatus | None
