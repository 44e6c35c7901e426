"""Invoices in Dynamics: drafts that can be deleted, numbers without gaps, and credit notes against what was posted."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from schema.billing_event import BillingEventStatus, standing
from schema.invoice import DocumentStatus, InvoiceKind, InvoiceRow, PaymentStatus
from schema.problems import Code
from schema.rows import Ref
from schema.time_entry import BillingStatus
from schema.values import Money
from sources.erp.writes import (
    CreditInvoice,
    CreditLine,
    DeleteDraft,
    DraftInvoice,
    DraftLine,
    LockEvents,
    PostInvoice,
    ReleaseEvents,
    SettleEvents,
)
from sources.selection import Order, Selection
from tests.sources.hostile import scope

if TYPE_CHECKING:
    from sources.writes import Done
    from tests.sources.clerk import Clerk

MARCH_END = date(2026, 3, 31)
# Event, its contract line and engagement, customer, company, and what its lines are.
RAIL = ("BE-2603-001", "PC-000001-1", "ENG-001", "CUS-01", "nbuk", ("60000.00", "8096.00"), "GBP")
PLANT = ("BE-2603-018", "PC-000018-1", "ENG-018", "CUS-06", "nbde", ("28425.02", "28425.02", "28424.96"), "EUR")
TURNAROUND = ("BE-2603-016", "PC-000016-1", "ENG-016", "CUS-14", "nbuk", ("13993.400",), "KWD")
SUPPLY = ("BE-2603-014", "PC-000014-1", "ENG-014", "CUS-13", "nbjp", ("20722500",), "JPY")


def money(amount: str, currency: str = "GBP") -> Money:
    """Return an amount."""
    return Money.of(Decimal(amount), currency)


def draft(case: tuple[Any, ...] = RAIL) -> DraftInvoice:
    """Return a draft of an event."""
    event, line, engagement, customer, company, amounts, currency = case
    lines = [
        DraftLine(
            event=Ref("BillingEvent", "erp", event),
            contract_line=Ref("ContractLine", "erp", line),
            description=f"Hours, part {place}",
            quantity=Decimal(10),
            unit_price=money(amount, currency),
            net=money(amount, currency),
        )
        for place, amount in enumerate(amounts, 1)
    ]
    return DraftInvoice(
        customer=Ref("Customer", "crm", customer),
        legal_entity=Ref("LegalEntity", "erp", company),
        engagement=Ref("Engagement", "psa", engagement),
        currency=currency,
        lines=tuple(lines),
    )


async def drafted(erp: Clerk, case: tuple[Any, ...] = RAIL, key: str = "a-draft") -> Ref:
    """Lock an event and draft its invoice."""
    await erp.write(LockEvents(events=(erp.ref("BillingEvent", case[0]),)), f"{key}-lock")
    return erp.ref("Invoice", str((await erp.write(draft(case), key)).id))


def post(invoice: Ref, total: str, currency: str = "GBP", day: date = MARCH_END) -> PostInvoice:
    """Return a draft's posting."""
    return PostInvoice(invoice=invoice, posting_date=day, expected_total=money(total, currency))


async def test_a_draft_has_no_number_no_date_and_no_place_in_the_ledger(erp: Clerk) -> None:
    """It has an id, its lines and their tax; the sum of the lines' tax is the document's."""
    invoice = await drafted(erp)

    assert invoice.id == "IP-000001"
    row = await erp.read("invoices_by_id", "Invoice", "IP-000001")
    assert (row.number, row.document_status, row.kind) == (None, DocumentStatus.DRAFT, InvoiceKind.INVOICE)
    assert (row.issue_date, row.due_date, row.accounting_date, row.fiscal_period) == (None, None, None, None)
    assert (row.net, row.tax, row.total) == (money("68096.00"), money("13619.20"), money("81715.20"))
    assert (row.open_amount, row.total_in_entity_currency) == (money("0.00"), None)
    assert row.engagement == erp.ref("Engagement", "P-000001")
    lines = await erp.read("invoice_lines_by_invoice", "Invoice", "IP-000001")
    assert [(line.description, line.net, line.tax_amount, line.tax_code) for line in lines] == [
        ("Hours, part 1", money("60000.00"), money("12000.00"), "GB-VAT-20"),
        ("Hours, part 2", money("8096.00"), money("1619.20"), "GB-VAT-20"),
    ]
    assert [line.billing_events for line in lines] == [[erp.ref("BillingEvent", "BE-2603-001")]] * 2


