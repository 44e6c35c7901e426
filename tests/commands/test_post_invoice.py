"""postInvoice, judged over the firm's systems: the March invoices of ENG-003 and ENG-001 are drafts here."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from strawberry import ID

import sources.crm.writes as crm
import sources.erp.writes as erp
from commands.money import Amount
from commands.plan import Gate, Kind, Step
from commands.post_invoice import PostInvoice, post_invoice
from demo.firm.clock import AS_OF
from schema.problems import Code
from schema.rows import Ref
from schema.values import Money
from sources.writes import Later
from tests.commands.conftest import as_it_is, codes, stopped
from tests.commands.journal import ran

if TYPE_CHECKING:
    from collections.abc import Callable

    from demo.firm.model import Firm
    from tests.commands.conftest import Asks, Start

    Refs = Callable[..., Ref]

DAY = date(2026, 4, 8)
DRAFTED = ("INV-2602-001", "INV-2602-005", "INV-2602-008", "INV-2602-013", "INV-2602-016")
DRAFT, NOTE = "INV-2602-001", "CRN-2603-008"


@pytest.fixture(scope="module")
def drafts(firm: Firm) -> Firm:
    """The firm with invoices of February, and its credit note, as drafts; the systems differ on some of them."""
    numbers = {*DRAFTED, NOTE}
    invoices = tuple(
        replace(one, document_status="DRAFT", payment_status="UNPAID") if one.number in numbers else one
        for one in firm.invoices
    )
    cancelled = tuple(
        replace(one, document_status="CANCELLED") if one.number == "INV-2602-014" else one for one in invoices
    )
    events = tuple(replace(one, status="ON_DRAFT") if one.invoice in numbers else one for one in firm.billing_events)
    nodes = tuple(replace(one, delivering_entity="NB-UK") if one.code == "ENG-013-P" else one for one in firm.projects)
    engagements = tuple(replace(one, currency="GBP") if one.code == "ENG-016" else one for one in firm.engagements)
    customers = tuple(replace(one, credit_status="ON_HOLD") if one.code == "CUS-05" else one for one in firm.customers)
    locked: Any = {"TIME": "LOCKED", "AR": "LOCKED", "GL": "LOCKED", "REVENUE": "LOCKED"}
    periods = tuple(
        replace(one, modules=locked) if (one.entity, one.code) == ("NB-UK", "2026-P01") else one
        for one in firm.fiscal_periods
    )
    return replace(
        firm,
        invoices=cancelled,
        billing_events=events,
        projects=nodes,
        engagements=engagements,
        customers=customers,
        fiscal_periods=periods,
    )


def invoice(number: str) -> Ref:
    """Return the ERP's document of a number."""
    return Ref("Invoice", "erp", number)


def posting(firm: Firm, number: str = DRAFT, **more: Any) -> PostInvoice:
    """Return the input that posts a draft at the total that it has."""
    (truth,) = [one for one in firm.invoices if one.number == number]
    said: dict[str, Any] = {
        "expected_total": Amount(amount=truth.total, currency=truth.currency),
        "posting_date": DAY,
        **more,
    }
    return PostInvoice(invoice_id=ID(invoice(number).encode()), **said)


async def test_a_draft_is_posted(asking: Asks, ref: Refs, drafts: Firm) -> None:
    """It gets its number in an open period, its events are settled, and the deal and the time are told."""
    judged = await post_invoice(await asking("finance", drafts), posting(drafts))
    (truth,) = [one for one in drafts.invoices if one.number == DRAFT]
    total = Money.of(truth.total, "GBP")
    assert judged.plan.first == (
        Step(
            name="erp.invoice",
            kind=Kind.PIVOT,
            binding="erp",
            gate=Gate("AR", ref("LegalEntity", "NB-UK"), DAY),
            write=erp.PostInvoice(invoice=invoice(DRAFT), posting_date=DAY, expected_total=total),
        ),
        Step(
            name="erp.events",
            kind=Kind.RETRIABLE,
            binding="erp",
            write=erp.SettleEvents(events=(Ref("BillingEvent", "erp", "BE-2602-001"),), invoice=invoice(DRAFT)),
        ),
        Step(
            name="crm.invoice.1",
            kind=Kind.RETRIABLE,
            binding="crm",
            write=crm.RecordInvoice(
                opportunity=ref("Opportunity", "OPP-001", "psa"), number=Later("erp.invoice", "number")
            ),
            optional=Code.CRM_WRITEBACK_FAILED,
        ),
    )
    behind = {one.code for one in drafts.time_entries if one.billing_event == "BE-2602-001"}
    assert {branch.item for branch in judged.plan.branches} == {ref("TimeEntry", code).encode() for code in behind}
    assert (judged.entity, judged.facts) == ("NB-UK", {"credit_note": False, "amount": truth.total})
    assert judged.parties == {"preparer": frozenset(), "terms_changer": frozenset()}
    assert [row.ref for row in judged.scope] == [invoice(DRAFT)]
    assert judged.subjects == (invoice(DRAFT), ref("Engagement", "ENG-001"))
    assert [(claim.kind, claim.key) for claim in judged.claims] == [("invoice", invoice(DRAFT).encode())]
    assert judged.findings == ()


