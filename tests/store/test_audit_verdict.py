"""Whatever is done to the audit trail is found, on both databases; what it has forgotten by its own rules is not."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, text, update

from store import database
from store.audit import Anchor, Entry, Kind, anchor, append
from store.audit_retention import Pruned, Rule, Span, Whose, erase, mentioned, prune
from store.audit_tables import AUDIT, PERSONAL
from store.audit_verdict import Break, verify
from store.transaction import transaction
from tests.store.tampering import WAYS, Trail

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncEngine

NOW = datetime(2026, 4, 8, 9, tzinfo=UTC)
SEED = 20260408
# The verdict is the same code; what PostgreSQL adds is how it reads.
TIMES = {"sqlite": 1_000, "postgresql": 300}
RULE = Rule(10, timedelta(days=730))
ADA, BEN = "northbeam.10022", "northbeam.10007"


def entry(number: int) -> Entry:
    """A write; one in three has texts, one in four is Ben's."""
    return Entry(
        kind=Kind.WRITE,
        actor=BEN if number % 4 == 0 else ADA,
        on_behalf_of=BEN if number % 7 == 0 else None,
        correlation_id=f"c-{number}",
        command_id=f"cmd-{number // 5}",
        command="prepareInvoice",
        body={"ids": {"erp": f"P-{number:06}"}, "after": {"amount": f"{number}.00"}},
        personal={"note": f"note {number}", "name": "Jane Doe"} if number % 3 == 0 else {},
    )


async def written(engine: AsyncEngine, count: int = 50, at: datetime = NOW, start: int = 1) -> None:
    """Append some records."""
    async with transaction(engine) as connection:
        await append(connection, at, [entry(number) for number in range(start, start + count)])


def holding(folder: Path, text: bytes) -> list[str]:
    """Return the names of the files that hold this."""
    return [file.name for file in folder.iterdir() if text in file.read_bytes()]


async def read(engine: AsyncEngine) -> Trail:
    """Read both tables as they are."""
    async with engine.connect() as connection:
        rows = [
            [dict(row) for row in (await connection.execute(select(table).order_by(table.c.sequence))).mappings()]
            for table in (AUDIT, PERSONAL)
        ]
    return Trail(*rows)


@pytest.mark.timeout(180)
async def test_every_tampering_is_found(engine: AsyncEngine) -> None:
    """A thousand random ones on SQLite, over a trail that was pruned and erased from: each is found where it is."""
    await database.migrate(engine)
    await written(engine, 10, NOW - timedelta(days=4_000))
    await written(engine, 30, start=11)
    await erase(engine, NOW, Whose(subject=BEN), "Ada Steward")
    assert await prune(engine, NOW, RULE, "Ada Steward") == Pruned(10, 0)
    await written(engine, 20, start=41)
    whole, known, ways, missed = await read(engine), await anchor(engine), Counter[str](), []
    times = TIMES[engine.dialect.name]
    for number in range(times):
        chance, trail = Random(f"{SEED}/{number}"), Trail(whole.records, whole.texts)  # noqa: S311  no secret
        done = chance.choice(WAYS)(trail, chance)
        ways[done.what] += 1
        async with transaction(engine) as connection:
            await trail.write(connection)
        broken = (await verify(engine, known if done.with_anchor else None)).broken
        if broken is None or not done.is_at(broken.sequence):
            missed.append((number, done, broken))
    print(f"{times} tamperings of {len(ways)} kinds, {len(missed)} not found; seed {SEED}")  # noqa: T201
    assert missed == []
    assert len(ways) == 23
    async with transaction(engine) as connection:
        await whole.write(connection)
    verdict = await verify(engine, known)
    assert (verdict.records, verdict.broken, verdict.last) == (52, None, known)


