"""One bound system of record: our types asked by reference or page by page, in the source's own limits."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

import msgspec
import structlog

from schema.problems import Code, Problem
from schema.rows import Origin, Ref, Row, System
from sources.contract import SourceFailure
from sources.translation import RowReader

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from schema.context import Clock
    from sources.contract import Answer, Family, Request, Scope
    from sources.manifest import Asked, Entity, Manifest
    from sources.wire.client import Wire

log = structlog.get_logger("colonnade.sources")


class Found(msgspec.Struct, frozen=True):
    """One row of a batch: the key under which it was asked, itself, or why it cannot be read."""

    key: str | None
    ref: Ref | None
    row: Row | Problem


class Batch(msgspec.Struct, frozen=True):
    """All rows of one call. It is whole if the source sent as many as it said; else a missing row proves nothing."""

    found: list[Found]
    whole: bool


class Place(msgspec.Struct, frozen=True):
    """One row of a list: how to go on behind it, and itself."""

    position: str
    row: Row | Problem


class Source:
    """A vendor's manifest bound to an address."""

    def __init__(self, binding: str, manifest: Manifest, family: Family, wire: Wire, clock: Clock) -> None:
        self.binding, self.manifest, self.family, self.wire, self.clock = binding, manifest, family, wire, clock
        self.system = System(manifest.role)
        self._readers: dict[type[Row], RowReader] = {}

    def reader(self, row: type[Row]) -> RowReader:
        """Return the compiled translation of one of our types."""
        if row not in self._readers:
            entity = self.manifest.entities[row.type]
            self._readers[row] = RowReader(row, entity, self.manifest.codes, self.binding, self.family.value)
        return self._readers[row]

    def offers(self, row: type[Row], by: str) -> bool:
        """Tell whether the manifest says how to ask for this type by that one's references."""
        entity = self.manifest.entities.get(row.type)
        return entity is not None and (by == row.type or by in entity.ask)

    async def by(
        self, row: type[Row], by: str, ids: Sequence[str], scope: Scope
    ) -> list[tuple[Sequence[str], Batch | SourceFailure]]:
        """Ask for all rows of the ids, in as few calls as the limits allow; each chunk has its own outcome."""
        entity = self.manifest.entities[row.type]
        asked = entity.id if by == row.type else entity.ask[by]
        chunks = list(_chunks(ids, self.manifest.limits.ids, self.manifest.limits.url_bytes))
        answers = await asyncio.gather(
            *(self._batch(row, entity, asked, chunk, scope) for chunk in chunks), return_exceptions=True
        )
        outcomes: list[tuple[Sequence[str], Batch | SourceFailure]] = []
        for chunk, answer in zip(chunks, answers, strict=True):
            if isinstance(answer, BaseException) and not isinstance(answer, SourceFailure):
                raise answer
            outcomes.append((chunk, answer))
        return outcomes

    async def page(self, row: type[Row], after: str | None, size: int, scope: Scope) -> tuple[list[Place], int | None]:
        """Return up to `size` rows that follow a position, and how many there are in all if the source says so."""
        entity, reader, places, total = self.manifest.entities[row.type], self.reader(row), [], None
        limit = min(size, self.manifest.limits.rows)
        origin = self._origin()
        async for answer in self._pages(self.family.page(entity, after, limit, reader.columns), scope):
            total = answer.total if total is None else total
            for index, raw in enumerate(answer.rows, start=1 + (answer.first or 0)):
                if (place := self._place(reader, raw, index if answer.first is not None else None, origin)) is None:
                    raise SourceFailure(Code.SOURCE_MISBEHAVED, "a row of the list has no id")
                if answer.first is None or after is None or index > int(after):
                    places.append(place)
            if len(places) >= size:
                break
        return places[:size], total

    @staticmethod
    def _place(reader: RowReader, raw: Any, index: int | None, origin: Origin) -> Place | None:
        ref = reader.ref(raw)
        return None if ref is None else Place(ref.id if index is None else str(index), reader.read(raw, ref, origin))

    async def _batch(self, row: type[Row], entity: Entity, asked: Asked, ids: Sequence[str], scope: Scope) -> Batch:
        reader, origin = self.reader(row), self._origin()
        columns = list(dict.fromkeys([*reader.columns, asked.at]))
        found, received, total = [], 0, None
        request = self.family.by_ids(entity, asked, ids, columns, self.manifest.limits.rows)
        async for answer in self._pages(request, scope):
            total = answer.total if total is None else total
            received += len(answer.rows)
            for raw in answer.rows:
                ref, key = reader.ref(raw), reader.key(raw, asked.at)
                read = self._unreadable(row) if ref is None else reader.read(raw, ref, origin)
                found.append(Found(key, ref, read))
        return Batch(found, whole=total is None or received >= total)

    async def _pages(self, request: Request, scope: Scope) -> AsyncIterator[Answer]:
        """Follow the source's paging to its end; nothing is believed to be absent before that."""
        following: Request | None = request
        for _ in range(self.manifest.limits.pages):
            if following is None:
                return
            answer = self.family.read(following, await self.wire.send(following, scope))
            yield answer
            following = answer.following
        if following is not None:
            raise SourceFailure(Code.TOO_MANY, f"more than {self.manifest.limits.pages} pages")

    def _origin(self) -> Origin:
        return Origin(self.system, self.binding, self.clock.now())

    def _unreadable(self, row: type[Row]) -> Problem:
        name = self.system.name
        return Problem(Code.BAD_ROW, f"{name} sent a record of {row.type} that cannot be read", system=name)


def _chunks(ids: Sequence[str], count: int, size: int) -> Iterator[list[str]]:
    """Cut ids so that each part keeps both limits: so many ids, so many bytes of URL."""
    chunk: list[str] = []
    spent = 0
    for id_ in ids:
        # As an OData literal in a URL, the longest form: quotes and a comma, each of them escaped.
        length = len(quote_plus(id_)) + len("%27%27%2C")
        if chunk and (len(chunk) == count or spent + length > size):
            yield chunk
            chunk, spent = [], 0
        chunk.append(id_)
        spent += length
    if chunk:
        yield chunk
