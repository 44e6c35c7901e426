"""A source without reads by id: each list is read whole once a window, and asked in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from datetime import datetime
from operator import gt, itemgetter, lt
from typing import TYPE_CHECKING, Any

import msgspec
from cachetools import LRUCache

from schema.problems import Code
from sources.contract import Answer, SourceFailure, bare
from sources.dialects import ScanDialect
from sources.selection import EVERYTHING
from sources.source import Batch, Source
from sources.walk import ById

if TYPE_CHECKING:
    from schema.context import Clock
    from schema.rows import Ref, Row
    from sources.contract import Position, Scope
    from sources.manifest import Asked
    from sources.selection import Order, Selection
    from sources.source import Vendor
    from sources.translation import RowReader
    from sources.unmapped import Unmapped
    from sources.walk import Place
    from sources.wire.client import Wire

WINDOWS = 100


class Snapshot(msgspec.Struct, frozen=True):
    """A whole list as it was read: its rows, when, and until when it may be used (of the event loop's clock).

    It is not whole if it changed while it was read: then a row may be missing.
    """

    rows: Sequence[Any]
    whole: bool
    taken: datetime
    until: float


class Window:
    """One list as one principal sees it: what was read last, and how it failed, and when."""

    def __init__(self) -> None:
        self.one = asyncio.Lock()
        self.kept: Snapshot | None = None
        self.failed: tuple[float, SourceFailure] | None = None


class ScannedSource(Source):
    """A vendor's lists, each kept for a window. The window bounds how old an answer is, and its rows say how old."""

    def __init__(self, binding: str, vendor: Vendor, wire: Wire, clock: Clock, unmapped: Unmapped) -> None:
        super().__init__(binding, vendor, wire, clock, unmapped)
        assert isinstance(vendor.manifest.dialect, ScanDialect)  # noqa: S101  the registry chooses by it
        self._seconds = vendor.manifest.dialect.seconds
        # By principal and list, the one that nobody looked at for the longest time is given up first.
        self._windows: LRUCache[tuple[str, str], Window] = LRUCache(WINDOWS)

    def forget(self) -> None:
        """Forget all lists: one on its way since before the change is kept for those alone who wait for it."""
        self._windows.clear()

    def calls(self, row: type[Row], by: str, ids: int) -> int:
        """Return one call, of one page at least: the list is read whole."""
        del row, by
        return min(ids, 1)

    async def page(
        self, row: type[Row], after: Position | None, size: int, scope: Scope, wanted: Selection = EVERYTHING
    ) -> tuple[list[Place], int | None]:
        """Return up to `size` wanted rows that follow a position, and how many there are."""
        if wanted.nothing:
            return [], 0
        snapshot, reader = await self._snapshot(row, scope), self.reader(row)
        origin = self._origin(snapshot.taken)
        refs = [(ref, raw) for raw in snapshot.rows if (ref := reader.ref(raw))]
        if len(refs) < len(snapshot.rows) or not snapshot.whole:
            raise SourceFailure(Code.SOURCE_MISBEHAVED, "a row of the list has no id, or moved while it was read")
        chosen = [(ref, raw) for ref, raw in refs if not wanted.tests or wanted.holds(reader.read(raw, ref, origin))]
        placed = sorted(((_order(ref.id), raw) for ref, raw in chosen), key=itemgetter(0))
        behind = _behind(placed, after, wanted.order, reader)
        walk = ById(reader, origin, after, wanted)
        for start in range(0, max(len(behind), 1), size):
            walk.take(Answer(behind[start : start + size], total=len(behind)))
            if len(walk.places) >= size:
                break
        return walk.places[:size], walk.total

    async def _batch(
        self, row: type[Row], asked: Asked, columns: Sequence[str], ids: Sequence[str], scope: Scope
    ) -> Batch:
        del columns  # the list was read with its own
        snapshot, reader, wanted = await self._snapshot(row, scope), self.reader(row), frozenset(ids)
        origin, near = self._origin(snapshot.taken), frozenset(map(bare, ids))
        rows = [
            raw
            for raw in snapshot.rows
            if reader.belongs(raw) and not reader.nobodys(raw, asked.at) and _may_mean(near, reader.keys(raw, asked.at))
        ]
        return Batch(self._found(reader, rows, asked, wanted, origin), snapshot.whole)

    async def _snapshot(self, row: type[Row], scope: Scope) -> Snapshot:
        """Return the kept list, or read it: of all who wait for it, the first one does."""
        clock = asyncio.get_running_loop().time
        came = clock()
        window = self._windows.setdefault((self.whose(scope), row.type), Window())
        async with window.one:
            if window.kept is not None and clock() < window.kept.until:
                return window.kept
            if window.failed is not None and window.failed[0] > came:
                # It failed while this one waited: each of them waiting for a deadline of its own helps nobody.
                failure = window.failed[1]
                raise SourceFailure(failure.code, str(failure), failure.status)
            try:
                window.kept = await self._scan(row, scope)
            except SourceFailure as failure:
                if failure.code is not Code.CALL_BUDGET:  # that is the asker's own
                    window.failed = clock(), failure
                raise
            return window.kept

    async def _scan(self, row: type[Row], scope: Scope) -> Snapshot:
        entity, taken = self.manifest.entities[row.type], self.clock.now()
        until = asyncio.get_running_loop().time() + self._seconds
        paths = [*self.reader(row).columns, *(asked.at for asked in entity.ask.values())]
        columns = self._columns.behind(paths, row.type)
        request = self.family.page(entity, None, self.manifest.limits.rows, columns, EVERYTHING)
        rows: list[Any] = []
        earlier: set[Ref | None] = set()
        moved = False
        async with aclosing(self._pages(request, scope, row.type)) as answers:
            async for answer in answers:
                refs = set(map(self.reader(row).ref, answer.rows))
                moved = moved or not earlier.isdisjoint(refs)
                earlier |= refs
                rows += answer.rows
        return Snapshot(rows, not moved, taken, until)


def _may_mean(near: frozenset[str], keys: Sequence[str]) -> bool:
    # A row whose key cannot be read may be anybody's, and one that is written otherwise be meant: the batch must know.
    return not keys or not near.isdisjoint(map(bare, keys))


def _behind(
    placed: Sequence[tuple[tuple[int, str], Any]], after: Position | None, order: Order | None, reader: RowReader
) -> list[Any]:
    """Put rows that stand by id into the wanted order, and keep those that follow a position."""
    if order is None:
        return [raw for place, raw in placed if after is None or place > _order(after.id)]
    keyed = [(order.key(reader, raw), place, raw) for place, raw in placed]
    keyed.sort(key=itemgetter(0), reverse=order.descending)
    if after is None:
        return [raw for _, _, raw in keyed]
    precedes = gt if order.descending else lt
    return [
        raw for key, place, raw in keyed if precedes(after.key, key) or (key == after.key and place > _order(after.id))
    ]


def _order(id_: str) -> tuple[int, str]:
    return len(id_), id_
