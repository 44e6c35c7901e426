"""submitTimeEntries, judged over the firm's systems: the persona is RES-018, on ENG-002 and ENG-005."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from msgspec import structs
from strawberry import ID

import sources.psa.writes as psa
from commands.own import DrawCode
from commands.plan import Kind, Step
from commands.submit_time_entries import SubmitTimeEntries, WorkedHours, submit_time_entries
from schema.problems import Code
from schema.values import Money
from sources.writes import Later
from tests.commands.conftest import codes, stopped

if TYPE_CHECKING:
    from collections.abc import Callable

    from demo.firm.model import Firm, TimeEntry
    from schema.rows import Ref
    from tests.commands.conftest import Asks

    Refs = Callable[..., Ref]

WORKER = "RES-018"


@pytest.fixture(scope="module")
def drafted(firm: Firm) -> TimeEntry:
    """An entry of the persona that stands drafted, of 7 April."""
    return next(one for one in firm.time_entries if (one.person, one.approval_status) == (WORKER, "DRAFT"))


def worked(ref: Refs, entry: TimeEntry, **more: Any) -> WorkedHours:
    """Return hours on the same task as an entry's."""
    said: dict[str, Any] = {"work_date": date(2026, 4, 8), "hours": Decimal("6.50"), **more}
    return WorkedHours(
        project_id=ID(ref("Project", entry.project).encode()),
        task_id=ID(structs.replace(ref("Project", entry.task), type="Task").encode()),
        **said,
    )


def draft_ids(ref: Refs, *entries: str) -> SubmitTimeEntries:
    """Return the input that submits drafts."""
    return SubmitTimeEntries(entry_ids=[ID(ref("TimeEntry", code).encode()) for code in entries])


async def test_a_draft_is_submitted(asking: Asks, ref: Refs, drafted: TimeEntry) -> None:
    """It is one step, which withdrawing undoes; whose it is stands in the scope."""
    judged = await submit_time_entries(await asking("consultant"), draft_ids(ref, drafted.code))
    entry = ref("TimeEntry", drafted.code)
    (branch,) = judged.plan.branches
    assert branch.item == entry.encode()
    assert branch.steps == (
        Step(
            name="psa.entry",
            kind=Kind.COMPENSATABLE,
            binding="psa",
            write=psa.SubmitTime(entry=entry),
            undo=psa.WithdrawTime(entry=entry),
        ),
    )
    assert [row.ref for row in judged.scope] == [entry]
    assert [claim.key for claim in judged.claims] == [entry.encode()]
    assert judged.findings == ()


async def test_new_hours_get_a_code_and_are_entered(asking: Asks, ref: Refs, firm: Firm, drafted: TimeEntry) -> None:
    """They are on the person's own booking: its role and its indicative price."""
    judged = await submit_time_entries(
        await asking("consultant"), SubmitTimeEntries(entries=[worked(ref, drafted, note="Interviews")])
    )
    booking = next(one for one in firm.assignments if (one.person, one.engagement) == (WORKER, drafted.engagement))
    (branch,) = judged.plan.branches
    assert branch.item == "entries.0"
    assert branch.steps == (
        Step(name="code", kind=Kind.COMPENSATABLE, binding="facade", write=DrawCode(kind="time_entry")),
        Step(
            name="psa.entry",
            kind=Kind.COMPENSATABLE,
            binding="psa",
            write=psa.CreateTimeEntry(
                code=Later("code", "code"),
                engagement=ref("Engagement", drafted.engagement),
                project=ref("Project", drafted.project),
                task=structs.replace(ref("Project", drafted.task), type="Task"),
                assignment=ref("Assignment", booking.code),
                resource=ref("Resource", WORKER),
                role=ref("Role", drafted.role),
                work_date=date(2026, 4, 8),
                hours=Decimal("6.50"),
                billable_hours=Decimal("6.50"),
                billable=True,
                bill_rate=Money.of(booking.bill_rate, booking.currency),
                note="Interviews",
            ),
            undo=psa.WithdrawTime(entry=Later("psa.entry")),
        ),
    )
    assert [row.ref for row in judged.scope] == [ref("Resource", WORKER)]
    assert judged.subjects == (ref("Resource", WORKER),)


async def test_fewer_billable_hours_than_worked(asking: Asks, ref: Refs, drafted: TimeEntry) -> None:
    """They may be said, and none means none."""
    entries = [worked(ref, drafted, billable_hours=Decimal(hours)) for hours in ("4.00", "0")]
    judged = await submit_time_entries(await asking("consultant"), SubmitTimeEntries(entries=entries))
    made = [branch.steps[1].write for branch in judged.plan.branches]
    assert [write.billable_hours for write in made] == [Decimal(4), Decimal(0)]  # type: ignore[attr-defined]


async def test_internal_work_needs_no_booking(asking: Asks, ref: Refs, firm: Firm) -> None:
    """It is in the person's own role, and billable to nobody."""
    internal = next(one for one in firm.time_entries if (one.person, one.engagement) == (WORKER, "ENG-021"))
    judged = await submit_time_entries(await asking("consultant"), SubmitTimeEntries(entries=[worked(ref, internal)]))
    made = judged.plan.branches[0].steps[1].write
    assert isinstance(made, psa.CreateTimeEntry)
    assert (made.assignment, made.role, made.billable) == (None, ref("Role", internal.role), False)
    assert (made.billable_hours, made.bill_rate) == (Decimal(0), None)


