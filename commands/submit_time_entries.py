"""submitTimeEntries: hours are handed in by whoever worked them. Each entry goes its own way.

    C  FACADE  a new entry gets its code
    C  PSA     the entry is submitted      undone: withdrawn

Nothing is posted yet, so that no step is a point of no return.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec
import strawberry

import sources.psa.writes as psa
from commands.command import Claimed, CommandInput, Finding, Judgement, Stop, command
from commands.items import MOST, chosen, each, read, same_version
from commands.money import stated
from commands.own import FACADE, DrawCode
from commands.plan import Branch, Kind, Plan, Step
from commands.posting import Books, books_of
from policies.periods import holds, standing
from schema.assignment import AssignmentRow, AssignmentStatus
from schema.engagement import EngagementRow, EngagementStatus
from schema.fiscal_period import LedgerModule, PeriodStatus
from schema.problems import Code
from schema.project import ProjectRow
from schema.resource import ResourcePsaRow, ResourceRow
from schema.rows import Ref, System
from schema.task import TaskRow
from schema.time_entry import ApprovalStatus, TimeEntryRow
from sources.writes import Later

if TYPE_CHECKING:
    from collections.abc import Sequence

    from commands.asking import Asking

DAY = Decimal(24)
SHUT = frozenset({EngagementStatus.COMPLETED, EngagementStatus.CLOSED, EngagementStatus.CANCELLED})


@strawberry.input
class WorkedHours:
    """Hours of one day on a project, and on a task of it where it has tasks.

    All of them are billable, where the work is, unless said otherwise.
    """

    project_id: strawberry.ID
    work_date: date
    hours: Decimal
    task_id: strawberry.ID | None = None
    billable_hours: Decimal | None = None
    note: str | None = None


@strawberry.input
class SubmitTimeEntries(CommandInput):
    """Hours as they were worked, or entries that stand drafted."""

    entries: list[WorkedHours] | None = None
    entry_ids: list[strawberry.ID] | None = None


@command("submitTimeEntries", SubmitTimeEntries, changes=(psa.CreateTimeEntry, psa.SubmitTime, psa.WithdrawTime))
async def submit_time_entries(ask: Asking, said: SubmitTimeEntries) -> Judgement:
    """Submit up to 500 entries of one's own time, each by itself, for somebody else to approve."""
    if (said.entries is None) == (said.entry_ids is None):
        raise Stop(Finding(Code.BAD_INPUT, "either 'entries' or 'entryIds' must be given", ("input",)))
    if said.entry_ids is None:
        same_version(said, ())
    return await (_drafted(ask, said) if said.entries is None else _new(ask, said.entries))


async def _drafted(ask: Asking, said: SubmitTimeEntries) -> Judgement:
    refs = chosen(ask, said.entry_ids or [], "TimeEntry", "input", "entryIds")
    entries, missing = await read(ask, "time_entries_by_id", refs, TimeEntryRow, "input", "entryIds")
    same_version(said, entries)
    books = await books_of(ask, [entry.resource for entry in entries])
    late: list[Finding] = []

    def submitted(entry: TimeEntryRow) -> Branch:
        if entry.approval_status is not ApprovalStatus.DRAFT:
            raise Stop(Finding(Code.INVALID_TRANSITION, "only drafted time can be submitted"))
        late.extend(_late(books, entry.resource, entry.work_date, entry.ref.encode()))
        return Branch(entry.ref.encode(), (_submitted(entry.ref),))

    branches, refused = each(entries, submitted)
    return Judgement(
        plan=Plan(branches=tuple(branches)),
        subjects=tuple(entry.ref for entry in entries),
        scope=tuple(entries),
        findings=(*missing, *refused, *late),
        claims=tuple(Claimed("time_entry", branch.item) for branch in branches),
    )


def _submitted(entry: Ref) -> Step:
    return Step(
        name="psa.entry",
        kind=Kind.COMPENSATABLE,
        binding=entry.binding,
        write=psa.SubmitTime(entry=entry),
        undo=psa.WithdrawTime(entry=entry),
    )


def _late(books: Books, person: Ref | None, on: date, item: str) -> list[Finding]:
    """Return that a day's books are closed, or stop where they are locked."""
    periods = books.periods[books.place(person, on).entity]
    status = next((standing(one, LedgerModule.TIME) for one in periods if holds(one, on)), None)
    if status is PeriodStatus.LOCKED:
        raise Stop(Finding(Code.PERIOD_LOCKED, f"the period of {on.isoformat()} is locked for good"))
    if status is not PeriodStatus.CLOSED:
        return []
    said = f"the period of {on.isoformat()} is closed: it will be posted to a later one"
    return [Finding(Code.BACKDATED_ENTRY, said, item=item)]


