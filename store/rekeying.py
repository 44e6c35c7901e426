"""Records that got another id in their home: what their references become, and what their old ids lead to."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import insert, select, update

from schema.cross_reference import Cardinality
from store.admission import Refusal
from store.tables import ALIASES
from store.tables import CROSS_REFERENCES as XREF

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

    from schema.rows import Ref
    from store.reference import CrossReference


class Move(NamedTuple):
    """What a record was called and what it is called now, and on which line somebody says so."""

    number: int
    old: Ref
    new: Ref


class Rekeyed(NamedTuple):
    """Records that have their new id, how many had it before, and what cannot be."""

    moved: list[Move]
    unchanged: int
    refused: list[Refusal]


def judge(moves: Sequence[Move], stored: Sequence[CrossReference], aliases: Mapping[str, str]) -> Rekeyed:
    """Tell what becomes of the moves: an old id leads to one new one, which leads no further."""
    result = Rekeyed([], sum(aliases.get(move.old.encode()) == move.new.encode() for move in moves), [])
    leads = {move.old: move.number for move in moves}
    seen: dict[Ref, int] = {}
    claimed = [one for one in stored if one.claims and one.cardinality is Cardinality.ONE]
    taken = {_place(one, one.canonical): one for one in claimed}
    by_home: dict[Ref, list[CrossReference]] = defaultdict(list)
    for one in claimed:
        by_home[one.canonical].append(one)
    for move in moves:
        if (wrong := _wrong(move, leads, seen, aliases)) is not None:
            result.refused.append(Refusal(move.number, *wrong))
        elif aliases.get(move.old.encode()) != move.new.encode():
            result.refused.extend(_collisions(move, by_home[move.old], taken))
            result.moved.append(move)
        seen[move.old] = move.number
    return result


def _wrong(
    move: Move, leads: Mapping[Ref, int], seen: Mapping[Ref, int], aliases: Mapping[str, str]
) -> tuple[str, str] | None:
    if move.old == move.new:
        return "the old id is the new one", "remove the line"
    if move.old in seen:
        return f"line {seen[move.old]} moves the same record", "keep one of the two lines"
    if move.new in leads or move.new.encode() in aliases:
        return "the new id has been moved itself", "name the id that the record has now"
    if aliases.get(move.old.encode(), move.new.encode()) != move.new.encode():
        return "this record was moved to another id before", "move that one, and not this"
    return None


def _collisions(
    move: Move, own: Sequence[CrossReference], taken: dict[tuple[Ref, str, str], CrossReference]
) -> Iterator[Refusal]:
    """Name each system that would have two records for the new one: so it is when two were merged."""
    for one in own:
        if (other := taken.setdefault(_place(one, move.new), one)) is not one:
            yield Refusal(
                move.number,
                f"{one.binding} {one.source_id!r} and {other.source_id!r} would both be the new record",
                f"retire one of them first: colonnade identity review --reject {one.id}",
            )


def _place(one: CrossReference, canonical: Ref) -> tuple[Ref, str, str]:
    return canonical, one.binding, one.source_type


async def carry_out(connection: AsyncConnection, moves: Sequence[Move], by: str, now: datetime) -> None:
    """Write the moves: references go over, and whatever led to an old id leads to the new one."""
    for move in moves:
        old, new = move.old.encode(), move.new.encode()
        await connection.execute(update(XREF).where(XREF.c.canonical_id == old).values(canonical_id=new))
        await connection.execute(update(ALIASES).where(ALIASES.c.new_id == old).values(new_id=new))
        row = {"old_id": old, "new_id": new, "decided_by": by, "valid_from": now}
        await connection.execute(insert(ALIASES), row)


async def aliases(connection: AsyncConnection) -> dict[str, str]:
    """Return all old ids with the new ones."""
    rows = await connection.execute(select(ALIASES.c.old_id, ALIASES.c.new_id))
    return {row.old_id: row.new_id for row in rows}
