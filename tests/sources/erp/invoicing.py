"""What Tryton is asked to bill in these tests: hours and a fee, drafted and posted, and counted in its own books."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import count
from typing import TYPE_CHECKING

from demo.tryton.server import TODAY
from schema.billing_event import BillingEventKind
from schema.rows import Ref
from schema.values import Money
from sources.erp.writes import AddToBillingEvent, CreateBillingEvent, DraftInvoice, DraftLine, PostInvoice
from tests.sources.erp.bookkeeper import contract

if TYPE_CHECKING:
    from tests.sources.erp.bookkeeper import Bookkeeper

INVOICE, MOVE = "account.invoice", "account.move"
CREATE, POST = "model.account.invoice.create", "model.account.invoice.post"
SEARCH = "model.account.invoice.search_read"
NUMBERS = count()
NET, TOTAL = Decimal("2125.50"), Decimal("2550.60")


def money(amount: Decimal | str, currency: str = "GBP") -> Money:
    """Return an amount."""
    return Money.of(Decimal(amount), currency)


RAIL, PLANT = ("CUS-01", "NB-UK", "ENG-001", "GBP"), ("CUS-06", "NB-DE", "ENG-018", "EUR")


async def draft(books: Bookkeeper, case: tuple[str, str, str, str] = RAIL) -> DraftInvoice:
    """Have hours and a fee made that are to be billed, and return a draft of them."""
    customer, entity, engagement, currency = case
    line = await contract(books, f"T-{entity}", customer, entity, currency)
    number = next(NUMBERS)
    on, start, end = Ref("Engagement", "psa", engagement), date(2026, 4, 1), date(2026, 4, 30)
    hours = AddToBillingEvent(
        event="BE-2604-001",
        engagement=on,
        contract_line=line,
        kind=BillingEventKind.TIME,
        entry=Ref("TimeEntry", "erp", "1"),
        code="TE-00001",
        hours=Decimal("12.5"),
        amount=money("1875.00", currency),
        start=start,
        end=end,
    )
    fee = CreateBillingEvent(
        code="BE-2604-002",
        engagement=on,
        contract_line=line,
        kind=BillingEventKind.RETAINER,
        due_date=date(2026, 4, 1),
        amount=money("250.50", currency),
        start=start,
        end=end,
    )
    lines = []
    for write, description in ((hours, "Senior hours"), (fee, "Retainer")):
        made = await books.write(write, f"e-{number}-{description}")
        event = Ref("BillingEvent", "erp", made.id or "")
        lines.append(DraftLine(event=event, contract_line=line, description=description, net=write.amount))
    return DraftInvoice(
        customer=Ref("Customer", "crm", customer),
        legal_entity=Ref("LegalEntity", "hr", entity),
        engagement=Ref("Engagement", "psa", engagement),
        currency=currency,
        lines=tuple(lines),
    )


def post(invoice: str | None, on: date = TODAY, total: Decimal | str = TOTAL, currency: str = "GBP") -> PostInvoice:
    """Return a draft's posting."""
    assert invoice is not None
    return PostInvoice(invoice=Ref("Invoice", "erp", invoice), posting_date=on, expected_total=money(total, currency))


def posted(books: Bookkeeper) -> tuple[int, int]:
    """Count the posted invoices and the posted moves of the ledger."""
    return books.count(INVOICE, ["state", "=", "posted"]), books.count(MOVE, ["state", "=", "posted"])
