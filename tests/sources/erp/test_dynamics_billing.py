"""Billing events in Dynamics: checked when they are made, summed exactly, and locked for one draft at a time."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from schema.billing_event import BillingEventKind, BillingEventStatus, HoldReason, hold_reasons, standing
from schema.problems import Code
from schema.rows import Ref
from schema.time_entry import BillingStatus
from schema.values import Money
from sources.erp.dynamics.records import by
from sources.erp.writes import (
    AddToBillingEvent,
    CancelBillingEvent,
    CreateBillingEvent,
    LockEvents,
    PostTime,
    ReleaseEvents,
)

if TYPE_CHECKING:
    from tests.sources.clerk import Clerk

COLUMNS = ("TimeEntryCode", "NBHours", "Amount")
APRIL = (date(2026, 4, 1), date(2026, 4, 30))
PENDING, READY, HELD, ON_DRAFT = (BillingEventStatus[name] for name in ("PENDING", "READY", "HELD", "ON_DRAFT"))


def reached(**changed: Any) -> CreateBillingEvent:
    """Return the event of a milestone of ENG-011 that is not billed yet."""
    said: dict[str, Any] = {
        "code": "BE-2604-011",
        "engagement": Ref("Engagement", "psa", "ENG-011"),
        "contract_line": Ref("ContractLine", "erp", "PC-000011-1"),
        "kind": BillingEventKind.MILESTONE,
        "start": date(2026, 4, 8),
        "end": date(2026, 4, 8),
        "due_date": date(2026, 4, 8),
        "amount": Money.of(Decimal("152500.00"), "GBP"),
        "milestone": Ref("Milestone", "psa", "ENG-011-M3"),
    }
    return CreateBillingEvent(**(said | changed))


def worked(entry: str, hours: str, amount: str, /, **changed: Any) -> AddToBillingEvent:
    """Return an hour's part of April's event of ENG-003."""
    said: dict[str, Any] = {
        "event": "BE-2604-003",
        "engagement": Ref("Engagement", "psa", "ENG-003"),
        "contract_line": Ref("ContractLine", "erp", "PC-000003-1"),
        "kind": BillingEventKind.TIME,
        "start": APRIL[0],
        "end": APRIL[1],
        "entry": Ref("TimeEntry", "psa", entry),
        "code": entry,
        "hours": Decimal(hours),
        "amount": Money.of(Decimal(amount), "USD"),
    }
    return AddToBillingEvent(**(said | changed))


def posted(entry: str) -> PostTime:
    """Return an hour of ENG-003 for the ledger."""
    return PostTime(
        entry=Ref("TimeEntry", "psa", entry),
        code=entry,
        engagement=Ref("Engagement", "psa", "ENG-003"),
        legal_entity=Ref("LegalEntity", "erp", "nbus"),
        resource=Ref("Resource", "hr", "RES-009"),
        work_date=date(2026, 4, 1),
        accounting_date=date(2026, 4, 1),
        hours=Decimal("7.50"),
        billable_hours=Decimal("7.50"),
        billable=True,
    )


async def state(erp: Clerk, code: str) -> BillingEventStatus:
    """Return how far an event is."""
    event = await erp.read("billing_events_by_id", "BillingEvent", code)
    found = standing(event.said, event.gates)
    assert isinstance(found, BillingEventStatus)
    return found


async def billed(erp: Clerk, entry: str) -> BillingStatus:
    """Return how far the billing of a posted hour is."""
    found: BillingStatus = (await erp.read("time_entries_erp", "TimeEntry", entry)).billing_status
    return found


async def test_a_milestone_that_was_accepted_may_be_billed(erp: Clerk) -> None:
    """The event is ready since now, with the milestone behind it."""
    done = await erp.write(reached())

    assert done.id == "BE-2604-011"
    event = await erp.read("billing_events_by_id", "BillingEvent", "BE-2604-011")
    assert standing(event.said, event.gates) is READY
    assert (event.kind, event.amount) == (BillingEventKind.MILESTONE, Money.of(Decimal("152500.00"), "GBP"))
    assert event.ready_at.isoformat() == "2026-04-08T09:00:00+00:00"
    (source,) = await erp.read("billing_sources_by_billing_event", "BillingEvent", "BE-2604-011")
    assert (source.milestone.id, source.amount) == ("ENG-011-M3", Money.of(Decimal("152500.00"), "GBP"))


async def test_what_the_books_find_wanting_is_held(erp: Clerk) -> None:
    """Acceptance, the order's number and credit are checked when the event is made."""
    erp.change("CustomersV3", "C-10011", OnHoldStatus="Invoice", NBIsOrderReferenceMandatory="Yes")
    erp.change("ProjectContractHeaders", "PC-000011", CustomersOrderReference="")
    await erp.write(reached(accepted=False))
    event = await erp.read("billing_events_by_id", "BillingEvent", "BE-2604-011")
    assert (standing(event.said, event.gates), event.ready_at) == (HELD, None)
    assert hold_reasons(event.said, event.gates) == [
        HoldReason.ACCEPTANCE_OUTSTANDING,
        HoldReason.PURCHASE_ORDER_MISSING,
        HoldReason.CUSTOMER_ON_CREDIT_HOLD,
    ]
    assert await erp.refused(LockEvents(events=(erp.ref("BillingEvent", "BE-2604-011"),))) is Code.STALE_VERSION


