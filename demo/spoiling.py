"""How a table of rows is spoilt: small changes, each of the rows that are meant and of no others.

A change that finds nothing to change is an error, so that none is lost when a projection moves.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

from demo.emulator import Change, Row

Test: TypeAlias = Callable[[Row], bool]
Spoil: TypeAlias = Callable[[Row], Row]


def _among(rows: Iterable[Row], test: Test) -> tuple[list[Row], list[Row]]:
    """Return all rows, and those that are meant; there must be some."""
    every = list(rows)
    meant = [row for row in every if test(row)]
    if not meant:
        raise LookupError("a mutation found nothing to change")
    return every, meant


def spoilt(test: Test, spoil: Spoil) -> Change:
    """Return a change of the rows that are meant."""

    def change(rows: Iterable[Row]) -> Iterator[Row]:
        every, _ = _among(rows, test)
        yield from (spoil(row) if test(row) else row for row in every)

    return change


def amended(test: Test, **values: Any) -> Change:
    """Return a change of some columns of the rows that are meant."""
    return spoilt(test, lambda row: {**row, **values})


def customized(test: Test, **values: Any) -> Change:
    """Return a change of some custom fields of the rows that are meant."""
    return spoilt(test, lambda row: {**row, "custom_fields": {**row["custom_fields"], **values}})


def without(test: Test) -> Change:
    """Return a change that leaves the rows out that are meant."""

    def change(rows: Iterable[Row]) -> Iterator[Row]:
        every, _ = _among(rows, test)
        yield from (row for row in every if not test(row))

    return change


def copied(test: Test, spoil: Spoil) -> Change:
    """Return a change that adds a copy, spoilt, of the first row that is meant."""

    def change(rows: Iterable[Row]) -> Iterator[Row]:
        every, meant = _among(rows, test)
        yield from [*every, spoil(meant[0])]

    return change


def has(**values: Any) -> Test:
    """Return the test whether columns have these values."""
    return lambda row: all(row[column] == value for column, value in values.items())
