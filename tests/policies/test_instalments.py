"""Amounts that are billed in parts: none of it is lost, whatever coins a currency has."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from policies.instalments import months_on, split
from schema.values import CurrencyCode, Money


@pytest.mark.parametrize(
    ("amount", "currency", "parts", "shares"),
    [
        ("100000.00", "USD", 3, ["33333.33", "33333.33", "33333.34"]),
        ("432000.00", "GBP", 12, ["36000.00"] * 12),
        ("10", "JPY", 4, ["2", "3", "2", "3"]),
        ("1.000", "KWD", 3, ["0.333", "0.333", "0.334"]),
        ("0.01", "EUR", 2, ["0.00", "0.01"]),
    ],
)
def test_parts_add_up(amount: str, currency: str, parts: int, shares: list[str]) -> None:
    """Parts differ by one coin at most, and their sum is the amount."""
    found = split(Money(amount=Decimal(amount), currency=CurrencyCode(currency)), parts)
    assert [str(part.amount) for part in found] == shares
    assert sum(part.amount for part in found) == Decimal(amount)
    assert {part.currency for part in found} == {currency}


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2026, 1, 31), 2, date(2026, 3, 31)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2026, 5, 4), 8, date(2027, 1, 4)),
        (date(2026, 12, 1), 12, date(2027, 12, 1)),
        (date(2026, 12, 1), 0, date(2026, 12, 1)),
    ],
)
def test_months_later(day: date, months: int, later: date) -> None:
    """A month that lacks the day ends before it."""
    assert months_on(day, months) == later
