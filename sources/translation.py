"""From a source's words to ours: a manifest's rules and a row's annotations, compiled once into one reader of rows.

A value that cannot become what its field must be costs the row; a code without a word is a Problem and costs the field.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from schema.problems import Code, Problem
from schema.rows import Origin, Ref, Row
from sources.contract import Several
from sources.converting import Compiler, core_of, hints_of
from sources.fields import Leaf, RuleError, paths
from sources.scalars import ID_LENGTH, BadValue, identifier

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sources.columns import Columns
    from sources.converting import Codes, Convert
    from sources.manifest import Entity


class RowReader:
    """Reads one of our row types from one source's rows."""

    def __init__(self, row: type[Row], entity: Entity, codes: Codes, binding: str, columns: Columns) -> None:
        self.row, self.binding, self._at, self.id = row, binding, columns.at, entity.id.at
        hints = hints_of(row)
        unknown = sorted(entity.fields.keys() - set(_own(row)))
        missing = sorted(set(_required(row)) - entity.fields.keys())
        if unknown or missing:
            raise RuleError(f"{row.type}: not fields of this type: {unknown}; without a rule: {missing}")
        rules = {**entity.fields, **({"revision": Leaf(at=entity.version)} if entity.version else {})}
        needed = [self.id, *entity.only, *(at for rule in rules.values() for at in paths(rule))]
        self.columns = columns.behind(needed, row.type)
        fields = {
            name: Compiler(f"{row.type}.{name}", codes, binding, columns).convert(hints[name], rule)
            for name, rule in rules.items()
        }
        self._build = _building(row, fields)
        self._links = {name: convert for name, convert in fields.items() if core_of(hints[name])[0] is Ref}
        self._own = columns.at(self.id)
        self._only = [(columns.at(at), said) for at, said in entity.only.items()]

    def get(self, raw: Mapping[str, Any], at: str) -> Any:
        """Return the value at a path, or raise BadValue where a function cannot make one."""
        return self._at(at)(raw)

    def ref(self, raw: Any) -> Ref | None:
        """Return the row's own reference, or None where its id cannot be read."""
        ids = self.keys(raw, self.id)
        return Ref(self.row.type, self.binding, ids[0]) if len(ids) == 1 else None

    def keys(self, raw: Any, at: str) -> list[str]:
        """Return the ids at a place of a row, none where nothing can be read; numbers are written as text."""
        try:
            value = self._at(at)(raw) if isinstance(raw, dict) else None
            if isinstance(value, str) and 0 < len(value) <= ID_LENGTH:
                return [value]
            # Of the many rows behind one, some may mean nobody; a row alone that means nobody can't be placed.
            ids = [one for one in value if one is not None] if isinstance(value, Several) else [value]
            return [identifier(one) for one in ids if not isinstance(one, bool) and one != ""]
        except BadValue:
            return []

    def belongs(self, raw: Any) -> bool:
        """Tell whether a row may be one of this type. One that cannot be read may be."""
        return (
            not self._only or not isinstance(raw, dict) or not any(_denies(get(raw), said) for get, said in self._only)
        )

    def nobodys(self, raw: Any, at: str) -> bool:
        """Tell whether a row says that it belongs to nobody. A column that is not there says nothing."""
        return at != self.id and isinstance(raw, dict) and at in raw and raw[at] in (None, "")

    def read(self, raw: Mapping[str, Any], ref: Ref, origin: Origin) -> Row | Problem:
        """Read a row; one that breaks its type's rules is a Problem, and no part of it is believed."""
        try:
            if self._only:
                self._must_say(raw)
            return self._build(raw, ref, origin)
        except BadValue:
            system = origin.system.name
            problem = Problem(
                Code.BAD_ROW, f"{system} sent a record of {self.row.type} that cannot be read", system=system
            )
            problem.refs = dict(self._readable(raw))
            return problem

    def _must_say(self, raw: Mapping[str, Any]) -> None:
        if any(get(raw) is None for get, _ in self._only):
            raise BadValue

    def _readable(self, raw: Mapping[str, Any]) -> Iterator[tuple[str, Ref | None]]:
        for name, convert in self._links.items():
            with contextlib.suppress(BadValue):
                yield name, convert(raw)


def _denies(value: Any, said: str) -> bool:
    if isinstance(value, Several):
        return said not in value
    return isinstance(value, str | int) and identifier(value) != said


def _building(row: type[Row], fields: Mapping[str, Convert]) -> Callable[[Mapping[str, Any], Ref, Origin], Row]:
    """Return what makes a row of its converted fields.

    The names stand in the code: as keywords of a dictionary that is made for each row they take twice as long.
    """
    said = "".join(f", {name}={name}(raw)" for name in fields)
    made: dict[str, Any] = {"row": row, **fields}
    exec(f"def build(raw, ref, origin):\n    return row(ref=ref, origin=origin{said})", made)  # noqa: S102  fields' names
    return made["build"]  # type: ignore[no-any-return]


def _own(row: type[Row]) -> Iterator[str]:
    """List the fields that rules fill: who a row is and who said it is never theirs to say."""
    return (name for name in row.__struct_fields__ if name not in Row.__struct_fields__)


def _required(row: type[Row]) -> Iterator[str]:
    optional = row.__struct_fields__[len(row.__struct_fields__) - len(row.__struct_defaults__) :]
    return (name for name in _own(row) if name not in optional)
