"""An amount in another currency: directly, backwards, by a third one, or not at all."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from policies.converting import converted
from schema.exchange_rate import ExchangeRateRow
from schema.rows import Origin, Ref, System
from schema.values import CurrencyCode, Money

ORIGIN = Origin(System.ERP, "erp", datetime(2026, 4, 8, tzinfo=UTC))


def rate(base: str, quote: str, said: str, day: int = 1) -> ExchangeRateRow:
    """A spot rate of a day in April."""
    return ExchangeRateRow(
        ref=Ref("ExchangeRate", "erp", f"{base}{quote}{day}"),
        origin=ORIGIN,
        base=CurrencyCode(base),
        quote=CurrencyCode(quote),
        rate=Decimal(said),
        day=date(2026, 4, day),
    )


RATES = [
    rate("GBP", "USD", "1.20"),
    rate("GBP", "USD", "1.25", 7),
    rate("KWD", "USD", "3.25"),
    rate("EUR", "CHF", "0.9"),
]


@pytest.mark.parametrize(
    ("amount", "of", "to", "expected"),
    [
        ("100", "GBP", "USD", "125.00"),
        ("125", "USD", "GBP", "100"),
        ("100", "KWD", "GBP", "260"),
        ("1", "EUR", "USD", None),
    ],
)
def test_by_the_newest_rate_that_leads_there(amount: str, of: str, to: str, expected: str | None) -> None:
    """The newest rate of a pair counts; two that are quoted in one currency lead to each other by it."""
    found = converted(Money.of(Decimal(amount), of), to, RATES)
    assert found == (None if expected is None else Decimal(expected))
