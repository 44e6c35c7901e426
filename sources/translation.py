"""From a source's words to ours: a manifest's rules and a row's annotations, compiled once into one reader of rows.

A value that cannot become what its field must be costs the row; a code without a word is a Problem and costs the field.

An ordinary page is read column by column, which takes a fraction of the time. A page in which anything is out of the
ordinary is read row by row: the same rules, one value at a time.
"""

from __future__ import annotations

import contextlib
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from schema.problems import Code, Problem
from schema.rows import Origin, Ref, Row
from sources.columns import listing
from sources.contract import Several
from sources.converting import Compiler, core_of, hints_of
from sources.fields import Leaf, RuleError, paths
from sources.scalars import ID_LENGTH, BadValue, identifier

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence

    from sources.columns import Columns
    from sources.converting import Codes, Reading
    from sources.manifest import Entity


class Found(NamedTuple):
    """Rows by columns: the key under which each was asked, its own reference, itself, or why it cannot be read."""

    keys: list[str | None]
    refs: list[Ref | None]
    rows: list[Row | Problem]

    @classmethod
    def joined(cls, pages: Iterable[Found]) -> Found:
        """Return the rows of pages that follow one another."""
        return cls(*([*chain.from_iterable(columns)] for columns in zip(([], [], []), *pages, strict=True)))

    def add(self, key: str | None, ref: Ref | None, row: Row | Problem) -> None:
        """Add a row."""
        self.keys.append(key)
        self.refs.append(ref)
        self.rows.append(row)

    def but(self, keys: Container[str | None]) -> Found:
        """Return the rows that were not asked under these keys."""
        found = Found([], [], [])
        for key, ref, row in zip(*self, strict=True):
            if key not in keys:
                found.add(key, ref, row)
        return found


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
            name: Compiler(f"{row.type}.{name}", codes, binding, columns).reading(hints[name], rule)
            for name, rule in rules.items()
        }
        self._build, self._build_all = _building(row, fields)
        self._links = {name: reading.one for name, reading in fields.items() if core_of(hints[name])[0] is Ref}
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

    def page(self, raws: Sequence[Any], at: str, origin: Origin) -> Found | None:
        """Read a page whose rows were asked by their value at a place; None where it has to be read row by row."""
        if not raws or set(map(type, raws)) != {dict}:
            return None
        try:
            ids = _ids(listing(self._at(self.id))(raws))
            keys = ids if at == self.id else _ids(listing(self._at(at))(raws))
            if ids is None or keys is None or not all(_says(map(get, raws), said) for get, said in self._only):
                return None
            refs = Ref.each(self.row.type, self.binding, ids)
            return Found([*keys], [*refs], [*self._build_all(raws, refs, origin)])
        except BadValue:
            return None

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


def _ids(values: list[Any]) -> list[str] | None:
    """Return ids as text, if all of them are ordinary ones."""
    kinds = set(map(type, values))
    if kinds not in ({str}, {int}):
        return None
    texts = values if kinds == {str} else list(map(str, values))
    return texts if "" not in texts and max(map(len, texts)) <= ID_LENGTH else None


def _says(values: Iterable[Any], said: str) -> bool:
    return all(isinstance(value, str) and value == said for value in values)


def _building(row: type[Row], fields: Mapping[str, Reading]) -> tuple[Callable[..., Row], Callable[..., list[Row]]]:
    """Return what makes a row of its fields, and what makes all rows of a page.

    The names stand in the code: as keywords of a dictionary that is made for each row they take twice as long.
    """
    alone = "".join(f", {name}=one_{name}(raw)" for name in fields)
    pages, values = ("".join(f", {said}" for said in map(how.format, fields)) for how in ("all_{}(raws)", "its_{}"))
    taken = "".join(f", {name}=its_{name}" for name in fields)
    code = (
        f"def one(raw, ref, origin):\n    return row(ref=ref, origin=origin{alone})\n"
        f"def page(raws, refs, origin):\n"
        f"    return [row(ref=ref, origin=origin{taken}) for ref{values} in zip(refs{pages})]\n"
    )
    made: dict[str, Any] = {"row": row}
    made |= {f"one_{name}": reading.one for name, reading in fields.items()}
    made |= {f"all_{name}": reading.page for name, reading in fields.items()}
    exec(code, made)  # noqa: S102  fields' names
    return made["one"], made["page"]


def _own(row: type[Row]) -> Iterator[str]:
    """List the fields that rules fill: who a row is and who said it is never theirs to say."""
    return (name for name in row.__struct_fields__ if name not in Row.__struct_fields__)


def _required(row: type[Row]) -> Iterator[str]:
    optional = row.__struct_fields__[len(row.__struct_fields__) - len(row.__struct_defaults__) :]
    return (name for name in _own(row) if name not in optional)
