"""Cross-references: one canonical id, and what every other system calls the same thing."""

from __future__ import annotations

from collections import defaultdict
from itertools import islice
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import and_, insert, or_, select, true
from sqlalchemy.exc import SQLAlchemyError

from schema.cross_reference import LinkState
from schema.problems import Code, Problem
from schema.rows import Ref
from store.lately import Lately
from store.reference import CrossReference
from store.tables import ALIASES
from store.tables import CROSS_REFERENCES as XREF
from store.transaction import StoreUnavailableError, transaction

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncEngine


log = structlog.get_logger("colonnade.store")


# Other replicas learn of a changed reference this late; a change made here is seen at once.
CACHE_SECONDS = 30
CACHED = 100_000
# Of ids in one statement: between two of them the event loop serves the others.
AT_ONCE = 2_000
LIVE = (LinkState.PENDING, LinkState.ACTIVE, LinkState.BROKEN)


class CrossReferences:
    """The store of who is who."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        # By role: the same record is called otherwise by each.
        self._lately: dict[str, Lately[Ref, Sequence[Ref]]] = {}
        self._changes = 0

    async def add(self, references: Iterable[CrossReference]) -> None:
        """Store active one-to-one references, all or none; the table refuses one that contradicts a stored one."""
        rows = [reference.row() for reference in references]
        async with transaction(self._engine) as connection:
            if rows:
                await connection.execute(insert(XREF), rows)
        self.forget()

    def forget(self) -> None:
        """Read everything anew: something was changed."""
        self._changes += 1
        self._lately.clear()

    async def words(self, refs: Iterable[Ref], role: str) -> Mapping[Ref, Sequence[Ref]]:
        """Return what the systems of a role call each of these, be it said in its home's words or in another's."""
        if (lately := self._lately.get(role)) is None:
            lately = self._lately[role] = Lately(CACHE_SECONDS, CACHED)
        asked = dict.fromkeys(refs)
        known = lately.find(asked.keys())
        unknown = [ref for ref in asked if ref not in known] if len(known) < len(asked) else []
        changes = self._changes
        try:
            looked_up = await self._look_up(unknown, role) if unknown else {}
        except (SQLAlchemyError, OSError) as error:
            raise StoreUnavailableError("the cross-references cannot be read") from error
        # What was read while something changed may be the state before: it answers this once, and is not kept.
        if changes == self._changes:
            lately.keep(looked_up)
        return known | looked_up if looked_up else known

    async def of(self, canonical: Ref, at_most: int) -> list[CrossReference] | Problem:
        """Return every reference of a record, in the order in which they came about, one more than asked at most."""
        return await self._read(XREF.c.canonical_id == canonical.encode(), at_most + 1)

    async def named(self, foreign: Ref, source_type: str | None) -> list[CrossReference] | Problem:
        """Return what stands or is proposed for another system's record; more than one is no answer."""
        live = XREF.c.state.in_([state.value for state in LIVE])
        same = and_(
            XREF.c.entity_type == foreign.type, XREF.c.system == foreign.binding, XREF.c.source_id == foreign.id
        )
        kind = XREF.c.source_type == source_type if source_type is not None else true()
        return await self._read(and_(live, same, kind), 2)

    async def successors(self, refs: Iterable[Ref]) -> dict[Ref, Ref | Problem]:
        """Return what those of these records that were re-keyed are called now."""
        by_id = {ref.encode(): ref for ref in refs}
        found: dict[Ref, Ref | Problem] = {}
        try:
            async with self._engine.connect() as connection:
                for part in _parts(by_id):
                    rows = await connection.execute(select(ALIASES).where(ALIASES.c.old_id.in_(part)))
                    found |= {by_id[row.old_id]: Ref.decode(row.new_id) for row in rows}
        except (SQLAlchemyError, OSError) as error:
            return dict.fromkeys(by_id.values(), _unavailable(error))
        return found

    async def _read(self, which: ColumnElement[bool], at_most: int) -> list[CrossReference] | Problem:
        try:
            async with self._engine.connect() as connection:
                rows = await connection.execute(select(XREF).where(which).order_by(XREF.c.id).limit(at_most))
                return [CrossReference.of(row) for row in rows]
        except (SQLAlchemyError, OSError) as error:
            return _unavailable(error)

    async def _look_up(self, refs: Sequence[Ref], role: str) -> dict[Ref, Sequence[Ref]]:
        canonical = await self._canonical(refs)
        foreign = await self._foreign({home for homes in canonical.values() for home in homes}, role)
        return {
            ref: [word for home in homes for word in ([home] if home.role == role else foreign[home])]
            for ref, homes in canonical.items()
        }

    async def _canonical(self, refs: Sequence[Ref]) -> dict[Ref, list[Ref]]:
        """Find the canonical reference of each; one that nobody stored as foreign is its own."""
        found: dict[Ref, list[Ref]] = defaultdict(list)
        by_kind: dict[tuple[str, str], list[str]] = defaultdict(list)
        for ref in refs:
            # PostgreSQL keeps no NUL, and refuses the whole look-up for one that a made-up id holds.
            if "\0" not in ref.type + ref.binding + ref.id:
                by_kind[ref.type, ref.binding].append(ref.id)
        for (type_, binding), ids in by_kind.items():
            kind = and_(XREF.c.entity_type == type_, XREF.c.system == binding)
            for part in _parts(ids):
                for row in await self._active(and_(kind, XREF.c.source_id.in_(part))):
                    if not isinstance(home := Ref.decode(row.canonical_id), Problem):
                        found[Ref(type_, binding, row.source_id)].append(home)
        return {ref: found.get(ref, [ref]) for ref in refs}

    async def _foreign(self, homes: Iterable[Ref], role: str) -> dict[Ref, list[Ref]]:
        found: dict[Ref, list[Ref]] = defaultdict(list)
        by_id = {home.encode(): home for home in homes if home.role != role}
        plays = or_(XREF.c.system == role, XREF.c.system.like(f"{role}.%"))
        for part in _parts(by_id):
            for row in await self._active(and_(plays, XREF.c.canonical_id.in_(part))):
                home = by_id[row.canonical_id]
                found[home].append(Ref(home.type, row.system, row.source_id))
        return found

    async def _active(self, which: ColumnElement[bool]) -> Sequence[Any]:
        columns = (XREF.c.canonical_id, XREF.c.system, XREF.c.source_id)
        async with self._engine.connect() as connection:
            return (
                await connection.execute(select(*columns).where(XREF.c.state == "ACTIVE", which).order_by(XREF.c.id))
            ).all()


def _parts(ids: Iterable[str]) -> Iterator[list[str]]:
    """Cut a list to what a database takes as parameters of one statement."""
    rest = iter(ids)
    while part := list(islice(rest, AT_ONCE)):
        yield part


def _unavailable(error: Exception) -> Problem:
    log.error("store unavailable", exc_info=error)
    return Problem(Code.STORE_UNAVAILABLE, "the cross-references cannot be read now")
