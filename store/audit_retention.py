"""What the audit trail may forget: texts at a person's request, texts and records that are older than the rule.

The trail says of itself what it has forgotten, so that verification can tell it from what somebody has removed.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
from sqlalchemy import bindparam, delete, func, or_, select, update

from store.audit import AUDIT_LOCK, Entry, Kind, append, head, stamp
from store.audit_tables import AUDIT, PERSONAL
from store.transaction import snapshot, transaction, turn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime, timedelta

    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from store.audit import Json

# How many spans one record of an erasure names.
SPANS: Final = 1_000


class Span(NamedTuple):
    """Records from one to another, both included."""

    first: int
    last: int


class Forgotten(msgspec.Struct):
    """What the body of an ERASURE or a RETENTION says: which records, and the hash of the last that is gone."""

    records: list[Span] = []
    hash: str = ""


class Whose(NamedTuple):
    """Whose texts are meant: of records by or on behalf of a subject, that mention somebody, or of certain numbers."""

    subject: str | None = None
    mentions: str | None = None
    records: Sequence[int] = ()

    def meant(self) -> ColumnElement[bool]:
        """Say it to the database."""
        meant: list[ColumnElement[bool]] = [PERSONAL.c.sequence.in_(self.records)]
        if self.subject is not None:
            meant.append(or_(AUDIT.c.actor == self.subject, AUDIT.c.on_behalf_of == self.subject))
        if self.mentions is not None:
            meant.append(PERSONAL.c.text.icontains(self.mentions, autoescape=True))
        return or_(*meant)


class Rule(NamedTuple):
    """How long records are kept, and how long their texts."""

    years: int
    texts: timedelta


class Pruned(NamedTuple):
    """How many records a rule removed, and of how many it erased the texts."""

    records: int
    texts: int


async def mentioned(engine: AsyncEngine, whose: Whose) -> list[Span]:
    """Return the records that have texts of somebody, not erased yet."""
    async with snapshot(engine) as connection:
        return list(_spans(await _with_texts(connection, whose.meant())))


async def erase(engine: AsyncEngine, now: datetime, whose: Whose, by: str) -> list[Span]:
    """Erase all texts of the records that have texts of somebody, and record it; return these records."""
    async with transaction(engine) as connection:
        await turn(connection, AUDIT_LOCK)
        spans = list(_spans(await _with_texts(connection, whose.meant())))
        await _erase(connection, now, spans, by, {"reason": "REQUEST"})
    await _overwrite(engine)
    return spans


async def prune(engine: AsyncEngine, now: datetime, rule: Rule, by: str) -> Pruned:
    """Remove the records at the old end that are older than the rule, erase the texts that are, and record it.

    The record of it has the hash of the last one that was removed: verification starts there.
    """
    async with transaction(engine) as connection:
        await turn(connection, AUDIT_LOCK)
        removed = await _remove(connection, now, rule, by)
        old = PERSONAL.c.sequence <= await _last_before(connection, now - rule.texts)
        spans = list(_spans(await _with_texts(connection, old)))
        await _erase(connection, now, spans, by, {"reason": "RETENTION", "keep_days": rule.texts.days})
    await _overwrite(engine)
    return Pruned(removed, sum(span.last - span.first + 1 for span in spans))


async def _remove(connection: AsyncConnection, now: datetime, rule: Rule, by: str) -> int:
    last = await _last_before(connection, _years_before(now, rule.years))
    ends = select(func.min(AUDIT.c.sequence), func.count()).where(AUDIT.c.sequence <= last)
    first, count = (await connection.execute(ends)).one()
    if not count:
        return 0
    hash_ = await connection.scalar(select(AUDIT.c.hash).where(AUDIT.c.sequence == last))
    body: dict[str, Json] = {"records": [[first, last]], "hash": hash_, "keep_years": rule.years}
    await append(connection, now, [_own(Kind.RETENTION, by, body)])
    for table in (PERSONAL, AUDIT):
        await connection.execute(delete(table).where(table.c.sequence <= last))
    return int(count)


async def _erase(
    connection: AsyncConnection, now: datetime, spans: Iterable[Span], by: str, why: Mapping[str, Json]
) -> None:
    gone = (
        update(PERSONAL)
        .where(PERSONAL.c.sequence.between(bindparam("first"), bindparam("last")))
        .values(text=None, salt=None)
    )
    rest = iter(spans)
    while part := list(islice(rest, SPANS)):
        await append(connection, now, [_own(Kind.ERASURE, by, {"records": part, **why})])
        await connection.execute(gone, [span._asdict() for span in part])


def _own(kind: Kind, by: str, body: Mapping[str, Json]) -> Entry:
    return Entry(kind=kind, actor=by, correlation_id="", body=body)


async def _with_texts(connection: AsyncConnection, which: ColumnElement[bool]) -> Sequence[int]:
    found = (
        select(PERSONAL.c.sequence)
        .distinct()
        .join(AUDIT, AUDIT.c.sequence == PERSONAL.c.sequence)
        .where(PERSONAL.c.text.is_not(None), which)
        .order_by(PERSONAL.c.sequence)
    )
    return (await connection.scalars(found)).all()


async def _last_before(connection: AsyncConnection, limit: datetime) -> int:
    """Return the last record before the first one that is not older than the limit."""
    first = await connection.scalar(select(func.min(AUDIT.c.sequence)).where(AUDIT.c.at >= stamp(limit)))
    return (await head(connection)).sequence if first is None else int(first) - 1


async def _overwrite(engine: AsyncEngine) -> None:
    """Have SQLite overwrite what its log still holds of erased texts, if nobody reads it now; or the next time."""
    if engine.dialect.name == "sqlite":
        async with engine.connect() as connection:
            await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def _spans(sequences: Iterable[int]) -> Iterator[Span]:
    span: Span | None = None
    for sequence in sequences:
        if span is not None and sequence == span.last + 1:
            span = Span(span.first, sequence)
        else:
            if span is not None:
                yield span
            span = Span(sequence, sequence)
    if span is not None:
        yield span


def _years_before(now: datetime, years: int) -> datetime:
    try:
        return now.replace(year=now.year - years)
    except ValueError:  # the 29th of February
        return now.replace(year=now.year - years, day=28)
