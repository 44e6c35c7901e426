"""Engagements, hours and what is to be billed in the installed Tryton: each is made once, which its own rows tell."""

from __future__ import annotations

import asyncio
from contextlib import closing
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec
import pytest

from demo.tryton.access import ADMIN
from schema.billing_event import BillingEventKind, BillingEventStatus
from schema.contract import BillingModel
from schema.problems import Code
from schema.rows import Ref
from schema.values import DateRange, Money
from sources.erp.writes import (
    AddToBillingEvent,
    CancelBillingEvent,
    CreateBillingEvent,
    DraftInvoice,
    DraftLine,
    LockEvents,
    PostInvoice,
    PostTime,
    ReleaseEvents,
    SettleEvents,
)
from tests.demo.test_tryton import Caller, ids, tryton
from tests.sources.erp.bookkeeper import bookkeeper, contract, project
from tests.sources.hostile import ask

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from demo.tryton.ids import TrytonIds
    from demo.tryton.server import TrytonServer
    from tests.sources.erp.bookkeeper import Bookkeeper

__all__ = ["ids", "tryton"]
pytestmark = [pytest.mark.tryton, pytest.mark.xdist_group("tryton")]

DAY, UK, US = date(2026, 4, 7), "NB-UK", "NB-US"
LINE, SHEET = "account.invoice.line", "timesheet.work"
MADE = ("analytic_account.account.create", "sale.sale.create", "sale.sale.quote", "project.work.create")


@pytest.fixture(scope="module")
def admin(tryton: TrytonServer) -> Iterator[Caller]:
    """Whoever looks into Tryton itself."""
    with closing(Caller(tryton, ADMIN)) as caller:
        yield caller


@pytest.fixture
async def books(admin: Caller, ids: TrytonIds) -> AsyncIterator[Bookkeeper]:
    """Tryton as the ERP."""
    async with bookkeeper("erp", admin, ids) as one:
        yield one


def money(amount: str) -> Money:
    """Return an amount."""
    return Money.of(Decimal(amount), "GBP")


def hours(line: Ref, amount: str = "1080.00", worked: str = "6.00") -> AddToBillingEvent:
    """Return hours that are to be billed."""
    return AddToBillingEvent(
        event="BE-2604-001",
        engagement=Ref("Engagement", "psa", "ENG-001"),
        contract_line=line,
        kind=BillingEventKind.TIME,
        start=date(2026, 4, 1),
        end=date(2026, 4, 30),
        entry=Ref("TimeEntry", "erp", "17"),
        code="TE-00017",
        hours=Decimal(worked),
        amount=money(amount),
    )


def worked(person: str = "RES-001", entity: str = US, spent: str = "7.50") -> PostTime:
    """Return a day's hours on ENG-007, which is the American company's."""
    return PostTime(
        entry=Ref("TimeEntry", "psa", "TE-00017"),
        code="TE-00017",
        engagement=Ref("Engagement", "psa", "ENG-007"),
        legal_entity=Ref("LegalEntity", "hr", entity),
        resource=Ref("Resource", "hr", person),
        work_date=DAY,
        accounting_date=date(2026, 4, 8),
        hours=Decimal(spent),
        billable_hours=Decimal("7.00"),
        billable=True,
        bill_rate=Money.of(Decimal("180.00"), "USD"),
    )


def engagement(books: Bookkeeper, number: str) -> tuple[int, int, int, int]:
    """Count what there is under a number: accounts, orders, lines of them, works."""
    return (
        books.count("analytic_account.account", ["code", "=", number]),
        books.count("sale.sale", ["reference", "=", number]),
        books.count("sale.line", ["sale.reference", "=", number]),
        books.count("project.work", ["number", "=", number]),
    )


@pytest.mark.parametrize("method", MADE)
async def test_an_engagement_is_made_once_whichever_answer_is_lost(books: Bookkeeper, method: str) -> None:
    """Its account, its order and its work are there once each, though the answer to one of them was lost."""
    number = f"ENG-9{MADE.index(method)}"
    write = project(number, "CUS-01", UK, "GBP")
    await books.lost(write, f"k-{number}", f"model.{method}")
    done = await books.write(write, f"k-{number}", again=True)
    assert (done.id, done.values["reference"]) == (number, number)
    assert engagement(books, number) == (1, 1, 1, 1)
    assert (await books.write(write, f"k-{number}")).values == done.values
    assert engagement(books, number) == (1, 1, 1, 1)


async def test_a_number_that_is_anothers_is_not_taken(books: Bookkeeper) -> None:
    """A work of the same number that does not bear our key is refused before anything is made."""
    await books.write(project("ENG-95", "CUS-01", UK, "GBP"), "k-95")
    assert await books.refused(project("ENG-95", "CUS-01", UK, "GBP"), "k-96") is Code.SOURCE_REFUSED
    assert engagement(books, "ENG-95") == (1, 1, 1, 1)


