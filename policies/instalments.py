"""How an amount is billed month by month: in shares that differ by no more than the smallest coin and lose none."""

from __future__ import annotations

from calendar import monthrange
from decimal import ROUND_DOWN, Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

from schema.values import CurrencyCode, Money, minor_units

if TYPE_CHECKING:
    from datetime import date

MONTHS_OF_YEAR = 12


def split(amount: Money, parts: int) -> tuple[Money, ...]:
    """Return an amount in so many parts; what cannot be divided goes to the later ones."""
    step = Decimal(1).scaleb(-minor_units(amount.currency))
    marks = [(amount.amount * part / parts).quantize(step, ROUND_DOWN) for part in range(parts)] + [amount.amount]
    return tuple(
        Money(amount=after - before, currency=CurrencyCode(amount.currency)) for before, after in pairwise(marks)
    )


def months_on(day: date, months: int) -> date:
    """Return the same day so many months later, or the last of that month where it is shorter."""
    years, month = divmod(day.month - 1 + months, MONTHS_OF_YEAR)
    year = day.year + years
    return day.replace(year=year, month=month + 1, day=min(day.day, monthrange(year, month + 1)[1]))
