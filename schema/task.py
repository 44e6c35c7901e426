"""A task: the smallest piece of planned work."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Annotated, ClassVar

import strawberry

from schema.graph import Node, Traced, home, link
from schema.project import Project
from schema.rows import Maybe, Ref, Row, System
from schema.values import Hours, Ratio

if TYPE_CHECKING:
    from schema.assignment import Assignment


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
    assigned: list[Annotated[Ref, "Assignment"]] | None = None


@home(System.PSA, "tasks_by_id", TaskRow)
class Task(Traced, Node):
    """A piece of work in a project; `assignments` are the bookings of those who are to do it."""

    name: str
    code: str | None
    project: Project | None = link(System.PSA, "projects_by_id", key="project")
    progress: Ratio | None
    planned_hours: Hours | None
    remaining_hours: Hours | None
    status: TaskStatus | None
    assignments: list[Annotated[Assignment, strawberry.lazy("schema.assignment")] | None] | None = link(
        System.PSA, "assignments_by_id", key="assigned", at_most=100
    )
