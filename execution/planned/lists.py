"""What may be null, what may not, and lists: all values of all lists are one column, cut up again behind it."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate, chain, islice
from typing import TYPE_CHECKING, Any, Final, Protocol

from execution.planned import library
from execution.planned.columns import NULLED, Column, Fault, parted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from graphql import FieldNode

    from execution.planned.columns import Parts
    from execution.planned.levels import Ticket
    from execution.planned.running import Run


NONE: Final = type(None)


class Completion(Protocol):
    """Turns a column of what was found into a column of what is answered. What waits is done `later`, never `now`."""

    @property
    def waits(self) -> bool:
        """Whether something beneath it asks."""
        ...

    @property
    def tickets(self) -> Sequence[Ticket]:
        """What is asked beneath it."""
        ...

    def now(self, values: list[Any], run: Run) -> Column:
        """Complete a column."""
        ...


class Waiting(Completion, Protocol):
    """A completion that may have to wait."""

    async def later(self, values: list[Any], run: Run) -> Column:
        """Complete a column of which something beneath has to be asked for."""
        ...


class _Around:
    """A completion around another one."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.waits: bool = inner.waits
        self.objects: bool = inner.objects
        self.below: Mapping[str, Any] = inner.below
        self.tickets: Sequence[Ticket] = inner.tickets


class Nullable(_Around):
    """What could not be had is null here."""

    def now(self, values: list[Any], run: Run) -> Column:
        """Complete a column."""
        return _nulls(self._inner.now(values, run))

    async def later(self, values: list[Any], run: Run) -> Column:
        """Complete a column that waits."""
        return _nulls(await self._inner.later(values, run))


def _nulls(done: Column) -> Column:
    if not done.faults:
        return done
    return Column([None if value is NULLED else value for value in done.values], done.faults)


class Required(_Around):
    """Null is an error here, and so is everything around it up to what may be null."""

    def __init__(self, inner: Any, where: str, nodes: Sequence[FieldNode]) -> None:
        super().__init__(inner)
        self._where, self._nodes = where, nodes

    def now(self, values: list[Any], run: Run) -> Column:
        """Complete a column."""
        return self._filled(self._inner.now(values, run))

    async def later(self, values: list[Any], run: Run) -> Column:
        """Complete a column that waits."""
        return self._filled(await self._inner.later(values, run))

    def _filled(self, done: Column) -> Column:
        # By their classes: to compare a row of values with null takes twice as long.
        if NONE not in set(map(type, done.values)):
            return done
        missing = [place for place, value in enumerate(done.values) if value is None]
        values, faults = list(done.values), list(done.faults)
        for place in missing:
            values[place] = NULLED
            said = TypeError(f"Cannot return null for non-nullable field {self._where}.")
            faults.append(Fault(place, (), said, self._nodes))
        return Column(values, faults)


class Listed(_Around):
    """Lists: their values are one column. There may be many: objects in lists wait for their turn of the event loop."""

    def __init__(self, inner: Any, where: str, nodes: Sequence[FieldNode]) -> None:
        super().__init__(inner)
        self.waits = inner.waits or inner.objects
        self._where, self._nodes = where, nodes

    def now(self, values: list[Any], run: Run) -> Column:
        """Complete a column of lists."""
        if set(map(type, values)) <= {list}:
            return _cut(values, self._inner.now(_flat(values), run))
        parts, lists, places = self._listed(values)
        parts.joined(_cut(lists, self._inner.now(_flat(lists), run)), places)
        return parts.column

    async def later(self, values: list[Any], run: Run) -> Column:
        """Complete a column of lists that waits."""
        if set(map(type, values)) <= {list}:
            return _cut(values, await self._inner.later(_flat(values), run))
        parts, lists, places = self._listed(values)
        parts.joined(_cut(lists, await self._inner.later(_flat(lists), run)), places)
        return parts.column

    def _listed(self, values: list[Any]) -> tuple[Parts, list[list[Any]], list[int]]:
        parts = parted(values, self._nodes)
        lists, places = [], []
        for place, value in zip(parts.places, parts.kept, strict=True):
            if library.is_list(value):
                lists.append(list(value))
                places.append(place)
            else:
                said = f"Expected Iterable, but did not find one for field '{self._where}'."
                parts.failed(place, TypeError(said), self._nodes)
        return parts, lists, places


def _flat(lists: list[list[Any]]) -> list[Any]:
    return lists[0] if len(lists) == 1 else list(chain.from_iterable(lists))


def _cut(lists: list[list[Any]], done: Column) -> Column:
    """Cut a column into lists again. A list of which one value is missing, which may not be, is missing itself."""
    values = iter(done.values)
    cut: list[Any] = [list(islice(values, len(each))) for each in lists]
    if not done.faults:
        return Column(cut)
    ends = list(accumulate(map(len, lists)))
    spread = [bisect_right(ends, fault.at) for fault in done.faults]
    lost = {at for at, fault in zip(spread, done.faults, strict=True) if done.values[fault.at] is NULLED}
    faults: list[Fault] = []
    told: set[int] = set()
    for at, fault in zip(spread, done.faults, strict=True):
        # One error for each null: the first that made the list impossible.
        if at in lost and (at in told or done.values[fault.at] is not NULLED):
            continue
        told.add(at)
        index = fault.at - (ends[at - 1] if at else 0)
        faults.append(fault._replace(at=at, path=(index, *fault.path)))
    for at in lost:
        cut[at] = NULLED
    return Column(cut, faults)
