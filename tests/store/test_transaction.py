"""The store's one transaction: all or nothing, one writer at a time on SQLite, and a clear word where it cannot be."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event, func, insert, select

from store import database, transaction
from store.tables import ALIASES
from store.transaction import FULL, HELD, READ_ONLY, StoreUnavailableError, snapshot, turn

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.ext.asyncio import AsyncEngine

NOW = datetime(2026, 4, 8, 9, tzinfo=UTC)
LOCK = 0x7E57


def row(number: int, padding: str = "") -> dict[str, Any]:
    """A row of some table."""
    return {"old_id": f"old {number}", "new_id": f"new {padding}", "decided_by": "Ada", "valid_from": NOW}


async def write(engine: AsyncEngine, number: int, padding: str = "") -> None:
    """Write a row in a transaction of its own."""
    async with transaction.transaction(engine) as connection:
        await connection.execute(insert(ALIASES).values(row(number, padding)))


async def write_and_raise(engine: AsyncEngine, error: type[BaseException]) -> None:
    """Write a row, and change one's mind."""
    async with transaction.transaction(engine) as connection:
        await connection.execute(insert(ALIASES).values(row(1)))
        raise error


async def count(engine: AsyncEngine) -> int:
    """Return how many rows there are."""
    async with snapshot(engine) as connection:
        return await connection.scalar(select(func.count()).select_from(ALIASES)) or 0


async def refused(engine: AsyncEngine, padding: str = "") -> str:
    """Write a row that is not taken; return what is said, and see that what was there before can still be read."""
    with pytest.raises(StoreUnavailableError) as said:
        await write(engine, 2, padding)
    assert await count(engine) == 1
    return str(said.value)


def on_sqlite(engine: AsyncEngine) -> bool:
    """Tell which of the two databases it is."""
    return engine.dialect.name == "sqlite"


def set_up(engine: AsyncEngine, statement: str) -> None:
    """Have every connection from now on begin with a statement."""

    def say(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute(statement)
        cursor.close()
        connection.commit()

    event.listen(engine.sync_engine, "connect", say)


async def test_all_or_nothing(engine: AsyncEngine) -> None:
    """What is raised in it comes out as it is, and nothing of it was written; nor where it was cancelled."""
    await database.migrate(engine)
    for error in (LookupError, asyncio.CancelledError, TimeoutError):
        with pytest.raises(error):
            await write_and_raise(engine, error)
    assert await count(engine) == 0


async def test_what_is_read_in_it_stays_true(engine: AsyncEngine) -> None:
    """Fifty that count and then write, under one turn, all count another number."""
    await database.migrate(engine)

    async def one() -> int:
        async with transaction.transaction(engine) as connection:
            await turn(connection, LOCK)
            found = await connection.scalar(select(func.count()).select_from(ALIASES)) or 0
            await connection.execute(insert(ALIASES).values(row(found)))
            return found

    assert sorted(await asyncio.gather(*(one() for _ in range(50)))) == list(range(50))


async def test_reading_goes_on_beside_a_writer(engine: AsyncEngine) -> None:
    """Two dozen that want to write keep nobody from reading what was there before, and see none of each other."""
    await database.migrate(engine)
    async with transaction.transaction(engine) as connection:
        await turn(connection, LOCK)
        await connection.execute(insert(ALIASES).values(row(0)))
        waiting = [asyncio.create_task(write(engine, number)) for number in range(1, 25)] if on_sqlite(engine) else []
        await asyncio.sleep(0.05)
        assert await asyncio.wait_for(count(engine), 1) == 0
        assert [task for task in waiting if task.done()] == []
    await asyncio.gather(*waiting)
    assert await count(engine) == 1 + len(waiting)


async def test_a_snapshot_is_one_moment(engine: AsyncEngine) -> None:
    """What others write after its first reading is not seen in it."""
    await database.migrate(engine)
    async with snapshot(engine) as connection:
        counted = select(func.count()).select_from(ALIASES)
        assert await connection.scalar(counted) == 0
        await write(engine, 1)
        assert await connection.scalar(counted) == 0
    assert await count(engine) == 1


async def test_another_process_writes_for_too_long(
    url: str, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever waits is told so after a bounded time, and writes once the other has ended."""
    await database.migrate(engine)
    await write(engine, 1)
    other = database.connect(url)
    monkeypatch.setattr(transaction, "BOUNDS", "SET LOCAL lock_timeout = '50ms'")
    await engine.dispose()
    if on_sqlite(engine):
        set_up(engine, "PRAGMA busy_timeout = 50")
    async with transaction.transaction(other) as connection:
        await connection.execute(insert(ALIASES).values(row(2)))
        assert await refused(engine) == HELD
    await other.dispose()
    await write(engine, 3)
    assert await count(engine) == 3


async def test_another_task_writes_for_too_long(engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one process the turns on SQLite are bounded too, and a turn that was not got is not kept."""
    if not on_sqlite(engine):
        pytest.skip("PostgreSQL has many writers")
    await database.migrate(engine)
    monkeypatch.setattr(transaction, "WAIT", 0.05)
    async with transaction.transaction(engine) as connection:
        await connection.execute(insert(ALIASES).values(row(1)))
        with pytest.raises(StoreUnavailableError, match="another writer"):
            await write(engine, 2)
    await write(engine, 3)
    assert await count(engine) == 2


async def test_a_store_that_may_only_be_read(engine: AsyncEngine) -> None:
    """It is said that it is read-only, and reading goes on."""
    await database.migrate(engine)
    await write(engine, 1)
    await engine.dispose()
    set_up(engine, "PRAGMA query_only = ON" if on_sqlite(engine) else "SET default_transaction_read_only = on")
    assert await refused(engine) == READ_ONLY


async def test_a_full_disk(engine: AsyncEngine) -> None:
    """It is said that the disk is full, reading goes on, and what fits afterwards is written."""
    if not on_sqlite(engine):
        pytest.skip("a server's disk is not a test's to fill")
    await database.migrate(engine)
    await write(engine, 1)
    await engine.dispose()
    set_up(engine, "PRAGMA max_page_count = 1")  # no fewer than it has already
    assert await refused(engine, "x" * 1_000_000) == FULL
    await write(engine, 3)
    assert await count(engine) == 2


@pytest.mark.parametrize(
    "address",
    [
        "postgresql+psycopg://postgres:s3cret@127.0.0.1:1/nowhere",
        "sqlite+aiosqlite:////proc/nowhere/store.db",
    ],
)
@pytest.mark.parametrize("opened", [transaction.transaction, snapshot])
async def test_a_store_that_is_away(address: str, opened: Callable[[AsyncEngine], Any]) -> None:
    """It is said without its address, its secret or the database's own words."""
    engine = database.connect(address)
    with pytest.raises(StoreUnavailableError) as said:
        async with opened(engine):
            pytest.fail("nobody answers there")
    assert str(said.value) == transaction.AWAY
    await engine.dispose()
