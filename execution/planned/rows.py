"""Objects: a selection set over a column of rows of one type; and which rows are of which type."""

from __future__ import annotations

import asyncio
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from execution.planned import library
from execution.planned.columns import AMISS, NULLED, Column, Fault, Parts, parted
from execution.planned.shapes import shape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from graphql import GraphQLAbstractType, GraphQLObjectType

    from execution.planned.levels import Ticket
    from execution.planned.running import Place, Run


# Rows that are answered in one go: some milliseconds.
SLICE: Final = 1_000
NONE: Final = type(None)
NULL: Final = id(None)


class Selection:
    """The fields of one type that are asked for, over any number of its rows."""

    def __init__(self, fields: Sequence[Any], *, serial: bool = False) -> None:
        self.fields, self.serial = fields, serial
        self._columns = [field for field in fields if field.constant is None]
        self._waiting = [field for field in fields if field.waits]
        self._build = shape(tuple(field.key for field in fields), tuple(field.constant for field in fields))
        self.waits = bool(self._waiting)
        self.tickets: Sequence[Ticket] = tuple(chain.from_iterable(field.tickets for field in fields))

    def now(self, rows: list[Any], run: Run) -> Column:
        """Answer for rows, where nothing is asked."""
        return self._built(rows, [field.now(rows, run) for field in self._columns])

    async def sliced(self, rows: list[Any], run: Run) -> Column:
        """Answer for rows, where nothing is asked: between two slices of them the event loop serves the others."""
        if len(rows) <= SLICE:
            return self.now(rows, run)
        values: list[Any] = []
        faults: list[Fault] = []
        for start in range(0, len(rows), SLICE):
            done = self.now(rows[start : start + SLICE], run)
            values += done.values
            faults += [fault._replace(at=start + fault.at) for fault in done.faults]
            await asyncio.sleep(0)
        return Column(values, faults)

    async def later(self, rows: list[Any], run: Run) -> Column:
        """Answer for rows: everything that is asked of them is asked at once."""
        if not rows:
            run.levels.leave(self.tickets)
            return Column([])
        if self.serial:
            done = await self._one_after_another(rows, run)
        elif len(self._waiting) == 1:
            done = [await self._waiting[0].later(rows, run)]
        else:
            done = await asyncio.gather(*(field.later(rows, run) for field in self._waiting))
        found = dict(zip(map(id, self._waiting), done, strict=True))
        for field in self._columns:
            if not field.waits:
                found[id(field)] = field.now(rows, run)
                if len(rows) > SLICE:
                    await asyncio.sleep(0)
        return self._built(rows, [found[id(field)] for field in self._columns])

    async def _one_after_another(self, rows: list[Any], run: Run) -> list[Column]:
        """Answer what changes something, in order. Where one has made the whole answer null, the rest is not begun."""
        done: list[Column] = []
        for field in self._waiting:
            if any(NULLED in column.values for column in done):
                done.append(Column([None] * len(rows)))
            else:
                run.turn(field.tickets)
                done.append(await field.later(rows, run))
        return done

    def _built(self, rows: list[Any], columns: Sequence[Column]) -> Column:
        built: list[Any] = self._build(len(rows), [column.values for column in columns])
        if not any(column.faults for column in columns):
            return Column(built)
        named = [(field.key, column) for field, column in zip(self._columns, columns, strict=True) if column.faults]
        lost: dict[int, str] = {}
        for key, column in named:
            for fault in column.faults:
                if column.values[fault.at] is NULLED:
                    lost.setdefault(fault.at, key)
        for index in lost:
            built[index] = NULLED
        return Column(built, _told(named, lost))


def _told(named: Sequence[tuple[str, Column]], lost: Mapping[int, str]) -> list[Fault]:
    """Say all faults of rows that stand, and of a row that is lost the first that made it so."""
    faults: list[Fault] = []
    told: set[int] = set()
    for key, column in named:
        for fault in column.faults:
            if fault.at in lost:
                if lost[fault.at] != key or fault.at in told:
                    continue
                told.add(fault.at)
            faults.append(fault._replace(path=(key, *fault.path)))
    return faults


class Group(NamedTuple):
    """Rows of one type, and their places in the column."""

    name: str
    places: list[int]
    rows: list[Any]


