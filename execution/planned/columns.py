"""Columns: what one place of an answer holds in every row, and what went wrong in which of them."""

from __future__ import annotations

from collections.abc import AsyncIterable, Awaitable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from graphql import FieldNode


class _Nulled:
    """Stands where a value is missing: the next place above that may be null becomes null."""

    def __repr__(self) -> str:
        return "NULLED"


NULLED: Final = _Nulled()
# What a column is parted for: values of these classes are looked at one by one.
AMISS: Final = (Exception, Awaitable)


class Fault(NamedTuple):
    """What went wrong in a row: where beneath its column, why, and at which fields of the document."""

    at: int
    path: tuple[str | int, ...]
    error: Exception
    nodes: Sequence[FieldNode]


class Column(NamedTuple):
    """A value for each row, and what went wrong: wherever NULLED stands, a fault says why."""

    values: list[Any]
    faults: Sequence[Fault] = ()


class Parts(NamedTuple):
    """A column with what is null or an exception set aside: the rest, their places, and a column to put them back."""

    kept: list[Any]
    places: list[int]
    values: list[Any]
    faults: list[Fault]

    def joined(self, done: Column, places: Sequence[int]) -> None:
        """Put what became of values back in their places."""
        for place, value in zip(places, done.values, strict=True):
            self.values[place] = value
        self.faults.extend(fault._replace(at=places[fault.at]) for fault in done.faults)

    def failed(self, place: int, error: Exception, nodes: Sequence[FieldNode]) -> None:
        """Set an error in the place of a value."""
        self.values[place] = NULLED
        self.faults.append(Fault(place, (), error, nodes))

    @property
    def column(self) -> Column:
        """The whole."""
        return Column(self.values, self.faults)


def parted(values: Sequence[Any], nodes: Sequence[FieldNode]) -> Parts:
    """Set aside what is null or an exception; raise where a value has to be waited for, of which no plan knew."""
    parts = Parts([], [], [None] * len(values), [])
    for place, value in enumerate(values):
        if isinstance(value, Exception):
            parts.failed(place, value, nodes)
        elif isinstance(value, Awaitable | AsyncIterable):
            raise TypeError("a plan waits for what resolvers return, and for nothing else")
        elif value is not None:
            parts.kept.append(value)
            parts.places.append(place)
    return parts
