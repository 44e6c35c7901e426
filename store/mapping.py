"""A reference made, moved or ended by hand: one record of ours, one of another system's."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import and_, insert, select, update
from sqlalchemy.exc import IntegrityError

from schema.cross_reference import Cardinality, CopyRole, Established, LinkState
from schema.rows import Ref  # noqa: TC001  a field of a named tuple
from store.tables import CROSS_REFERENCES as XREF

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection


LIVE = tuple(state.value for state in (LinkState.ACTIVE, LinkState.BROKEN, LinkState.PENDING))


class TakenError(Exception):
    """One of the two stands for another record already."""


class Mapped(NamedTuple):
    """What is said: who is whom, and whether that begins (LINK, MOVE) or ends (RETIRE)."""

    canonical: Ref
    foreign: Ref
    source_type: str
    action: str


async def mapped(connection: AsyncConnection, said: Mapped, *, decided_by: str, at: datetime) -> None:
    """Write it down; saying the same again changes nothing.

    LINK retires nothing: the table refuses it where one of the two is taken. MOVE ends what the foreign record stood
    for before. Raises TakenError there, which undoes the transaction.
    """
    record = and_(
        XREF.c.system == said.foreign.binding,
        XREF.c.source_type == said.source_type,
        XREF.c.source_id == said.foreign.id,
        XREF.c.state.in_(LIVE),
    )
    same = and_(record, XREF.c.canonical_id == said.canonical.encode(), XREF.c.state == LinkState.ACTIVE.value)
    there = await connection.scalar(select(XREF.c.id).where(same).limit(1)) is not None
    if said.action == "RETIRE":
        await _end(connection, and_(record, XREF.c.canonical_id == said.canonical.encode()), decided_by, at)
    elif not there:
        if said.action == "MOVE":
            await _end(connection, record, decided_by, at)
        try:
            await connection.execute(insert(XREF).values(**_row(said, decided_by, at)))
        except IntegrityError as error:
            raise TakenError from error


async def known_as(connection: AsyncConnection, said: Mapped, *, decided_by: str, at: datetime) -> None:
    """Write down what a system calls a record of ours from now on; another one that stood for it stands no more."""
    other = and_(
        XREF.c.system == said.foreign.binding,
        XREF.c.source_type == said.source_type,
        XREF.c.canonical_id == said.canonical.encode(),
        XREF.c.source_id != said.foreign.id,
        XREF.c.state.in_(LIVE),
    )
    await _end(connection, other, decided_by, at)
    await mapped(connection, said, decided_by=decided_by, at=at)


async def _end(connection: AsyncConnection, which: object, decided_by: str, at: datetime) -> None:
    ended = {"state": LinkState.RETIRED.value, "valid_to": at, "decided_by": decided_by, "decided_at": at}
    await connection.execute(update(XREF).where(which).values(**ended))  # type: ignore[arg-type]  # a condition


def _row(said: Mapped, decided_by: str, at: datetime) -> dict[str, object]:
    return {
        "entity_type": said.canonical.type,
        "canonical_id": said.canonical.encode(),
        "system": said.foreign.binding,
        "source_type": said.source_type,
        "source_id": said.foreign.id,
        "role": CopyRole.REPLICA.value,
        "cardinality": Cardinality.ONE.value,
        "state": LinkState.ACTIVE.value,
        "established_by": Established.COMMAND.value,
        "valid_from": at,
        "decided_by": decided_by,
        "decided_at": at,
    }
