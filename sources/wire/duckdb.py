"""A DuckDB file: read in threads, for its driver cannot wait, and closed behind every read."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine
from sqlalchemy.exc import NoSuchModuleError
from sqlalchemy.pool import NullPool

from schema.tomlfile import FileError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import URL, Select

# DuckDB takes the name of a table that it does not know for a file's, or for that of a Python variable.
CLOSED = {"enable_external_access": "false", "python_enable_replacements": "false", "lock_configuration": "true"}
HEARD_WITHIN = 0.01


class DuckDb:
    """One file. Who loads it opens it alone, so nothing here holds it open between two reads."""

    def __init__(self, url: URL, at_once: int) -> None:
        """Take the file's address, and how many read it at once; raise FileError where its driver is missing."""
        told = {"read_only": True, "config": CLOSED}
        try:
            self._engine = create_engine(url, poolclass=NullPool, connect_args=told)
        except (NoSuchModuleError, ImportError) as error:
            raise FileError(f"{url}: DuckDB needs the extra: pip install 'colonnade[duckdb]'") from error
        self._threads = ThreadPoolExecutor(at_once, "duckdb")

    async def aclose(self) -> None:
        """End the threads, none of which reads any more."""
        self._threads.shutdown(wait=False)

    async def rows(self, read: Select[Any]) -> list[Mapping[str, Any]]:
        """Return the rows, or raise what the driver raises. Being cancelled ends the read in the database."""
        opened: list[Any] = []
        reading = asyncio.get_running_loop().run_in_executor(self._threads, self._read, read, opened.append)
        try:
            return await asyncio.shield(reading)
        except asyncio.CancelledError:
            # An interrupt that comes before the statement is not heard, and one that comes behind it is an error.
            while not reading.done():
                with suppress(self._engine.dialect.loaded_dbapi.Error):
                    for connection in opened:
                        connection.interrupt()
                await asyncio.wait([reading], timeout=HEARD_WITHIN)
            raise

    def _read(self, read: Select[Any], opened: Callable[[Any], None]) -> list[Mapping[str, Any]]:
        with self._engine.connect() as connection:
            opened(connection.connection.driver_connection)
            return [dict(row) for row in connection.execute(read).mappings()]
