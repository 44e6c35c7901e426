"""Pages of a list that stands in memory: whole, bounded and in the order of its ids."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from schema.problems import Code, Problem
from schema.rows import Ref, Row
from sources.contract import Position
from sources.listing import MOST, Cursor, Page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from schema.connection import Mark

WINDOW = "window"


class Window(msgspec.Struct, frozen=True):
    """Up to `first` rows of a record's list, from its beginning or behind a place."""

    key: bytes
    name: str
    parent: Ref
    first: int
    after: Position | None

    @classmethod
    def of(cls, key: bytes, name: str, parent: Ref, first: int, after: str | None) -> Window | Problem:
        """Read a client's arguments; a cursor of another list, or of another record's, is none of this one."""
        if not 1 <= first <= MOST:
            return Problem(Code.BAD_INPUT, f"'first' must be from 1 to {MOST}")
        if after is None:
            return cls(key, name, parent, first, None)
        cursor = Cursor.read(after, key)
        if cursor is None or (cursor.type, cursor.binding, cursor.family) != (name, parent.encode(), WINDOW):
            return Problem(Code.MALFORMED_CURSOR, "this cursor was not issued for this list")
        return cls(key, name, parent, first, cursor.position)

    def cut(self, rows: Sequence[Any]) -> Page | Problem:
        """Return that part of a list of rows, or of references."""
        start = 0 if self.after is None else _behind(rows, self.after)
        if start is None:
            return Problem(Code.MALFORMED_CURSOR, "the list has changed behind this cursor; begin again")
        stop = start + self.first
        shown = [(self._cursor(count, row), row) for count, row in enumerate(rows[start:stop], start + 1)]
        return Page(shown, stop < len(rows), len(rows))

    def _cursor(self, count: int, row: Row | Ref | Problem) -> Mark:
        cursor = Cursor(self.name, self.parent.encode(), WINDOW, Position(count, _id(row)))
        return partial(cursor.sign, self.key)


def _behind(rows: Sequence[Any], place: Position) -> int | None:
    """Find the row that the place names: where it was, or wherever its id now stands."""
    if place.count <= len(rows) and _id(rows[place.count - 1]) == place.id:
        return place.count
    return next((count for count, row in enumerate(rows, 1) if place.id and _id(row) == place.id), None)


def _id(row: Row | Ref | Problem) -> str:
    """Return a row's id; one that cannot be read has none."""
    if isinstance(row, Problem):
        return ""
    return row.id if isinstance(row, Ref) else row.ref.id
