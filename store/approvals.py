"""The rows of requests for approval: a decision is a row first, single use, and one of fifty at once wins."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import select, update

from store.command_tables import APPROVALS
from store.tables import read

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

    from sqlalchemy.ext.asyncio import AsyncConnection


class ApprovalRow(msgspec.Struct, frozen=True, kw_only=True):
    """A request for approval."""

    id: str
    command_id: str
    plan_digest: str
    rule: str
    role: str
    entity: str | None
    state: str
    requested_at: datetime
    expires_at: datetime
    decided_at: datetime | None
    decided_by: str | None


async def by_id(connection: AsyncConnection, id_: str) -> ApprovalRow | None:
    """Return a request by its id."""
    row = (await connection.execute(select(APPROVALS).where(APPROVALS.c.id == id_))).mappings().one_or_none()
    return None if row is None else read(ApprovalRow, row)


async def of_command(connection: AsyncConnection, id_: str) -> list[ApprovalRow]:
    """Return the requests of a command, the oldest first."""
    found = select(APPROVALS).where(APPROVALS.c.command_id == id_).order_by(APPROVALS.c.requested_at, APPROVALS.c.id)
    return [read(ApprovalRow, row) for row in (await connection.execute(found)).mappings()]


async def decide(connection: AsyncConnection, id_: str, state: str, at: datetime, **by: Any) -> bool:
    """Write a decision; False where somebody has decided before, or the time is over."""
    changed = await connection.execute(
        update(APPROVALS)
        .where(APPROVALS.c.id == id_, APPROVALS.c.state == "PENDING", APPROVALS.c.expires_at > at)
        .values(state=state, decided_at=at, **by)
    )
    return changed.rowcount == 1


async def close(connection: AsyncConnection, command_id: str, state: str) -> None:
    """End every request of a command that is still open."""
    await connection.execute(
        update(APPROVALS)
        .where(APPROVALS.c.command_id == command_id, APPROVALS.c.state == "PENDING")
        .values(state=state)
    )


async def void(connection: AsyncConnection, command_id: str) -> None:
    """Take back every approval of a command: what was approved is no more what would be done."""
    await connection.execute(
        update(APPROVALS)
        .where(APPROVALS.c.command_id == command_id, APPROVALS.c.state.in_(("PENDING", "APPROVED")))
        .values(state="VOID")
    )


async def granted(
    connection: AsyncConnection, command_id: str, plan_digest: str, roles: AbstractSet[str] = frozenset()
) -> bool:
    """Tell whether every approval of what is going to be done was given, and one of each of these roles.

    What was taken back counts no more: the plan may since have become what it was before.
    """
    wanted = APPROVALS.c.command_id == command_id, APPROVALS.c.plan_digest == plan_digest, APPROVALS.c.state != "VOID"
    found = {row.role: row.state for row in await connection.execute(select(APPROVALS).where(*wanted))}
    return bool(found) and roles <= found.keys() and all(state == "APPROVED" for state in found.values())


async def withheld(connection: AsyncConnection, command_id: str, plan_digest: str) -> bool:
    """Tell whether somebody was asked to approve what is going to be done, and has not, or not yet."""
    wanted = APPROVALS.c.command_id == command_id, APPROVALS.c.plan_digest == plan_digest
    missing = select(APPROVALS.c.id).where(*wanted, APPROVALS.c.state.in_(("PENDING", "REJECTED", "EXPIRED")))
    return await connection.scalar(missing.limit(1)) is not None


async def expired(connection: AsyncConnection, at: datetime, most: int) -> Sequence[str]:
    """Return commands of which an approval was not given in time."""
    late = select(APPROVALS.c.command_id).where(APPROVALS.c.state == "PENDING", APPROVALS.c.expires_at <= at)
    return list((await connection.execute(late.group_by(APPROVALS.c.command_id).limit(most))).scalars())
