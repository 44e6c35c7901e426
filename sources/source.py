"""One bound system of record: our types asked by reference or page by page, in the source's own limits."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Mapping
from contextlib import aclosing
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

import msgspec
import structlog

from schema.problems import Code, Problem
from schema.rows import Origin, System
from sources.columns import Columns
from sources.contract import Position, Single, SourceFailure
from sources.converting import Codes
from sources.families import family
from sources.fields import RuleError
from sources.selection import EVERYTHING, Choices, Selection
from sources.translation import Found, RowReader
from sources.walk import ById, ByNumber

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from schema.context import Clock
    from schema.rows import Row
    from sources.contract import Answer, Family, Request, Scope
    from sources.exchange import LineActs
    from sources.manifest import Asked, Manifest
    from sources.unmapped import Unmapped
    from sources.walk import Place
    from sources.wire.client import Wire
    from sources.writes import Acts, Write

PAGE = 1_000
# So many rows are read at a time, about 10 ms: between them the event loop serves the others.
SLICE = 2_000
# Protocols whose lists are not asked by an instant.
UNFED = ("scan", "soap", "sql")
# What stands in a URL as it is.
PLAIN = re.compile(r"[A-Za-z0-9_.~-]*")

log = structlog.get_logger("colonnade.sources")


class Batch(msgspec.Struct, frozen=True):
    """All rows of one call. It is whole if the source sent as many as it said; else a missing row proves nothing.

    `failed` are the ids for which it failed, where one call has a part for each.
    """

    found: Found
    whole: bool
    failed: Mapping[str, SourceFailure] = {}


class Vendor(NamedTuple):
    """A vendor's folder, and what it says.

    The manifest, the functions of `translate.py`, the acts of `writes.py`, and the lines of `files.py`, where changes
    are handed over in files.
    """

    folder: Path
    manifest: Manifest
    functions: Mapping[str, Callable[..., object]]
    acts: Acts
    lines: LineActs


class Source:
    """A vendor's manifest bound to an address."""

    def __init__(self, binding: str, vendor: Vendor, wire: Wire, clock: Clock, unmapped: Unmapped) -> None:
        self.binding, self.manifest, self.wire, self.clock = binding, vendor.manifest, wire, clock
        self.unmapped = unmapped
        self._codes = Codes(vendor.manifest.codes, unmapped.note)
        self.family: Family = family(vendor.manifest.dialect, vendor.manifest.errors, vendor.folder)
        self._vendor = vendor
        self._columns = Columns(self.family.at, vendor.functions, several=self.family.several)
        self.system, self.acts, self.lines = System(self.manifest.role), vendor.acts, vendor.lines
        self._readers: dict[type[Row], RowReader] = {}
        self._choices: dict[type[Row], Choices] = {}
        self._asked: dict[tuple[type[Row], str], Sequence[str]] = {}

    def reader(self, row: type[Row]) -> RowReader:
        """Return the compiled translation of one of our types."""
        if row not in self._readers:
            entity = self.manifest.entities[row.type]
            self._readers[row] = RowReader(row, entity, self._codes, self.binding, self._columns)
        return self._readers[row]

    def identified(self) -> Source:
        """Return the same system, asked by what people know its records."""
        vendor = self._vendor._replace(manifest=self.manifest.identified())
        return type(self)(self.binding, vendor, self.wire, self.clock, self.unmapped)

    def limited(self, ids: int) -> Source:
        """Return the same system, asked for no more than so many ids a call."""
        limits = self.manifest.limits.model_copy(update={"ids": ids})
        vendor = self._vendor._replace(manifest=self.manifest.model_copy(update={"limits": limits}))
        return type(self)(self.binding, vendor, self.wire, self.clock, self.unmapped)

    def choices(self, row: type[Row]) -> Choices:
        """Return what the list of one of our types can be asked for."""
        if row not in self._choices:
            manifest = self.manifest
            self._choices[row] = Choices(row, manifest.entities[row.type], manifest.codes, manifest.dialect.family)
        return self._choices[row]

    def compile(self, row: type[Row]) -> None:
        """Compile a type's translation and everything by which it may be asked, or raise RuleError."""
        self.choices(row)
        if self.manifest.entities[row.type].changed and self.manifest.dialect.family in UNFED:
            raise RuleError(f"{row.type}: in this protocol nobody can ask what was changed")
        asked = self.manifest.entities[row.type].ask.values()
        self._columns.behind([*self.reader(row).columns, *(one.at for one in asked)], row.type)

    def forget(self) -> None:
        """Forget what was read before a change. Each read asks anew here: there is nothing to forget."""

    def whose(self, scope: Scope) -> str:
        """Return in whose name the system is asked: what it says to one name is no answer for another.

        The empty name is the firm's own, and its answers are everybody's.
        """
        return "" if self.wire.login.shared else scope.principal.subject

    def offers(self, row: type[Row], by: str) -> bool:
        """Tell whether the manifest says how to ask for this type by that one's references."""
        entity = self.manifest.entities.get(row.type)
        return entity is not None and (by == row.type or by in entity.ask)

    def takes(self, kind: type[Write]) -> bool:
        """Tell whether the system takes a kind of change, by a call or in a file."""
        return kind in self.acts or kind in self.lines

    def calls(self, row: type[Row], by: str, ids: int) -> int:
        """Return how many calls a question for so many ids takes, where their URLs are not too long for that."""
        entity = self.manifest.entities[row.type]
        return -(-ids // entity.ask.get(by, entity.id).most(self.manifest.limits.ids))

    def known(self) -> Iterator[type[Row]]:
        """List our types that the system has a list of."""
        return (row for row in self._readers if row.type in self.manifest.entities)

    def burdened(self, wanted: Selection) -> bool:
        """Tell whether a selection is more than a URL of this source holds."""
        values = [*wanted.words, *(value for one in wanted.conditions for value in one.values)]
        between = max((len(self.manifest.dialect.between(one.by)) for one in wanted.conditions), default=0)
        return sum(len(quote(value, safe="")) + between for value in values) > self.manifest.limits.url_bytes

    async def by(
        self, row: type[Row], by: str, ids: Sequence[str], scope: Scope
    ) -> list[tuple[Sequence[str], Batch | SourceFailure]]:
        """Ask for all rows of the ids, in as few calls as the limits allow; each chunk has its own outcome."""
        entity = self.manifest.entities[row.type]
        asked = entity.ask.get(by, entity.id)
        formed = self.manifest.dialect.carried(ids)
        if asked.form:
            formed = [id_ for id_ in formed if re.fullmatch(asked.form, id_)]
        limits, dialect = self.manifest.limits, self.manifest.dialect
        between = dialect.between(asked.name) if asked.joined else f"&{quote(asked.name, safe='')}="
        columns = self._needed(row, asked.at)
        most = limits.url_bytes if dialect.in_url(entity, asked, columns) else sys.maxsize
        chunks = list(_chunks(formed, asked.most(limits.ids), most, len(between)))
        answers = await _settled([self._batch(row, asked, columns, chunk, scope) for chunk in chunks])
        outcomes: list[tuple[Sequence[str], Batch | SourceFailure]] = []
        if len(formed) < len(ids):
            # No record has such an id: that is an answer, too.
            outcomes.append(([id_ for id_ in ids if id_ not in set(formed)], Batch(Found([], [], []), whole=True)))
        for chunk, answer in zip(chunks, answers, strict=True):
            failed = answer.failed if isinstance(answer, Batch) else {}
            outcomes += [([id_], failure) for id_, failure in failed.items()]
            outcomes.append(([id_ for id_ in chunk if id_ not in failed], answer))
        return outcomes

    async def page(
        self, row: type[Row], after: Position | None, size: int, scope: Scope, wanted: Selection = EVERYTHING
    ) -> tuple[list[Place], int | None]:
        """Return up to `size` wanted rows that follow a position, and how many there are if the source says so."""
        if wanted.nothing:
            return [], 0
        entity, reader = self.manifest.entities[row.type], self.reader(row)
        limit = min(size, self.manifest.limits.rows)
        walk = (ByNumber if self.family.numbered else ById)(reader, self._origin(self.clock.now()), after, wanted)
        while True:
            known = len(walk.places)
            request = self.family.page(entity, walk.position, limit, reader.columns, wanted)
            async with aclosing(self._pages(request, scope, row.type)) as answers:
                async for answer in answers:
                    walk.take(answer)
                    if len(walk.places) >= size:
                        return walk.places[:size], walk.total
            if not walk.goes_on(limit):
                return walk.places, walk.total
            if len(walk.places) == known:
                raise SourceFailure(Code.SOURCE_MISBEHAVED, "the same rows come again and again")

    async def raw(
        self, row: type[Row], columns: Sequence[str], scope: Scope, wanted: Selection = EVERYTHING, page: int = PAGE
    ) -> AsyncGenerator[Any, None]:
        """Yield the wanted rows of a type's list as the source writes them, or raise SourceFailure."""
        entity, reader = self.manifest.entities[row.type], self.reader(row)
        size, after, count = min(page, self.manifest.limits.rows), None, 0
        while True:
            began, ref = count, None
            request = self.family.page(entity, after, size, columns, wanted)
            async with aclosing(self._pages(request, scope, row.type)) as answers:
                async for answer in answers:
                    for one in answer.rows:
                        yield one
                        ref, count = reader.ref(one), count + 1
            if self.family.numbered or ref is None or count - began < size:
                return
            after = Position(count, ref.id)

    async def _batch(
        self, row: type[Row], asked: Asked, columns: Sequence[str], ids: Sequence[str], scope: Scope
    ) -> Batch:
        reader, origin = self.reader(row), self._origin(self.clock.now())
        pages: list[Found] = []
        wanted = frozenset(ids)
        received, total = 0, None
        failed: dict[str, SourceFailure] = {}
        entity, limits = self.manifest.entities[row.type], self.manifest.limits
        request = self.family.by_ids(entity, asked, ids, columns, limits.rows)
        async for answer in self._pages(request, scope, row.type):
            total = answer.total if total is None else total
            failed |= {ids[place]: failure for place, failure in answer.failed.items()}
            received += len(answer.rows)
            pages.append(await self._read(reader, answer, asked, wanted, origin))
        found = pages[0] if len(pages) == 1 else Found.joined(pages)
        # A row that comes again on a later page has moved there, and another one away from it: unseen, but counted.
        moved = len(pages) > 1 and sum(len(set(page.refs)) for page in pages) > len(set(found.refs))
        # What came for an id before its part failed may not be all.
        kept = found.but(failed) if failed else found
        return Batch(kept, whole=not moved and (total is None or received >= total), failed=failed)

    async def _read(
        self, reader: RowReader, answer: Answer, asked: Asked, wanted: frozenset[str], origin: Origin
    ) -> Found:
        if len(answer.rows) <= SLICE:
            return self._page(reader, answer, asked, wanted, origin)
        parts: list[Found] = []
        for start in range(0, len(answer.rows), SLICE):
            rows = answer.rows[start : start + SLICE]
            parts.append(self._page(reader, msgspec.structs.replace(answer, rows=rows), asked, wanted, origin))
            await asyncio.sleep(0)
        return Found.joined(parts)

    def _page(self, reader: RowReader, answer: Answer, asked: Asked, wanted: frozenset[str], origin: Origin) -> Found:
        if not answer.strangers and (found := reader.page(answer.rows, asked.at, origin)) is not None:
            return found
        rows = [raw for raw in answer.rows if reader.belongs(raw) and not reader.nobodys(raw, asked.at)]
        if len(rows) < len(answer.rows) or answer.strangers:
            log.warning("contract alarm", binding=self.binding, entity=reader.row.type, unfiltered=True)
        return self._found(reader, rows, asked, wanted, origin)

    def _found(
        self, reader: RowReader, rows: Sequence[Any], asked: Asked, wanted: frozenset[str], origin: Origin
    ) -> Found:
        """Give each row to each key that it stands for; to one that nobody asked, if it stands for no other."""
        found = Found([], [], [])
        own = asked.at == reader.id
        for raw in rows:
            ref = reader.ref(raw)
            keys = [ref.id] if own and ref is not None else reader.keys(raw, asked.at)
            read = self._unreadable(reader.row) if ref is None else reader.read(raw, ref, origin)
            asked_for: Sequence[str | None] = [key for key in keys if key in wanted] or keys[:1] or [None]
            for key in asked_for:
                found.add(key, ref, read)
        return found

    async def _pages(self, request: Request, scope: Scope, type_: str) -> AsyncGenerator[Answer, None]:
        """Follow the source's paging to its end; nothing is believed to be absent before that."""
        following: Request | None = request
        for _ in range(self.manifest.limits.pages):
            if following is None:
                return
            try:
                body = await self.wire.send(following, scope, type_)
            except SourceFailure as failure:
                if isinstance(following, Single) and failure.status == HTTPStatus.NOT_FOUND:
                    return
                raise
            answer = self.family.read(following, body)
            yield answer
            following = answer.following
        if following is not None:
            raise SourceFailure(Code.TOO_MANY, f"more than {self.manifest.limits.pages} pages")

    def _needed(self, row: type[Row], at: str) -> Sequence[str]:
        """Return the columns of a type that are asked for where rows are asked by one of them."""
        if (known := self._asked.get((row, at))) is None:
            known = self._asked[row, at] = self._columns.behind([*self.reader(row).columns, at], row.type)
        return known

    def _origin(self, as_of: datetime) -> Origin:
        return Origin(self.system, self.binding, as_of)

    def _unreadable(self, row: type[Row]) -> Problem:
        name = self.system.name
        return Problem(Code.BAD_ROW, f"{name} sent a record of {row.type} that cannot be read", system=name)


async def _settled(calls: Sequence[Coroutine[Any, Any, Batch]]) -> list[Batch | SourceFailure]:
    """Make calls at once and return how each ended; one alone needs no task of its own."""
    if len(calls) == 1:
        try:
            return [await calls[0]]
        except SourceFailure as failure:
            return [failure]
    answers = await asyncio.gather(*calls, return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException) and not isinstance(answer, SourceFailure):
            raise answer
    return [answer for answer in answers if isinstance(answer, Batch | SourceFailure)]


def _chunks(ids: Sequence[str], count: int, size: int, between: int) -> Iterator[list[str]]:
    """Cut ids so that each part keeps both limits: so many ids, so many bytes of URL with what is between them."""
    joined = "".join(ids)
    plain = (joined.isascii() and joined.isalnum()) or PLAIN.fullmatch(joined)
    if len(ids) <= count and plain and len(joined) + len(ids) * between <= size:
        if ids:
            yield [*ids]
        return
    chunk: list[str] = []
    spent = 0
    for id_ in ids:
        length = (len(id_) if PLAIN.fullmatch(id_) else len(quote(id_, safe=""))) + between
        if chunk and (len(chunk) == count or spent + length > size):
            yield chunk
            chunk, spent = [], 0
        chunk.append(id_)
        spent += length
    if chunk:
        yield chunk
