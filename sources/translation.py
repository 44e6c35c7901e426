"""From a source's words to ours: a manifest's rules and a row's annotations, compiled once into one reader of rows.

What a value must become is said by the row's annotation; where it stands and how the source writes it, by the rule.
A value that cannot become it is a BadValue and costs the row; a code without a word is a Problem and costs the field.
"""

from __future__ import annotations

import contextlib
import dataclasses
import inspect
import types
import typing
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, TypeAlias

from schema.problems import Code, Problem
from schema.rows import Origin, Ref, Row
from schema.values import Money
from sources.contract import Several
from sources.fields import Each, Items, Leaf, Parts, Rule
from sources.scalars import READERS, BadValue, identifier

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from sources.manifest import Entity

    Get: TypeAlias = Callable[[Mapping[str, Any], str], Any]
    Convert: TypeAlias = Callable[[Mapping[str, Any]], Any]


CALL = "()"
FLAGS = {"true": True, "false": False}


class Codes(NamedTuple):
    """The manifest's code tables, and who is told, by field and code, of what none of them maps."""

    tables: Mapping[str, Mapping[str, str]]
    note: Callable[[str, str], None]


class RuleError(ValueError):
    """A rule that cannot fill its field; the message names the field."""


class Columns:
    """Where values are read from: a source's own columns, and what its `translate.py` makes of them."""

    def __init__(self, value: Get, functions: Mapping[str, Callable[..., Any]]) -> None:
        self._value = value
        self._functions = {name: (call, tuple(inspect.signature(call).parameters)) for name, call in functions.items()}

    def get(self, raw: Mapping[str, Any], at: str) -> Any:
        """Return the value at a path, or raise BadValue where a function cannot make one."""
        if not at.endswith(CALL):
            return self._value(raw, at)
        function, columns = self._functions[at.removesuffix(CALL)]
        try:
            return function(*(self._value(raw, column) for column in columns))
        except Exception as error:  # whatever it trips over is a value that it was not written for
            raise BadValue(at) from error

    def behind(self, paths: Iterable[str], where: str) -> list[str]:
        """List the columns that these paths need of the source, each once."""
        needed: dict[str, None] = {}
        for at in paths:
            name = at.removesuffix(CALL)
            if at.endswith(CALL) and name not in self._functions:
                raise RuleError(f"{where}: translate.py has no function {name!r}")
            needed |= dict.fromkeys(self._functions[name][1] if at.endswith(CALL) else [at])
        return list(needed)