async def test_the_terms_of_a_contract_are_read_as_they_were_agreed(books: Bookkeeper) -> None:
    """The order says entity and currency, its line the model, the amount and the card."""
    await contract(books, "ENG-97", "CUS-01", UK, "GBP")
    (found,) = (await ask(books.source, "contracts_by_engagement", "ENG-97", by="Engagement")).values()
    assert (found.code, found.currency, found.engagement.id) == ("ENG-97", "GBP", "ENG-97")
    (lines,) = (await ask(books.source, "contract_lines_by_contract", found.ref.id, by="Contract")).values()
    (line,) = lines
    assert (line.model, line.amount) == (BillingModel.TIME_AND_MATERIALS, money("480000.00"))
    assert (line.rate_card.id, line.cap, line.tax_code) == ("RC-BILL-NB-UK-V1", None, None)
    assert books.row("sale.sale", found.ref.id, "state") == {"state": "quotation"}


async def test_hours_are_posted_once(books: Bookkeeper) -> None:
    """On the day of the work, with what a timesheet has no field for in its description; a lost answer is looked up."""
    before = books.count("timesheet.line")
    await books.lost(worked(), "t-1", "model.timesheet.line.create")
    done = await books.write(worked(), "t-1", again=True)
    assert (done.found, books.count("timesheet.line")) == (True, before + 1)
    assert (await books.write(worked(), "t-1")).id == done.id
    (row,) = (await ask(books.source, "time_entries_erp", done.id or "", by="TimeEntry")).values()
    assert (row.posted_hours, row.posted_rate) == (Decimal("7.50"), Money.of(Decimal("180.00"), "USD"))
    assert (row.accounting_date, row.billing_status) == (date(2026, 4, 8), None)
    assert books.row("timesheet.line", done.id, "date") == {"date": DAY}


async def test_who_is_lent_has_a_sheet_in_the_books_of_the_employer(books: Bookkeeper) -> None:
    """Tryton knows no work of another company: a sheet of the number stands for it, and all hours stand on one."""
    assert books.count(SHEET, ["name", "=", "ERP-ENG-007"]) == 0
    keys = ("t-20", "t-21", "t-22")
    made = await asyncio.gather(*(books.write(worked("RES-018", UK), key) for key in keys))
    again = [await books.write(worked("RES-018", UK), key) for key in keys]
    assert [(one.id, one.found) for one in again] == [(one.id, True) for one in made]
    lines = books.admin.rows("timesheet.line", [["work.name", "=", "ERP-ENG-007"]], "work")
    assert (len(lines), len({line["work"] for line in lines})) == (3, 1)
    assert books.count(SHEET, ["name", "=", "ERP-ENG-007"]) == 1


async def test_a_sheet_left_by_somebody_who_died_is_taken_away(books: Bookkeeper) -> None:
    """Of two sheets under one number the older one is written on; the other one goes, unless hours stand on it."""
    write = msgspec.structs.replace(worked("RES-018", UK), engagement=Ref("Engagement", "psa", "ENG-008"))
    number, context = ["name", "=", "ERP-ENG-008"], {"company": books.ids.legal_entities[UK]}
    left = {"name": "ERP-ENG-008", "company": books.ids.legal_entities[UK]}
    older, _ = books.admin.call("model.timesheet.work.create", [left, left], context)
    await books.write(write, "t-6")
    assert [row["id"] for row in books.admin.rows(SHEET, [number], "id")] == [older]
    (line,) = books.admin.rows("timesheet.line", [["work.name", "=", "ERP-ENG-008"]], "work")
    assert line["work"] == older


async def test_hours_that_no_timesheet_takes_are_refused(books: Bookkeeper) -> None:
    """Negative ones, and those of somebody who works for another company: nothing is posted."""
    before = books.count("timesheet.line")
    assert await books.refused(worked(spent="-1.00"), "t-4") is Code.SOURCE_REFUSED
    assert await books.refused(worked("RES-018", US), "t-5") is Code.SOURCE_REFUSED
    assert books.count("timesheet.line") == before


async def test_what_is_to_be_billed_is_there_once(books: Bookkeeper) -> None:
    """A line without an invoice, in the contract's currency and with the account's tax; a lost answer is looked up."""
    line = await contract(books, "ENG-98", "CUS-01", UK, "GBP")
    before = books.count(LINE)
    await books.lost(hours(line), "b-1", f"model.{LINE}.create")
    done = await books.write(hours(line), "b-1", again=True)
    assert (done.found, books.count(LINE)) == (True, before + 1)
    row = books.row(LINE, done.id, "invoice", "invoice_type", "quantity", "unit_price", "origin")
    assert row == {
        "invoice": None,
        "invoice_type": "out",
        "quantity": 6.0,
        "unit_price": Decimal("180.0000"),
        "origin": f"sale.line,{line.id}",
    }
    found = await ask(books.source, "billing_events_by_engagement", "ERP-ENG-001", by="Engagement")
    (event,) = (one for one in found["ERP-ENG-001"] if one.ref.id == done.id)
    assert (event.code, event.kind, event.amount, event.hours) == (
        "BE-2604-001",
        BillingEventKind.TIME,
        money("1080.00"),
        Decimal("6.00"),
    )
    assert (event.said, event.contract_line.id) == (BillingEventStatus.READY, line.id)
    assert event.period == DateRange(start=date(2026, 4, 1), end=date(2026, 4, 30))
    (sources,) = (
        await ask(books.source, "billing_sources_by_billing_event", done.id or "", by="BillingEvent")
    ).values()
    assert [(one.time_entry.id, one.hours, one.amount) for one in sources] == [
        ("17", Decimal("6.00"), money("1080.00"))
    ]


