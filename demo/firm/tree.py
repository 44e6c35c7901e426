"""The delivery tree of each engagement: project, workstreams, phases and their tasks."""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from demo.firm.draws import h, hours, ratio
from demo.firm.engagements import TERMS, Terms, Workstream
from demo.firm.model import ProjectNode, Task
from demo.firm.organisation import cost_center
from demo.firm.vocabulary import EngagementStatus, NodeKind, ProjectPhase, TaskStatus

DESIGN_DAYS: Final = 42
PHASES: Final[tuple[ProjectPhase, ...]] = ("DESIGN", "BUILD")
_CLIENT_TASKS: Final = {
    "DESIGN": (
        "Scope and kick-off",
        "Current state review",
        "Options and design",
        "Design workshops",
        "Design sign-off",
    ),
    "BUILD": ("Build preparation", "Core build", "Data and interfaces", "Integration test", "Handover"),
}
_INTERNAL_TASKS: Final = {
    "DESIGN": ("Training", "Methods and assets", "Recruiting", "Proposals", "Team meetings"),
    "BUILD": ("Knowledge base", "Tooling", "Mentoring", "Quality reviews", "Administration"),
}


def status_of(terms: Terms) -> EngagementStatus:
    """Return how far an engagement is: it is planned until its first day."""
    return "ACTIVE" if terms.start < date(2026, 4, 8) else "PLANNED"


def workstream_code(terms: Terms, number: int) -> str:
    """Return the code of the first or second workstream, such as ENG-007-W1."""
    return f"{terms.code}-W{number}"


def phase_code(workstream: str, day: date, start: date) -> str:
    """Return the phase of a workstream that is worked on that day."""
    return f"{workstream}-{PHASES[(day - start).days >= DESIGN_DAYS]}"


def tasks() -> tuple[Task, ...]:
    """Return five tasks for every phase of every engagement."""
    return tuple(
        _task(f"{workstream_code(terms, number)}-{phase}", position, name)
        for terms in TERMS
        for number in (1, 2)
        for phase in PHASES
        for position, name in enumerate((_CLIENT_TASKS if terms.customer else _INTERNAL_TASKS)[phase], 1)
    )


def _task(project: str, position: int, name: str) -> Task:
    code = f"{project}-T{position}"
    planned = hours(40 + 8 * (h("task", code) % 11))
    progress = ratio(h("prog", code) % 101, 100)
    status: TaskStatus = "DONE" if progress == 1 else "IN_PROGRESS" if progress else "NOT_STARTED"
    return Task(
        code=code,
        project=project,
        name=name,
        planned_hours=planned,
        remaining_hours=hours(planned * (1 - progress)),
        progress=progress,
        status=status,
    )


def projects(every_task: Iterable[Task]) -> tuple[ProjectNode, ...]:
    """Return the tree of every engagement, parents before children."""
    by_phase: dict[str, list[Task]] = {}
    for task in every_task:
        by_phase.setdefault(task.project, []).append(task)
    return tuple(node for terms in TERMS for node in _Tree(terms, by_phase).nodes())


class _Tree:
    """Builds one engagement's nodes; a node's progress is that of the tasks below it, weighted by planned hours."""

    def __init__(self, terms: Terms, by_phase: dict[str, list[Task]]) -> None:
        self.terms = terms
        self.by_phase = by_phase

    def nodes(self) -> Iterable[ProjectNode]:
        top = f"{self.terms.code}-P"
        whole = Workstream(self.terms.name, None, self.terms.entity)
        yield self._node(top, None, "PROJECT", whole, None)
        for number, workstream in enumerate(self.terms.workstreams, 1):
            code = workstream_code(self.terms, number)
            yield self._node(code, top, "WORKSTREAM", workstream, None)
            for phase in PHASES:
                yield self._node(f"{code}-{phase}", code, "PHASE", workstream, phase)

    def _node(
        self, code: str, parent: str | None, kind: NodeKind, stream: Workstream, phase: ProjectPhase | None
    ) -> ProjectNode:
        begun = status_of(self.terms) == "ACTIVE"
        below = [task for name, held in self.by_phase.items() if self._is_below(name, code, kind) for task in held]
        planned = sum((task.planned_hours for task in below), Decimal(0))
        done = sum((task.planned_hours * task.progress for task in below), Decimal(0))
        start, end = self._dates(phase)
        return ProjectNode(
            code=code,
            engagement=self.terms.code,
            parent=parent,
            kind=kind,
            name=f"{stream.name}: {phase.title()}" if phase else stream.name,
            region=stream.region,
            delivering_entity=stream.entity,
            cost_center=cost_center(stream.entity, "310" if self.terms.customer else "900"),
            phase=phase or ("BUILD" if begun else "INITIATE"),
            status=status_of(self.terms),
            planned_start=start,
            planned_end=end,
            actual_start=start if begun else None,
            actual_end=None,
            progress=ratio(done, planned),
            estimate_to_complete=hours(sum((task.remaining_hours for task in below), Decimal(0))),
            erp_reference=f"ERP-{self.terms.code}" if kind == "PROJECT" else None,
        )

    def _is_below(self, phase_node: str, code: str, kind: NodeKind) -> bool:
        return phase_node.startswith(f"{self.terms.code}-" if kind == "PROJECT" else code)

    def _dates(self, phase: ProjectPhase | None) -> tuple[date, date]:
        turn = self.terms.start + timedelta(DESIGN_DAYS)
        if phase == "DESIGN":
            return self.terms.start, turn - timedelta(1)
        return (turn if phase == "BUILD" else self.terms.start), self.terms.end
