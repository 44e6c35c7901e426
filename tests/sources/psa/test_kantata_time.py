"""Hours and money at Kantata: entered, approved, reopened and flagged; and whatever Kantata refuses."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from demo import kantata
from schema.problems import Code
from schema.project import ProjectKind
from schema.time_entry import ApprovalStatus, BillingClass
from schema.values import Money
from sources.contract import SourceFailure
from sources.psa import writes
from tests.sources.psa.asked import (
    APPROVED_IN_JANUARY,
    ASSIGNMENT,
    DRAFTED,
    ENGAGEMENT,
    EXPENSE,
    INVOICED,
    MANAGER,
    MILESTONE,
    PROJECT,
    SUBMITTED,
    TASK,
    UK_CARD,
    hours,
    known,
    node,
)

if TYPE_CHECKING:
    from tests.sources.written import Written


async def test_hours_are_entered_submitted(psa: Written) -> None:
    """Hours in whole minutes, their rate in pence: what comes back is what was said."""
    made = psa.ref("TimeEntry", (await psa.do(hours())).id)
    assert made.id == "9003496"
    row = await psa.row("time_entries_by_id", made)
    assert (row.code, row.work_date, row.hours, row.billable_hours) == (
        "TE-03496",
        date(2026, 4, 8),
        Decimal("7.33"),
        Decimal(7),
    )
    assert (row.approval_status, row.billing_class) == (ApprovalStatus.SUBMITTED, BillingClass.BILLABLE)
    assert (row.submitted_at, row.approver) == (datetime(2026, 4, 8, 10, tzinfo=UTC), None)
    assert (row.project.id, row.task.id, row.bill_rate) == (PROJECT.id, TASK.id, Money.of(Decimal("176.55"), "GBP"))
    await psa.do(writes.WithdrawTime(entry=made))
    row = await psa.row("time_entries_by_id", made)
    assert (row.approval_status, row.submitted_at) == (ApprovalStatus.DRAFT, None)


async def test_drafted_hours_are_submitted_and_withdrawn(psa: Written) -> None:
    """Submitted now, and then as before."""
    before = await psa.state("time_entries_by_id", DRAFTED)
    await psa.do(writes.SubmitTime(entry=DRAFTED))
    row = await psa.row("time_entries_by_id", DRAFTED)
    assert (row.approval_status, row.submitted_at) == (ApprovalStatus.SUBMITTED, datetime(2026, 4, 8, 10, tzinfo=UTC))
    await psa.do(writes.WithdrawTime(entry=DRAFTED))
    assert await psa.state("time_entries_by_id", DRAFTED) == before


async def test_hours_are_approved_and_reopened(psa: Written) -> None:
    """Approved with fewer billable hours, by whom and when; reopened as before."""
    before = await psa.state("time_entries_by_id", SUBMITTED)
    await psa.do(writes.ApproveTime(entry=SUBMITTED, approver=MANAGER, billable_hours=Decimal("3.00")))
    row = await psa.row("time_entries_by_id", SUBMITTED)
    assert (row.approval_status, row.billable_hours) == (ApprovalStatus.APPROVED, Decimal(3))
    assert (row.approver.id, row.approved_at) == (kantata.user_id("RES-006"), datetime(2026, 4, 8, 10, tzinfo=UTC))
    await psa.do(writes.ReopenTime(entry=SUBMITTED, billable_hours=Decimal("3.50")))
    assert await psa.state("time_entries_by_id", SUBMITTED) == before


async def test_hours_are_rejected(psa: Written) -> None:
    """Rejected by whom; approved hours say nothing of it."""
    await psa.do(writes.RejectTime(entry=SUBMITTED, approver=MANAGER, reason="on the wrong task"))
    row = await psa.row("time_entries_by_id", SUBMITTED)
    assert (row.approval_status, row.approver.id) == (ApprovalStatus.REJECTED, kantata.user_id("RES-006"))


async def test_invoiced_hours_are_flagged_in_a_closed_period_too(psa: Written) -> None:
    """The flag may change at any time, and back."""
    before = await psa.state("time_entries_by_id", APPROVED_IN_JANUARY)
    flipped = not before["marked_billed"]
    await psa.do(writes.FlagTime(entry=APPROVED_IN_JANUARY, billed=flipped))
    assert (await psa.row("time_entries_by_id", APPROVED_IN_JANUARY)).marked_billed is flipped
    await psa.do(writes.FlagTime(entry=APPROVED_IN_JANUARY, billed=not flipped))
    assert await psa.state("time_entries_by_id", APPROVED_IN_JANUARY) == before


async def test_money_is_approved_reopened_and_rejected(psa: Written) -> None:
    """The tenant's field says where it stands and who said so."""
    await psa.do(writes.ApproveExpense(expense=EXPENSE, approver=MANAGER))
    row = await psa.row("expenses_by_id", EXPENSE)
    assert (row.approval_status, row.approver.id) == (ApprovalStatus.APPROVED, kantata.user_id("RES-006"))
    await psa.do(writes.ReopenExpense(expense=EXPENSE))
    row = await psa.row("expenses_by_id", EXPENSE)
    assert (row.approval_status, row.approver) == (ApprovalStatus.SUBMITTED, None)
    await psa.do(writes.RejectExpense(expense=EXPENSE, approver=MANAGER, reason="no receipt"))
    assert (await psa.row("expenses_by_id", EXPENSE)).approval_status is ApprovalStatus.REJECTED


REFUSED = {
    "closed period": (hours(work_date=date(2026, 3, 31)), Code.PERIOD_CLOSED),
    "closed period, approval": (writes.ReopenTime(entry=APPROVED_IN_JANUARY), Code.PERIOD_CLOSED),
    "invoiced hours": (writes.ReopenTime(entry=INVOICED), Code.SOURCE_REFUSED),
    "unknown record": (writes.SubmitTime(entry=known("TimeEntry", "9999999")), Code.SOURCE_REFUSED),
    "unknown task": (hours(task=known("Task", "319999999")), Code.SOURCE_REFUSED),
    "parent elsewhere": (node(ENGAGEMENT, MILESTONE, ProjectKind.PHASE, "X"), Code.SOURCE_REFUSED),
    "rate finer than pence": (hours(bill_rate=Money.of(Decimal("176.5505"), "GBP")), Code.SOURCE_REFUSED),
    "version in use": (writes.DiscardRateCard(card=UK_CARD), Code.SOURCE_REFUSED),
    "ends before it starts": (
        writes.SetAssignmentDates(assignment=ASSIGNMENT, start=date(2026, 5, 1), end=date(2026, 4, 1)),
        Code.SOURCE_REFUSED,
    ),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_what_is_refused_changes_nothing(psa: Written, case: str) -> None:
    """A refusal has a code that says why, and no effect."""
    write, code = REFUSED[case]
    with pytest.raises(SourceFailure) as refused:
        await psa.do(write)
    assert refused.value.code is code
    assert psa.effects() == []
