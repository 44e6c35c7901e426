"""Which replica is alive: each says so every second, and the others take over from one that no longer does.

The engine starts again what its own executor left, and nobody else's.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import structlog
from sqlalchemy import Column, DateTime, MetaData, String, Table, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.schema import CreateSchema

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sqlalchemy.ext.asyncio import AsyncEngine

log = structlog.get_logger("colonnade.lease")

# Of how many seconds of silence an executor is dead.
TTL: Final = 3.0
# Any number, the same in every replica.
TABLE_LOCK: Final = 0x0C011

EXECUTORS = Table(
    "executors",
    MetaData(),
    Column("executor", String(100), primary_key=True),
    Column("beat", DateTime(timezone=True), nullable=False),
)
NOW = func.clock_timestamp()
STALE = EXECUTORS.c.beat < NOW - text(f"make_interval(secs => {TTL})")


class Lease:
    """An executor's row among the living ones, in the schema of the engine.

    `recover` starts again what an executor left, and tells how many it could not.
    """

    def __init__(
        self, engine: AsyncEngine, schema: str, executor: str, recover: Callable[[str], Awaitable[int]]
    ) -> None:
        self.schema = schema
        self._engine = engine.execution_options(schema_translate_map={None: schema})
        self._me, self._recover = executor, recover
        self._beaten, self._lost = 0.0, False

    @classmethod
    async def over(cls, url: str, executor: str, recover: Callable[[str], Awaitable[int]]) -> Lease:
        """Return the lease in a PostgreSQL database. The engine of a store has a schema named after the store's."""
        engine = create_async_engine(url, pool_size=2)
        async with engine.connect() as connection:
            store = (await connection.execute(select(func.current_schema()))).scalar_one()
        return cls(engine, f"{store}_engine", executor, recover)

    async def begin(self) -> None:
        """Be among the living."""
        row = insert(EXECUTORS).values(executor=self._me, beat=NOW)
        self._beaten, self._lost = time.monotonic(), False
        async with self._engine.begin() as connection:
            await connection.execute(select(func.pg_advisory_xact_lock(TABLE_LOCK)))
            await connection.execute(CreateSchema(self.schema, if_not_exists=True))
            await connection.run_sync(EXECUTORS.metadata.create_all)
            await connection.execute(row.on_conflict_do_update(index_elements=["executor"], set_={"beat": NOW}))

    def held(self) -> bool:
        """Tell whether nobody can have taken this executor for dead. Once one may have, it is so until it begins again.

        Nobody is asked: one that was frozen must not go on while it waits for an answer.
        """
        self._lost = self._lost or time.monotonic() - self._beaten > TTL
        return not self._lost

    async def keep(self) -> None:
        """Stay among the living; return when this executor is not held."""
        mine = update(EXECUTORS).where(EXECUTORS.c.executor == self._me).values(beat=NOW)
        while self.held():
            now = time.monotonic()
            try:
                async with self._engine.begin() as connection:
                    if (await connection.execute(mine)).rowcount == 0:
                        self._lost = True
                self._beaten = now
            except SQLAlchemyError as error:
                log.warning("no heartbeat", error=type(error).__name__)
            await asyncio.sleep(0 if self._lost else TTL / 3)

    async def watch(self) -> None:
        """Take over from the dead, for as long as the process lives."""
        while True:
            try:
                await self._take_over()
            except Exception as error:  # noqa: BLE001  whatever recovery raises, the next second tries again
                log.warning("nothing taken over", error=type(error).__name__)
            await asyncio.sleep(TTL / 3)

    async def _take_over(self) -> None:
        stale = select(EXECUTORS.c.executor).where(EXECUTORS.c.executor != self._me, STALE)
        async with self._engine.begin() as connection:
            # Locked until they are gone: one that wakes meanwhile waits here, and then finds its row taken.
            for dead in (await connection.execute(stale.with_for_update(skip_locked=True))).scalars().all():
                left = await self._recover(dead)
                log.warning("executor taken over", executor=dead, left=left)
                if left == 0:
                    await connection.execute(delete(EXECUTORS).where(EXECUTORS.c.executor == dead))

    async def end(self) -> None:
        """Leave the living: what is left here is the others' at once, or when it is stale if the database is away."""
        gone = update(EXECUTORS).where(EXECUTORS.c.executor == self._me).values(beat=func.to_timestamp(0))
        with suppress(SQLAlchemyError):
            async with self._engine.begin() as connection:
                await connection.execute(gone)
        await self._engine.dispose()