async def test_a_milestone_is_billed_once(erp: Clerk) -> None:
    """A second event for it is refused until the first is cancelled; cancelled is also what was made and undone."""
    await erp.write(reached())
    assert await erp.refused(reached(code="BE-2605-011"), "another-key") is Code.STALE_VERSION
    cancelled = CancelBillingEvent(event=erp.ref("BillingEvent", "BE-2604-011"))
    await erp.write(cancelled)
    await erp.write(cancelled)
    assert await state(erp, "BE-2604-011") is BillingEventStatus.CANCELLED
    again = await erp.write(reached(), "another-key")
    assert again.id == "BE-2604-011-2"
    other = reached(milestone=None, amount=Money.of(Decimal(1), "EUR"))
    assert await erp.refused(other, "a-third-key") is Code.SOURCE_REFUSED


async def test_a_milestone_that_waited_is_accepted(erp: Clerk) -> None:
    """The event that was held for it is ready, and no other is made; a second acceptance finds it billed."""
    waiting = reached(code="BE-2604-011", milestone=Ref("Milestone", "psa", "ENG-011-M2"))
    assert await state(erp, "BE-2603-011") is HELD
    await erp.lost(waiting, "lose_answer")
    assert (await erp.write(waiting, again=True)).id == "BE-2603-011"
    assert await state(erp, "BE-2603-011") is READY
    assert erp.changed() == [("NBBillingEvents", "BE-2603-011")]
    assert await erp.refused(waiting, "another-key") is Code.STALE_VERSION


async def test_a_months_hours_add_up_exactly(erp: Clerk) -> None:
    """The first hour makes the event, the others are added to it; the ledger knows which event bills an hour."""
    await erp.write(posted("TE-03291"), "p1")
    first = await erp.write(worked("TE-03291", "7.50", "1050.01"), "k1")
    second = await erp.write(worked("TE-03335", "8.00", "1119.98"), "k2")
    assert [(done.id, done.values["event"]) for done in (first, second)] == [
        ("BE-2604-003/TE-03291", "BE-2604-003"),
        ("BE-2604-003/TE-03335", "BE-2604-003"),
    ]
    event = await erp.read("billing_events_by_id", "BillingEvent", "BE-2604-003")
    assert (event.amount, event.hours) == (Money.of(Decimal("2169.99"), "USD"), Decimal("15.5"))
    assert (standing(event.said, event.gates), await billed(erp, "TE-03291")) == (READY, BillingStatus.READY)
    sources = await erp.read("billing_sources_by_billing_event", "BillingEvent", "BE-2604-003")
    assert [(source.time_entry.id, source.hours, source.amount.amount) for source in sources] == [
        ("TE-03291", Decimal("7.5"), Decimal("1050.01")),
        ("TE-03335", Decimal(8), Decimal("1119.98")),
    ]


async def test_an_expense_has_an_event_of_its_kind(erp: Clerk) -> None:
    """It stands in the event under its own code, without hours."""
    expense = {"entry": None, "expense": Ref("Expense", "psa", "EXP-0038"), "hours": None}
    done = await erp.write(
        worked("EXP-0038", "0", "221.00", event="BE-2604-003-EXP", kind=BillingEventKind.EXPENSE, **expense)
    )
    assert done.id == "BE-2604-003-EXP/EXP-0038"
    event = await erp.read("billing_events_by_id", "BillingEvent", "BE-2604-003-EXP")
    assert (event.kind, event.amount.amount, event.hours) == (BillingEventKind.EXPENSE, Decimal("221.00"), None)


@pytest.mark.parametrize("what", ["lose_answer", "fail_after", "fail_before"])
async def test_a_lost_line_is_added_once(erp: Clerk, what: str) -> None:
    """Whatever became of the first attempt, the hour is in the sum once."""
    await erp.lost(worked("TE-03291", "7.50", "1050.00"), what)
    again = await erp.write(worked("TE-03291", "7.50", "1050.00"), again=True)
    assert (again.found, again.values["event"]) == (what != "fail_before", "BE-2604-003")
    assert (await erp.write(worked("TE-03291", "7.50", "1050.00"))).found
    assert await erp.refused(worked("TE-03291", "7.50", "1050.00"), "another-key") is Code.STALE_VERSION
    event = await erp.read("billing_events_by_id", "BillingEvent", "BE-2604-003")
    assert event.amount == Money.of(Decimal("1050.00"), "USD")


async def test_half_of_an_hour_over_a_cap_stands_apart(erp: Clerk) -> None:
    """What is held has an event of its own, which does not keep the other half from being billed."""
    await erp.write(worked("TE-03291", "5.00", "700.00"), "k1")
    done = await erp.write(worked("TE-03291", "2.50", "350.00", held=True), "k2")
    assert done.values["event"] == "BE-2604-003-2"
    assert [await state(erp, code) for code in ("BE-2604-003", "BE-2604-003-2")] == [READY, HELD]


