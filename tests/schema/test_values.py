"""Scalars and value objects: what they look like in an answer, and that no digit is ever lost."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
import strawberry
from strawberry.schema.config import StrawberryConfig

from schema.values import CurrencyCode, Hours, Money, Ratio, minor_units, scalar_map

if TYPE_CHECKING:
    from graphql import GraphQLError
    from strawberry.types import ExecutionContext


class Quiet(strawberry.Schema):
    """The refusals under test are answers, not faults to be logged."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Say nothing."""


def schema_of(answer: Any) -> Quiet:
    """Return a graph with one field, `it`, and the scalars of ours."""
    query = strawberry.type(type("Query", (), {"it": strawberry.field(resolver=answer)}))
    return Quiet(query, config=StrawberryConfig(scalar_map=scalar_map()))


def shown(kind: Any, value: object) -> Any:
    """Return how a graph shows a value of a type."""

    def answer() -> Any:
        return value

    answer.__annotations__["return"] = kind
    result = schema_of(answer).execute_sync("{ it }")
    assert result.errors is None
    assert result.data is not None
    return result.data["it"]


def read(kind: Any, literal: str) -> Any:
    """Return what a graph makes of an argument, or the message by which it refuses it."""
    seen: list[Any] = []

    def answer(given: Any) -> bool:
        seen.append(given)
        return True

    answer.__annotations__.update({"given": kind, "return": bool})
    result = schema_of(answer).execute_sync(f"{{ it(given: {literal}) }}")
    return result.errors[0].message if result.errors else seen[0]


@pytest.mark.parametrize(
    ("amount", "currency", "digits"),
    [
        ("13125.4", "KWD", "13125.400"),
        ("13125.4", "USD", "13125.40"),
        ("13125", "EUR", "13125.00"),
        ("13125", "JPY", "13125"),
        ("13125.0", "JPY", "13125"),
        ("0", "CLF", "0.0000"),
        ("-3600", "GBP", "-3600.00"),
        ("1E+3", "USD", "1000.00"),
        ("7.000000", "USD", "7.00"),
    ],
)
def test_money_is_padded_to_its_currency(amount: str, currency: str, digits: str) -> None:
    """An amount shows at least the digits of its currency, and no zeros behind them."""
    assert str(Money.of(Decimal(amount), currency).amount) == digits


@pytest.mark.parametrize(
    ("amount", "currency"),
    [("0.005", "USD"), ("13125.4321", "KWD"), ("0.5", "JPY"), ("-0.00001", "CLF"), ("99.995", "EUR")],
)
def test_money_never_rounds(amount: str, currency: str) -> None:
    """An amount with more digits than its currency has keeps each of them."""
    assert str(Money.of(Decimal(amount), currency).amount) == amount


def test_minor_units_are_iso_4217() -> None:
    """The digits of a currency are those of the standard, two where nothing else is said."""
    assert {code: minor_units(code) for code in ("JPY", "USD", "KWD", "CLF", "UYW", "EUR", "KRW", "OMR")} == {
        "JPY": 0,
        "USD": 2,
        "KWD": 3,
        "CLF": 4,
        "UYW": 4,
        "EUR": 2,
        "KRW": 0,
        "OMR": 3,
    }


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        pytest.param(Decimal, Decimal("1E+3"), "1000", id="a decimal has no exponent"),
        pytest.param(Decimal, Decimal("1E-7"), "0.0000001", id="a small decimal has no exponent"),
        pytest.param(Decimal, Decimal("13125.400"), "13125.400", id="a decimal keeps its zeros"),
        pytest.param(
            Decimal, Decimal("123456789012345678901234567890.12"), "123456789012345678901234567890.12", id="a long one"
        ),
        pytest.param(Hours, Hours(Decimal("7.5")), "7.50", id="hours have two digits"),
        pytest.param(Hours, Hours(Decimal("7.33")), "7.33", id="hours of a third"),
        pytest.param(Hours, Hours(Decimal(0)), "0.00", id="no hours"),
        pytest.param(Ratio, Ratio(Decimal("0.7763")), "0.7763", id="a ratio has four digits"),
        pytest.param(Ratio, Ratio(Decimal(1)), "1.0000", id="a whole"),
        pytest.param(CurrencyCode, CurrencyCode("KWD"), "KWD", id="a currency"),
        pytest.param(date, date(2026, 3, 31), "2026-03-31", id="a day has no zone"),
        pytest.param(
            datetime, datetime(2026, 3, 31, 9, 5, tzinfo=UTC), "2026-03-31T09:05:00.000Z", id="an instant ends in Z"
        ),
        pytest.param(
            datetime,
            datetime(2026, 3, 31, 1, 0, 0, 123_999, tzinfo=timezone(timedelta(hours=9))),
            "2026-03-30T16:00:00.123Z",
            id="an instant is told in UTC",
        ),
    ],
)
def test_forms(kind: Any, value: object, text: str) -> None:
    """Every scalar has one form in an answer."""
    assert shown(kind, value) == text


@pytest.mark.parametrize(
    ("kind", "literal", "value"),
    [
        (Decimal, '"13125.400"', Decimal("13125.400")),
        (Decimal, '"-0.1"', Decimal("-0.1")),
        (date, '"2026-03-31"', date(2026, 3, 31)),
        (datetime, '"2026-03-31T09:05:00.000Z"', datetime(2026, 3, 31, 9, 5, tzinfo=UTC)),
    ],
)
def test_arguments_are_read_exactly(kind: Any, literal: str, value: object) -> None:
    """An argument becomes the very value that its text says, in the very form of an answer."""
    given = read(kind, literal)
    assert (type(given), repr(given)) == (type(value), repr(value))


@pytest.mark.parametrize("literal", ["13125.4", "1", '"NaN"', '"Infinity"', '"1,5"', '"1e3"', '"1_000"', '""', "true"])
def test_a_decimal_argument_is_a_string_of_digits(literal: str) -> None:
    """A number of JSON may already have lost digits, and not every word is a number: both are refused."""
    assert read(Decimal, literal) == (
        "Expected value of type 'Decimal', but encountered error "
        f"'a decimal is written as a string of digits'; found: {literal}."
    )
