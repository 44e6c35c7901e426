"""OData V4 (OASIS): `$filter=... in (...)` (batch strategy B), server-driven paging by `@odata.nextLink`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urljoin, urlsplit

from schema.problems import Code
from sources.contract import Answer, Request, SourceFailure, counted, decode, walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sources.contract import Position
    from sources.manifest import Asked, Entity, ODataDialect


class OData:
    """A page is as long as the server likes; only the absence of a next link is the end."""

    numbered = False

    def __init__(self, dialect: ODataDialect) -> None:
        self.dialect = dialect

    def by_ids(self, entity: Entity, asked: Asked, ids: Sequence[str], columns: Sequence[str], size: int) -> Request:
        """Ask for the rows whose column is in the list."""
        del size  # the server's own page is the only one: a $top would end the list early
        members = ",".join(_literal(id_) for id_ in ids)
        terms = [f"{asked.name} in ({members})", *_equal(entity.where | asked.where)]
        return self._read(entity, columns, {"$filter": " and ".join(terms), "$count": "true"})

    def page(self, entity: Entity, after: Position | None, size: int, columns: Sequence[str]) -> Request:
        """Ask for the rows whose id follows, by id."""
        behind = [f"{entity.id.name} gt {_literal(after.id)}"] if after is not None else []
        terms = [*behind, *_equal(entity.where)]
        chosen = {"$filter": " and ".join(terms)} if terms else {}
        options = {**chosen, "$orderby": entity.id.name, "$top": str(size), "$count": "true"}
        return self._read(entity, columns, options)

    def read(self, request: Request, body: bytes) -> Answer:
        """Take the page's rows and follow the next link, which must stay on the same path."""
        content = decode(body)
        rows = walk(content, "value")
        if not isinstance(rows, list):
            raise SourceFailure(Code.SOURCE_MISBEHAVED, "the answer has no 'value'")
        link, total = content.get("@odata.nextLink"), content.get("@odata.count")
        return Answer(rows, _following(request, link) if link else None, None if total is None else counted(total))

    def value(self, row: Mapping[str, Any], at: str) -> Any:
        """Follow the path."""
        return walk(row, at)

    def _read(self, entity: Entity, columns: Sequence[str], options: Mapping[str, str]) -> Request:
        select = {"$select": ",".join(dict.fromkeys(column.partition(".")[0] for column in columns))}
        return Request(entity.path, tuple({**self.dialect.options, **select, **options}.items()))


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _equal(where: Mapping[str, str]) -> Iterable[str]:
    return (f"{name} eq {_literal(value)}" for name, value in where.items())


def _following(request: Request, link: Any) -> Request:
    try:
        # A relative link counts from the list itself (OData JSON 4.01, 4.5.1).
        parts = urlsplit(urljoin(request.path, str(link)))
    except ValueError as error:
        raise SourceFailure(Code.SOURCE_MISBEHAVED, "the next link is no address") from error
    # Only the query is taken: a link to another host or entity must not lead the credentials astray.
    if not parts.path.endswith(request.path):
        raise SourceFailure(Code.SOURCE_MISBEHAVED, "the next link leaves the list")
    return Request(request.path, tuple(parse_qsl(parts.query, keep_blank_values=True)))