async def test_a_posted_invoice_keeps_its_id(erp: Clerk) -> None:
    """The draft's id leads to the invoice, which now has the company's next number and its place in the ledger."""
    invoice = await drafted(erp)
    done = await erp.write(post(invoice, "81715.20"))

    assert (done.id, done.values) == ("IP-000001", {"number": "INV-UK-00012", "total": "81715.2"})
    row = await erp.read("invoices_by_id", "Invoice", "IP-000001")
    assert (row.number, row.document_status) == ("INV-UK-00012", DocumentStatus.POSTED)
    assert (row.payment_status, row.open_amount) == (PaymentStatus.UNPAID, money("81715.20"))
    assert (row.issue_date, row.accounting_date, row.due_date) == (MARCH_END, MARCH_END, date(2026, 4, 30))
    assert row.fiscal_period == erp.ref("FiscalPeriod", "nbuk-2026-P03")
    assert row.total_in_entity_currency.money == money("81715.20")
    lines = await erp.read("invoice_lines_by_invoice", "Invoice", "IP-000001")
    assert [line.net for line in lines] == [money("60000.00"), money("8096.00")]


async def test_invoices_from_before_are_known_by_their_number(erp: Clerk) -> None:
    """Their ids are what they always were."""
    row = await erp.read("invoices_by_id", "Invoice", "INV-2602-008")
    assert row.number == "INV-2602-008"
    (note,) = await erp.read("invoices_by_corrected", "Invoice", "INV-2602-008")
    assert (note.number, note.corrects) == ("CRN-2603-008", erp.ref("Invoice", "INV-2602-008"))


@pytest.mark.parametrize(
    ("case", "amounts", "own"),
    [
        # Line by line it is a cent less than 19 % of the whole, 16202.25.
        (PLANT, ("85275.00", "16202.24", "101477.24"), "101477.24"),
        (TURNAROUND, ("13993.400", "2798.680", "16792.080"), "42964.47"),
    ],
    ids=["per-line", "foreign"],
)
async def test_tax_and_currency_are_the_companys(
    erp: Clerk, case: tuple[Any, ...], amounts: tuple[str, ...], own: str
) -> None:
    """Each company taxes by its rule, rounds to the currency's digits, and keeps its own currency beside it."""
    invoice = await drafted(erp, case)
    await erp.write(post(invoice, amounts[-1], case[-1]))
    row = await erp.read("invoices_by_id", "Invoice", invoice.id)
    assert [row.net, row.tax, row.total] == [money(amount, case[-1]) for amount in amounts]
    assert row.total_in_entity_currency.money.amount == Decimal(own)


async def test_numbers_have_no_gap(erp: Clerk) -> None:
    """A posting that is refused uses no number up; each company counts for itself."""
    rail, abroad, plant = [
        await drafted(erp, case, key) for case, key in ((RAIL, "k1"), (TURNAROUND, "k2"), (PLANT, "k3"))
    ]
    assert await erp.refused(post(rail, "81715.21"), "p1") is Code.STALE_VERSION
    early = post(abroad, "16792.080", "KWD", date(2026, 2, 27))
    assert await erp.refused(early, "p2") is Code.PERIOD_CLOSED
    numbers = [
        (await erp.write(post(invoice, total, currency), key)).values["number"]
        for invoice, total, currency, key in (
            (abroad, "16792.080", "KWD", "p2"),
            (plant, "101477.24", "EUR", "p3"),
            (rail, "81715.20", "GBP", "p1"),
        )
    ]
    assert numbers == ["INV-UK-00012", "INV-DE-00008", "INV-UK-00013"]


async def test_a_closed_period_takes_no_invoice(erp: Clerk) -> None:
    """March is closed in Japan until a person opens it for receivables; what other modules say does not matter."""
    invoice = await drafted(erp, SUPPLY)
    wanted = post(invoice, "22794750", "JPY")
    assert await erp.refused(wanted) is Code.PERIOD_CLOSED
    erp.change("NBFiscalPeriods", "nbjp-2025-P12", ReceivablesCloseState="Open")
    assert (await erp.write(wanted)).values == {"number": "INV-JP-00006", "total": "22794750"}


@pytest.mark.parametrize("what", ["lose_answer", "fail_after", "fail_before"])
async def test_a_lost_answer_posts_once(erp: Clerk, what: str) -> None:
    """Draft and posting are there once, whatever became of the first attempt."""
    await erp.write(LockEvents(events=(erp.ref("BillingEvent", "BE-2603-001"),)))
    await erp.lost(draft(), what)
    made = await erp.write(draft(), again=True)
    assert (made.id, made.found) == ("IP-000001", what != "fail_before")
    wanted = post(erp.ref("Invoice", "IP-000001"), "81715.20")
    await erp.lost(wanted, what, "a-posting")
    found = await erp.write(wanted, "a-posting", again=True)
    third = await erp.write(wanted, "a-posting")
    assert found.found is (what != "fail_before")
    assert (found.values, third.values) == ({"number": "INV-UK-00012", "total": "81715.2"},) * 2
    assert await erp.refused(wanted, "another-key") is Code.STALE_VERSION


