"""Completing objects by the column: the fields of a selection set, each for all rows at once.

A row that stands in many places is completed once. What is asked of systems is asked for all fields of the set at the
same time, so that equal questions meet.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from graphql import Undefined

from execution.planned.columns import FAILED, Fault, settled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from execution.planned.columns import Column, Completer, Nodes
    from execution.planned.running import Run


class Had(Protocol):
    """How the values of a field are had for many rows; an exception among them is the value of its row."""

    waits: bool

    async def values(self, rows: Sequence[Any], run: Run) -> Sequence[Any]:
        """Return a value for each row."""
        ...


class Field(NamedTuple):
    """A field of a selection set: under which key it is answered, how it is had, and how it is completed."""

    key: str
    had: Had
    completer: Completer

    @property
    def waits(self) -> bool:
        """Whether a system may be asked for it or for what is below."""
        return self.had.waits or self.completer.waits

    async def column(self, rows: Sequence[Any], run: Run) -> Column:
        """Return the field's answers for rows; what breaks is the answer of each of them, as it would be one by one."""
        try:
            values = await settled(await self.had.values(rows, run))
        except Exception as error:
            values = [error] * len(rows)
        return await self.completer.complete(values, run)


class Selection:
    """A selection set on one object type."""

    def __init__(self, fields: Sequence[Field]) -> None:
        self._fields = fields
        self._waiting = [field for field in fields if field.waits]
        self.waits = bool(self._waiting)

    async def complete(self, rows: Sequence[Any], run: Run) -> Column:
        """Return an object for each row."""
        began = [asyncio.ensure_future(field.column(rows, run)) for field in self._waiting[1:]]
        try:
            columns = {field.key: await field.column(rows, run) for field in self._fields if not field.waits}
            await run.breathe(len(rows) * len(columns))
            if self._waiting:
                columns[self._waiting[0].key] = await self._waiting[0].column(rows, run)
            for field, column in zip(self._waiting[1:], began, strict=True):
                columns[field.key] = await column
        finally:
            for column in began:
                column.cancel()
        return self._put_together(columns, len(rows))

    def _put_together(self, columns: Mapping[str, Column], count: int) -> Column:
        keys = [field.key for field in self._fields]
        cells = [columns[key][0] for key in keys]
        objects: list[Any] = [dict(zip(keys, row, strict=True)) for row in zip(*cells, strict=True)]
        if not keys:
            objects = [{} for _ in range(count)]
        if not any(column[1] for column in columns.values()):
            return objects, []
        return objects, list(self._faults(columns, objects))

    def _faults(self, columns: Mapping[str, Column], objects: list[Any]) -> Iterable[Fault]:
        """Say under which key each fault is. An object with a failed field has failed, and for the first one alone."""
        failed: dict[int, str] = {}
        for field in self._fields:
            done, faults = columns[field.key]
            for at in (fault.at for fault in faults if done[fault.at] is FAILED):
                failed.setdefault(at, field.key)
        for at in failed:
            objects[at] = FAILED
        for field in self._fields:
            for fault in columns[field.key][1]:
                if failed.get(fault.at, field.key) == field.key:
                    yield Fault(fault.at, (field.key, *fault.path), fault.error, fault.nodes)


class ObjectColumn:
    """Values of an object type, or of an abstract one: rows of different types are completed type by type.

    `decide` returns the selection for a row, or raises; of rows of one class it is asked once.
    """

    def __init__(self, decide: Callable[[Any, Run], Selection], nodes: Nodes, *, waits: bool) -> None:
        self._decide, self._nodes, self.waits = decide, nodes, waits
        self._known: dict[type, Selection] = {}

    async def complete(self, values: Sequence[Any], run: Run) -> Column:
        """Complete each different row once, and put it wherever it stands."""
        done: list[Any] = [None] * len(values)
        faults: list[Fault] = []
        groups: dict[Selection, dict[int, tuple[Any, list[int]]]] = {}
        for at, value in enumerate(values):
            if value is None or value is Undefined:
                continue
            try:
                selection = self._selection(value, run)
            except Exception as error:
                done[at] = FAILED
                faults.append(Fault(at, (), error, self._nodes))
                continue
            groups.setdefault(selection, {}).setdefault(id(value), (value, []))[1].append(at)
        completed = await asyncio.gather(
            *(selection.complete([row for row, _ in rows.values()], run) for selection, rows in groups.items())
        )
        for rows, (objects, below) in zip(groups.values(), completed, strict=True):
            places = [at for _, at in rows.values()]
            for one, object_ in zip(places, objects, strict=True):
                for at in one:
                    done[at] = object_
            faults += [fault._replace(at=at) for fault in below for at in places[fault.at]]
        return done, faults

    def _selection(self, value: Any, run: Run) -> Selection:
        if (known := self._known.get(type(value))) is not None:
            return known
        if isinstance(value, Exception):
            raise value
        known = self._known[type(value)] = self._decide(value, run)
        return known