class _Worker(msgspec.Struct):
    """Who hands hours in, where they are booked, and what of the work their entries name."""

    person: ResourceRow
    role: Ref | None
    bookings: list[AssignmentRow]
    books: Books
    projects: dict[Ref, ProjectRow | None]
    tasks: dict[Ref, TaskRow | None]
    engagements: dict[Ref, EngagementRow | None]

    def task(self, ask: Asking, entry: WorkedHours, project: Ref) -> Ref | None:
        """Return the task that hours are of, None where none is said, or stop: it must be one of the project's."""
        if entry.task_id is None:
            return None
        task = self.tasks[ask.ref(entry.task_id, "Task", "taskId")]
        if task is None or task.project != project:
            raise Stop(Finding(Code.NOT_FOUND, "there is no such task in the project"))
        return task.ref

    def booking(self, engagement: Ref, on: date) -> AssignmentRow | None:
        """Return the booking that a day's work belongs to; a day of internal work needs none."""
        for one in self.bookings:
            held = one.engagement == engagement and one.status is not AssignmentStatus.CANCELLED
            range_ = one.range
            if held and range_ and range_.start <= on and (range_.end is None or on <= range_.end):
                return one
        return None


async def _new(ask: Asking, entries: Sequence[WorkedHours]) -> Judgement:
    path = ("input", "entries")
    if not 1 <= len(entries) <= MOST:
        raise Stop(Finding(Code.BAD_INPUT, f"'entries' must have from 1 to {MOST} entries", path))
    worker = await _worker(ask, entries)
    branches: list[Branch] = []
    findings: list[Finding] = []
    for index, entry in enumerate(entries):
        item = f"entries.{index}"
        try:
            _possible(entry)
            findings += _late(worker.books, worker.person.ref, entry.work_date, item)
            branches.append(Branch(item, _made(ask, worker, entry)))
        except Stop as stop:
            findings += [Finding(one.code, one.message, (*path, str(index)), item) for one in stop.findings]
    return Judgement(
        plan=Plan(branches=tuple(branches)),
        subjects=(worker.person.ref,),
        scope=(worker.person,),
        findings=tuple(findings),
    )


async def _worker(ask: Asking, entries: Sequence[WorkedHours]) -> _Worker:
    ref = await ask.person()
    if ref is None:
        raise Stop(Finding(Code.FORBIDDEN, "only somebody who is known as a person of the firm has time to submit"))
    booked = await ask.maybe("resources_psa", ref, row=ResourcePsaRow)
    path = ("input", "entries")
    projects = await ask.all(
        "projects_by_id", [ask.ref(one.project_id, "Project", *path, "projectId") for one in entries]
    )
    known = [row.engagement for row in projects.values() if row is not None and row.engagement is not None]
    return _Worker(
        person=await ask.one("resources_by_id", ref, row=ResourceRow),
        role=booked.primary_role if booked else None,
        bookings=await ask.many("assignments_by_resource", ref, row=AssignmentRow),
        books=await books_of(ask, [ref]),
        projects=projects,
        tasks=await ask.all(
            "tasks_by_id", [ask.ref(one.task_id, "Task", *path, "taskId") for one in entries if one.task_id]
        ),
        engagements=await ask.all("engagements_by_id", known),
    )


def _made(ask: Asking, worker: _Worker, entry: WorkedHours) -> tuple[Step, ...]:
    project, engagement = _open(ask, worker, entry)
    booking = worker.booking(engagement.ref, entry.work_date)
    billable = booking.billable if booking else engagement.customer is not None
    made = psa.CreateTimeEntry(
        code=Later("code", "code"),
        engagement=engagement.ref,
        project=project,
        task=worker.task(ask, entry, project),
        assignment=booking.ref if booking else None,
        resource=worker.person.ref,
        role=stated(booking.role if booking else worker.role, "the person's role"),
        work_date=entry.work_date,
        hours=entry.hours,
        billable_hours=_billable(entry) if billable else Decimal(0),
        billable=bool(billable),
        bill_rate=booking.bill_rate if booking else None,
        note=entry.note,
    )
    code = Step(name="code", kind=Kind.COMPENSATABLE, binding=FACADE, write=DrawCode(kind="time_entry"))
    binding = ask.binding(System.PSA, project)
    undo = psa.WithdrawTime(entry=Later("psa.entry"))
    return code, Step(name="psa.entry", kind=Kind.COMPENSATABLE, binding=binding, write=made, undo=undo)


def _open(ask: Asking, worker: _Worker, entry: WorkedHours) -> tuple[Ref, EngagementRow]:
    """Return the project and the engagement of the work, or stop where nothing more is worked on them."""
    project = worker.projects[ask.ref(entry.project_id, "Project", "projectId")]
    if project is None:
        raise Stop(Finding(Code.NOT_FOUND, "there is no such project"))
    ref = stated(project.engagement, "the project's engagement")
    engagement = stated(worker.engagements.get(ref), "the project's engagement")
    if project.status in SHUT or engagement.delivery_status in SHUT:
        raise Stop(Finding(Code.PROJECT_CLOSED, "nothing more is worked on this project"))
    return project.ref, engagement


def _billable(entry: WorkedHours) -> Decimal:
    return entry.hours if entry.billable_hours is None else entry.billable_hours


def _possible(entry: WorkedHours) -> None:
    if not 0 < entry.hours <= DAY:
        raise Stop(Finding(Code.BAD_INPUT, "'hours' of a day must be more than 0 and at most 24"))
    if not 0 <= _billable(entry) <= entry.hours:
        raise Stop(Finding(Code.BAD_INPUT, "'billableHours' must lie between 0 and the hours worked"))