async def test_a_deleted_draft_frees_its_event(erp: Clerk) -> None:
    """Deleted twice it is deleted; its event is released; its id is nobody's; a posted one stays."""
    invoice = await drafted(erp)
    event = erp.ref("BillingEvent", "BE-2603-001")
    assert await erp.refused(ReleaseEvents(events=(event,))) is Code.STALE_VERSION
    await erp.lost(DeleteDraft(invoice=invoice), "lose_answer")
    assert (await erp.write(DeleteDraft(invoice=invoice), again=True)).found
    # An undoing that a crash left behind is sent again by a run that knows of no attempt.
    assert (await erp.write(DeleteDraft(invoice=invoice))).found
    await erp.write(ReleaseEvents(events=(event,)))
    assert await erp.read("invoices_by_id", "Invoice", "IP-000001") is None
    assert await erp.read("invoice_lines_by_invoice", "Invoice", "IP-000001") == []
    second = await drafted(erp, key="another-draft")
    assert second.id == "IP-000002"
    await erp.write(post(second, "81715.20"))
    assert await erp.refused(DeleteDraft(invoice=second)) is Code.STALE_VERSION


async def test_a_draft_bills_what_is_locked_and_all_of_it(erp: Clerk) -> None:
    """Not what is free, not what is on another draft, not a part of an event, and nothing of another company."""
    assert await erp.refused(draft()) is Code.STALE_VERSION
    await drafted(erp, key="k1")
    assert await erp.refused(draft(), "k2") is Code.STALE_VERSION
    await erp.write(LockEvents(events=(erp.ref("BillingEvent", "BE-2603-018"),)), "k3")
    part = (*PLANT[:5], ("28425.02",), "EUR")
    assert await erp.refused(draft(part), "k3") is Code.SOURCE_REFUSED
    elsewhere = (*PLANT[:4], "nbuk", *PLANT[5:])
    assert await erp.refused(draft(elsewhere), "k3") is Code.SOURCE_REFUSED


async def test_posted_events_are_settled_with_their_hours(erp: Clerk) -> None:
    """They are invoiced, the hours behind them billed by a line; before the posting they cannot be."""
    invoice = await drafted(erp)
    settled = SettleEvents(events=(erp.ref("BillingEvent", "BE-2603-001"),), invoice=invoice)
    assert await erp.refused(settled) is Code.STALE_VERSION
    await erp.write(post(invoice, "81715.20"))
    await erp.write(settled)
    made = erp.changed()
    await erp.write(settled)
    assert erp.changed() == made
    event = await erp.read("billing_events_by_id", "BillingEvent", "BE-2603-001")
    assert event.said is BillingEventStatus.INVOICED
    posting = await erp.read("time_entries_erp", "TimeEntry", "TE-02117")
    assert (posting.billing_status, posting.invoice_line.id) == (BillingStatus.BILLED, "IP-000001-1")
    other = SettleEvents(events=(erp.ref("BillingEvent", "BE-2603-005"),), invoice=invoice)
    assert await erp.refused(other) is Code.STALE_VERSION


def credit(erp: Clerk, line: str, net: str, invoice: str = "INV-2602-001") -> CreditInvoice:
    """Return a credit note for one line."""
    return CreditInvoice(
        invoice=erp.ref("Invoice", invoice),
        legal_entity=erp.ref("LegalEntity", "nbuk"),
        posting_date=MARCH_END,
        lines=(CreditLine(line=erp.ref("InvoiceLine", line), net=money(net)),),
        reason="Two days were not agreed",
    )


async def test_a_credit_note_corrects_an_invoice(erp: Clerk) -> None:
    """It is posted at once with its own number, negative, with an event behind each line."""
    line = "INV-2602-001-ANALYST"
    done: Done = await erp.write(credit(erp, line, "1000.00"))
    assert done.values == {"number": "CRN-UK-00001", "total": "-1200"}
    (note,) = await erp.read("invoices_by_corrected", "Invoice", "INV-2602-001")
    assert (note.ref.id, note.number, note.kind) == (done.id, "CRN-UK-00001", InvoiceKind.CREDIT_NOTE)
    assert (note.net, note.tax, note.total) == (money("-1000.00"), money("-200.00"), money("-1200.00"))
    (credited,) = await erp.read("invoice_lines_by_invoice", "Invoice", str(done.id))
    event = await erp.read("billing_events_by_id", "BillingEvent", credited.billing_events[0].id)
    assert (event.said, event.amount) == (BillingEventStatus.INVOICED, money("-1000.00"))


