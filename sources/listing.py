"""Lists without a bound, page by page, with cursors that say how to go on."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from schema.problems import Code, Problem
from schema.rows import Row
from sources.batching import failed
from sources.contract import Position, SourceFailure

if TYPE_CHECKING:
    from schema.graph import Home
    from sources.batching import Desk
    from sources.contract import Scope
    from sources.source import Source
    from sources.walk import Place

SIGNATURE_BYTES = 16
CURSOR_BYTES = 2_000
MOST = 200


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """The place behind a row: of which list, at which binding, in which protocol's order, and the position in it."""

    type: str
    binding: str
    family: str
    position: Position

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
    """One page of a list, each row with its cursor."""

    rows: Sequence[tuple[str, Row | Problem]]
    has_next: bool
    total: int | None


class Lists:
    """Pages of the lists of every type with a home."""

    def __init__(self, desk: Desk, key: bytes) -> None:
        self.desk, self.key = desk, key

    async def page(self, home: Home, first: int, after: str | None, scope: Scope) -> Page | Problem:
        """Return one page. Where a role is played by several systems, their lists follow one another."""
        if not 1 <= first <= MOST:
            return Problem(Code.BAD_INPUT, f"'first' must be from 1 to {MOST}")
        sources = [source for source in self.desk.playing(home.system) if source.offers(home.row, home.name)]
        if not sources:
            return Problem(Code.NOT_OFFERED, f"no bound {home.system.name} answers this", system=home.system.name)
        position = None
        if after is not None:
            cursor = Cursor.read(after, self.key)
            bound: list[tuple[str, str]] = [(source.binding, source.manifest.dialect.family) for source in sources]
            if cursor is None or cursor.type != home.name or (cursor.binding, cursor.family) not in bound:
                return Problem(Code.MALFORMED_CURSOR, "this cursor was not issued for this list")
            sources, position = sources[bound.index((cursor.binding, cursor.family)) :], cursor.position
        try:
            return await self._gather(home, sources, position, first, scope)
        except SourceFailure as failure:
            return failed(failure.code, f"list of {home.name}", home.system)

    async def _gather(
        self, home: Home, sources: list[Source], position: Position | None, first: int, scope: Scope
    ) -> Page:
        rows: list[tuple[str, Row | Problem]] = []
        total = None
        for source in sources:
            # One row more than asked tells whether there is a next page.
            places, counted = await source.page(home.row, position, first + 1 - len(rows), scope)
            total = counted if len(self.desk.playing(home.system)) == 1 else None
            rows += [(self._cursor(home, source, place), place.row) for place in places]
            position = None
            if len(rows) > first:
                break
        return Page(rows[:first], len(rows) > first, total)

    def _cursor(self, home: Home, source: Source, place: Place) -> str:
        return Cursor(home.name, source.binding, source.manifest.dialect.family, place.position).sign(self.key)


def _signature(key: bytes, body: bytes) -> bytes:
    return hmac.digest(key, body, hashlib.sha256)[:SIGNATURE_BYTES]
