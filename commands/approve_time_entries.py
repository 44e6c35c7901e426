"""approveTimeEntries: hours are accepted, and become cost and what may be billed. Each entry goes its own way.

    C  PSA       the entry is approved              undone: submitted again
    P  ERP       its hours are in the ledger        in the period of the work, or the next one that takes them
    R  ERP       the month's billing event has it   what a cap holds back stands apart; not under a fee
    R  FORECAST  the day's actual hours             set aside if refused

A rejected entry is one step: the PSA's.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import strawberry

import sources.psa.writes as psa
from commands.approved_time import APPROVAL, approving, submitted
from commands.command import Claimed, CommandInput, Finding, Judgement, Stop, command
from commands.items import Verdict, approver, chosen, each, persons, read, same_version
from commands.plan import Branch, Kind, Plan, Step
from schema.problems import Code
from schema.time_entry import ApprovalStatus, TimeEntryRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from commands.asking import Asking
    from schema.rows import Ref

WEEK = timedelta(days=6)


@strawberry.input
class Timesheet:
    """All that a person has submitted of a week."""

    resource_id: strawberry.ID
    week_start: date


@strawberry.input
class BillableHours:
    """How many of an entry's hours are billable, where that is not what was entered."""

    entry_id: strawberry.ID
    billable_hours: Decimal


@strawberry.input
class ApproveTimeEntries(CommandInput):
    """The entries, or the week that they are of, and what is decided on them."""

    action: Verdict
    entry_ids: list[strawberry.ID] | None = None
    week: Timesheet | None = None
    billable_hours_overrides: list[BillableHours] = strawberry.field(default_factory=list)


@command("approveTimeEntries", ApproveTimeEntries, changes=(psa.RejectTime, *APPROVAL))
async def approve_time_entries(ask: Asking, said: ApproveTimeEntries) -> Judgement:
    """Approve or reject up to 500 submitted time entries, each by itself: approved hours are posted and billed."""
    person = await approver(ask)
    entries, missing = await _entries(ask, said)
    same_version(said, entries)
    overrides = _overrides(ask, said, entries)
    workers = await persons(ask, [entry.resource for entry in entries])
    engagements = await ask.all("engagements_by_id", [ref for entry in entries if (ref := entry.engagement)])
    warnings: list[Finding] = []
    if said.action is Verdict.REJECT:
        branches, refused = each(entries, lambda entry: _rejected(entry, person, said.reason))
    else:
        deciding = await approving(ask, entries, person, overrides)
        branches, refused = each(entries, deciding.branch)
        warnings = deciding.warnings()
    return Judgement(
        plan=Plan(branches=tuple(branches)),
        subjects=(*(entry.ref for entry in entries), *engagements),
        scope=tuple(engagements.values()),
        facts={"override": _share(entries, overrides)},
        parties={} if workers is None else {"worker": workers},
        findings=(*missing, *refused, *warnings),
        claims=tuple(Claimed("time_entry", branch.item) for branch in branches),
    )


async def _entries(ask: Asking, said: ApproveTimeEntries) -> tuple[list[TimeEntryRow], list[Finding]]:
    """Return the entries in the order in which they use up a cap."""
    missing: list[Finding] = []
    if (said.week is None) == (said.entry_ids is None):
        raise Stop(Finding(Code.BAD_INPUT, "either 'entryIds' or 'week' must be given", ("input",)))
    if said.week is not None:
        resource = ask.ref(said.week.resource_id, "Resource", "input", "week", "resourceId")
        days = said.week.week_start, said.week.week_start + WEEK
        all_ = await ask.many("time_entries_by_resource", resource, row=TimeEntryRow)
        week = [entry for entry in all_ if days[0] <= entry.work_date <= days[1]]
        found = [entry for entry in week if entry.approval_status is ApprovalStatus.SUBMITTED]
    else:
        refs = chosen(ask, said.entry_ids or [], "TimeEntry", "input", "entryIds")
        found, missing = await read(ask, "time_entries_by_id", refs, TimeEntryRow, "input", "entryIds")
    return sorted(found, key=lambda entry: (entry.work_date, entry.code or "", entry.ref)), missing


def _overrides(ask: Asking, said: ApproveTimeEntries, entries: Sequence[TimeEntryRow]) -> dict[Ref, Decimal]:
    path = ("input", "billableHoursOverrides")
    worked = {entry.ref: entry.hours for entry in entries}
    overrides: dict[Ref, Decimal] = {}
    for one in said.billable_hours_overrides:
        ref = ask.ref(one.entry_id, "TimeEntry", *path, "entryId")
        hours = worked.get(ref)
        if hours is None:
            raise Stop(Finding(Code.BAD_INPUT, "billable hours are given of an entry that is not decided on", path))
        if not min(hours, Decimal(0)) <= one.billable_hours <= max(hours, Decimal(0)):
            raise Stop(Finding(Code.BAD_INPUT, f"billable hours must lie between 0 and the {hours} h worked", path))
        overrides[ref] = one.billable_hours
    return overrides


def _share(entries: Iterable[TimeEntryRow], overrides: dict[Ref, Decimal]) -> Decimal:
    """Return the greatest part of an entry's hours that is made billable or not billable."""
    moved = [
        abs((overrides[entry.ref] - (entry.billable_hours or Decimal(0))) / entry.hours)
        for entry in entries
        if entry.ref in overrides and entry.hours
    ]
    return max(moved, default=Decimal(0))


def _rejected(entry: TimeEntryRow, person: Ref, reason: str | None) -> Branch:
    submitted(entry)
    write = psa.RejectTime(entry=entry.ref, approver=person, reason=reason)
    return Branch(
        entry.ref.encode(),
        (Step(name="psa.entry", kind=Kind.PIVOT, binding=entry.ref.binding, write=write),),
    )