class RowReader:
    """Reads one of our row types from one source's rows."""

    def __init__(self, row: type[Row], entity: Entity, codes: Codes, binding: str, columns: Columns) -> None:
        self.row, self.binding, self.get, self._id = row, binding, columns.get, entity.id.at
        hints = hints_of(row)
        unknown = sorted(entity.fields.keys() - set(_own(row)))
        missing = sorted(set(_required(row)) - entity.fields.keys())
        if unknown or missing:
            raise RuleError(f"{row.type}: not fields of this type: {unknown}; without a rule: {missing}")
        rules = {**entity.fields, **({"revision": Leaf(at=entity.version)} if entity.version else {})}
        self._fields = {
            name: _Compiler(f"{row.type}.{name}", codes, binding, columns.get).convert(hints[name], rule)
            for name, rule in rules.items()
        }
        self._links = [name for name in self._fields if core_of(hints[name])[0] is Ref]
        self._only = entity.only
        paths = [self._id, *entity.only, *(at for rule in rules.values() for at in _paths(rule))]
        self.columns = columns.behind(paths, row.type)

    def ref(self, raw: Any) -> Ref | None:
        """Return the row's own reference, or None where its id cannot be read."""
        ids = self.keys(raw, self._id)
        return Ref(self.row.type, self.binding, ids[0]) if len(ids) == 1 else None

    def keys(self, raw: Any, at: str) -> list[str]:
        """Return the ids at a place of a row, none where nothing can be read; numbers are written as text."""
        try:
            value = self.get(raw, at) if isinstance(raw, dict) else None
            # Of the many rows behind one, some may mean nobody; a row alone that means nobody can't be placed.
            ids = [one for one in value if one is not None] if isinstance(value, Several) else [value]
            return [identifier(one) for one in ids if not isinstance(one, bool) and one != ""]
        except BadValue:
            return []

    def belongs(self, raw: Any) -> bool:
        """Tell whether a row may be one of this type. One that cannot be read may be."""
        return not isinstance(raw, dict) or not any(self._denies(raw, at, said) for at, said in self._only.items())

    def _denies(self, raw: Mapping[str, Any], at: str, said: str) -> bool:
        value = self.get(raw, at)
        if isinstance(value, Several):
            return said not in value
        return isinstance(value, str | int) and identifier(value) != said

    def nobodys(self, raw: Any, at: str) -> bool:
        """Tell whether a row says that it belongs to nobody. A column that is not there says nothing."""
        return at != self._id and isinstance(raw, dict) and at in raw and raw[at] in (None, "")

    def read(self, raw: Mapping[str, Any], ref: Ref, origin: Origin) -> Row | Problem:
        """Read a row; one that breaks its type's rules is a Problem, and no part of it is believed."""
        try:
            self._must_say(raw)
            return self.row(ref=ref, origin=origin, **{name: convert(raw) for name, convert in self._fields.items()})
        except BadValue:
            system = origin.system.name
            problem = Problem(
                Code.BAD_ROW, f"{system} sent a record of {self.row.type} that cannot be read", system=system
            )
            problem.refs = dict(self._readable(raw))
            return problem

    def _must_say(self, raw: Mapping[str, Any]) -> None:
        if any(self.get(raw, at) is None for at in self._only):
            raise BadValue

    def _readable(self, raw: Mapping[str, Any]) -> Iterator[tuple[str, Ref | None]]:
        for name in self._links:
            with contextlib.suppress(BadValue):
                yield name, self._fields[name](raw)


def _own(row: type[Row]) -> Iterator[str]:
    """List the fields that rules fill: who a row is and who said it is never theirs to say."""
    return (name for name in row.__struct_fields__ if name not in Row.__struct_fields__)


def _required(row: type[Row]) -> Iterator[str]:
    optional = row.__struct_fields__[len(row.__struct_fields__) - len(row.__struct_defaults__) :]
    return (name for name in _own(row) if name not in optional)


def _paths(rule: Any) -> Iterator[str]:
    if isinstance(rule, Leaf):
        yield from [rule.at] if rule.at else []
    elif isinstance(rule, Each):
        yield rule.each
    else:
        for part in rule.parts.values() if isinstance(rule, Parts) else rule.items:
            yield from _paths(part)


