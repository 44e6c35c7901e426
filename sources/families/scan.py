"""Lists that can only be read whole: no reads by id (batch strategy D)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from schema.problems import Code
from sources.contract import Answer, Request, SourceFailure, decode, walk

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sources.contract import Position
    from sources.manifest import Asked, Entity, ScanDialect


class Scan:
    """One list from its beginning to its end, by a cursor where it comes in pages."""

    numbered = False

    def __init__(self, dialect: ScanDialect) -> None:
        self.dialect = dialect

    def by_ids(self, entity: Entity, asked: Asked, ids: Sequence[str], columns: Sequence[str], size: int) -> Request:
        """Ask for the whole list: it cannot be asked for ids."""
        del asked, ids
        return self.page(entity, None, size, columns)

    def page(self, entity: Entity, after: Position | None, size: int, columns: Sequence[str]) -> Request:
        """Ask for the list's first page: it cannot be asked from a place on."""
        del after
        sized = {self.dialect.size: str(size)} if self.dialect.size else {}
        params = tuple({**self.dialect.params, **entity.where, **sized}.items())
        if not self.dialect.columns:
            return Request(entity.path, params)
        named = list(dict.fromkeys(column.partition(".")[0] for column in columns))
        return Request(entity.path, params, {**self.dialect.body, self.dialect.columns: named})

    def read(self, request: Request, body: bytes) -> Answer:
        """Take the page's rows and go on behind its cursor."""
        content = decode(body)
        rows = walk(content, self.dialect.rows)
        if not isinstance(rows, list):
            raise SourceFailure(Code.SOURCE_MISBEHAVED, "the answer has no rows")
        cursor = walk(content, self.dialect.next) if self.dialect.next else None
        return Answer(rows, self._following(request, cursor) if cursor else None)

    def value(self, row: Mapping[str, Any], at: str) -> Any:
        """Follow the path."""
        return walk(row, at)

    def _following(self, request: Request, cursor: Any) -> Request:
        if not isinstance(cursor, str):
            raise SourceFailure(Code.SOURCE_MISBEHAVED, "the cursor is no text")
        params = {**dict(request.params), self.dialect.cursor: cursor}
        return msgspec.structs.replace(request, params=tuple(params.items()))