class Objects:
    """Completes a column of objects: sorts them by type, and answers for each object once, however often it stands."""

    objects = True

    def __init__(self, selections: Mapping[str, Selection], sorting: Sorting, place: Place) -> None:
        self.below, self._sorting, self._nodes = selections, sorting, place.nodes
        self.waits = any(selection.waits for selection in selections.values())
        self.tickets: Sequence[Ticket] = tuple(chain.from_iterable(each.tickets for each in selections.values()))

    def now(self, values: list[Any], run: Run) -> Column:
        """Complete a column."""
        if (name := self._sorting.one(set(map(type, values)))) is not None:
            unique = _unique(values)
            return _spread(values, unique, self.below[name].now(unique, run))
        parts, groups = self._sorted(values, run)
        for group in groups:
            unique = _unique(group.rows)
            parts.joined(_spread(group.rows, unique, self.below[group.name].now(unique, run)), group.places)
        return parts.column

    async def later(self, values: list[Any], run: Run) -> Column:
        """Complete a column that waits: all types at once."""
        if (name := self._sorting.one(set(map(type, values)))) is not None:
            self._leave(run, name)
            return await _answered(self.below[name], values, run)
        parts, groups = self._sorted(values, run)
        self._leave(run, *(group.name for group in groups))
        found = await asyncio.gather(*(_answered(self.below[each.name], each.rows, run) for each in groups))
        for group, done in zip(groups, found, strict=True):
            parts.joined(done, group.places)
        return parts.column

    def _leave(self, run: Run, *met: str) -> None:
        """Say what will not be asked, since there is nobody of its type."""
        if len(met) < len(self.below):
            for name, selection in self.below.items():
                if name not in met:
                    run.levels.leave(selection.tickets)

    def _sorted(self, values: list[Any], run: Run) -> tuple[Parts, list[Group]]:
        parts = parted(values, self._nodes)
        groups: dict[str, Group] = {}
        for place, row, name in zip(parts.places, parts.kept, self._sorting.names(parts.kept, run), strict=True):
            if isinstance(name, Exception):
                parts.failed(place, name, self._nodes)
                continue
            group = groups.get(name) or groups.setdefault(name, Group(name, [], []))
            group.places.append(place)
            group.rows.append(row)
        return parts, list(groups.values())


async def _answered(selection: Selection, rows: list[Any], run: Run) -> Column:
    unique = _unique(rows)
    done = await (selection.later if selection.waits else selection.sliced)(unique, run)
    return _spread(rows, unique, done)


def _unique(rows: list[Any]) -> list[Any]:
    """Return each object once, and null never. Links give the same object to all rows that mean it."""
    unique = dict(zip(map(id, rows), rows, strict=True))
    unique.pop(NULL, None)
    return rows if len(unique) == len(rows) else list(unique.values())


def _spread(rows: list[Any], unique: list[Any], done: Column) -> Column:
    """Give every place what was said of its object, and null where null is."""
    if unique is rows:
        return done
    said = dict(zip(map(id, unique), done.values, strict=True))
    said[NULL] = None
    values = [said[id(row)] for row in rows]
    if not done.faults:
        return Column(values)
    places: dict[int, list[int]] = {}
    for place, row in enumerate(rows):
        places.setdefault(id(row), []).append(place)
    return Column(
        values,
        [fault._replace(at=place) for fault in done.faults for place in places[id(unique[fault.at])]],
    )


class Sorting:
    """Tells of which type rows are, as graphql-core does; by their class alone where the types say that it decides."""

    def __init__(self, kind: GraphQLObjectType | GraphQLAbstractType, types: Sequence[Any], place: Place) -> None:
        self._kind, self._place = kind, place
        self._types = {each.name: each for each in types}
        self._concrete = self._types.get(kind.name)
        self._by_class = all(getattr(each.is_type_of, "by_class", False) for each in types)
        self._known: dict[type, str] = {}

    def one(self, kinds: AbstractSet[type]) -> str | None:
        """Return the type of all rows of these classes, null aside, if it is one, and known without looking at them."""
        if any(issubclass(kind, AMISS) for kind in kinds):
            return None
        if self._concrete is not None and self._concrete.is_type_of is None:
            return cast("str", self._concrete.name)
        names = {self._known.get(kind) for kind in kinds if kind is not NONE}
        return names.pop() if len(names) == 1 else None

    def names(self, rows: list[Any], run: Run) -> list[str | Exception]:
        """Return the name of each row's type, or why it has none."""
        if self._concrete is not None and self._concrete.is_type_of is None:
            return [self._concrete.name] * len(rows)
        if not self._by_class:
            told = self._place.info(run)
            return [self._name(row, told) for row in rows]
        known = self._known
        try:
            return [known[type(row)] for row in rows]
        except KeyError:
            told = self._place.info(run)
        names = [self._name(row, told) for row in rows]
        known.update((type(row), name) for row, name in zip(rows, names, strict=True) if isinstance(name, str))
        return names

    def _name(self, row: Any, told: Any) -> str | Exception:
        try:
            name = (
                self._kind.name
                if self._concrete is not None
                else library.type_name(row, cast("GraphQLAbstractType", self._kind), told)
            )
            type_ = self._types.get(name)
            if type_ is None or (type_.is_type_of is not None and not type_.is_type_of(row, told)):
                return TypeError(f"Expected value of type '{self._kind}' but got: {library.shown(row)}.")
        except Exception as error:
            return error
        return cast("str", name)
