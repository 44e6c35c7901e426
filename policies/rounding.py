"""Amounts, rounded once: at the document's line, in the way of its legal entity. Rates are never rounded first."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

from schema.legal_entity import RoundingMode
from schema.values import CurrencyCode, Money, minor_units

MODES = {
    RoundingMode.HALF_UP: ROUND_HALF_UP,
    RoundingMode.HALF_EVEN: ROUND_HALF_EVEN,
    RoundingMode.DOWN: ROUND_DOWN,
}


def rounded(amount: Decimal, currency: str, mode: RoundingMode) -> Money:
    """Return the amount of a document's line, with its currency's own digits."""
    step = Decimal(1).scaleb(-minor_units(currency))
    return Money(amount=amount.quantize(step, MODES[mode]), currency=CurrencyCode(currency))
