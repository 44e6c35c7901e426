"""What people know records by, read from the systems for matching: the same sources, asked another question."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

import msgspec

from schema.problems import Code, Problem
from schema.rows import Row
from sources.contract import Scope, SourceFailure

if TYPE_CHECKING:
    from schema.context import Principal
    from schema.rows import Ref
    from sources.source import Source

# At most so many records of one type in one system: more are matched by their systems' own tools.
MOST = 200_000
PAGES_AT_ONCE = 10


class IdentityRow(Row):
    """By what people know a record. The subclass says of which type it is."""

    key: str | None = None
    tax_number: str | None = None
    email: str | None = None
    name: str | None = None


@cache
def identity_row(type_: str) -> type[IdentityRow]:
    """Return the rows of a type."""
    row = msgspec.defstruct(f"{type_}Identity", [], bases=(IdentityRow,), namespace={"type": type_}, kw_only=True)
    assert issubclass(row, IdentityRow)  # noqa: S101  it has no other base
    return row


class Roll(msgspec.Struct, frozen=True):
    """The records that a system has of a type, and how many of them cannot be read."""

    binding: str
    rows: Sequence[IdentityRow]
    unreadable: int


class RollCall:
    """Reads whole lists, page by page and within the sources' own limits."""

    def __init__(self, source: Source, principal: Principal, seconds: float) -> None:
        self.source, self.principal, self.seconds = source.identified(), principal, seconds
        self._by_key = {type_ for type_, identity in source.manifest.identity.items() if identity.by_key}

    @property
    def types(self) -> list[str]:
        """The types by whose records this system can be matched."""
        return list(self.source.manifest.entities)

    async def roll(self, type_: str) -> Roll:
        """Return everything that the system has of a type, or raise SourceFailure: a part of it proves nothing."""
        rows: list[IdentityRow] = []
        unreadable, position = 0, None
        size = self.source.manifest.limits.rows * PAGES_AT_ONCE
        while len(rows) + unreadable < MOST:
            places, _ = await self.source.page(identity_row(type_), position, size, self._scope())
            rows += [place.row for place in places if isinstance(place.row, IdentityRow)]
            unreadable += sum(isinstance(place.row, Problem) for place in places)
            if len(places) < size:
                return Roll(self.source.binding, _named(rows) if type_ in self._by_key else rows, unreadable)
            position = places[-1].position
        raise SourceFailure(Code.TOO_MANY, f"more than {MOST} records of {type_}")

    async def missing(self, refs: Sequence[Ref]) -> set[Ref]:
        """Return which of these records of one type the system does not have, or raise SourceFailure: it is unknown."""
        type_ = refs[0].type
        if type_ in self._by_key:
            return set(refs) - await self._mentioned(type_)
        found: set[Ref | None] = set()
        for _, outcome in await self.source.by(identity_row(type_), type_, [ref.id for ref in refs], self._scope()):
            if isinstance(outcome, SourceFailure):
                raise outcome
            found |= set(outcome.found.refs)
            if not outcome.whole or None in found:
                raise SourceFailure(Code.SOURCE_MISBEHAVED, f"the answer about {type_} is not whole")
        return set(refs) - found

    async def _mentioned(self, type_: str) -> set[Ref]:
        """Return whom a list names: few lists can be asked for what is named on their rows, so it is read whole."""
        roll = await self.roll(type_)
        if roll.unreadable:
            raise SourceFailure(Code.SOURCE_MISBEHAVED, f"{roll.unreadable} rows that name a {type_} cannot be read")
        return {row.ref for row in roll.rows}

    def _scope(self) -> Scope:
        return Scope(self.principal, "identity", asyncio.get_running_loop().time() + self.seconds)


def _named(rows: Sequence[IdentityRow]) -> list[IdentityRow]:
    """Return each record once that the rows name, under the key by which they do."""
    by_key = {row.key: row for row in rows if row.key is not None}
    return [msgspec.structs.replace(row, ref=msgspec.structs.replace(row.ref, id=key)) for key, row in by_key.items()]
