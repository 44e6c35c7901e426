"""Whether the audit trail is whole: every record is read in order, some at a time."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
from sqlalchemy import select

from store.audit import COPIED, GENESIS, RECORD, TEXT, Anchor, Kind, digest
from store.audit_retention import Forgotten, Span
from store.audit_tables import AUDIT, PERSONAL
from store.transaction import snapshot

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping, Sequence

    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

AT_ONCE: Final = 2_000


class Break(NamedTuple):
    """Where the trail is broken first, and how."""

    sequence: int
    what: str


class Verdict(NamedTuple):
    """What was found: how many records are whole, how many texts erased, the last whole record, and the first break."""

    records: int
    erased: int
    last: Anchor
    broken: Break | None


class _Content(msgspec.Struct):
    command_id: str | None
    command: str | None
    actor: str
    on_behalf_of: str | None
    correlation_id: str
    personal: dict[str, str]


class _Own(msgspec.Struct):
    body: Forgotten


class _Broken(Exception):
    """Ends the walk; its arguments are those of the Break."""


async def verify(engine: AsyncEngine, anchor: Anchor | None = None) -> Verdict:
    """Look for the first record that was changed, removed, inserted, moved or cut off, or whose texts were.

    Without an anchor the trail speaks for itself alone: that its end is missing, or that all of it was written anew
    from some record on, is seen against an anchor that was exported after that record.
    """
    broken = None
    async with snapshot(engine) as connection, _bytes_as_they_are(connection):
        walk = _Walk(*await _forgotten(connection), anchor)
        try:
            walk.begin()
            async for rows, texts in _batches(connection):
                for row in rows:
                    walk.follow(row, texts.pop(row.sequence, {}))
                if texts:
                    raise _Broken(min(texts, key=str), "has a text, but no record")  # noqa: TRY301
            walk.end()
        except _Broken as found:
            broken = Break(*found.args)
    return Verdict(walk.records, walk.erased, walk.last, broken)


class _Walk:
    """The way along the chain: what was seen so far, and what must come next."""

    def __init__(self, start: Anchor, erasable: Sequence[Span], anchor: Anchor | None) -> None:
        self.last, self.records, self.erased = start, 0, 0
        self._erasable, self._anchor = erasable, anchor

    def begin(self) -> None:
        if self._anchor is not None and self._anchor.sequence < self.last.sequence:
            raise _Broken(self._anchor.sequence, "was removed by retention; verify with an anchor exported after that")
        self._compare()

    def follow(self, row: Row[Any], texts: Mapping[str, tuple[str | None, str | None]]) -> None:
        expected = self.last.sequence + 1
        if row.sequence != expected:
            raise _Broken(min(row.sequence, expected), "is missing" if row.sequence > expected else "has no place")
        if row.previous != self.last.hash:
            raise _Broken(expected, "does not follow the one before it")
        # What a database's file was made to hold need not be text.
        if row.hash != digest(RECORD, row.previous, str(row.sequence), str(row.at), str(row.kind), str(row.content)):
            raise _Broken(expected, "was changed")
        try:
            content = msgspec.json.decode(row.content, type=_Content)
        except msgspec.MsgspecError as error:
            raise _Broken(expected, "is none of this trail") from error
        if any(getattr(row, name) != getattr(content, name) for name in COPIED):
            raise _Broken(expected, "is listed as what it is not")
        self._read(expected, content.personal, texts)
        self.last, self.records = Anchor(expected, row.hash, row.at), self.records + 1
        self._compare()

    def end(self) -> None:
        if self._anchor is not None and self._anchor.sequence > self.last.sequence:
            raise _Broken(self.last.sequence + 1, "is missing: the trail ends before its anchor")

    def _compare(self) -> None:
        known = self._anchor
        if known is not None and known.sequence == self.last.sequence and known.hash != self.last.hash:
            raise _Broken(known.sequence, "is not the one that the anchor knows")

    def _read(self, sequence: int, hashes: Mapping[str, str], texts: Mapping[str, Any]) -> None:
        if hashes.keys() != texts.keys():
            raise _Broken(sequence, "has other texts than were recorded")
        for name, (text, salt) in texts.items():
            if text is None and salt is None and self._may_be_erased(sequence):
                self.erased += 1
            elif digest(TEXT, str(salt), name, str(text)) != hashes[name]:
                raise _Broken(sequence, f"has another text than was recorded: {name}")

    def _may_be_erased(self, sequence: int) -> bool:
        before = bisect_right(self._erasable, sequence, key=lambda span: span.first)
        return before > 0 and sequence <= self._erasable[before - 1].last


async def _forgotten(connection: AsyncConnection) -> tuple[Anchor, list[Span]]:
    """Return after which record the trail begins, and whose texts may be erased, by what it says itself."""
    start, erased = Anchor(0, GENESIS, None), []
    kinds = (Kind.ERASURE.value, Kind.RETENTION.value)
    own = select(AUDIT.c.kind, AUDIT.c.content).where(AUDIT.c.kind.in_(kinds)).order_by(AUDIT.c.sequence)
    for kind, content in await connection.execute(own):
        try:
            said = msgspec.json.decode(content, type=_Own).body
        except msgspec.MsgspecError:
            continue  # it was changed: the walk will come to it, or find no beginning
        if kind == Kind.ERASURE.value:
            erased.extend(said.records)
        elif said.records:
            start = Anchor(said.records[-1].last, said.hash, None)
    return start, _merged(erased)


def _merged(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.first <= merged[-1].last + 1:
            merged[-1] = Span(merged[-1].first, max(span.last, merged[-1].last))
        else:
            merged.append(span)
    return merged


async def _batches(connection: AsyncConnection) -> AsyncIterator[tuple[Sequence[Row[Any]], dict[int, dict[str, Any]]]]:
    """Yield records in order, with all texts up to the last of them."""
    records, texts = (select(table).order_by(*table.primary_key) for table in (AUDIT, PERSONAL))
    full = True
    while full:
        rows = (await connection.execute(records.limit(AT_ONCE))).all()
        full = len(rows) == AT_ONCE
        upto = texts.where(PERSONAL.c.sequence <= rows[-1].sequence) if full else texts
        by_record: dict[int, dict[str, Any]] = defaultdict(dict)
        for sequence, name, text, salt in await connection.execute(upto):
            by_record[sequence][name] = (text, salt)
        yield rows, by_record
        if full:
            records, texts = (
                select(table).where(table.c.sequence > rows[-1].sequence).order_by(*table.primary_key)
                for table in (AUDIT, PERSONAL)
            )


@asynccontextmanager
async def _bytes_as_they_are(connection: AsyncConnection) -> AsyncIterator[None]:
    """Read also what is no UTF-8, as only an SQLite file can be made to hold: it must be found, not end the walk."""
    if connection.dialect.name != "sqlite":
        yield
        return
    driver: Any = (await connection.get_raw_connection()).driver_connection
    driver.text_factory = lambda text: text.decode("utf-8", "backslashreplace")
    try:
        yield
    finally:
        driver.text_factory = str
