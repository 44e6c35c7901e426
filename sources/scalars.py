"""How one value of a source becomes one of ours: exact, or a BadValue. Nothing is rounded but minutes and seconds."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, TypeAlias

from schema.values import CurrencyCode, Hours, Ratio

if TYPE_CHECKING:
    from collections.abc import Callable

    Many: TypeAlias = Callable[[list[Any], frozenset[type]], list[Any] | None]

MICROSECONDS_PER_HOUR = 3_600_000_000
MINUTES_PER_HOUR = 60
HUNDREDTH = Decimal("0.01")
# Above these Python's decimals would round, or raise, or write a billion zeros: no amount of a firm is as long.
WHOLE_DIGITS, ALL_DIGITS = 20, 28
INT_BITS = 31  # GraphQL's Int has no more
# As JSON and SQL write numbers: Python's own reader also takes "1_000", " 5 " and digits of other scripts.
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
PLAIN = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
PLAINLY = "0123456789.-"
NUMBERS = frozenset({str, int, Decimal})
# What the cross-references can keep, and a global id can carry.
ID_LENGTH = 255
DAY_LENGTH = len("2026-03-31")
NOON = "T12:00:00Z"
# RFC 3339 alone: Python's own reader also takes weeks, instants without a zone, and no dashes at all.
INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})")


class BadValue(ValueError):
    """A value that is not what its field must be."""


def identifier(value: Any) -> str:
    """Return an id or a code as text, the form in which all of them are compared."""
    if isinstance(value, str) and len(value) <= ID_LENGTH:
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str | int) or len(text := str(value)) > ID_LENGTH:
        raise BadValue(value)
    return text


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise BadValue(value)
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise BadValue(value)
    return value


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not -1 << INT_BITS <= value < 1 << INT_BITS:
        raise BadValue(value)
    return value


def _number(value: Any) -> Decimal:
    # Nearly all are short and plain: neither too long nor too small, and no other look at them is needed.
    if isinstance(value, Decimal | str) and len(text := str(value)) <= WHOLE_DIGITS and PLAIN.fullmatch(text):
        return value if isinstance(value, Decimal) else Decimal(text)
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise BadValue(value)
    if isinstance(value, str) and not NUMBER.fullmatch(value):
        raise BadValue(value)
    try:
        number = Decimal(value)
    except InvalidOperation as error:
        raise BadValue(value) from error
    _, digits, exponent = number.as_tuple()
    if not isinstance(exponent, int) or number.adjusted() >= WHOLE_DIGITS:  # no exponent: NaN or infinity
        raise BadValue(value)
    if len(digits) > ALL_DIGITS or exponent < -ALL_DIGITS:
        raise BadValue(value)
    return number


def _hours(value: Any) -> Decimal:
    if isinstance(value, timedelta):
        return (Decimal(value // timedelta(microseconds=1)) / MICROSECONDS_PER_HOUR).quantize(HUNDREDTH)
    return _number(value)


def _minutes(value: Any) -> Decimal:
    return (_number(value) / MINUTES_PER_HOUR).quantize(HUNDREDTH)


def _percent(value: Any) -> Decimal:
    return _number(value).scaleb(-2)


def _day(value: Any) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        text = _text(value)
        # Python's own reader also takes weeks.
        return date.fromisoformat(text if len(text) == DAY_LENGTH and text[4] == text[7] == "-" else "")
    except ValueError as error:
        raise BadValue(value) from error


def _noon(value: Any) -> date:
    text = _text(value)
    if not text.endswith(NOON):
        raise BadValue(value)
    return _day(text.removesuffix(NOON))


def instant(value: Any) -> datetime:
    """Read an instant in UTC, or raise BadValue."""
    if isinstance(value, str) and not INSTANT.fullmatch(value):
        raise BadValue(value)
    try:
        read = value if isinstance(value, datetime) else datetime.fromisoformat(_text(value))
        if read.tzinfo is None:
            raise BadValue(value)
        return read.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise BadValue(value) from error


def _currency(value: Any) -> str:
    text = _text(value)
    if not (len(text) == len("USD") and text.isascii() and text.isalpha() and text.isupper()):
        raise BadValue(value)
    return text


READERS: dict[tuple[Any, str | None], Callable[[Any], Any]] = {
    (str, None): _text,
    (bool, None): _flag,
    (int, None): _whole,
    (Decimal, None): _number,
    (Hours, None): _hours,
    (Hours, "minutes"): _minutes,
    (Ratio, None): _number,
    (Ratio, "percent"): _percent,
    (CurrencyCode, None): _currency,
    (date, None): _day,
    (date, "noon"): _noon,
    (datetime, None): instant,
}


def _as_they_are(kind: type) -> Many:
    return lambda values, kinds: values if kinds == {kind} else None


def _numbers(values: list[Any], kinds: frozenset[type]) -> list[Any] | None:
    """Read numbers that are all short and plain."""
    if not kinds <= NUMBERS:
        return None
    texts = values if kinds == {str} else list(map(str, values))
    if max(map(len, texts)) > WHOLE_DIGITS or "".join(texts).strip(PLAINLY):
        return None
    try:
        return list(map(Decimal, values))
    except InvalidOperation:  # of these characters, but no number: it is found again at its own place
        return None


# How all values of a page are read together, where none of them is out of the ordinary: by their kinds, None if one is.
MANY: dict[tuple[Any, str | None], Many] = {
    (str, None): _as_they_are(str),
    (bool, None): _as_they_are(bool),
    (Decimal, None): _numbers,
    (Hours, None): _numbers,
    (Ratio, None): _numbers,
}
