"""A query language in one parameter: `SELECT ... FROM ... WHERE ... IN (...)` (batch strategy B), pages by a link."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from schema.problems import Code
from sources.contract import Answer, Request, SourceFailure, counted, decode, walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sources.contract import Position
    from sources.manifest import Asked, Entity, QueryDialect

LIMIT = " LIMIT "


class Query:
    """A statement asks; its first page names the next one."""

    numbered = False

    def __init__(self, dialect: QueryDialect) -> None:
        self.dialect = dialect

    def by_ids(self, entity: Entity, asked: Asked, ids: Sequence[str], columns: Sequence[str], size: int) -> Request:
        """Ask for the rows whose column is in the list."""
        del size  # the source's own page is the only one
        members = ", ".join(_literal(id_) for id_ in ids)
        return self._select(entity, columns, [f"{asked.name} IN ({members})", *_equal(entity.where | asked.where)])

    def page(self, entity: Entity, after: Position | None, size: int, columns: Sequence[str]) -> Request:
        """Ask for the rows whose id follows, by id."""
        behind = [f"{entity.id.name} > {_literal(after.id)}"] if after is not None else []
        tail = f" ORDER BY {entity.id.name}{LIMIT}{size}"
        return self._select(entity, columns, [*behind, *_equal(entity.where)], tail)

    def read(self, request: Request, body: bytes) -> Answer:
        """Take the page's rows and follow the link, which must stay below the queries."""
        content = decode(body)
        rows = walk(content, self.dialect.rows)
        if not isinstance(rows, list):
            raise SourceFailure(Code.SOURCE_MISBEHAVED, "the answer has no rows")
        link, total = walk(content, self.dialect.next), walk(content, self.dialect.total)
        # Behind a limit the source counts what it answers, not what there is.
        limited = LIMIT in dict(request.params).get(self.dialect.param, "")
        return Answer(
            rows, self._following(link) if link else None, None if limited or total is None else counted(total)
        )

    def value(self, row: Mapping[str, Any], at: str) -> Any:
        """Follow the path."""
        return walk(row, at)

    def _select(self, entity: Entity, columns: Sequence[str], terms: Sequence[str], tail: str = "") -> Request:
        where = f" WHERE {' AND '.join(terms)}" if terms else ""
        statement = f"SELECT {', '.join(columns)} FROM {entity.path}{where}{tail}"  # noqa: S608  literals are escaped
        return Request(self.dialect.path, ((self.dialect.param, statement),))

    def _following(self, link: Any) -> Request:
        if not isinstance(link, str) or not link.startswith(f"{self.dialect.path}/") or ".." in link:
            raise SourceFailure(Code.SOURCE_MISBEHAVED, "the next link leaves the queries")
        return Request(link)


def _literal(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _equal(where: Mapping[str, str]) -> Iterable[str]:
    return (f"{name} = {_literal(value)}" for name, value in where.items())
