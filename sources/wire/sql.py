"""SQL: one SELECT of a database that is only read, its rows as they are, and its failures by the name of their kind."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import TYPE_CHECKING, Any

from sqlalchemy import column, make_url, select, table, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import create_async_engine

from schema.problems import Code
from sources.contract import SourceFailure
from sources.wire.duckdb import DuckDb

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import URL, ColumnElement, Select
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from sources.contract import Request
    from sources.families.sql import Select as Asked
    from sources.families.sql import Term
    from sources.manifest import Limits

# The classes of SQLSTATE (PostgreSQL 15, appendix A) that mean one thing whatever the statement was, and two states
# that mean another than their class.
CLASSES = {
    "08": Code.SOURCE_UNAVAILABLE,  # connection exception
    "28": Code.SOURCE_DENIED,  # invalid authorization
    "53": Code.SOURCE_THROTTLED,  # insufficient resources
    "57": Code.SOURCE_UNAVAILABLE,  # operator intervention
}
STATES = {"42501": Code.SOURCE_DENIED, "57014": Code.SOURCE_TIMEOUT}
# SQLite's result codes: the file is busy, locked, cannot be opened or read.
AWAY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR})


class SqlTransport:
    """The connections to one database. It is told to refuse writes, and no statement but a SELECT is made."""

    def __init__(self, address: str, credentials: Mapping[str, str], limits: Limits) -> None:
        """Take the address of the database, the reader's name and password, and what one read may cost."""
        self._most = limits.answer_bytes
        self._database = _database(address, credentials, limits)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._database.aclose()

    async def exchange(
        self, request: Request, credential: str | None, trace: Mapping[str, str]
    ) -> Sequence[Mapping[str, Any]]:
        """Return the rows, or raise SourceFailure. Being cancelled ends the read in the database, too."""
        del credential  # the connection has its own
        read = _statement(request.body).suffix_with(text(_comment(trace)))
        try:
            rows = await self._database.rows(read)
        except (OSError, DBAPIError) as error:
            raise SourceFailure(_kind(error), f"the database refused: {type(error).__name__}") from error
        if _size(rows) > self._most:
            raise SourceFailure(Code.SOURCE_MISBEHAVED, f"more than {self._most} bytes")
        return rows


class Waiting:
    """A database whose driver waits beside the others: PostgreSQL, and an SQLite file."""

    def __init__(self, engine: AsyncEngine) -> None:
        """Take the engine, whose connections are opened with the first read."""
        self._engine = engine

    async def aclose(self) -> None:
        """Close the connections."""
        await self._engine.dispose()

    async def rows(self, read: Select[Any]) -> list[Mapping[str, Any]]:
        """Return the rows, or raise what the driver raises. Being cancelled ends the read in the database."""
        async with self._engine.connect() as connection:
            return await _rows(connection, read)


def _database(address: str, credentials: Mapping[str, str], limits: Limits) -> Waiting | DuckDb:
    url = make_url(address)
    if url.get_backend_name() == "duckdb":
        return DuckDb(url, limits.at_once)
    return Waiting(_engine(url, credentials, limits))


def _engine(url: URL, credentials: Mapping[str, str], limits: Limits) -> AsyncEngine:
    options: dict[str, Any] = {"pool_size": limits.at_once, "max_overflow": 0}
    if url.get_backend_name() == "sqlite":
        url = url.set(query={**url.query, "uri": "true", "mode": "ro"}, database=f"file:{url.database}")
        return create_async_engine(url, **options)
    # The server ends by itself what nobody waits for any more.
    timeout = f"-c default_transaction_read_only=on -c statement_timeout={int(limits.seconds * 1000)}"
    url = url.set(username=credentials["user"], password=credentials["password"])
    return create_async_engine(url, connect_args={"options": timeout}, pool_pre_ping=True, **options)


async def _rows(connection: AsyncConnection, read: Select[Any]) -> list[Mapping[str, Any]]:
    driver: Any = (await connection.get_raw_connection()).driver_connection
    reading = asyncio.ensure_future(connection.execute(read))
    try:
        return [dict(row) for row in (await asyncio.shield(reading)).mappings()]
    except asyncio.CancelledError:
        # SQLite's thread would read on to the end, and SQLAlchemy wait for it beyond the deadline.
        if connection.dialect.name == "sqlite":
            await driver.interrupt()
        else:
            reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        raise


def _statement(asked: Asked) -> Select[Any]:
    """Make the statement: names are quoted and values bound, whatever they hold."""
    schema, _, name = asked.table.rpartition(".")
    columns: list[ColumnElement[Any]] = [column(name) for name in asked.columns]
    read: Select[Any] = select(*columns)
    read = read.select_from(table(name, schema=schema or None))
    return read.where(*map(_condition, asked.terms)).order_by(column(asked.order)).limit(asked.size)


def _condition(term: Term) -> ColumnElement[bool]:
    return column(term.column) > term.values[0] if term.follows else column(term.column).in_(term.values)


def _comment(trace: Mapping[str, str]) -> str:
    # For whoever reads the database's log. The ids hold letters, digits and `._:-` alone, so no comment ends early.
    said = " ".join(f"{name}={value}" for name, value in trace.items())
    return f"/* {said} */".replace(":", r"\:")


def _size(rows: Iterable[Mapping[str, Any]]) -> int:
    return sum(len(cell) if isinstance(cell, str | bytes) else 1 for row in rows for cell in row.values())


def _kind(error: OSError | DBAPIError) -> Code:
    cause = getattr(error, "orig", error)
    if isinstance(state := getattr(cause, "sqlstate", None), str):
        return STATES.get(state) or CLASSES.get(state[:2], Code.SOURCE_REFUSED)
    if (code := getattr(cause, "sqlite_errorcode", None)) is not None:
        return Code.SOURCE_UNAVAILABLE if code & 0xFF in AWAY else Code.SOURCE_REFUSED
    return Code.SOURCE_UNAVAILABLE if isinstance(error, OSError | OperationalError) else Code.SOURCE_REFUSED
