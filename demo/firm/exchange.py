"""Exchange rates of the firm's treasury: month-end spot, monthly average, and the one fixed by contract."""

from datetime import date
from decimal import Decimal
from typing import Final

from demo.firm.model import ExchangeRate
from demo.firm.vocabulary import ExchangeRateType

CROSS: Final = Decimal("0.000001")
SOURCE: Final = "TREASURY"
_SPOT: Final = {
    date(2025, 12, 31): {"GBP": "1.2655", "EUR": "1.0790", "JPY": "0.006410", "KWD": "3.2480"},
    date(2026, 1, 31): {"GBP": "1.2688", "EUR": "1.0812", "JPY": "0.006455", "KWD": "3.2495"},
    date(2026, 2, 28): {"GBP": "1.2692", "EUR": "1.0836", "JPY": "0.006490", "KWD": "3.2510"},
    date(2026, 3, 31): {"GBP": "1.2710", "EUR": "1.0850", "JPY": "0.006520", "KWD": "3.2520"},
}
_AVERAGE: Final = {
    date(2026, 1, 31): {"GBP": "1.2671", "EUR": "1.0801", "JPY": "0.006432", "KWD": "3.2488"},
    date(2026, 2, 28): {"GBP": "1.2690", "EUR": "1.0824", "JPY": "0.006472", "KWD": "3.2502"},
    date(2026, 3, 31): {"GBP": "1.2701", "EUR": "1.0843", "JPY": "0.006505", "KWD": "3.2515"},
}


def exchange_rates() -> tuple[ExchangeRate, ...]:
    """Return all rates to USD, and from KWD to GBP for the one contract in a currency foreign to its entity."""
    tables: tuple[tuple[ExchangeRateType, dict[date, dict[str, str]]], ...] = (
        ("SPOT", _SPOT),
        ("PERIOD_AVERAGE", _AVERAGE),
    )
    found = []
    for kind, table in tables:
        for day, quoted in table.items():
            found += [_rate(base, "USD", Decimal(rate), kind, day) for base, rate in quoted.items()]
            cross = (Decimal(quoted["KWD"]) / Decimal(quoted["GBP"])).quantize(CROSS)
            found.append(_rate("KWD", "GBP", cross, kind, day))
    return (*found, _rate("KWD", "GBP", Decimal("2.560000"), "CONTRACT_FIXED", date(2025, 12, 31)))


def _rate(base: str, quote: str, rate: Decimal, kind: ExchangeRateType, day: date) -> ExchangeRate:
    return ExchangeRate(base=base, quote=quote, rate=rate, kind=kind, day=day, source=SOURCE)


def spot(rates: tuple[ExchangeRate, ...], base: str, quote: str, day: date) -> Decimal:
    """Return the newest spot rate not after the day; a currency costs exactly one of itself."""
    if base == quote:
        return Decimal(1)
    known = {
        rate.day: rate.rate
        for rate in rates
        if (rate.base, rate.quote, rate.kind) == (base, quote, "SPOT") and rate.day <= day
    }
    return known[max(known)]
