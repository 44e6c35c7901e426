"""References that a command will make: reserved before the system is called, so that a crash leaves a trace of it.

While a reservation is PENDING, nobody uses it; it names a record that has no id yet by the key that is carried into
the system. With the system's answer it becomes the reference, or is given back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select, update

from schema.cross_reference import Cardinality, CopyRole, Established, LinkState
from schema.rows import Ref
from store.tables import CROSS_REFERENCES as XREF

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection


async def reserve(connection: AsyncConnection, made: Iterable[tuple[str, Ref]], at: datetime) -> None:
    """Write down, by our key, of which type and in which system a record is going to be made."""
    rows = [_row(key, ref, at) for key, ref in made]
    if not rows:
        return
    keys = [row["source_id"] for row in rows]
    known = set((await connection.execute(select(XREF.c.source_id).where(XREF.c.source_id.in_(keys)))).scalars())
    new = [row for row in rows if row["source_id"] not in known]
    if new:
        await connection.execute(insert(XREF), new)


async def settle(connection: AsyncConnection, key: str, canonical: Ref, foreign: Ref) -> None:
    """Make a reservation the reference of two records; where there is one already, give it back."""
    same = (
        select(XREF.c.id)
        .where(XREF.c.state == LinkState.ACTIVE.value, XREF.c.system == foreign.binding)
        .where(XREF.c.entity_type == canonical.type, XREF.c.source_id == foreign.id)
        .where(XREF.c.canonical_id == canonical.encode())
    )
    if canonical == foreign or await connection.scalar(same.limit(1)) is not None:
        await free(connection, key)
        return
    await connection.execute(
        update(XREF)
        .where(XREF.c.source_id == key, XREF.c.state == LinkState.PENDING.value)
        .values(canonical_id=canonical.encode(), source_id=foreign.id, state=LinkState.ACTIVE.value)
    )


async def free(connection: AsyncConnection, key: str) -> None:
    """Give a reservation back: nothing was made."""
    await connection.execute(delete(XREF).where(XREF.c.source_id == key, XREF.c.state == LinkState.PENDING.value))


async def retire(connection: AsyncConnection, foreign: Ref, at: datetime) -> None:
    """End the reference of a record that a command made and has undone."""
    await connection.execute(
        update(XREF)
        .where(XREF.c.state == LinkState.ACTIVE.value, XREF.c.system == foreign.binding)
        .where(XREF.c.entity_type == foreign.type, XREF.c.source_id == foreign.id)
        .where(XREF.c.established_by == Established.COMMAND.value)
        .values(state=LinkState.RETIRED.value, valid_to=at)
    )


def _row(key: str, ref: Ref, at: datetime) -> dict[str, object]:
    return {
        "entity_type": ref.type,
        "canonical_id": Ref(ref.type, "facade", key).encode(),
        "system": ref.binding,
        "source_type": ref.type,
        "source_id": key,
        "role": CopyRole.REPLICA.value,
        "cardinality": Cardinality.ONE.value,
        "state": LinkState.PENDING.value,
        "established_by": Established.COMMAND.value,
        "valid_from": at,
    }
