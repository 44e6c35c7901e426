"""What was changed in a system behind our back, followed by the instants that its records bear.

An instant is looked for with `>=`, from somewhat before the last one that was seen: a system's transaction may end
later than its instant says. A record that bears the same instant again is told again, for as long as another change may
bear it too: some systems write whole seconds.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from schema.problems import Code
from sources.contract import CallBudget, Scope, SourceFailure
from sources.scalars import BadValue, instant
from sources.selection import Selection, Since

if TYPE_CHECKING:
    from collections.abc import Sequence

    from schema.context import Clock, Principal
    from schema.rows import Ref, Row
    from sources.source import Source

# How far behind the last instant is looked again, and for how long the same one is told again.
OVERLAP: Final = timedelta(seconds=30)
# What a system's clock may be behind ours, when the feed begins.
SKEW: Final = timedelta(minutes=5)
SECONDS: Final = 20.0
# A change of more records than this many calls bring is no news: everything is read anew.
CALLS: Final = 100


class Seen(NamedTuple):
    """What instant a record bears, and since when that is known here."""

    at: datetime
    since: datetime


class Feed:
    """The changes of one type's records in one system, from when it was made."""

    def __init__(self, source: Source, row: type[Row], clock: Clock) -> None:
        self.source, self.row = source, row
        self._clock, self._stamps = clock, source.manifest.entities[row.type].changed
        self._from = clock.now() - SKEW
        self._seen: dict[Ref, Seen] = {}

    async def look(self, principal: Principal) -> list[Ref]:
        """Return the records that were changed since the last look, some of them again, or raise SourceFailure."""
        now, found = self._clock.now(), await self._found(principal)
        seen = {ref: self._same(ref, at) or Seen(at, now) for ref, at in found.items()}
        told = [ref for ref, one in seen.items() if now < one.since + OVERLAP]
        if seen:
            newest = max(seen.values())
            late = now >= newest.since + OVERLAP
            # Nothing older can come any more: a change that is made now bears a later instant.
            self._from = newest.at + timedelta(seconds=1) if late else max(self._from, newest.at - OVERLAP)
        self._seen = seen
        return told

    def _same(self, ref: Ref, at: datetime) -> Seen | None:
        before = self._seen.get(ref)
        return before if before is not None and before.at == at else None

    async def _found(self, principal: Principal) -> dict[Ref, datetime]:
        """Ask for all that bears an instant in question. A record that cannot be told by its id may be any of them."""
        until = asyncio.get_running_loop().time() + SECONDS
        scope = Scope(principal, "sources-feed", until, calls=CallBudget(CALLS))
        reader = self.source.reader(self.row)
        columns = [reader.id, *(name for one in self._stamps for name in (one.at, one.made) if name)]
        found: dict[Ref, datetime] = {}
        wanted = Selection(since=Since(self._stamps, self._from))
        async with aclosing(self.source.raw(self.row, columns, scope, wanted)) as rows:
            async for raw in rows:
                ref, at = reader.ref(raw), self._borne(raw)
                if ref is None or at is None:
                    raise SourceFailure(Code.SOURCE_MISBEHAVED, "a changed row has no id, or no instant")
                found[ref] = at
        return found

    def _borne(self, raw: Any) -> datetime | None:
        """Return the latest instant that a row bears: of its own change, of its making, of what it has from others."""
        reader = self.source.reader(self.row)
        values = [reader.get(raw, one.at) or (reader.get(raw, one.made) if one.made else None) for one in self._stamps]
        try:
            return max((at for value in values for at in _instants(value)), default=None)
        except BadValue:
            return None


def _instants(value: Any) -> Sequence[datetime]:
    values = value if isinstance(value, tuple) else (value,)
    return [instant(one).astimezone(UTC) for one in values if one is not None]
