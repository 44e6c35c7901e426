"""Hours and expenses in Dynamics' ledger: once, and only into a period that is open."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from schema.engagement import ErpProjectStatus
from schema.problems import Code
from schema.rows import Ref
from schema.time_entry import BillingStatus, PostingStatus
from schema.values import Money
from sources.erp.writes import PostExpense, PostTime, SetControlStatus

if TYPE_CHECKING:
    from tests.sources.clerk import Clerk

APRIL = ("NBFiscalPeriods", "nbuk-2026-P04")


def hours(**changed: Any) -> PostTime:
    """Return an approved day of ENG-001 that is not in the ledger."""
    said: dict[str, Any] = {
        "entry": Ref("TimeEntry", "psa", "TE-03300"),
        "code": "TE-03300",
        "engagement": Ref("Engagement", "psa", "ENG-001"),
        "legal_entity": Ref("LegalEntity", "erp", "nbuk"),
        "resource": Ref("Resource", "hr", "RES-017"),
        "work_date": date(2026, 4, 1),
        "accounting_date": date(2026, 4, 1),
        "hours": Decimal("7.50"),
        "billable_hours": Decimal("7.50"),
        "billable": True,
        "bill_rate": Money.of(Decimal("112.00"), "GBP"),
        "cost_rate": Money.of(Decimal("49.60"), "GBP"),
    }
    return PostTime(**(said | changed))


def spent(**changed: Any) -> PostExpense:
    """Return an approved expense of ENG-001 that is not in the ledger."""
    said: dict[str, Any] = {
        "expense": Ref("Expense", "psa", "EXP-0100"),
        "code": "EXP-0100",
        "engagement": Ref("Engagement", "psa", "ENG-001"),
        "legal_entity": Ref("LegalEntity", "erp", "nbuk"),
        "resource": Ref("Resource", "hr", "RES-022"),
        "incurred_date": date(2026, 3, 24),
        "accounting_date": date(2026, 4, 1),
        "amount": Money.of(Decimal("172.00"), "GBP"),
        "billable": True,
    }
    return PostExpense(**(said | changed))


async def test_hours_are_posted(erp: Clerk) -> None:
    """The ledger has them at their price and cost, in the period of their accounting date."""
    done = await erp.write(hours())

    assert done.id == "TE-03300"
    posting = await erp.read("time_entries_erp", "TimeEntry", "TE-03300")
    assert (posting.posting_status, posting.billing_status) == (PostingStatus.POSTED, BillingStatus.UNBILLED)
    assert (posting.posted_hours, posting.accounting_date) == (Decimal("7.5"), date(2026, 4, 1))
    assert posting.posted_rate == Money.of(Decimal("112.00"), "GBP")
    assert posting.cost_rate == Money.of(Decimal("49.60"), "GBP")
    assert posting.fiscal_period == erp.ref("FiscalPeriod", "nbuk-2026-P04")
    assert ("NBTimePostings", "TR-003172") in erp.changed()


async def test_hours_that_nobody_pays_for(erp: Clerk) -> None:
    """Without a price they are not billable."""
    await erp.write(hours(billable=False, billable_hours=Decimal(0), bill_rate=None))
    posting = await erp.read("time_entries_erp", "TimeEntry", "TE-03300")
    assert (posting.billing_status, posting.posted_rate) == (BillingStatus.NOT_BILLABLE, None)


async def test_an_expense_is_posted(erp: Clerk) -> None:
    """The ledger has it in the period of its accounting date."""
    done = await erp.write(spent())

    assert done.id == "EXP-0100"
    posting = await erp.read("expenses_erp", "Expense", "EXP-0100")
    assert (posting.posting_status, posting.billing_status) == (PostingStatus.POSTED, BillingStatus.UNBILLED)
    assert (posting.accounting_date, posting.fiscal_period.id) == (date(2026, 4, 1), "nbuk-2026-P04")


@pytest.mark.parametrize("post", [hours, spent])
@pytest.mark.parametrize("what", ["lose_answer", "fail_after", "fail_before"])
async def test_a_lost_posting_is_in_the_ledger_once(erp: Clerk, post: Any, what: str) -> None:
    """Whatever became of the first attempt, the second one ends with one posting."""
    await erp.lost(post(), what)
    again = await erp.write(post(), again=True)
    assert again.found is (what != "fail_before")
    third = await erp.write(post())
    assert (third.id, third.found) == (again.id, True)
    assert len([table for table, _ in erp.changed() if table.endswith("Postings")]) == 1


@pytest.mark.parametrize("post", [hours, spent])
async def test_a_closed_period_takes_nothing_until_it_is_open(erp: Clerk, post: Any) -> None:
    """March is closed for UK time, April once a person has closed it; reopened it takes the posting."""
    assert await erp.refused(post(accounting_date=date(2026, 3, 31))) is Code.PERIOD_CLOSED
    erp.change(*APRIL, ProjectCloseState="OnHold")
    assert await erp.refused(post()) is Code.PERIOD_CLOSED
    erp.change(*APRIL, ProjectCloseState="Open")
    assert (await erp.write(post())).found is False
    assert await erp.refused(post(accounting_date=date(2026, 5, 1)), "another-key") is Code.PERIOD_CLOSED


async def test_what_is_no_posting_is_refused(erp: Clerk) -> None:
    """Nobody's hours, those of a project that is closed, and those that are in the ledger under another key."""
    assert await erp.refused(hours(resource=erp.ref("Resource", "999999"))) is Code.SOURCE_REFUSED
    await erp.write(SetControlStatus(engagement=Ref("Engagement", "psa", "ENG-001"), status=ErpProjectStatus.BLOCKED))
    assert await erp.refused(hours()) is Code.SOURCE_REFUSED
    assert (
        await erp.refused(hours(engagement=Ref("Engagement", "psa", "ENG-002"), code="TE-02117")) is Code.STALE_VERSION
    )