@pytest.mark.parametrize("count", [1_999, 2_000, 2_001, 4_500])
async def test_a_trail_of_several_batches(engine: AsyncEngine, count: int) -> None:
    """What is read in parts is followed across them, with the texts of each."""
    await database.migrate(engine)
    await written(engine, count)
    assert (await verify(engine, await anchor(engine)))[:2] == (count, 0)
    async with transaction(engine) as connection:
        await connection.execute(update(PERSONAL).where(PERSONAL.c.sequence == count - count % 3).values(text="x"))
    assert (await verify(engine)).broken == Break(count - count % 3, "has another text than was recorded: name")


async def test_a_record_of_another_form_is_found(engine: AsyncEngine) -> None:
    """What is hashed rightly and is none of our records is a break too."""
    await database.migrate(engine)
    await written(engine, 5)
    for content in ("{}", "", "[1]", "null"):
        trail = await read(engine)
        trail.records[3]["content"] = content
        trail.rehash(3)
        async with transaction(engine) as connection:
            await trail.write(connection)
        assert (await verify(engine)).broken == Break(4, "is none of this trail")


async def test_what_is_no_text_is_found(engine: AsyncEngine) -> None:
    """A file of SQLite can be made to hold anything: it is a break, not a crash."""
    if engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL keeps a column's type")
    await database.migrate(engine)
    await written(engine, 5)
    whole = await read(engine)
    for column in ("at", "kind", "actor", "content", "previous", "hash"):
        for value in ("CAST(x'ff' AS TEXT)", "x'ff'", "17", "''"):
            async with transaction(engine) as connection:
                await whole.write(connection)
                await connection.execute(text(f"UPDATE audit SET {column} = {value} WHERE sequence = 3"))  # noqa: S608
            broken = (await verify(engine)).broken
            assert broken is not None, (column, value)
            assert broken.sequence == 3


async def test_texts_of_a_person_are_erased(engine: AsyncEngine) -> None:
    """Of what Ben did or was done for him: the texts are gone, the chain is whole and says who erased them."""
    await database.migrate(engine)
    await written(engine, 30)
    theirs = [number for number in range(3, 31, 3) if number % 4 == 0 or number % 7 == 0]
    assert theirs == [12, 21, 24]
    known = await anchor(engine)
    spans = [Span(number, number) for number in theirs]
    assert await mentioned(engine, Whose(subject=BEN)) == spans
    assert await erase(engine, NOW, Whose(subject=BEN), "Ada Steward") == spans
    trail = await read(engine)
    assert sorted({row["sequence"] for row in trail.texts if row["text"] is None}) == theirs
    assert {row["salt"] for row in trail.texts if row["text"] is None} == {None}
    assert [row["sequence"] for row in trail.texts if row["text"] is None and row["name"] == "note"] == theirs
    last = trail.records[-1]
    assert (last["kind"], last["actor"], last["sequence"]) == ("ERASURE", "Ada Steward", 31)
    assert '"body":{"reason":"REQUEST","records":[[12,12],[21,21],[24,24]]}' in last["content"]
    assert (await verify(engine, known))[:2] == (31, 6)
    assert await erase(engine, NOW, Whose(subject=BEN), "Ada Steward") == []
    assert (await anchor(engine)).sequence == 31


async def test_whose_texts_are_meant(engine: AsyncEngine) -> None:
    """Words are looked for in the texts as they are written, whatever they are to a database; numbers are taken."""
    await database.migrate(engine)
    await written(engine, 30)
    assert await mentioned(engine, Whose(mentions="NOTE 2")) == [Span(21, 21), Span(24, 24), Span(27, 27)]
    for nobody in (Whose(mentions="note_3"), Whose(mentions="%"), Whose(subject="northbeam.1002"), Whose(records=[4])):
        assert await mentioned(engine, nobody) == []
    assert await mentioned(engine, Whose(records=[3, 4, 6], subject="x")) == [Span(3, 3), Span(6, 6)]


async def test_an_erased_text_is_not_in_the_file(engine: AsyncEngine, tmp_path: Path) -> None:
    """Neither in SQLite's file nor in its log does anything of it remain."""
    if engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL's own vacuum sees to it")
    await database.migrate(engine)
    secret = "Jane Doe of Golden Finch " * 200
    async with transaction(engine) as connection:
        one = Entry(kind=Kind.DECISION, actor=ADA, correlation_id="c", personal={"reason": secret})
        await append(connection, NOW, [one] * 20)
    assert holding(tmp_path, b"Golden Finch") != []
    await erase(engine, NOW, Whose(mentions="golden finch"), "Ada Steward")
    assert holding(tmp_path, b"Golden Finch") == []