async def test_an_amount_that_no_price_makes_is_one_of_it(books: Bookkeeper) -> None:
    """A document shows the amount that was agreed to, to the last digit, and Tryton keeps four of a price."""
    line = await contract(books, "ENG-98", "CUS-01", UK, "GBP")
    for key, amount, hours_, expected in (
        ("b-2", "100.00", "3.00", (3.0, Decimal("33.3333"))),
        ("b-3", "100.00", "300.00", (1.0, Decimal("100.0000"))),
    ):
        done = await books.write(hours(line, amount, hours_), key)
        row = books.row(LINE, done.id, "quantity", "unit_price", "amount")
        assert (row["quantity"], row["unit_price"], row["amount"]) == (*expected, Decimal("100.00"))


async def test_what_is_locked_is_nobody_elses(books: Bookkeeper) -> None:
    """All or none: locked twice it is locked; another draft gets none of it before it is released."""
    line = await contract(books, "ENG-98", "CUS-01", UK, "GBP")
    made = [await books.write(hours(line), key) for key in ("b-4", "b-5", "b-6")]
    first, second, third = (Ref("BillingEvent", "erp", one.id or "") for one in made)
    for _ in range(2):
        await books.write(LockEvents(events=(first, second)), "l-1")
    assert await books.refused(LockEvents(events=(second, third)), "l-2") is Code.STALE_VERSION
    assert await standing(books, first, second, third) == ["ON_DRAFT", "ON_DRAFT", "READY"]
    for _ in range(2):
        await books.write(ReleaseEvents(events=(first, second)), "l-3")
    await books.write(LockEvents(events=(second, third)), "l-4")
    assert await standing(books, first, second, third) == ["READY", "ON_DRAFT", "ON_DRAFT"]


async def test_what_is_not_billed_is_taken_back_once(books: Bookkeeper) -> None:
    """Deleted twice it is deleted, its answer lost or not."""
    line = await contract(books, "ENG-98", "CUS-01", UK, "GBP")
    made, before = await books.write(hours(line), "b-12"), books.count(LINE)
    cancel = CancelBillingEvent(event=Ref("BillingEvent", "erp", made.id or ""))
    await books.lost(cancel, "b-13", f"model.{LINE}.delete")
    assert (await books.write(cancel, "b-13", again=True)).found
    assert (await books.write(cancel, "b-13")).found
    assert books.count(LINE) == before - 1


async def standing(books: Bookkeeper, *events: Ref) -> list[str]:
    """Return how far events are, as the source says."""
    found = await ask(books.source, "billing_events_by_id", *(one.id for one in events), by="BillingEvent")
    return [found[one.id].said.name for one in events]


async def test_what_is_posted_is_invoiced(books: Bookkeeper) -> None:
    """Until then it is not settled; then it is, and nothing had to be said to Tryton."""
    line = await contract(books, "ENG-98", "CUS-01", UK, "GBP")
    fee = CreateBillingEvent(
        code="BE-2604-003",
        engagement=Ref("Engagement", "psa", "ENG-001"),
        contract_line=line,
        kind=BillingEventKind.RETAINER,
        start=date(2026, 4, 1),
        end=date(2026, 4, 30),
        due_date=date(2026, 4, 1),
        amount=money("100.00"),
    )
    made = await books.write(fee, "b-7")
    event = Ref("BillingEvent", "erp", made.id or "")
    drafted = DraftInvoice(
        customer=Ref("Customer", "crm", "CUS-01"),
        legal_entity=Ref("LegalEntity", "hr", UK),
        engagement=Ref("Engagement", "psa", "ENG-001"),
        currency="GBP",
        lines=(DraftLine(event=event, contract_line=line, description="Retainer", net=money("100.00")),),
    )
    invoice = Ref("Invoice", "erp", (await books.write(drafted, "b-8")).id or "")
    settle = SettleEvents(events=(event,), invoice=invoice)
    assert await books.refused(settle, "b-9") is Code.STALE_VERSION
    assert await books.refused(ReleaseEvents(events=(event,)), "b-10") is Code.STALE_VERSION
    await books.write(PostInvoice(invoice=invoice, posting_date=DAY, expected_total=money("120.00")), "b-11")
    changes = len(books.between.calls)
    assert (await books.write(settle, "b-9")).found
    assert all(call.endswith("search_read") for call in books.between.calls[changes:])
    assert await standing(books, event) == ["INVOICED"]
