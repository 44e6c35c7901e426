"""The audit trail on both databases: one chain, whoever writes at once."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from store import database
from store.audit import GENESIS, Anchor, Entry, Kind, Record, anchor, append, records
from store.audit_tables import AUDIT, PERSONAL
from store.audit_verdict import verify
from store.transaction import transaction

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

NOW = datetime(2026, 4, 8, 9, tzinfo=UTC)
ACCEPTED = Entry(
    kind=Kind.ACCEPTED,
    actor="northbeam.10022",
    on_behalf_of="northbeam.10007",
    roles=["engagement-manager"],
    versions={"tiers": "1", "authority": "3"},
    correlation_id="c-1",
    command_id="cmd-1",
    command="convertOpportunity",
    body={"ids": {"psa": "4200007", "crm": "OPP-020"}, "before": None, "after": {"amount": "125000.00"}, "items": [1]},
)
REFUSED = Entry(kind=Kind.REFUSED, actor="northbeam.10022", correlation_id="c-2", personal={"reason": "Müller rang"})
# Reckoned once with another tool; no release may ever write another one for these two records.
GOLDEN = [
    "043085b11b2680deea879018b8d960ac1d6e6284603c0c9aee00496ff27e4d83",
    "b6356c294e013d9d36ee1c77bff3abc41b63c59a7ba5fde0340bfffaa4a02ea6",
]


async def all_records(engine: AsyncEngine) -> list[Record]:
    """Return the whole trail."""
    return [record async for record in records(engine, 1)]


def framed(*parts: str) -> str:
    """Reckon the hash of parts as the format says, apart from the code under test."""
    encoded = [part.encode() for part in parts]
    return hashlib.sha256(b"".join(len(part).to_bytes(8, "big") + part for part in encoded)).hexdigest()


async def test_a_record_is_written_as_the_format_says(engine: AsyncEngine) -> None:
    """Content, order and hashes are exact, and the same on both databases for ever."""
    await database.migrate(engine)
    async with transaction(engine) as connection:
        await append(connection, NOW, [ACCEPTED, ACCEPTED])
    first, second = await all_records(engine)
    assert first.content == (
        '{"actor":"northbeam.10022","body":{"after":{"amount":"125000.00"},"before":null,'
        '"ids":{"crm":"OPP-020","psa":"4200007"},"items":[1]},"command":"convertOpportunity","command_id":"cmd-1",'
        '"correlation_id":"c-1","on_behalf_of":"northbeam.10007","personal":{},"roles":["engagement-manager"],'
        '"versions":{"authority":"3","tiers":"1"}}'
    )
    assert (first.sequence, first.at, first.kind) == (1, "2026-04-08T09:00:00.000000Z", "ACCEPTED")
    assert (first.previous, second.previous) == (framed("colonnade audit genesis 1"), first.hash)
    assert [first.hash, second.hash] == GOLDEN
    assert second.hash == framed("colonnade audit record 1", first.hash, "2", second.at, second.kind, second.content)
    assert await anchor(engine) == Anchor(2, second.hash, second.at)


async def test_a_text_stands_beside_the_chain(engine: AsyncEngine) -> None:
    """The record holds no more of it than a salted hash; the same text has another hash in the next record."""
    await database.migrate(engine)
    async with transaction(engine) as connection:
        await append(connection, NOW, [REFUSED, REFUSED])
    async with engine.connect() as connection:
        texts = (await connection.execute(select(PERSONAL).order_by(PERSONAL.c.sequence))).all()
    hashes = [framed("colonnade audit text 1", row.salt, "reason", row.text) for row in texts]
    assert [(row.sequence, row.name, row.text) for row in texts] == [
        (1, "reason", "Müller rang"),
        (2, "reason", "Müller rang"),
    ]
    assert len({row.salt for row in texts}) == len(set(hashes)) == 2
    for record, hash_ in zip(await all_records(engine), hashes, strict=True):
        assert f'"personal":{{"reason":"{hash_}"}}' in record.content
        assert "Müller" not in record.content


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "", "x" * 100_000, "'; DROP TABLE audit; --"])
async def test_whatever_was_sent_can_be_recorded(engine: AsyncEngine, text: str) -> None:
    """What no database takes as text becomes text that stands for it: a refusal is recorded nevertheless."""
    await database.migrate(engine)
    async with transaction(engine) as connection:
        await append(connection, NOW, [Entry(kind=Kind.REFUSED, actor="a", correlation_id="c", personal={"t": text})])
    async with engine.connect() as connection:
        kept = await connection.scalar(select(PERSONAL.c.text))
    assert kept == {"a\0b": "a\ufffdb", "\ud800": "?"}.get(text, text)
    assert (await verify(engine)).broken is None


async def test_many_writers_make_one_chain(url: str, engine: AsyncEngine) -> None:
    """Sixty that append at once, as of three processes, leave neither gap nor fork; what is rolled back, no trace."""
    await database.migrate(engine)
    engines = [engine, database.connect(url), database.connect(url)]

    async def write(number: int) -> None:
        async with transaction(engines[number % 3]) as connection:
            await append(connection, NOW, [ACCEPTED, REFUSED])
            if number % 5 == 0:
                raise LookupError

    done = await asyncio.gather(*(write(number) for number in range(60)), return_exceptions=True)
    for other in engines[1:]:
        await other.dispose()
    assert [type(one) for one in done if one is not None] == [LookupError] * 12
    chain = await all_records(engine)
    assert [record.sequence for record in chain] == list(range(1, 97))
    assert [record.previous for record in chain] == [GENESIS, *(record.hash for record in chain[:-1])]
    async with engine.connect() as connection:
        assert await connection.scalar(select(func.count()).select_from(PERSONAL)) == 48
    verdict = await verify(engine)
    assert (verdict.records, verdict.broken, verdict.last) == (96, None, await anchor(engine))


async def test_one_transaction_appends_several_times(engine: AsyncEngine) -> None:
    """Records of one transaction follow each other, none is nothing, and five hundred are one go."""
    await database.migrate(engine)
    async with transaction(engine) as connection:
        await append(connection, NOW, [])
        await append(connection, NOW, [ACCEPTED])
        await append(connection, NOW, [ACCEPTED] * 500)
    assert (await anchor(engine)).sequence == 501
    assert (await verify(engine)).broken is None


async def test_the_table_repeats_what_the_content_says(engine: AsyncEngine) -> None:
    """Records can be looked up by command and by person."""
    await database.migrate(engine)
    async with transaction(engine) as connection:
        await append(connection, NOW, [ACCEPTED, REFUSED])
    names = ["command_id", "command", "actor", "on_behalf_of", "correlation_id"]
    async with engine.connect() as connection:
        rows: list[Any] = list(await connection.execute(select(*(AUDIT.c[name] for name in names))))
    assert rows == [
        ("cmd-1", "convertOpportunity", "northbeam.10022", "northbeam.10007", "c-1"),
        (None, None, "northbeam.10022", None, "c-2"),
    ]


async def test_an_empty_trail_is_whole(engine: AsyncEngine) -> None:
    """It has an anchor too, and what comes later still follows from it."""
    await database.migrate(engine)
    empty = await anchor(engine)
    assert empty == Anchor(0, GENESIS, None)
    assert await verify(engine, empty) == (0, 0, empty, None)
    async with transaction(engine) as connection:
        await append(connection, NOW, [ACCEPTED])
    assert (await verify(engine, empty)).broken is None
