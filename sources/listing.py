"""Lists without a bound, page by page, with cursors that say how to go on."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from functools import partial
from itertools import dropwhile
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from schema.connection import Mark
from schema.problems import Code, Problem
from schema.rows import Row
from sources.batching import failed
from sources.contract import Position, SourceFailure
from sources.wanted import ALL, mark, mistaken, worded

if TYPE_CHECKING:
    from schema.connection import Wanted
    from schema.graph import Home
    from sources.batching import Desk
    from sources.contract import Scope
    from sources.selection import Selection
    from sources.source import Source

SIGNATURE_BYTES = 16
CURSOR_BYTES = 2_000
MOST = 200


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """The place behind a row: of which list, at which binding, in which protocol's order, and the position in it.

    `wanted` stands for the filters and the order of the list: among other rows a place means nothing.
    """

    type: str
    binding: str
    family: str
    position: Position
    wanted: str = ""

    def sign(self, key: bytes) -> str:
        """Return the cursor as clients hold it: nobody but this firm's graph can make one."""
        body = msgspec.json.encode(self)
        return base64.urlsafe_b64encode(_signature(key, body) + body).decode().rstrip("=")

    @classmethod
    def read(cls, text: str, key: bytes) -> Cursor | None:
        """Return a cursor that was signed here, or None."""
        try:
            raw = base64.urlsafe_b64decode(text[:CURSOR_BYTES] + "=" * (-len(text) % 4))
            signature, body = raw[:SIGNATURE_BYTES], raw[SIGNATURE_BYTES:]
            if not hmac.compare_digest(signature, _signature(key, body)):
                return None
            cursor = msgspec.json.decode(body, type=cls)
        except ValueError:
            return None
        # Python's decoder skips foreign characters: the very same text must come back.
        return cursor if cursor.sign(key) == text else None


class Page(msgspec.Struct, frozen=True):
    """One page of a list, each row with what signs its cursor."""

    rows: Sequence[tuple[Mark, Row | Problem]]
    has_next: bool
    total: int | None


class Walked(NamedTuple):
    """The lists of one page: what is asked of whom, one after the other, the mark of the wish, and where to go on."""

    sources: Sequence[tuple[Source, Selection]]
    mark: str
    position: Position | None


class Lists:
    """Pages of the lists of every type with a home."""

    def __init__(self, desk: Desk, key: bytes) -> None:
        self.desk, self.key = desk, key

    async def page(
        self, home: Home, first: int, after: str | None, scope: Scope, wanted: Wanted = ALL
    ) -> Page | Problem:
        """Return one page. Where a role is played by several systems, their lists follow one another."""
        sources = self._offering(home)
        bounded = None if 1 <= first <= MOST else Problem(Code.BAD_INPUT, f"'first' must be from 1 to {MOST}")
        refused = bounded or mistaken(wanted) or self.lacking(home, wanted)
        if refused is not None:
            return refused
        marked = mark(wanted)
        cursor = None if after is None else self._place(after, home, sources, marked)
        if isinstance(cursor, Problem):
            return cursor
        rest = list(dropwhile(lambda source: cursor is not None and source.binding != cursor.binding, sources))
        asked = await self._asked(home, rest, wanted)
        if isinstance(asked, Problem):
            return asked
        try:
            return await self._gather(home, Walked(asked, marked, cursor.position if cursor else None), first, scope)
        except SourceFailure as failure:
            return failed(failure.code, f"list of {home.name}", home.system)

    def lacking(self, home: Home, wanted: Wanted) -> Problem | None:
        """Return why a list cannot be had like this: nobody has it, or one of those who have it cannot choose so."""
        role, sources = home.system.name, self._offering(home)
        if not sources:
            return Problem(Code.NOT_OFFERED, f"no bound {role} answers this", system=role)
        lacking = [name for source in sources if (name := source.choices(home.row).lacking(wanted)) is not None]
        if lacking:
            return Problem(Code.NOT_OFFERED, f"the bound {role} cannot choose {home.name} by {lacking[0]}", system=role)
        if wanted.order is not None and len(sources) > 1:
            # Their lists follow one another, and no order goes across them.
            said = f"several systems play {role}: their lists have no common order"
            return Problem(Code.NOT_OFFERED, said, system=role)
        return None

    def _offering(self, home: Home) -> list[Source]:
        return [source for source in self.desk.playing(home.system) if source.offers(home.row, home.name)]

    def _place(self, after: str, home: Home, sources: Sequence[Source], marked: str) -> Cursor | Problem:
        cursor = Cursor.read(after, self.key)
        bound = [(source.binding, source.manifest.dialect.family) for source in sources]
        issued = cursor is not None and (cursor.type, cursor.wanted) == (home.name, marked)
        if cursor is None or not issued or (cursor.binding, cursor.family) not in bound:
            return Problem(Code.MALFORMED_CURSOR, "this cursor was not issued for this list")
        return cursor

    async def _asked(
        self, home: Home, sources: Sequence[Source], wanted: Wanted
    ) -> Sequence[tuple[Source, Selection]] | Problem:
        said = await worded(home, sources, wanted, self.desk.crossrefs)
        if isinstance(said, Problem):
            return said
        asked = [(source, source.choices(home.row).select(said[source.binding])) for source in sources]
        if any(source.burdened(selection) for source, selection in asked):
            return Problem(Code.BAD_INPUT, "the filters have more values than one request can carry")
        return asked

    async def _gather(self, home: Home, walked: Walked, first: int, scope: Scope) -> Page:
        rows: list[tuple[Mark, Row | Problem]] = []
        total, position = None, walked.position
        for source, selection in walked.sources:
            # One row more than asked tells whether there is a next page.
            places, counted = await source.page(home.row, position, first + 1 - len(rows), scope, selection)
            total = counted if len(self.desk.playing(home.system)) == 1 else None
            sign = partial(self._sign, home.name, source, walked.mark)
            rows += [(partial(sign, place.position), place.row) for place in places]
            position = None
            if len(rows) > first:
                break
        return Page(rows[:first], len(rows) > first, total)

    def _sign(self, type_: str, source: Source, marked: str, position: Position) -> str:
        return Cursor(type_, source.binding, source.manifest.dialect.family, position, marked).sign(self.key)


def _signature(key: bytes, body: bytes) -> bytes:
    return hmac.digest(key, body, hashlib.sha256)[:SIGNATURE_BYTES]
