"""Scalars and value objects. No amount ever is a float, and a date never passes through an instant."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from operator import methodcaller
from typing import TYPE_CHECKING, Any, NewType, Self

import strawberry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from strawberry.types.scalar import ScalarDefinition

Hours = NewType("Hours", Decimal)
Ratio = NewType("Ratio", Decimal)
CurrencyCode = NewType("CurrencyCode", str)

DIGITS = re.compile(r"-?[0-9]+(\.[0-9]+)?")

# ISO 4217: digits after the point, where they are not two.
MINOR_UNITS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"), 0),
    **dict.fromkeys(("RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}

SCALES = {digits: Decimal(1).scaleb(-digits) for digits in (2, *MINOR_UNITS.values())}


def minor_units(currency: str) -> int:
    """Return the digits after the point in a currency's document amounts (ISO 4217)."""
    return MINOR_UNITS.get(currency, 2)


@strawberry.federation.type(shareable=True)
class Money:
    """An amount before tax unless its field says otherwise, in one currency. Amounts of two currencies never add."""

    amount: Decimal
    currency: CurrencyCode

    @classmethod
    def of(cls, amount: Decimal, currency: str) -> Self:
        """Show at least the currency's own digits (13125.4 KWD is 13125.400) and never round any away."""
        padded = amount.quantize(SCALES[minor_units(currency)])
        return cls(amount=padded if padded == amount else amount, currency=CurrencyCode(currency))

    @classmethod
    def each(cls, amounts: Sequence[Decimal], currencies: Sequence[str]) -> list[Self]:
        """Return what `of` returns of each amount in its currency; the currencies' digits are looked up once."""
        scales = {currency: SCALES[minor_units(currency)] for currency in set(currencies)}
        padded = [amount.quantize(scales[currency]) for amount, currency in zip(amounts, currencies, strict=True)]
        return [
            cls(amount=long if long == amount else amount, currency=CurrencyCode(currency))
            for amount, long, currency in zip(amounts, padded, currencies, strict=True)
        ]


@strawberry.federation.type(shareable=True)
class DateRange:
    """Calendar days, both ends included; no end is null."""

    start: date
    end: date | None


@strawberry.input(name="DateRangeInput")
class Days:
    """Calendar days, both ends included; no end is all that follow."""

    start: date
    end: date | None = None

    def meet(self, range_: DateRange) -> bool:
        """Tell whether a range has a day among these."""
        begins_late = self.end is not None and range_.start > self.end
        return not begins_late and (range_.end is None or range_.end >= self.start)


# What `format` does, without a frame of Python's own for each of many amounts.
_plain, _hundredths, _ratio = (methodcaller("__format__", form) for form in ("f", ".2f", ".4f"))


def _instant(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _decimal(text: object) -> Decimal:
    if not isinstance(text, str) or not DIGITS.fullmatch(text):
        raise ValueError("a decimal is written as a string of digits")
    return Decimal(text)


RFC_3339 = "https://www.rfc-editor.org/rfc/rfc3339"

SCALARS: dict[object, ScalarDefinition] = {
    Decimal: strawberry.scalar(
        name="Decimal", description="An exact decimal number, as a string.", serialize=_plain, parse_value=_decimal
    ),
    Hours: strawberry.scalar(
        name="Hours",
        description="Hours as a decimal string with two digits: 7 h 20 min is 7.33.",
        serialize=_hundredths,
    ),
    Ratio: strawberry.scalar(
        name="Ratio", description="A share as a decimal string with four digits: 0.7763 is 77.63 %.", serialize=_ratio
    ),
    CurrencyCode: strawberry.scalar(
        name="CurrencyCode",
        description="ISO 4217, three letters.",
        specified_by_url="https://www.iso.org/iso-4217-currency-codes.html",
    ),
    date: strawberry.scalar(
        name="Date",
        description="A calendar day, YYYY-MM-DD, without a zone.",
        specified_by_url=RFC_3339,
        serialize=date.isoformat,
        parse_value=date.fromisoformat,
    ),
    datetime: strawberry.scalar(
        name="Instant",
        description="An instant in UTC with milliseconds, ending in Z.",
        specified_by_url=RFC_3339,
        serialize=_instant,
        parse_value=datetime.fromisoformat,
    ),
}


def scalar_map() -> dict[Any, ScalarDefinition]:
    """Return the scalars of the graph by the Python types that stand for them."""
    return dict(SCALARS)
