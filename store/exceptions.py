"""The rows of exceptions: what was set aside waits here for a person."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import select, update

from store.command_tables import EXCEPTIONS
from store.tables import read

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection


class ExceptionRow(msgspec.Struct, frozen=True, kw_only=True):
    """An exception. `said` is what the system answered, sealed."""

    id: str
    command_id: str
    item: str
    step: str
    code: str
    tier: str
    message: str
    state: str
    said: str | None
    created_at: datetime
    due_at: datetime | None
    resolved_at: datetime | None
    resolved_by: str | None


async def by_id(connection: AsyncConnection, id_: str) -> ExceptionRow | None:
    """Return an exception by its id."""
    row = (await connection.execute(select(EXCEPTIONS).where(EXCEPTIONS.c.id == id_))).mappings().one_or_none()
    return None if row is None else read(ExceptionRow, row)


async def of_command(connection: AsyncConnection, id_: str) -> list[ExceptionRow]:
    """Return the exceptions of a command, the oldest first."""
    found = select(EXCEPTIONS).where(EXCEPTIONS.c.command_id == id_).order_by(EXCEPTIONS.c.created_at, EXCEPTIONS.c.id)
    return [read(ExceptionRow, row) for row in (await connection.execute(found)).mappings()]


async def resolve(
    connection: AsyncConnection, command_id: str, state: str, by: dict[str, Any], only: str | None = None
) -> int:
    """Resolve the open exceptions of a command, or one of them; return how many. What a system said is forgotten."""
    open_ = update(EXCEPTIONS).where(EXCEPTIONS.c.command_id == command_id, EXCEPTIONS.c.state == "OPEN")
    if only is not None:
        open_ = open_.where(EXCEPTIONS.c.id == only)
    return (await connection.execute(open_.values(state=state, said=None, **by))).rowcount