@pytest.mark.parametrize("what", ["lose_answer", "fail_after", "fail_before"])
async def test_a_lost_credit_note_is_there_once(erp: Clerk, what: str) -> None:
    """Whatever became of the first attempt, there is one."""
    wanted = credit(erp, "INV-2602-001-ANALYST", "1000.00")
    await erp.lost(wanted, what)
    again = await erp.write(wanted, again=True)
    assert (again.values["number"], again.found) == ("CRN-UK-00001", what != "fail_before")
    assert len(await erp.read("invoices_by_corrected", "Invoice", "INV-2602-001")) == 1


async def test_no_more_is_credited_than_was_billed(erp: Clerk) -> None:
    """Nor more than is left of a line, nor another invoice's line, nor a draft's, nor into a closed period."""
    (line,) = [
        line
        for line in await erp.read("invoice_lines_by_invoice", "Invoice", "INV-2602-001")
        if line.ref.id == "INV-2602-001-ANALYST"
    ]
    whole = str(line.net.amount)
    assert await erp.refused(credit(erp, line.ref.id, str(line.net.amount + 1))) is Code.SOURCE_REFUSED
    assert await erp.refused(credit(erp, "INV-2602-005-ANALYST", "1.00")) is Code.SOURCE_REFUSED
    invoice = await drafted(erp)
    assert await erp.refused(credit(erp, f"{invoice.id}-1", "1.00", invoice.id)) is Code.STALE_VERSION
    erp.change("NBFiscalPeriods", "nbuk-2026-P03", ReceivablesCloseState="Restricted")
    assert await erp.refused(credit(erp, line.ref.id, whole)) is Code.PERIOD_CLOSED
    erp.change("NBFiscalPeriods", "nbuk-2026-P03", ReceivablesCloseState="Open")
    await erp.write(credit(erp, line.ref.id, whole))
    assert await erp.refused(credit(erp, line.ref.id, "0.01"), "another-key") is Code.SOURCE_REFUSED


@pytest.mark.parametrize("column", ["InvoiceNumber", "InvoiceDate"])
async def test_lists_show_drafts_too(erp: Clerk, column: str) -> None:
    """What has neither number nor day yet stands before all that have, page by page."""
    await drafted(erp, key="k1")
    await drafted(erp, PLANT, "k2")
    order = Order(column, column, "text" if column == "InvoiceNumber" else "noon", descending=False)
    (first,), total = await erp.source.page(InvoiceRow, None, 1, scope(), Selection(order=order))
    rest, _ = await erp.source.page(InvoiceRow, first.position, 100, scope(), Selection(order=order))
    assert [first.position.id, rest[0].position.id] == ["IP-000001", "IP-000002"]
    assert (len(rest), total) == (37, 38)


async def test_what_is_credited_in_full_may_be_billed_anew(erp: Clerk) -> None:
    """As long as a line of it stands, its event is not free; then it goes on a draft like any other."""
    february = ("BE-2602-001", "PC-000001-1", "ENG-001", "CUS-01", "nbuk", ("60288.00",), "GBP")
    released = ReleaseEvents(events=(erp.ref("BillingEvent", "BE-2602-001"),))
    lines = {"ANALYST": "14168.00", "MANAGER": "10920.00", "PRINCIPAL": "35200.00"}
    for role, net in lines.items():
        assert await erp.refused(released) is Code.STALE_VERSION
        await erp.write(credit(erp, f"INV-2602-001-{role}", net), role)
    await erp.write(released)
    await erp.write(released)
    event = await erp.read("billing_events_by_id", "BillingEvent", "BE-2602-001")
    assert standing(event.said, event.gates) is BillingEventStatus.READY
    anew = await drafted(erp, february, "anew")
    assert (await erp.read("invoices_by_id", "Invoice", anew.id)).net == money("60288.00")


async def test_what_was_credited_in_full_is_billed_anew(erp: Clerk) -> None:
    """Its event, refused while its invoice stands, is free once every line of it is credited: a new draft takes it."""
    events = (erp.ref("BillingEvent", "BE-2602-004"),)
    assert await erp.refused(ReleaseEvents(events=events)) is Code.STALE_VERSION
    (line,) = await erp.read("invoice_lines_by_invoice", "Invoice", "INV-2602-004")
    await erp.write(credit(erp, line.ref.id, str(line.net.amount), "INV-2602-004"))
    await erp.write(ReleaseEvents(events=events))
    freed = await erp.read("billing_events_by_id", "BillingEvent", "BE-2602-004")
    assert freed.said is BillingEventStatus.PENDING
