"""How a field is filled from a source's rows: a rule and the field's annotation, compiled once into one Reading.

What a value must become is said by the annotation; where it stands and how the source writes it, by the rule. A value
that cannot become it is a BadValue; a code without a word is a Problem. This runs for every field of every row that is
read: whatever can be known beforehand is, and a page's values are read together where they are of the ordinary kinds.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from enum import Enum
from functools import cache, partial
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, TypeAlias

from schema.problems import Code, Problem
from schema.rows import Ref
from schema.values import Money
from sources.columns import listing
from sources.fields import CALL, Each, Items, Leaf, Parts, Rule, RuleError, paths
from sources.scalars import ID_LENGTH, MANY, READERS, BadValue, identifier

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sources.columns import Columns

    Convert: TypeAlias = Callable[[Mapping[str, Any]], Any]
    Many: TypeAlias = Callable[[list[Any], frozenset[type]], list[Any] | None]

FLAGS = {"true": True, "false": False}
NONE = type(None)
TEXTS = frozenset({str, NONE})


class Codes(NamedTuple):
    """The manifest's code tables, and who is told, by field and code, of what none of them maps."""

    tables: Mapping[str, Mapping[str, str]]
    note: Callable[[str, str], None]


class Reading(NamedTuple):
    """How one field is read: of one row, or of all rows of a page, which gives the same values.

    `page` raises BadValue where `one` would of any of the rows.
    """

    one: Convert
    page: Callable[[Sequence[Mapping[str, Any]]], list[Any]]


class Compiler:
    """Builds the reading of one field."""

    def __init__(self, where: str, codes: Codes, binding: str, columns: Columns) -> None:
        self.where, self.codes, self.binding, self.columns = where, codes, binding, columns

    def reading(self, hint: Any, rule: Rule) -> Reading:
        """Return what makes rows' values of this annotation, or raise RuleError."""
        core, optional, target = core_of(hint)
        if isinstance(rule, Leaf):
            return self._leaf(core, target, rule, optional=optional)
        if isinstance(rule, Parts) and dataclasses.is_dataclass(core):
            reading = self._parts(core, rule)
        elif isinstance(rule, Items) and typing.get_origin(core) is list:
            (of,) = typing.get_args(core)
            reading = _by_row(_items([self.reading(of, item).one for item in rule.items]))
        elif isinstance(rule, Each) and typing.get_origin(core) is list:
            (of,) = typing.get_args(core)
            reading = _by_row(self._each(rule, self.reading(of, rule.of).one))
        else:
            raise RuleError(f"{self.where}: the rule does not fit the type of the field")
        return reading if optional else _demanded(reading)

    def _leaf(self, core: Any, target: str | None, rule: Leaf, *, optional: bool) -> Reading:
        read, many = self._readers(core, target, rule)
        if rule.constant is not None:
            said = self._tried(read, rule.constant)
            return Reading(lambda _raw: said, lambda rows: [said] * len(rows))
        get, nulls = self.columns.sole(rule.at), frozenset({"", *rule.nulls})
        column = listing(get)

        def of(value: Any) -> Any:
            if value is None or (isinstance(value, str) and value in nulls):
                if optional:
                    return None
                raise BadValue(value)
            return read(value)

        def page(rows: Sequence[Mapping[str, Any]]) -> list[Any]:
            values = column(rows)
            kinds = frozenset(map(type, values))
            if many is not None and (told := many(values, kinds)) is not None and _says(values, kinds, nulls):
                return told
            if kinds <= TEXTS and rule.codes is None:
                # Equal texts are the same value, read once; but each code without a word is counted.
                known = {value: of(value) for value in set(values)}
                return [known[value] for value in values]
            return list(map(of, values))

        return Reading(lambda raw: of(get(raw)), page)

    def _tried(self, read: Callable[[Any], Any], constant: str) -> Any:
        try:
            said = read(constant)
        except BadValue:
            said = None
        if not constant or said is None or isinstance(said, Problem):
            raise RuleError(f"{self.where}: the constant {constant!r} does not fit the type of the field")
        return said

    def _readers(self, core: Any, target: str | None, rule: Leaf) -> tuple[Callable[[Any], Any], Many | None]:
        """Return what reads one value, and what reads those of a page if they are of the ordinary kinds."""
        coded = isinstance(core, type) and (issubclass(core, Enum) or (core is bool and rule.codes is not None))
        unit, plain = rule.unit, core is Ref or coded
        if unit if plain else (core, unit) not in READERS:
            raise RuleError(f"{self.where}: the unit {unit!r} does not fit the type of the field")
        if rule.codes is not None and not coded:
            raise RuleError(f"{self.where}: the table of codes {rule.codes!r} does not fit the type of the field")
        if core is Ref:
            return partial(_reference, str(target), self.binding), partial(_references, str(target), self.binding)
        if coded:
            table = self._table(core, rule)
            return self._coded(table), partial(_looked_up, table)
        return READERS[core, unit], MANY.get((core, unit))

    def _table(self, core: type[Enum | bool], rule: Leaf) -> Mapping[str, Enum | bool]:
        known = core.__members__ if issubclass(core, Enum) else FLAGS
        words = self.codes.tables.get(rule.codes or "", {} if rule.constant is None else {rule.constant: rule.constant})
        strange = sorted(set(words.values()) - set(known))
        if not words or strange:
            raise RuleError(
                f"{self.where}: the table of codes {rule.codes!r} is missing or has words of its own: {strange}"
            )
        return {code: known[word] for code, word in words.items()}

    def _coded(self, table: Mapping[str, Enum | bool]) -> Callable[[Any], Any]:
        system = self.binding.partition(".")[0].upper()

        def read(value: Any) -> Enum | bool | Problem:
            if (code := identifier(value)) in table:
                return table[code]
            self.codes.note(self.where, code)
            said = f"{system} sent a code for {self.where} that no rule maps"
            return Problem(Code.UNMAPPED_VALUE, said, system=system)

        return read

    def _parts(self, core: Any, rule: Parts) -> Reading:
        hints = hints_of(core)
        lead = next(iter(hints))
        if rule.parts.keys() - hints.keys() or lead not in rule.parts:
            raise RuleError(
                f"{self.where}: of the parts {list(hints)} the rule has {list(rule.parts)}; {lead!r} is a must"
            )
        needed = [place for place, hint in enumerate(hints.values()) if not core_of(hint)[1]]
        readings = [
            self.reading(hint | None, rule.parts[name]) if name in rule.parts else _by_row(_nothing)
            for name, hint in hints.items()
        ]
        names, where = tuple(hints), self.where
        build: Callable[..., Any] = Money.of if core is Money else core

        def of(values: Sequence[Any]) -> Any:
            if values[0] is None:
                # Without its amount there is no money, whatever the currency beside it says. Anything else without its
                # first part is a piece of something.
                if core is not Money and any(value is not None for value in values):
                    raise BadValue(where)
                return None
            for place in needed:
                if values[place] is None:
                    raise BadValue(where)
            return build(**dict(zip(names, values, strict=True)))

        def page(rows: Sequence[Mapping[str, Any]]) -> list[Any]:
            columns = [reading.page(rows) for reading in readings]
            if core is Money and not any(map(_lacks, columns)):
                return Money.each(*columns)
            return list(map(of, zip(*columns, strict=True)))

        return Reading(lambda raw: of([reading.one(raw) for reading in readings]), page)

    def _each(self, rule: Each, item: Convert) -> Convert:
        if any(at.endswith(CALL) for at in paths(rule.of)):
            raise RuleError(f"{self.where}: a function makes the list, never an item of it")
        get, where = self.columns.at(rule.each), self.where

        def convert(raw: Mapping[str, Any]) -> Any:
            found = get(raw)
            if found is None:
                return None
            if not isinstance(found, list):
                raise BadValue(where)
            values = [item(one if isinstance(one, dict) else {"item": one}) for one in found]
            # An item that says nothing is one that cannot be read: the list without it would be another list.
            if any(value is None for value in values):
                raise BadValue(where)
            return values

        return convert