class _Compiler:
    """Builds the converters of one field."""

    def __init__(self, where: str, codes: Codes, binding: str, get: Get) -> None:
        self.where, self.codes, self.binding, self.get = where, codes, binding, get

    def convert(self, hint: Any, rule: Rule) -> Convert:
        core, optional, target = core_of(hint)
        if isinstance(rule, Leaf):
            convert = self._leaf(core, target, rule)
        elif isinstance(rule, Parts) and dataclasses.is_dataclass(core):
            convert = self._parts(core, rule)
        elif isinstance(rule, Items) and typing.get_origin(core) is list:
            convert = self._items([self.convert(typing.get_args(core)[0], item) for item in rule.items])
        elif isinstance(rule, Each) and typing.get_origin(core) is list:
            convert = self._each(rule, self.convert(typing.get_args(core)[0], rule.of))
        else:
            raise RuleError(f"{self.where}: the rule does not fit the type of the field")
        return convert if optional else _demanded(convert)

    def _leaf(self, core: Any, target: str | None, rule: Leaf) -> Convert:
        read = self._reader(core, target, rule)
        get, at, constant, nulls = self.get, rule.at, rule.constant, {"", *rule.nulls}
        if constant is not None:
            self._tried(read, constant)

        def convert(raw: Mapping[str, Any]) -> Any:
            value = constant if constant is not None else _sole(get(raw, at))
            return None if value is None or (isinstance(value, str) and value in nulls) else read(value)

        return convert

    def _tried(self, read: Callable[[Any], Any], constant: str) -> None:
        try:
            said = read(constant)
        except BadValue:
            said = None
        if said is None or isinstance(said, Problem):
            raise RuleError(f"{self.where}: the constant {constant!r} does not fit the type of the field")

    def _reader(self, core: Any, target: str | None, rule: Leaf) -> Callable[[Any], Any]:
        coded = isinstance(core, type) and (issubclass(core, Enum) or (core is bool and rule.codes is not None))
        unit, plain = rule.unit, core is Ref or coded
        if unit if plain else (core, unit) not in READERS:
            raise RuleError(f"{self.where}: the unit {unit!r} does not fit the type of the field")
        if rule.codes is not None and not coded:
            raise RuleError(f"{self.where}: the table of codes {rule.codes!r} does not fit the type of the field")
        if core is Ref:
            return lambda value: Ref(str(target), self.binding, _reference(value))
        return self._coded(core, rule) if coded else READERS[core, unit]

    def _coded(self, core: type[Enum | bool], rule: Leaf) -> Callable[[Any], Any]:
        known = core.__members__ if issubclass(core, Enum) else FLAGS
        words = self.codes.tables.get(rule.codes or "", {} if rule.constant is None else {rule.constant: rule.constant})
        strange = sorted(set(words.values()) - set(known))
        if not words or strange:
            raise RuleError(
                f"{self.where}: the table of codes {rule.codes!r} is missing or has words of its own: {strange}"
            )
        table = {code: known[word] for code, word in words.items()}
        system = self.binding.partition(".")[0].upper()

        def read(value: Any) -> Enum | bool | Problem:
            if (code := identifier(value)) in table:
                return table[code]
            self.codes.note(self.where, code)
            said = f"{system} sent a code for {self.where} that no rule maps"
            return Problem(Code.UNMAPPED_VALUE, said, system=system)

        return read

    def _parts(self, core: Any, rule: Parts) -> Convert:
        hints = hints_of(core)
        lead = next(iter(hints))
        if rule.parts.keys() - hints.keys() or lead not in rule.parts:
            raise RuleError(
                f"{self.where}: of the parts {list(hints)} the rule has {list(rule.parts)}; {lead!r} is a must"
            )
        needed = {name for name, hint in hints.items() if not core_of(hint)[1]}
        parts = {name: self.convert(hints[name] | None, part) for name, part in rule.parts.items()}
        build: Callable[..., Any] = Money.of if core is Money else core

        def convert(raw: Mapping[str, Any]) -> Any:
            values = {name: part(raw) for name, part in parts.items()}
            if values[lead] is None:
                # Without its amount there is no money, whatever the currency beside it says. Anything else without its
                # first part is a piece of something.
                if core is not Money and any(value is not None for value in values.values()):
                    raise BadValue(self.where)
                return None
            if any(values.get(name) is None for name in needed):
                raise BadValue(self.where)
            return build(**{name: values.get(name) for name in hints})

        return convert

    def _each(self, rule: Each, item: Convert) -> Convert:
        if any(at.endswith(CALL) for at in _paths(rule.of)):
            raise RuleError(f"{self.where}: a function makes the list, never an item of it")

        def convert(raw: Mapping[str, Any]) -> Any:
            found = self.get(raw, rule.each)
            if found is None:
                return None
            if not isinstance(found, list):
                raise BadValue(self.where)
            values = [item(one if isinstance(one, dict) else {"item": one}) for one in found]
            # An item that says nothing is one that cannot be read: the list without it would be another list.
            if any(value is None for value in values):
                raise BadValue(self.where)
            return values

        return convert

    @staticmethod
    def _items(items: list[Convert]) -> Convert:
        return lambda raw: [value for convert in items if (value := convert(raw)) is not None]


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


def _reference(value: Any) -> str:
    # Some systems write false where a relation is empty: it is no record's id.
    if isinstance(value, bool):
        raise BadValue(value)
    return identifier(value)


def _sole(value: Any) -> Any:
    """Return the value; of several none is *the* one."""
    if isinstance(value, Several):
        return value[0] if len(value) == 1 else None
    return value


def _demanded(convert: Convert) -> Convert:
    def demand(raw: Mapping[str, Any]) -> Any:
        value = convert(raw)
        if value is None:
            raise BadValue
        return value

    return demand
