"""A source without reads by id: each list is read whole once a window, and asked in memory."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from contextlib import aclosing
from datetime import datetime
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import msgspec

from schema.problems import Code
from sources.contract import Answer, SourceFailure, bare
from sources.manifest import ScanDialect
from sources.source import Batch, Source
from sources.walk import ById

if TYPE_CHECKING:
    from schema.context import Clock
    from schema.rows import Ref, Row
    from sources.contract import Position, Scope
    from sources.manifest import Asked, Entity
    from sources.source import Vendor
    from sources.walk import Place
    from sources.wire.client import Wire


class Snapshot(msgspec.Struct, frozen=True):
    """A whole list as it was read: its rows, when, and until when it may be used (of the event loop's clock).

    It is not whole if it changed while it was read: then a row may be missing.
    """

    rows: Sequence[Any]
    whole: bool
    taken: datetime
    until: float


class ScannedSource(Source):
    """A vendor's lists, each kept for a window. The window bounds how old an answer is, and its rows say how old."""

    def __init__(self, binding: str, vendor: Vendor, wire: Wire, clock: Clock) -> None:
        super().__init__(binding, vendor, wire, clock)
        assert isinstance(vendor.manifest.dialect, ScanDialect)  # noqa: S101  the registry chooses by it
        self._seconds = vendor.manifest.dialect.seconds
        self._kept: dict[str, Snapshot] = {}
        self._failed: dict[str, tuple[float, SourceFailure]] = {}
        self._one: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def page(
        self, row: type[Row], after: Position | None, size: int, scope: Scope
    ) -> tuple[list[Place], int | None]:
        """Return up to `size` rows that follow a position, and how many there are."""
        snapshot, reader = await self._snapshot(row, scope), self.reader(row)
        walk = ById(reader, self._origin(snapshot.taken), after)
        places = sorted(((_order(ref.id), raw) for raw in snapshot.rows if (ref := reader.ref(raw))), key=itemgetter(0))
        if len(places) < len(snapshot.rows) or not snapshot.whole:
            raise SourceFailure(Code.SOURCE_MISBEHAVED, "a row of the list has no id, or moved while it was read")
        behind = [raw for order, raw in places if after is None or order > _order(after.id)]
        for start in range(0, len(behind), size):
            walk.take(Answer(behind[start : start + size], total=len(behind)))
            if len(walk.places) >= size:
                break
        return walk.places[:size], walk.total

    async def _batch(self, row: type[Row], entity: Entity, asked: Asked, ids: Sequence[str], scope: Scope) -> Batch:
        del entity  # the list was read by it
        snapshot, reader, wanted = await self._snapshot(row, scope), self.reader(row), frozenset(ids)
        origin, near = self._origin(snapshot.taken), frozenset(map(bare, ids))
        found = [
            one
            for raw in snapshot.rows
            if reader.belongs(raw) and not reader.nobodys(raw, asked.at) and _may_mean(near, reader.keys(raw, asked.at))
            for one in self._found(reader, raw, asked, wanted, origin)
        ]
        return Batch(found, snapshot.whole)

    async def _snapshot(self, row: type[Row], scope: Scope) -> Snapshot:
        """Return the kept list, or read it: of all who wait for it, the first one does."""
        clock = asyncio.get_running_loop().time
        came = clock()
        async with self._one[row.type]:
            kept = self._kept.get(row.type)
            if kept is not None and clock() < kept.until:
                return kept
            if (failed := self._failed.get(row.type)) is not None and failed[0] > came:
                # It failed while this one waited: each of them waiting for a deadline of its own helps nobody.
                raise SourceFailure(failed[1].code, str(failed[1]), failed[1].status)
            try:
                kept = self._kept[row.type] = await self._scan(row, scope)
            except SourceFailure as failure:
                self._failed[row.type] = clock(), failure
                raise
            return kept

    async def _scan(self, row: type[Row], scope: Scope) -> Snapshot:
        entity, taken = self.manifest.entities[row.type], self.clock.now()
        until = asyncio.get_running_loop().time() + self._seconds
        paths = [*self.reader(row).columns, *(asked.at for asked in entity.ask.values())]
        request = self.family.page(entity, None, self.manifest.limits.rows, self._columns.behind(paths, row.type))
        rows: list[Any] = []
        earlier: set[Ref | None] = set()
        moved = False
        async with aclosing(self._pages(request, scope)) as answers:
            async for answer in answers:
                refs = set(map(self.reader(row).ref, answer.rows))
                moved = moved or not earlier.isdisjoint(refs)
                earlier |= refs
                rows += answer.rows
        return Snapshot(rows, not moved, taken, until)


def _may_mean(near: frozenset[str], keys: Sequence[str]) -> bool:
    # A row whose key cannot be read may be anybody's, and one that is written otherwise be meant: the batch must know.
    return not keys or not near.isdisjoint(map(bare, keys))


def _order(id_: str) -> tuple[int, str]:
    return len(id_), id_