@pytest.mark.parametrize("day", [date(2026, 3, 31), date(2026, 2, 27)])
async def test_the_day_of_a_closed_period(asking: Asks, ref: Refs, drafted: TimeEntry, day: date) -> None:
    """It is only warned of, for it may be opened, or the next one takes the hours."""
    said = SubmitTimeEntries(entries=[worked(ref, drafted, work_date=day)])
    judged = await submit_time_entries(await asking("consultant"), said)
    assert len(judged.plan.branches) == 1
    assert [(one.code, one.item) for one in judged.findings] == [(Code.BACKDATED_ENTRY, "entries.0")]


async def test_the_day_of_a_locked_period(asking: Asks, ref: Refs, firm: Firm, drafted: TimeEntry) -> None:
    """Nothing more will ever be posted to it: that entry is refused, and the other goes on."""
    locked: Any = {"TIME": "LOCKED", "AR": "LOCKED", "GL": "LOCKED", "REVENUE": "LOCKED"}
    periods = tuple(
        replace(one, modules=locked) if (one.entity, one.code) == ("NB-UK", "2026-P01") else one
        for one in firm.fiscal_periods
    )
    entries = [worked(ref, drafted, work_date=date(2026, 1, 30)), worked(ref, drafted)]
    ask = await asking("consultant", replace(firm, fiscal_periods=periods))
    judged = await submit_time_entries(ask, SubmitTimeEntries(entries=entries))
    assert [branch.item for branch in judged.plan.branches] == ["entries.1"]
    assert [(one.code, one.message) for one in judged.findings] == [
        (Code.PERIOD_LOCKED, "the period of 2026-01-30 is locked for good")
    ]


@pytest.mark.parametrize("said", [{"hours": "0"}, {"hours": "24.01"}, {"hours": "-1"}, {"billable_hours": "6.51"}])
async def test_hours_that_no_day_has(asking: Asks, ref: Refs, drafted: TimeEntry, said: dict[str, str]) -> None:
    """One wrong entry is found with its place, and keeps no other from going on."""
    wrong = worked(ref, drafted, **{name: Decimal(value) for name, value in said.items()})
    judged = await submit_time_entries(
        await asking("consultant"), SubmitTimeEntries(entries=[worked(ref, drafted), wrong])
    )
    assert [branch.item for branch in judged.plan.branches] == ["entries.0"]
    assert [(one.code, one.path, one.item) for one in judged.findings] == [
        (Code.BAD_INPUT, ("input", "entries", "1"), "entries.1")
    ]


async def test_a_task_of_another_project(asking: Asks, ref: Refs, firm: Firm, drafted: TimeEntry) -> None:
    """Hours go to a task of the project that they name."""
    other = next(one for one in firm.time_entries if (one.person, one.engagement) == (WORKER, "ENG-021"))
    mixed = worked(ref, drafted)
    mixed.task_id = worked(ref, other).task_id
    judged = await submit_time_entries(await asking("consultant"), SubmitTimeEntries(entries=[mixed]))
    assert (judged.plan.branches, codes(judged.findings)) == ((), [Code.NOT_FOUND])


async def test_hours_on_a_project_without_tasks(asking: Asks, ref: Refs, drafted: TimeEntry) -> None:
    """They name none: an engagement that has only just begun has none yet."""
    bare = worked(ref, drafted)
    bare.task_id = None
    judged = await submit_time_entries(await asking("consultant"), SubmitTimeEntries(entries=[bare]))
    made = judged.plan.branches[0].steps[1].write
    assert isinstance(made, psa.CreateTimeEntry)
    assert (made.project, made.task) == (ref("Project", drafted.project), None)


async def test_work_on_what_is_closed(asking: Asks, ref: Refs, firm: Firm, drafted: TimeEntry) -> None:
    """Nothing more is worked on an engagement that is done; internal work goes on."""
    done = tuple(
        replace(one, status="COMPLETED") if one.code == drafted.engagement else one for one in firm.engagements
    )
    internal = next(one for one in firm.time_entries if (one.person, one.engagement) == (WORKER, "ENG-021"))
    said = SubmitTimeEntries(entries=[worked(ref, drafted), worked(ref, internal)])
    judged = await submit_time_entries(await asking("consultant", replace(firm, engagements=done)), said)
    assert [branch.item for branch in judged.plan.branches] == ["entries.1"]
    assert [(one.code, one.item) for one in judged.findings] == [(Code.PROJECT_CLOSED, "entries.0")]


async def test_only_drafts_are_submitted(asking: Asks, ref: Refs, firm: Firm, drafted: TimeEntry) -> None:
    """One that was approved stays so, and the draft goes on."""
    approved = next(one.code for one in firm.time_entries if (one.person, one.approval_status) == (WORKER, "APPROVED"))
    judged = await submit_time_entries(await asking("consultant"), draft_ids(ref, approved, drafted.code))
    assert [branch.item for branch in judged.plan.branches] == [ref("TimeEntry", drafted.code).encode()]
    assert [(one.code, one.item) for one in judged.findings] == [
        (Code.INVALID_TRANSITION, ref("TimeEntry", approved).encode())
    ]


async def test_what_stops_all_of_it(asking: Asks, ref: Refs, drafted: TimeEntry) -> None:
    """Neither or both kinds, none or too many, and somebody who is no person of the firm."""
    ask = await asking("consultant")
    one = worked(ref, drafted)
    both = SubmitTimeEntries(entries=[one], entry_ids=draft_ids(ref, drafted.code).entry_ids)
    for said in (SubmitTimeEntries(), both, SubmitTimeEntries(entries=[]), SubmitTimeEntries(entries=[one] * 501)):
        assert codes(await stopped(submit_time_entries(ask, said))) == [Code.BAD_INPUT]
    found = await stopped(submit_time_entries(await asking("auditor"), SubmitTimeEntries(entries=[one])))
    assert codes(found) == [Code.FORBIDDEN]
