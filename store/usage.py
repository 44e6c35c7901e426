"""Which clients still use what is going to be removed: counted by field, client and its version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from store.tables import DEPRECATED_USAGE as USAGE
from store.transaction import transaction

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncEngine

KEY: Final = ("field", "client", "version")


class Use(NamedTuple):
    """A deprecated field, `Type.field`, and who uses it."""

    field: str
    client: str
    version: str


class Used(NamedTuple):
    """How many operations used a field so far, and when the last of them did."""

    use: Use
    operations: int
    last_used: datetime


class Usage:
    """The counts of all replicas together."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(self, counts: Mapping[Use, int], now: datetime) -> None:
        """Add operations to what was counted before."""
        insert: Any = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}[self._engine.dialect.name]
        async with transaction(self._engine) as connection:
            # In one order, so that replicas that write at once don't wait for each other in a circle.
            for use, operations in sorted(counts.items()):
                row = insert(USAGE).values(**use._asdict(), operations=operations, last_used=now)
                more = {"operations": USAGE.c.operations + operations, "last_used": now}
                await connection.execute(row.on_conflict_do_update(index_elements=KEY, set_=more))

    async def all(self) -> Sequence[Used]:
        """Return all counts, in the order of fields and clients."""
        ordered = select(USAGE).order_by(*(USAGE.c[name] for name in KEY))
        async with self._engine.connect() as connection:
            rows = await connection.execute(ordered)
            return [Used(Use(row.field, row.client, row.version), row.operations, row.last_used) for row in rows]
