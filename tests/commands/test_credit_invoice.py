"""creditInvoice, judged over the firm's systems, against the posted invoices of January to March."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from strawberry import ID

import sources.erp.writes as erp
import sources.psa.writes as psa
from commands.credit_invoice import CreditedLine, CreditInvoice, CreditPurpose, credit_invoice
from commands.money import Amount
from commands.plan import Gate, Kind, Step
from demo.firm.clock import AS_OF
from schema.billing_event import BillingEventStatus
from schema.problems import Code
from schema.rows import Ref
from schema.values import Money
from tests.commands.conftest import as_it_is, codes, stopped, written
from tests.commands.journal import ran

if TYPE_CHECKING:
    from collections.abc import Callable

    from demo.firm.model import Firm
    from tests.commands.conftest import Asks, Start

    Refs = Callable[..., Ref]

TODAY = date(2026, 4, 8)


def invoice(number: str) -> Ref:
    """Return the ERP's document of a number."""
    return Ref("Invoice", "erp", number)


def crediting(number: str, purpose: CreditPurpose = CreditPurpose.REBILL, **more: Any) -> CreditInvoice:
    """Return the input that credits an invoice."""
    return CreditInvoice(invoice_id=ID(invoice(number).encode()), purpose=purpose, **more)


def line(code: str, amount: str | None = None, currency: str = "USD") -> CreditedLine:
    """Return a line that is credited, wholly unless an amount is said."""
    net = None if amount is None else Amount(amount=Decimal(amount), currency=currency)
    return CreditedLine(line_id=ID(Ref("InvoiceLine", "erp", code).encode()), net=net)


async def test_a_whole_invoice_is_billed_anew(asking: Asks, ref: Refs, firm: Firm) -> None:
    """A credit note over every line, then its event is ready again, and the time behind it billed no more."""
    judged = await credit_invoice(await asking("finance"), crediting("INV-2602-001", reason="wrong purchase order"))
    (truth,) = [one for one in firm.invoices if one.number == "INV-2602-001"]
    books = ref("LegalEntity", "NB-UK")
    assert judged.plan.first == (
        Step(
            name="erp.credit",
            kind=Kind.PIVOT,
            binding="erp",
            gate=Gate("AR", books, TODAY),
            write=erp.CreditInvoice(
                invoice=invoice("INV-2602-001"),
                legal_entity=books,
                posting_date=TODAY,
                lines=tuple(
                    erp.CreditLine(line=Ref("InvoiceLine", "erp", one.code), net=Money.of(one.net, "GBP"))
                    for one in truth.lines
                ),
                reason="wrong purchase order",
            ),
        ),
        Step(
            name="erp.events",
            kind=Kind.RETRIABLE,
            binding="erp",
            write=erp.ReleaseEvents(events=(Ref("BillingEvent", "erp", "BE-2602-001"),)),
        ),
    )
    behind = [one.code for one in firm.time_entries if one.billing_event == "BE-2602-001"]
    assert {branch.item for branch in judged.plan.branches} == {ref("TimeEntry", code).encode() for code in behind}
    entry = ref("TimeEntry", behind[0])
    (flagged,) = [branch.steps for branch in judged.plan.branches if branch.item == entry.encode()]
    write = psa.FlagTime(entry=entry, billed=False)
    assert flagged == (Step(name="psa.flag", kind=Kind.RETRIABLE, binding="psa", write=write),)
    assert (judged.entity, judged.facts) == ("NB-UK", {"amount": truth.net})
    assert judged.parties == {"poster": frozenset()}
    assert [row.ref for row in judged.scope] == [invoice("INV-2602-001")]
    assert [(claim.kind, claim.key) for claim in judged.claims] == [("invoice", invoice("INV-2602-001").encode())]
    assert judged.findings == ()


async def test_what_is_written_off_is_cancelled(asking: Asks) -> None:
    """The reason decides what becomes of the work; without one in words the purpose stands on the note."""
    judged = await credit_invoice(await asking("finance"), crediting("INV-2602-001", CreditPurpose.WRITE_OFF))
    assert written(judged, "erp.events", erp.ReleaseEvents).status is BillingEventStatus.CANCELLED
    assert written(judged, "erp.credit", erp.CreditInvoice).reason == "WRITE_OFF"


async def test_part_of_a_line(asking: Asks, firm: Firm) -> None:
    """What is left of its event stays invoiced: nothing is ready again, and no time is free."""
    said = crediting("INV-2602-003", lines=[line("INV-2602-003-ANALYST", "1400.00")])
    judged = await credit_invoice(await asking("finance-controller"), said)
    (credited,) = written(judged, "erp.credit", erp.CreditInvoice).lines
    assert credited.net == Money.of(Decimal(1400), "USD")
    assert [step.name for step in judged.plan.first] == ["erp.credit"]
    assert (judged.plan.branches, judged.facts) == ((), {"amount": Decimal("1400.00")})
    assert any(one.code == "INV-2602-003-ANALYST" for found in firm.invoices for one in found.lines)


