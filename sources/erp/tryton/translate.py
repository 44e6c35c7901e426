"""What Tryton's columns say: of documents, of what is to be billed, and of what stands in notes (`notes.py`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sources.erp.tryton.notes import noted

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal


def kind(sequence_type_cache: str | None, total_amount: Decimal) -> str:
    """Return the kind. The cache is null while the document is a draft: then its sign tells."""
    return sequence_type_cache or ("credit_note" if total_amount < 0 else "invoice")


def settlement(state: str, amount_to_pay: Decimal, total_amount: Decimal) -> str:
    """Return how much was paid. Tryton has a state for paid in full, and none for in part."""
    if state == "paid":
        return "settled"
    if state == "cancelled":
        return "reversed"
    return "open" if state != "posted" or amount_to_pay == total_amount else "partly"


def billed(active: bool) -> str:  # noqa: FBT001  the column, as it stands there
    """Return whether a party is one to be billed."""
    return "active" if active else "inactive"


def contract_code(reference: str | None, number: str | None, id: int) -> str:  # noqa: A002  the columns, as they stand there
    """Return by what people know an order."""
    return reference or number or str(id)


def agreed(amount: Decimal | None, note: str | None) -> Decimal | None:
    """Return what a contract's line comes to, None where that is open."""
    return None if noted(note, "amount") == "open" else amount


def billing_model(note: str | None) -> str | None:
    """Return how the work of a contract's line becomes money."""
    return noted(note, "billing_model")


def cap(note: str | None) -> str | None:
    """Return up to which amount the work of a contract's line is billed."""
    return noted(note, "cap")


def cap_behavior(note: str | None) -> str | None:
    """Return what happens above the cap."""
    return noted(note, "cap_behavior")


def rate_card(note: str | None) -> str | None:
    """Return the card that prices the work of a contract's line."""
    return noted(note, "rate_card")


def tax_code(note: str | None) -> str | None:
    """Return how a contract's line is taxed."""
    return noted(note, "tax_code")


def event_code(note: str | None, id: int) -> str:  # noqa: A002  the columns, as they stand there
    """Return by what people know what is to be billed; what they put there themselves has its number."""
    return noted(note, "event") or str(id)


def event_kind(note: str | None) -> str | None:
    """Return what is billed."""
    return noted(note, "kind")


def event_start(note: str | None) -> str | None:
    """Return the first day that is billed."""
    return noted(note, "from")


def event_end(note: str | None) -> str | None:
    """Return the last day that is billed."""
    return noted(note, "to")


def event_hours(note: str | None) -> str | None:
    """Return the hours that are billed."""
    return noted(note, "hours")


def event_timesheet(note: str | None) -> str | None:
    """Return the line of a timesheet that is billed."""
    return noted(note, "timesheet")


def contract_line(origin: str | None) -> str | None:
    """Return the line of an order that something is billed by."""
    model, _, id_ = (origin or "").partition(",")
    return id_ if model == "sale.line" else None


def standing(invoice: int | None, invoice_state: str, note: str | None) -> str:
    """Return how far something is that is to be billed: on an invoice, or free, or marked."""
    if invoice is not None:
        return invoice_state
    return (noted(note, "status") or "free").partition(" ")[0]


def within_cap(note: str | None) -> str:
    """Return whether a cap lets something be billed."""
    return "no" if noted(note, "held") == "CAP_EXCEEDED" else "yes"


def accepted(note: str | None) -> str:
    """Return whether what is billed was accepted, where that is wanted."""
    return "no" if noted(note, "held") == "ACCEPTANCE_OUTSTANDING" else "yes"


def billed_events(id: int, invoice_type: str | None) -> list[int]:  # noqa: A002  the columns, as they stand there
    """Return what a line of an invoice was before it was on one: nothing, where it was made with it."""
    return [id] if invoice_type == "out" else []


def accounted(description: str | None, date: date) -> str | date:
    """Return on which day hours are in the books; a timesheet has that of the work."""
    return _part(description, "accounted") or date


def posted_rate(description: str | None) -> str | None:
    """Return the price of an hour."""
    return (_part(description, "rate") or "").partition(" ")[0] or None


def posted_currency(description: str | None) -> str | None:
    """Return the currency of that price."""
    return (_part(description, "rate") or "").partition(" ")[2] or None


def _part(description: str | None, name: str) -> str | None:
    return noted((description or "").replace("; ", "\n"), name)