async def test_an_hour_is_billed_once(erp: Clerk) -> None:
    """Once its event is on a draft, the next event does not take it as well; written off it may be billed anew."""
    await erp.write(worked("TE-03291", "7.50", "1050.00"), "k1")
    event = erp.ref("BillingEvent", "BE-2604-003")
    await erp.write(LockEvents(events=(event,)), "k2")
    assert await erp.refused(worked("TE-03291", "7.50", "1050.00"), "k3") is Code.STALE_VERSION
    assert (await erp.write(worked("TE-03291", "7.50", "1050.00"), "k1")).found
    await erp.write(ReleaseEvents(events=(event,), status=BillingEventStatus.CANCELLED))
    assert (await erp.write(worked("TE-03291", "7.50", "1050.00"), "k3")).values["event"] == "BE-2604-003-2"


async def test_late_hours_go_on_the_next_event(erp: Clerk) -> None:
    """February of ENG-003 is invoiced: what is approved only now has another event."""
    done = await erp.write(worked("TE-03291", "7.50", "1050.00", event="BE-2602-003"))
    assert done.values["event"] == "BE-2602-003-2"
    assert await state(erp, "BE-2602-003") is BillingEventStatus.INVOICED


async def test_what_waited_for_approval_is_ready_with_the_last_hour(erp: Clerk) -> None:
    """Hours that stood in an event before are not added twice; the event is ready when all behind it are approved."""
    lines = (await erp.ask(by("NBBillingEventLines", "BillingEventId", "BE-2603-007", *COLUMNS)))["value"]
    known = (await erp.ask(by("NBTimePostings", "BillingEventId", "BE-2603-007", "TimeEntryCode")))["value"]
    waiting = {line["TimeEntryCode"] for line in lines} - {row["TimeEntryCode"] for row in known}
    assert await state(erp, "BE-2603-007") is PENDING
    for line in lines:
        if (entry := line["TimeEntryCode"]) in waiting:
            assert await state(erp, "BE-2603-007") is PENDING
            said = {"event": "BE-2603-007", "engagement": Ref("Engagement", "psa", "ENG-007")}
            said["contract_line"] = Ref("ContractLine", "erp", "PC-000007-1")
            await erp.write(worked(entry, str(line["NBHours"]), str(line["Amount"]), **said), entry)
    event = await erp.read("billing_events_by_id", "BillingEvent", "BE-2603-007")
    assert (standing(event.said, event.gates), event.amount.amount) == (READY, Decimal("161480.00"))


async def test_events_are_locked_for_one_draft_alone(erp: Clerk) -> None:
    """All or none: under the same key again, under another one not at all; released they may be locked anew."""
    march = tuple(erp.ref("BillingEvent", code) for code in ("BE-2603-001", "BE-2603-005"))
    await erp.write(LockEvents(events=march), "k1")
    await erp.write(LockEvents(events=march), "k1")
    assert [await state(erp, event.id) for event in march] == [ON_DRAFT, ON_DRAFT]
    assert await billed(erp, "TE-02117") is BillingStatus.ON_INVOICE
    both = LockEvents(events=(erp.ref("BillingEvent", "BE-2603-008"), march[0]))
    assert await erp.refused(both, "k2") is Code.STALE_VERSION
    assert await state(erp, "BE-2603-008") is READY
    await erp.write(ReleaseEvents(events=march))
    await erp.write(ReleaseEvents(events=march))
    assert (await state(erp, "BE-2603-001"), await billed(erp, "TE-02117")) == (READY, BillingStatus.READY)
    await erp.write(both, "k2")


async def test_events_that_cannot_be_billed_are_not_locked(erp: Clerk) -> None:
    """One that is held, one that waits, one that is invoiced, and one that is not there."""
    for code in ("BE-2603-011", "BE-2603-007", "BE-2602-001"):
        assert await erp.refused(LockEvents(events=(erp.ref("BillingEvent", code),))) is Code.STALE_VERSION
    assert await erp.refused(LockEvents(events=(erp.ref("BillingEvent", "BE-0"),))) is Code.SOURCE_REFUSED
    erp.change("CustomersV3", "C-10001", OnHoldStatus="All")
    held = LockEvents(events=(erp.ref("BillingEvent", "BE-2603-001"),))
    assert await erp.refused(held) is Code.STALE_VERSION


async def test_events_are_written_off(erp: Clerk) -> None:
    """Cancelled, and the hours behind them with them; what is invoiced cannot be."""
    event = erp.ref("BillingEvent", "BE-2603-001")
    await erp.write(ReleaseEvents(events=(event,), status=BillingEventStatus.CANCELLED))
    assert await state(erp, "BE-2603-001") is BillingEventStatus.CANCELLED
    assert await billed(erp, "TE-02117") is BillingStatus.WRITTEN_OFF
    invoiced = ReleaseEvents(events=(erp.ref("BillingEvent", "BE-2602-001"),), status=BillingEventStatus.CANCELLED)
    assert await erp.refused(invoiced) is Code.STALE_VERSION