@cache
def hints_of(kind: type) -> Mapping[str, Any]:
    """Return the annotations of a row or a value, evaluated once: every rule of every binding asks for them."""
    return typing.get_type_hints(kind, include_extras=True)


def core_of(hint: Any) -> tuple[Any, bool, str | None]:
    """Take a field's annotation apart: the type itself, whether it may be absent, and whom a reference means."""
    optional = False
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        kinds = [kind for kind in typing.get_args(hint) if kind is not Problem]
        optional = type(None) in kinds
        (hint,) = [kind for kind in kinds if kind is not type(None)]
    if typing.get_origin(hint) is Annotated:
        core, target = typing.get_args(hint)
        return core, optional, target
    return hint, optional, None


def _reference(type_: str, binding: str, value: Any) -> Ref:
    # Some systems write false where a relation is empty: it is no record's id.
    if isinstance(value, bool):
        raise BadValue(value)
    return Ref(type_, binding, identifier(value))


def _references(type_: str, binding: str, values: list[Any], kinds: frozenset[type]) -> list[Any] | None:
    short = kinds == {str} and max(map(len, values)) <= ID_LENGTH
    return Ref.each(type_, binding, values) if short else None


def _looked_up(table: Mapping[str, Any], values: list[Any], kinds: frozenset[type]) -> list[Any] | None:
    try:
        return [table[value] for value in values] if kinds == {str} else None
    except KeyError:
        return None


def _lacks(values: list[Any]) -> bool:
    """Tell whether one of these values is missing: their classes are looked at without a word of Python."""
    return NONE in set(map(type, values))


def _says(values: list[Any], kinds: frozenset[type], nulls: frozenset[str]) -> bool:
    """Tell whether none of these values is one by which a source says nothing."""
    if str not in kinds:
        return True
    # To compare a text with an empty one takes half of what its hash would.
    return "" not in values if len(nulls) == 1 else nulls.isdisjoint(values)


def _by_row(convert: Convert) -> Reading:
    return Reading(convert, lambda rows: list(map(convert, rows)))


def _items(items: Sequence[Convert]) -> Convert:
    return lambda raw: [value for convert in items if (value := convert(raw)) is not None]


def _nothing(_raw: Mapping[str, Any]) -> None:
    return None


def _demanded(reading: Reading) -> Reading:
    def one(raw: Mapping[str, Any]) -> Any:
        value = reading.one(raw)
        if value is None:
            raise BadValue
        return value

    def page(rows: Sequence[Mapping[str, Any]]) -> list[Any]:
        values = reading.page(rows)
        if _lacks(values):
            raise BadValue
        return values

    return Reading(one, page)
