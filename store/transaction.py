"""The one way to change the store, and the one way to read it as it was at one moment."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

from sqlalchemy import exc, func, select

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from sqlalchemy import Engine
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

# How long a writer waits for others, and how long one that has fallen silent may keep them waiting.
WAIT: Final = 10
SILENT: Final = 60
BOUNDS: Final = f"SET LOCAL lock_timeout = '{WAIT}s'; SET LOCAL idle_in_transaction_session_timeout = '{SILENT}s'"

AWAY: Final = "the store does not answer; see to it, then try again"
HELD: Final = "another writer holds the store; try again"
FULL: Final = "the store's disk is full; make room, then try again"
READ_ONLY: Final = "the store is read-only; make it writable, then try again"
# SQLite's primary result codes, and PostgreSQL's SQLSTATEs.
CAUSES: Final = {
    5: HELD,
    6: HELD,
    8: READ_ONLY,
    13: FULL,
    "25006": READ_ONLY,
    "40P01": HELD,
    "53100": FULL,
    "55P03": HELD,
}

# One turn for all writers of this process on SQLite: its own waiting is by chance, each in a thread and a connection.
_TURNS: WeakKeyDictionary[Engine, asyncio.Lock] = WeakKeyDictionary()


class StoreUnavailableError(Exception):
    """The store did not answer, or did not take what was to be written; trying again may help.

    Nothing was changed, unless the answer to the very commit was lost.
    """


@asynccontextmanager
async def transaction(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """Open a transaction that is committed at the end, or leaves no trace if anything is raised.

    On SQLite nobody else writes meanwhile, so that what is read in it stays true; on PostgreSQL others write, and what
    must not overlap takes a `turn`. Raises StoreUnavailableError after 10 seconds of waiting for other writers, and
    where the store is away, full or read-only. One that is opened within another waits for itself, in vain.
    """
    with _told():
        if engine.dialect.name == "sqlite":
            async with _alone(engine), engine.begin() as connection:
                await connection.exec_driver_sql("BEGIN IMMEDIATE")
                yield connection
        else:
            async with engine.begin() as connection:
                await connection.exec_driver_sql(BOUNDS)
                yield connection


@asynccontextmanager
async def snapshot(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """Read the store as it is at one moment, whatever others write meanwhile, or raise StoreUnavailableError."""
    with _told():
        async with engine.connect() as connection:
            if engine.dialect.name == "sqlite":
                await connection.exec_driver_sql("BEGIN")
            else:
                await connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection


async def turn(connection: AsyncConnection, lock: int) -> None:
    """Wait until nobody else has the turn of this number; it is given back when the transaction ends.

    A `transaction` on SQLite has every turn already.
    """
    if connection.dialect.name == "postgresql":
        await connection.execute(select(func.pg_advisory_xact_lock(lock)))


@asynccontextmanager
async def _alone(engine: AsyncEngine) -> AsyncIterator[None]:
    mine = _TURNS.setdefault(engine.sync_engine, asyncio.Lock())
    try:
        async with asyncio.timeout(WAIT):
            await mine.acquire()
    except TimeoutError as error:
        raise StoreUnavailableError(HELD) from error
    try:
        yield
    finally:
        mine.release()


@contextmanager
def _told() -> Iterator[None]:
    """Say of a failure of the database what an operator needs, and nothing that the database said."""
    try:
        yield
    except (exc.OperationalError, exc.InternalError, exc.InterfaceError) as error:
        raise StoreUnavailableError(_cause(error.orig)) from error
    except exc.TimeoutError as error:
        raise StoreUnavailableError(HELD) from error


def _cause(error: BaseException | None) -> str:
    code = getattr(error, "sqlstate", None) or getattr(error, "sqlite_errorcode", 0) & 0xFF
    return CAUSES.get(code, AWAY)