async def test_what_is_too_old_is_removed(engine: AsyncEngine) -> None:
    """Records after ten years and texts after two: the trail begins later, and is whole."""
    await database.migrate(engine)
    await written(engine, 12, datetime(2016, 4, 8, 8, 59, 59, 999_999, tzinfo=UTC))
    await written(engine, 8, datetime(2016, 4, 8, 9, tzinfo=UTC), start=13)
    await written(engine, 10, NOW - timedelta(days=731), start=21)
    await written(engine, 10, NOW - timedelta(days=730), start=31)
    known = await anchor(engine)
    assert await prune(engine, NOW, RULE, "Ada Steward") == Pruned(12, 6)
    trail = await read(engine)
    assert [row["sequence"] for row in trail.records] == list(range(13, 43))
    assert [row["kind"] for row in trail.records[-2:]] == ["RETENTION", "ERASURE"]
    hash_ = trail.records[0]["previous"]
    assert f'"body":{{"hash":"{hash_}","keep_years":10,"records":[[1,12]]}}' in trail.records[-2]["content"]
    assert [row["sequence"] for row in trail.texts if row["text"] is not None] == [33, 33, 36, 36, 39, 39]
    assert (await verify(engine, known))[:2] == (30, 12)
    assert (await verify(engine, Anchor(12, hash_, None))).broken is None
    assert await prune(engine, NOW, RULE, "Ada Steward") == Pruned(0, 0)
    assert (await anchor(engine)).sequence == 42


async def test_all_may_be_too_old(engine: AsyncEngine) -> None:
    """Of a trail that nobody wrote to for years, the record of its removal remains, and the next follows it."""
    await database.migrate(engine)
    await written(engine, 5, NOW - timedelta(days=4_000))
    assert await prune(engine, NOW, RULE, "Ada Steward") == Pruned(5, 0)
    await written(engine, 5, start=6)
    assert (await verify(engine)).records == 6
    assert (await verify(engine)).broken is None


async def test_an_anchor_from_before_the_removal(engine: AsyncEngine) -> None:
    """It cannot be compared any more, and that is no approval; nor is another trail's."""
    await database.migrate(engine)
    await written(engine, 5, NOW - timedelta(days=4_000))
    old = await anchor(engine)
    await written(engine, 5, NOW - timedelta(days=4_000), start=6)
    await prune(engine, NOW, RULE, "Ada Steward")
    said = "was removed by retention; verify with an anchor exported after that"
    assert (await verify(engine, old)).broken == Break(5, said)
    other = Anchor(10, "0" * 64, None)
    assert (await verify(engine, other)).broken == Break(10, "is not the one that the anchor knows")


async def test_old_records_behind_newer_ones_stay(engine: AsyncEngine) -> None:
    """Only the old end is removed: a clock that went wrong makes no hole in the chain."""
    await database.migrate(engine)
    await written(engine, 3, NOW - timedelta(days=4_000))
    await written(engine, 3, NOW, start=4)
    await written(engine, 3, NOW - timedelta(days=4_000), start=7)
    assert await prune(engine, NOW, RULE, "Ada Steward") == Pruned(3, 0)
    assert (await verify(engine))[:2] == (7, 0)


async def test_verifying_while_others_write(engine: AsyncEngine) -> None:
    """It judges the trail as it was at one moment: neither what is appended nor what is erased meanwhile breaks it."""
    await database.migrate(engine)
    await written(engine, 3_000)
    verdict, *_ = await asyncio.gather(
        verify(engine), erase(engine, NOW, Whose(subject=BEN), "Ada"), written(engine, 500, start=3_001)
    )
    assert verdict.broken is None
    assert (await verify(engine)).broken is None
