"""Completing values by the column: many values of one type at once, as graphql-core would complete each.

What could not be completed is FAILED in its place, and a Fault says why; a nullable type makes null of FAILED, a
non-null one makes FAILED of null, so that it rises to the next place that may be null.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from itertools import accumulate, chain, islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol, TypeAlias

from graphql import GraphQLError, Undefined
from graphql.pyutils import is_iterable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from graphql import FieldNode

    from execution.planned.running import Run

Nodes: TypeAlias = "Sequence[FieldNode]"


class _Failed:
    """What stands where a value could not be completed."""

    def __repr__(self) -> str:
        return "FAILED"


FAILED: Final = _Failed()
NOTHING: Final = (None, Undefined)
# What needs no coercion: these are written as they are.
PLAIN: Final = {"String": str, "ID": str, "Boolean": bool}


class Fault(NamedTuple):
    """Why the value in a place of a column was not completed; `path` leads on from that value."""

    at: int
    path: tuple[str | int, ...]
    error: Exception
    nodes: Nodes


Column: TypeAlias = tuple[list[Any], list[Fault]]


class Completer(Protocol):
    """Completes columns of one type, for one field of a plan. `waits` says whether a system may be asked for it."""

    waits: bool

    async def complete(self, values: Sequence[Any], run: Run) -> Column:
        """Return what the values come to, each in its place."""
        ...


class NullableColumn:
    """A type that may be null."""

    def __init__(self, inner: Completer) -> None:
        self._inner, self.waits = inner, inner.waits

    async def complete(self, values: Sequence[Any], run: Run) -> Column:
        """Put null where something failed."""
        done, faults = await self._inner.complete(values, run)
        return ([None if value is FAILED else value for value in done] if faults else done), faults


class NonNullColumn:
    """A type that may not be null; `where` names the field."""

    def __init__(self, inner: Completer, where: str, nodes: Nodes) -> None:
        self._inner, self.waits = inner, inner.waits
        self._where, self._nodes = where, nodes

    async def complete(self, values: Sequence[Any], run: Run) -> Column:
        """Fail where null is."""
        done, faults = await self._inner.complete(values, run)
        if None not in done:
            return done, faults
        empty = TypeError(f"Cannot return null for non-nullable field {self._where}.")
        missing = [Fault(at, (), empty, self._nodes) for at, value in enumerate(done) if value is None]
        return [FAILED if value is None else value for value in done], [*faults, *missing]


class LeafColumn:
    """A scalar or an enum; `coerce` raises for what is no value of it."""

    waits = False

    def __init__(self, name: str, coerce: Callable[[Any], Any], nodes: Nodes) -> None:
        self._plain = {PLAIN[name], type(None)} if name in PLAIN else set()
        self._coerce, self._nodes = coerce, nodes

    async def complete(self, values: Sequence[Any], run: Run) -> Column:
        """Coerce each value, but those that are what they have to be."""
        del run
        if set(map(type, values)) <= self._plain:
            return list(values), []
        done: list[Any] = []
        faults: list[Fault] = []
        for at, value in enumerate(values):
            try:
                done.append(None if value in NOTHING else self._coerced(value))
            except Exception as error:
                done.append(FAILED)
                faults.append(Fault(at, (), error, self._nodes))
        return done, faults

    def _coerced(self, value: Any) -> Any:
        if isinstance(value, Exception):
            raise value
        return self._coerce(value)


class ListColumn:
    """A list: the items of all lists are one column."""

    def __init__(self, item: Completer, where: str, nodes: Nodes) -> None:
        self._item, self.waits = item, item.waits
        self._where, self._nodes = where, nodes

    async def complete(self, values: Sequence[Any], run: Run) -> Column:
        """Complete the items of all lists together, and cut the column into lists again."""
        lists, empty = values, dict[int, Exception | None]()
        if set(map(type, values)) != {list}:
            lists, empty = self._listed(values)
        flat = list(chain.from_iterable(lists))
        done, below = await self._item.complete(await settled(flat), run) if flat else ([], [])
        rest = iter(done)
        cut: list[Any] = [list(islice(rest, len(one))) for one in lists]
        faults = _lifted(below, cut, lists) if below else []
        for at, error in empty.items():
            cut[at] = None if error is None else FAILED
            if error is not None:
                faults.append(Fault(at, (), error, self._nodes))
        return cut, faults

    def _listed(self, values: Sequence[Any]) -> tuple[list[Sequence[Any]], dict[int, Exception | None]]:
        """Return a list for each value, an empty one for what is none, and why it is none: null, or an error."""
        lists: list[Sequence[Any]] = []
        empty: dict[int, Exception | None] = {}
        for at, value in enumerate(values):
            if is_iterable(value):
                lists.append(list(value))
                continue
            lists.append(())
            no_list = GraphQLError(f"Expected Iterable, but did not find one for field '{self._where}'.")
            empty[at] = value if isinstance(value, Exception) else None if value in NOTHING else no_list
        return lists, empty


def _lifted(below: Iterable[Fault], cut: list[Any], lists: Sequence[Sequence[Any]]) -> list[Fault]:
    """Say of which list's item each fault is; a list with a failed item has failed, and for that reason alone."""
    ends = list(accumulate(map(len, lists)))
    failed = {at: one.index(FAILED) for at, one in enumerate(cut) if FAILED in one}
    faults = []
    for fault in below:
        at = bisect_right(ends, fault.at)
        item = fault.at - (ends[at - 1] if at else 0)
        if failed.get(at, item) == item:
            faults.append(Fault(at, (item, *fault.path), fault.error, fault.nodes))
    for at in failed:
        cut[at] = FAILED
    return faults


async def settled(values: Sequence[Any]) -> Sequence[Any]:
    """Return the values, those that were to be awaited as they came out: an error is a value here."""
    if not any(hasattr(kind, "__await__") for kind in set(map(type, values))):
        return values
    waited = [at for at, value in enumerate(values) if hasattr(value, "__await__")]
    done = list(values)
    came = await asyncio.gather(*(values[at] for at in waited), return_exceptions=True)
    for at, value in zip(waited, came, strict=True):
        if isinstance(value, BaseException) and not isinstance(value, Exception):
            raise value
        done[at] = value
    return done