async def test_money_in_another_currency_counts_in_the_entitys(asking: Asks, firm: Firm) -> None:
    """Dinars of NB-UK count in pounds at the newest spot rate."""
    judged = await credit_invoice(await asking("finance"), crediting("INV-2602-016"))
    (truth,) = [one for one in firm.invoices if one.number == "INV-2602-016"]
    rate = next(
        one.rate
        for one in firm.exchange_rates
        if (one.kind, one.base, one.quote, one.day) == ("SPOT", "KWD", "GBP", date(2026, 3, 31))
    )
    assert judged.facts == {"amount": truth.net * rate}


async def test_no_more_than_is_left(asking: Asks, firm: Firm) -> None:
    """INV-2602-008 was credited with 3 600.00 already: the whole of it is too much now."""
    (found,) = await stopped(credit_invoice(await asking("finance-controller"), crediting("INV-2602-008")))
    (truth,) = [one for one in firm.invoices if one.number == "INV-2602-008"]
    assert found.code is Code.BAD_INPUT
    left = truth.net - 3600
    assert found.message == f"of this invoice {left} before tax are left to credit, and not {truth.net}"


@pytest.mark.parametrize(
    ("number", "lines"),
    [
        ("INV-2602-003", []),
        ("INV-2602-003", [line("INV-2602-001-MANAGER")]),
        ("INV-2602-003", [line("INV-2602-003-ANALYST"), line("INV-2602-003-ANALYST")]),
        ("INV-2602-003", [line("INV-2602-003-ANALYST", "0")]),
        ("INV-2602-003", [line("INV-2602-003-ANALYST", "999999.00")]),
        ("INV-2602-003", [line("INV-2602-003-ANALYST", "100.00", "EUR")]),
        ("INV-2602-003", [line("INV-2602-003-ANALYST", "100.001")]),
        ("INV-2602-006", [line("INV-2602-006-1", "100.00")]),
    ],
)
async def test_lines_that_cannot_be_credited_so(asking: Asks, number: str, lines: list[CreditedLine]) -> None:
    """None, another invoice's, one twice, nothing, too much, other money, a fraction of a cent, part of a milestone."""
    found = await stopped(credit_invoice(await asking("finance-controller"), crediting(number, lines=lines)))
    assert codes(found) == [Code.BAD_INPUT]


async def test_a_milestone_in_full(asking: Asks) -> None:
    """It may be credited whole."""
    said = crediting("INV-2602-006", lines=[line("INV-2602-006-1")])
    judged = await credit_invoice(await asking("finance-controller"), said)
    assert written(judged, "erp.events", erp.ReleaseEvents).events == (Ref("BillingEvent", "erp", "BE-2602-006"),)
    assert judged.plan.branches == ()


@pytest.mark.parametrize("number", ["CRN-2603-008", "INV-2602-001"])
async def test_only_a_posted_invoice_is_credited(asking: Asks, firm: Firm, number: str) -> None:
    """A credit note is not, and neither is a draft."""
    ask = await asking("finance")
    if number.startswith("INV"):
        drafted = tuple(replace(one, document_status="DRAFT") if one.number == number else one for one in firm.invoices)
        ask = await asking("finance", replace(firm, invoices=drafted))
    assert codes(await stopped(credit_invoice(ask, crediting(number)))) == [Code.INVALID_TRANSITION]


async def test_who_posted_it_and_which_day_it_gets(asking: Asks, ref: Refs, firm: Firm, offices: Start) -> None:
    """Our journal tells the poster. With April closed to receivables the note waits for it: May is not open yet."""
    closed: Any = {"TIME": "OPEN", "AR": "CLOSED", "GL": "OPEN", "REVENUE": "OPEN"}
    periods = tuple(
        replace(one, modules=closed) if one.start <= TODAY <= one.end else one for one in firm.fiscal_periods
    )
    changed = replace(firm, fiscal_periods=periods)
    await asking("finance", changed)
    await ran(offices(changed, as_it_is), "postInvoice", invoice("INV-2602-001"), "northbeam.7", at=AS_OF)
    judged = await credit_invoice(await asking("finance", changed), crediting("INV-2602-001"))
    assert judged.parties == {"poster": frozenset({"northbeam.7"})}
    assert judged.plan.first[0].gate == Gate("AR", ref("LegalEntity", "NB-UK"), TODAY)


async def test_the_day_of_the_note_may_be_said(asking: Asks, ref: Refs) -> None:
    """Who approves it tomorrow then approves the same note; in a closed period it waits."""
    day = date(2026, 2, 27)
    judged = await credit_invoice(await asking("finance"), crediting("INV-2602-001", posting_date=day))
    assert judged.plan.first[0].gate == Gate("AR", ref("LegalEntity", "NB-UK"), day)
    assert written(judged, "erp.credit", erp.CreditInvoice).posting_date == day


async def test_another_version_than_the_expected_one(asking: Asks) -> None:
    """The invoice has changed since it was looked at."""
    found = await stopped(credit_invoice(await asking("finance"), crediting("INV-2602-001", expected_version="1999")))
    assert codes(found) == [Code.STALE_VERSION]
