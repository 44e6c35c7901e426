"""The facade's own database: SQLite by default, PostgreSQL for several replicas."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

import msgspec
from alembic import command
from alembic.config import Config
from sqlalchemy import event, func, select
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

if TYPE_CHECKING:
    from sqlalchemy import Connection


# Any number, the same in every replica.
MIGRATION_LOCK = 0x0C010


def connect(url: str) -> AsyncEngine:
    """Open the store. An SQLite file is set to write-ahead logging, so that readers never wait for the writer."""
    engine = create_async_engine(
        url, hide_parameters=True, json_serializer=_json, json_deserializer=msgspec.json.decode
    )
    if engine.dialect.name == "sqlite":
        event.listen(engine.sync_engine, "connect", _sqlite_pragmas)
    return engine


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


async def migrate(engine: AsyncEngine) -> None:
    """Bring the tables to this release's version."""
    async with engine.begin() as connection:
        await connection.run_sync(_upgrade)


def _upgrade(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        # Replicas that start at one time: the first one migrates, the others wait and find it done.
        connection.execute(select(func.pg_advisory_xact_lock(MIGRATION_LOCK)))
    config = Config()
    # A percent sign in the path would be read as an interpolation.
    config.set_main_option("script_location", str(files("store") / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _sqlite_pragmas(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA busy_timeout = 5000")
    # What is erased is overwritten.
    cursor.execute("PRAGMA secure_delete = ON")
    cursor.close()
