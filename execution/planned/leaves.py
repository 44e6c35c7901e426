"""Scalars and enums: a column of them is told in one go, and value by value only where one is amiss."""

from __future__ import annotations

import math
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLString,
    Undefined,
)

from execution.planned.columns import AMISS, Column, parted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from graphql import FieldNode, GraphQLLeafType

NONE: Final = type(None)
UNDEFINED: Final = type(Undefined)
# What is written as it is. GraphQL's integers have 32 bits.
AS_IT_IS: Final = {
    GraphQLString.name: frozenset({str, NONE}),
    GraphQLID.name: frozenset({str, NONE}),
    GraphQLBoolean.name: frozenset({bool, NONE}),
}
LEAST: Final = -(2**31)
MOST: Final = 2**31


class Leaf:
    """Completes a column of one scalar or enum."""

    waits = objects = False
    below: Mapping[str, Any] = {}
    tickets: Sequence[Any] = ()

    def __init__(self, kind: GraphQLLeafType, nodes: Sequence[FieldNode]) -> None:
        self._kind, self._nodes = kind, nodes
        self._coerce: Callable[[Any], Any] = kind.coerce_output_value
        self._words: dict[int, tuple[Any, str | None]] = {}
        self._fast = self._fitting()

    def now(self, values: list[Any], _run: Any) -> Column:
        """Return the values as the answer has them."""
        told = self._fast(values, set(map(type, values)))
        return self._one_by_one(values) if told is None else Column(told)

    def _fitting(self) -> Callable[[list[Any], set[type]], list[Any] | None]:
        """Choose how a whole column is told; None of it: a value is amiss, or may be."""
        if isinstance(self._kind, GraphQLEnumType):
            return self._enum
        if self._kind is GraphQLInt:
            return _integers
        if self._kind is GraphQLFloat:
            return _floats
        as_it_is = AS_IT_IS.get(self._kind.name)
        return self._custom if as_it_is is None else lambda values, kinds: values if kinds <= as_it_is else None

    def _enum(self, values: list[Any], kinds: set[type]) -> list[Any] | None:
        if not all(kind is NONE or issubclass(kind, Enum) for kind in kinds):
            return None
        # A member is one object, kept alive by its place among the words: to hash one takes ten times as long.
        words = self._words
        try:
            return [words[id(value)][1] for value in values]
        except KeyError:
            column = self._one_by_one(values)
            if not column.faults:
                words.update(zip(map(id, values), zip(values, column.values, strict=True), strict=True))
            return None if column.faults else column.values

    def _custom(self, values: list[Any], kinds: set[type]) -> list[Any] | None:
        if any(issubclass(kind, AMISS) for kind in kinds):
            return None
        coerce = self._coerce
        # What comes of one source at one time is one object in all of its rows.
        try:
            if len(set(map(id, values))) < len(values) // 2:
                unique = dict(zip(map(id, values), values, strict=True))
                told = {key: None if value is None else coerce(value) for key, value in unique.items()}
                return _said([told[id(value)] for value in values], values, kinds)
            if NONE in kinds:
                return _said([None if value is None else coerce(value) for value in values], values, kinds)
            return _said(list(map(coerce, values)), values, kinds)
        except Exception:  # whatever it was, it is found again at its own place
            return None

    def _one_by_one(self, values: list[Any]) -> Column:
        parts = parted(values, self._nodes)
        for place, value in zip(parts.places, parts.kept, strict=True):
            try:
                told = self._coerce(value)
            except Exception as error:
                parts.failed(place, error, self._nodes)
                continue
            if told is None or told is Undefined:
                parts.failed(place, TypeError(f"Expected a value of type '{self._kind}'."), self._nodes)
            else:
                parts.values[place] = told
        return parts.column


def _said(told: list[Any], values: list[Any], kinds: set[type]) -> list[Any] | None:
    """Return what was told, unless a value that is not null has become null."""
    said = set(map(type, told))
    lost = NONE in said and (NONE not in kinds or told.count(None) != values.count(None))
    return None if lost or UNDEFINED in said else told


def _integers(values: list[Any], kinds: set[type]) -> list[Any] | None:
    return values if kinds == {int} and min(values) >= LEAST and max(values) < MOST else None


def _floats(values: list[Any], kinds: set[type]) -> list[Any] | None:
    whole = kinds == {float} and all(map(math.isfinite, values))
    return values if whole or kinds == {NONE} else None
