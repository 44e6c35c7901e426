"""What Tryton's columns say: which kind of document it is, how much of it was paid, and who may be billed."""

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


def billed(active: bool) -> str:  # noqa: FBT001  the column, as it stands there
    """Return whether a party is one to be billed."""
    return "active" if active else "inactive"