async def test_an_amount_in_another_currency_counts_in_the_entitys(asking: Asks, drafts: Firm) -> None:
    """Euros of NB-DE count as they are, and a credit note says that it is one."""
    judged = await post_invoice(await asking("finance-controller", drafts), posting(drafts, NOTE))
    (truth,) = [one for one in drafts.invoices if one.number == NOTE]
    assert (judged.entity, judged.facts) == ("NB-US", {"credit_note": True, "amount": truth.total})


async def test_who_prepared_it_and_who_changed_its_terms(asking: Asks, ref: Refs, drafts: Firm, offices: Start) -> None:
    """Our journal tells: of the draft or what it bills, and of the last thirty days; what has failed was not done.

    What is under way still counts, however long ago it was given.
    """
    await asking("finance", drafts)
    running, event = offices(drafts, as_it_is), Ref("BillingEvent", "erp", "BE-2602-005")
    engagement, month = ref("Engagement", "ENG-008"), timedelta(days=30)
    await ran(running, "prepareInvoice", Ref("BillingEvent", "erp", "BE-2602-008"), "northbeam.1", at=AS_OF)
    await ran(running, "prepareInvoice", invoice("INV-2602-008"), "northbeam.2", at=AS_OF)
    await ran(running, "prepareInvoice", event, "northbeam.3", at=AS_OF)
    await ran(running, "prepareInvoice", invoice("INV-2602-008"), "northbeam.4", at=AS_OF, state="FAILED")
    await ran(running, "changeBillingTerms", engagement, "northbeam.5", at=AS_OF - month)
    await ran(running, "changeBillingTerms", engagement, "northbeam.6", at=AS_OF - month - timedelta(seconds=1))
    await ran(running, "changeBillingTerms", engagement, "northbeam.7", at=AS_OF - 2 * month, state="PARKED")
    judged = await post_invoice(await asking("finance-controller", drafts), posting(drafts, "INV-2602-008"))
    assert judged.parties == {
        "preparer": frozenset({"northbeam.1", "northbeam.2"}),
        "terms_changer": frozenset({"northbeam.5", "northbeam.7"}),
    }


@pytest.mark.parametrize(("amount", "currency"), [("0.01", "GBP"), ("0", "EUR")])
async def test_a_draft_that_was_changed_meanwhile(asking: Asks, drafts: Firm, amount: str, currency: str) -> None:
    """A cent more, or another currency, is another total than the one that was seen."""
    (truth,) = [one for one in drafts.invoices if one.number == DRAFT]
    seen = Amount(amount=truth.total + Decimal(amount), currency=currency)
    (found,) = await stopped(post_invoice(await asking("finance", drafts), posting(drafts, expected_total=seen)))
    assert (found.code, found.path) == (Code.TOTAL_CHANGED, ("input", "expectedTotal"))
    assert found.message == f"the draft's total is {truth.total} GBP, and not {seen.amount} {currency}"


async def test_a_period_that_is_closed_is_a_gate(asking: Asks, ref: Refs, drafts: Firm) -> None:
    """It waits for February to be opened again; it is not refused, and no other day is chosen for it."""
    day = date(2026, 2, 27)
    judged = await post_invoice(await asking("finance", drafts), posting(drafts, posting_date=day))
    assert judged.plan.first[0].gate == Gate("AR", ref("LegalEntity", "NB-UK"), day)
    assert judged.findings == ()


async def test_a_period_that_is_locked(asking: Asks, drafts: Firm) -> None:
    """It will never be opened again."""
    said = posting(drafts, posting_date=date(2026, 1, 30))
    assert codes(await stopped(post_invoice(await asking("finance", drafts), said))) == [Code.PERIOD_LOCKED]


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("INV-2602-003", Code.ALREADY_DONE),
        ("INV-2602-014", Code.INVALID_TRANSITION),
        ("INV-2602-013", Code.LEGAL_ENTITY_MISMATCH),
        ("INV-2602-016", Code.CURRENCY_MISMATCH),
        ("INV-2602-005", Code.CUSTOMER_ON_CREDIT_HOLD),
    ],
)
async def test_what_must_not_be_posted(asking: Asks, drafts: Firm, number: str, code: Code) -> None:
    """Posted, cancelled, of a doubtful entity or currency, or for a customer on hold."""
    found = await stopped(post_invoice(await asking("finance-controller", drafts), posting(drafts, number)))
    assert codes(found) == [code]


async def test_what_is_wrong_in_the_input(asking: Asks, drafts: Firm) -> None:
    """More digits than the currency has, another version, and a document that is not there."""
    ask = await asking("finance", drafts)
    fine = Amount(amount=Decimal("1.001"), currency="GBP")
    missing = posting(drafts)
    missing.invoice_id = ID(invoice("INV-0000-000").encode())
    asked = [posting(drafts, expected_total=fine), posting(drafts, expected_version="1999"), missing]
    found = [codes(await stopped(post_invoice(ask, said))) for said in asked]
    assert found == [[Code.BAD_INPUT], [Code.STALE_VERSION], [Code.NOT_FOUND]]
