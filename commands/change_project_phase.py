"""changeProjectPhase: a project goes on to another phase, and what is planned for it moves with its end.

C  PSA       phase and planned end                 undone: those before
C  PSA       each booking that lies ahead moves    undone: its days before
R  ERP       the planned days of its project       for the engagement as a whole
R  FORECAST  the plan's copies of these bookings   set aside if refused
R  FORECAST  each open demand moves                set aside if refused
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import strawberry

import sources.erp.writes as erp
import sources.forecast.writes as forecast
import sources.psa.writes as psa
from commands.command import Claimed, CommandInput, Finding, Judgement, Stop, command
from commands.items import same_version
from commands.money import stated
from commands.plan import Kind, Plan, Step
from commands.staffing import FREE, OVER, WANTED
from policies.shifting import Span, shifted
from schema.assignment import AssignmentRow
from schema.contract import ContractRow
from schema.engagement import EngagementRow
from schema.problems import Code
from schema.project import ProjectPhase, ProjectRow
from schema.role_demand import RoleDemandRow
from schema.rows import System

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from commands.asking import Asking
    from schema.rows import Ref
    from schema.values import DateRange

ORDER = tuple(ProjectPhase)


@strawberry.input
class ChangeProjectPhase(CommandInput):
    """Which project enters which phase on which day, and when it is to end, if that changes."""

    project_id: strawberry.ID
    to_phase: ProjectPhase
    effective_date: date
    new_planned_end: date | None = None


@command(
    "changeProjectPhase",
    ChangeProjectPhase,
    changes=(
        psa.SetPhase,
        psa.SetAssignmentDates,
        erp.SetProjectDates,
        forecast.SetAllocationDates,
        forecast.SetDemandDates,
    ),
)
async def change_project_phase(ask: Asking, said: ChangeProjectPhase) -> Judgement:
    """Move a project to another phase; a new planned end moves its bookings and demands from that day on."""
    ref = ask.ref(said.project_id, "Project", "input", "projectId")
    project = await ask.one("projects_by_id", ref, "input", "projectId", row=ProjectRow)
    same_version(said, [project])
    phase = _changes(project, said)
    engagement = await ask.one("engagements_by_id", stated(project.engagement, "the engagement"), row=EngagementRow)
    if project.status in OVER or engagement.delivery_status in OVER:
        raise Stop(Finding(Code.PROJECT_CLOSED, "the project is over", ("input", "projectId")), subjects=(ref,))
    contract = await ask.maybe("contracts_by_engagement", engagement.ref, row=ContractRow)
    days = _days_moved(project, said)
    return Judgement(
        plan=Plan(first=(_phased(project, phase, said), *await _moved(ask, project, engagement, said, days))),
        subjects=(ref, engagement.ref),
        scope=(engagement,),
        facts={"backward": ORDER.index(said.to_phase) < ORDER.index(phase), "days_moved": abs(days)},
        findings=tuple(_outside(contract.range if contract else None, said)),
        claims=(Claimed("project", ref.encode()),),
    )


def _changes(project: ProjectRow, said: ChangeProjectPhase) -> ProjectPhase:
    """Return the phase before, or stop where nothing changes or the change contradicts itself."""
    phase = project.phase
    if not isinstance(phase, ProjectPhase):
        raise Stop(Finding(Code.INVALID_TRANSITION, "the project's phase is not known"), subjects=(project.ref,))
    if phase is said.to_phase and said.new_planned_end in {None, project.planned_end}:
        raise Stop(Finding(Code.ALREADY_DONE, f"the project is in {phase.name} already"), subjects=(project.ref,))
    if ORDER.index(said.to_phase) < ORDER.index(phase) and not said.reason:
        raise Stop(Finding(Code.BAD_INPUT, "going back to an earlier phase needs a reason", ("input", "reason")))
    if said.new_planned_end is not None and said.new_planned_end < said.effective_date:
        path = ("input", "newPlannedEnd")
        raise Stop(Finding(Code.BAD_INPUT, "a project does not end before it enters a phase", path))
    return phase


def _days_moved(project: ProjectRow, said: ChangeProjectPhase) -> int:
    if said.new_planned_end is None or project.planned_end is None:
        return 0
    return (said.new_planned_end - project.planned_end).days


def _outside(agreed: DateRange | None, said: ChangeProjectPhase) -> Iterator[Finding]:
    """Yield each date on which there is no contract."""
    for name, day in (("effectiveDate", said.effective_date), ("newPlannedEnd", said.new_planned_end)):
        if agreed is None or day is None:
            continue
        if day < agreed.start or (agreed.end is not None and day > agreed.end):
            until = f" to {agreed.end.isoformat()}" if agreed.end else " on"
            message = f"the contract runs from {agreed.start.isoformat()}{until}"
            yield Finding(Code.OUTSIDE_CONTRACT, message, ("input", name))


def _phased(project: ProjectRow, before: ProjectPhase, said: ChangeProjectPhase) -> Step:
    end = said.new_planned_end or project.planned_end
    return Step(
        name="psa.phase",
        kind=Kind.COMPENSATABLE,
        binding=project.ref.binding,
        write=psa.SetPhase(project=project.ref, phase=said.to_phase, planned_end=end),
        undo=psa.SetPhase(project=project.ref, phase=before, planned_end=project.planned_end),
    )


async def _moved(
    ask: Asking, project: ProjectRow, engagement: EngagementRow, said: ChangeProjectPhase, days: int
) -> list[Step]:
    """Return what moves with the end: bookings in delivery first, then what is only told."""
    if not days:
        return []
    below = _below(project, await ask.many("projects_by_engagement", engagement.ref, row=ProjectRow))
    rows = await ask.many("assignments_by_engagement", engagement.ref, row=AssignmentRow)
    booked = {row.ref: row.range for row in rows if row.project in below and row.status not in FREE}
    bookings = list(_ahead(booked, said.effective_date, days))
    demands = _ahead(await _wanted(ask, project, engagement, below), said.effective_date, days)
    told = () if project.parent is not None else _controlled(ask, project, engagement, said)
    plan = ask.binding(System.FORECAST)
    return [
        *(_booking(ref, before, after) for ref, before, after in bookings),
        *told,
        *(_copy(plan, ref, after) for ref, _, after in bookings),
        *(_demand(ref, after) for ref, _, after in demands),
    ]


def _below(project: ProjectRow, nodes: Sequence[ProjectRow]) -> set[Ref | None]:
    """Return a node and everything that hangs below it."""
    below: set[Ref | None] = {project.ref}
    while more := {node.ref for node in nodes if node.parent in below} - below:
        below |= more
    return below


async def _wanted(
    ask: Asking, project: ProjectRow, engagement: EngagementRow, below: set[Ref | None]
) -> dict[Ref, DateRange | None]:
    """Return the days of the open demands of a node; those that name none belong to the engagement as a whole."""
    meant = below if project.parent is not None else below | {None}
    found = {}
    for demand in await ask.many("role_demands_by_engagement", engagement.ref, row=RoleDemandRow):
        node = demand.project and await ask.word(demand.project, System.PSA)
        if demand.status in WANTED and node in meant:
            found[demand.ref] = demand.range
    return found


def _ahead(known: dict[Ref, DateRange | None], since: date, days: int) -> Iterable[tuple[Ref, Span, Span]]:
    """Yield whose days move, from where, and whereto."""
    for ref, range_ in known.items():
        if range_ is None or range_.end is None:
            continue
        before = Span(range_.start, range_.end)
        after = shifted(before, since, days)
        if after != before:
            yield ref, before, after


def _booking(ref: Ref, before: Span, after: Span) -> Step:
    return Step(
        name=f"psa.assignment.{ref.id}",
        kind=Kind.COMPENSATABLE,
        binding=ref.binding,
        write=psa.SetAssignmentDates(assignment=ref, start=after.start, end=after.end),
        undo=psa.SetAssignmentDates(assignment=ref, start=before.start, end=before.end),
    )


def _controlled(
    ask: Asking, project: ProjectRow, engagement: EngagementRow, said: ChangeProjectPhase
) -> tuple[Step, ...]:
    start = stated(project.planned_start or engagement.planned_start, "the planned start")
    return (
        Step(
            name="erp.dates",
            kind=Kind.RETRIABLE,
            binding=ask.binding(System.ERP),
            write=erp.SetProjectDates(engagement=engagement.ref, start=start, end=said.new_planned_end),
        ),
    )


def _copy(binding: str, ref: Ref, after: Span) -> Step:
    return Step(
        name=f"forecast.allocation.{ref.id}",
        kind=Kind.RETRIABLE,
        binding=binding,
        write=forecast.SetAllocationDates(assignment=ref, start=after.start, end=after.end),
        optional=Code.FORECAST_REJECTED,
    )


def _demand(ref: Ref, after: Span) -> Step:
    return Step(
        name=f"forecast.demand.{ref.id}",
        kind=Kind.RETRIABLE,
        binding=ref.binding,
        write=forecast.SetDemandDates(demand=ref, start=after.start, end=after.end),
        optional=Code.FORECAST_REJECTED,
    )
