"""What Tryton's columns say together: which kind of document it is, and how much of it was paid."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
