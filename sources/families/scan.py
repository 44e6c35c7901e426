"""Lists that can only be read whole: no reads by id (batch strategy D)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from schema.problems import Code
from sources.contract import Answer, Request, SourceFailure, decode, follow, walk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sources.contract import Get, Position
    from sources.dialects import Listed, ScanDialect
    from sources.manifest import Asked, Entity
    from sources.selection import Selection


class Scan:
    """One list from its beginning to its end, by a cursor where it comes in pages."""

    numbered, several = False, False

    def __init__(self, dialect: ScanDialect) -> None:
        self.dialect = dialect

    def by_ids(self, entity: Entity, asked: Asked, ids: Sequence[str], columns: Sequence[str], size: int) -> Request:
        """Ask for the whole list: it cannot be asked for ids."""
        del asked, ids
        return self._whole(entity, size, columns)

    def page(
        self, entity: Entity, after: Position | None, size: int, columns: Sequence[str], wanted: Selection
    ) -> Request:
        """Ask for the list's first page: it cannot be asked from a place on."""
        del after, wanted  # what is wanted of it is chosen in memory
        return self._whole(entity, size, columns)

    def read(self, request: Request, body: bytes) -> Answer:
        """Take the page's rows and go on behind its cursor."""
        content, listed = decode(body), self._listed(request.path)
        rows = walk(content, listed.rows) if listed.rows else content
        if not isinstance(rows, list):
            raise SourceFailure(Code.SOURCE_MISBEHAVED, "the answer has no rows")
        cursor = walk(content, listed.next) if listed.next else None
        return Answer(rows, self._following(request, cursor) if cursor else None)

    def at(self, path: str) -> Get:
        """Follow the path."""
        return follow(path)

    def _whole(self, entity: Entity, size: int, columns: Sequence[str]) -> Request:
        listed = self._listed(entity.path)
        sized = {listed.size: str(size)} if listed.size else {}
        params = tuple({**listed.params, **entity.where, **sized}.items())
        if not listed.columns:
            return Request(entity.path, params)
        named = list(dict.fromkeys(column.partition(".")[0] for column in columns))
        return Request(entity.path, params, {**listed.body, listed.columns: named})

    def _listed(self, path: str) -> Listed:
        return self.dialect.lists.get(path, self.dialect)

    def _following(self, request: Request, cursor: Any) -> Request:
        if not isinstance(cursor, str):
            raise SourceFailure(Code.SOURCE_MISBEHAVED, "the cursor is no text")
        params = {**dict(request.params), self._listed(request.path).cursor: cursor}
        return msgspec.structs.replace(request, params=tuple(params.items()))
