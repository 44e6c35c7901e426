"""What of an amount still fits under the cap of a contract line."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from schema.contract import CapBehavior

NEAR = Decimal("0.90")
HUNDREDTH = Decimal("0.01")


class Share(NamedTuple):
    """What of an amount is billed, and what is held above the cap."""

    billed: Decimal
    held: Decimal


def share(cap: Decimal, behavior: CapBehavior, consumed: Decimal, amount: Decimal) -> Share | None:
    """Return how an amount meets the cap of which so much is consumed already; None where it must not be billed."""
    room = max(cap - consumed, Decimal(0))
    if amount <= room or behavior is CapBehavior.WARN:
        return Share(amount, Decimal(0))
    return Share(room, amount - room) if behavior is CapBehavior.SPLIT else None


def hours(amount: Decimal, rate: Decimal) -> Decimal:
    """Return the hours that an amount stands for: derived from the money, for money derived from hours loses cents."""
    return (amount / rate).quantize(HUNDREDTH, ROUND_HALF_UP)


def is_near(cap: Decimal, consumed: Decimal) -> bool:
    """Tell whether so much of a cap is consumed that the customer should be talked to."""
    return consumed > cap * NEAR
