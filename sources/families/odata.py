"""OData V4 (OASIS): `$filter=... in (...)` (batch strategy B) or a chain of `or` (C), pages by `@odata.nextLink`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qsl, urljoin, urlsplit

from schema.problems import Code
from sources.contract import Answer, Named, Request, SourceFailure, counted, decode, follow, walk
from sources.selection import changed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sources.contract import Get, Position
    from sources.dialects import ODataDialect
    from sources.manifest import Asked, Entity
    from sources.selection import Condition, Form, Order, Selection, Since


NOON = "T12:00:00Z"


class OData:
    """A page is as long as the server likes; only the absence of a next link is the end."""

    numbered, several = False, False
    # What the protocol itself says of a row, such as its ETag: it comes unasked.
    control = "@"
    counting: ClassVar[Mapping[str, str]] = {"$count": "true"}

    def __init__(self, dialect: ODataDialect) -> None:
        self.dialect = dialect

    def by_ids(self, entity: Entity, asked: Asked, ids: Sequence[str], columns: Sequence[str], size: int) -> Request:
        """Ask for the rows whose column is in the list."""
        del size  # the server's own page is the only one: a $top would end a list early, but not one of single records
        # Keys are asked for all at once, or a server with short pages takes many calls for them.
        top = len(ids) if self.dialect.top and asked is entity.id else 0
        return self._asking(entity, asked, self._any(asked.name, ids), columns, top)

    def _any(self, column: str, ids: Sequence[str]) -> str:
        return self._among(column, literals(ids))

    def _among(self, column: str, literals: Sequence[str]) -> str:
        if self.dialect.ids == "in":
            return f"{column} in ({','.join(literals)})"
        return f"({' or '.join(f'{column} eq {one}' for one in literals)})"

    def _asking(self, entity: Entity, asked: Asked, term: str, columns: Sequence[str], top: int = 0) -> Request:
        terms = [term, *_equal(entity.where | asked.where)]
        topmost = {"$top": str(top)} if top else {}
        return self._read(entity, columns, {"$filter": " and ".join(terms), **topmost, **self.counting})

    def page(
        self, entity: Entity, after: Position | None, size: int, columns: Sequence[str], wanted: Selection
    ) -> Request:
        """Ask for the wanted rows that follow, by what they are ordered by and by id."""
        terms = [
            *self._behind(entity, after, wanted.order),
            *map(self._chosen, wanted.conditions),
            *_equal(entity.where),
        ]
        terms += [self._search(word, wanted.searched) for word in wanted.words]
        terms += [self._since(wanted.since)] if wanted.since else []
        chosen = {"$filter": " and ".join(terms)} if terms else {}
        options = {**chosen, "$orderby": _orders(entity, wanted.order), "$top": str(size), **self.counting}
        return self._read(entity, columns, options)

    def read(self, request: Request, body: bytes) -> Answer:
        """Take the page's rows and follow the next link, which must stay on the same path."""
        return self._page(request, decode(body))

    def _page(self, request: Request, content: Any) -> Answer:
        rows = walk(content, "value")
        if not isinstance(rows, list):
            raise SourceFailure(Code.SOURCE_MISBEHAVED, "the answer has no 'value'")
        link, total = content.get("@odata.nextLink"), content.get("@odata.count")
        return Answer(rows, following(request, link) if link else None, None if total is None else counted(total))

    def at(self, path: str) -> Get:
        """Follow the path; the name of what the protocol says is none."""
        return Named(path) if path.startswith(self.control) else follow(path)

    def _chosen(self, condition: Condition) -> str:
        column, form = condition.by, condition.form
        if condition.values:
            return self._among(column, [self._written(form, value) for value in condition.values])
        ends = (("ge", condition.start), ("le", condition.end))
        noon = NOON if form == "noon" else ""
        days = ((operator, f"{day.isoformat()}{noon}") for operator, day in ends if day is not None)
        return " and ".join(f"{column} {operator} {self._written(form, day)}" for operator, day in days)

    def _since(self, since: Since) -> str:
        return changed(since, "ge", "or")

    def _written(self, form: Form, text: str) -> str:
        return literal(text) if form in {"text", "id"} else text

    def _contains(self, column: str, word: str) -> str:
        return f"contains(tolower({column}),{literal(word)})"

    def _behind(self, entity: Entity, after: Position | None, order: Order | None) -> Iterable[str]:
        if after is None:
            return
        further = f"{entity.id.name} gt {literal(after.id)}"
        if order is None:
            yield further
        else:
            key = self._written(order.form, after.key)
            yield f"({order.by} {'lt' if order.descending else 'gt'} {key} or ({order.by} eq {key} and {further}))"

    def _search(self, word: str, columns: Sequence[str]) -> str:
        if self.dialect.contains == "wildcard":
            parts = [f"{column} eq {literal(f'*{word}*')}" for column in columns]
        else:
            parts = [self._contains(column, word) for column in columns]
        return f"({' or '.join(parts)})"

    def _read(self, entity: Entity, columns: Sequence[str], options: Mapping[str, str]) -> Request:
        own = (column.partition(".")[0] for column in columns if not column.startswith(self.control))
        select = {"$select": ",".join(dict.fromkeys(own))}
        return Request(entity.path, tuple({**self.dialect.options, **select, **options}.items()))


def literals(texts: Sequence[str]) -> list[str]:
    """Write texts as OData does; ids have hardly ever a quotation mark in them."""
    return [f"'{text}'" for text in texts] if "'" not in "".join(texts) else [literal(text) for text in texts]


def literal(text: str) -> str:
    """Write a text as OData does."""
    return "'" + text.replace("'", "''") + "'"


def _orders(entity: Entity, order: Order | None) -> str:
    ordered = [] if order is None else [f"{order.by} {'desc' if order.descending else 'asc'}"]
    # Many servers refuse a column that comes twice.
    ties = [] if order is not None and order.by == entity.id.name else [entity.id.name]
    return ",".join([*ordered, *ties])


def _equal(where: Mapping[str, str]) -> Iterable[str]:
    return (f"{name} eq {literal(value)}" for name, value in where.items())


def following(request: Request, link: Any) -> Request:
    """Return the request for the next page; raise SourceFailure where its link leads elsewhere."""
    try:
        # A relative link counts from the list itself (OData JSON 4.01, 4.5.1).
        parts = urlsplit(urljoin(request.path, str(link)))
    except ValueError as error:
        raise SourceFailure(Code.SOURCE_MISBEHAVED, "the next link is no address") from error
    # Only the query is taken: a link to another host or entity must not lead the credentials astray.
    if not parts.path.endswith(request.path):
        raise SourceFailure(Code.SOURCE_MISBEHAVED, "the next link leaves the list")
    return Request(request.path, tuple(parse_qsl(parts.query, keep_blank_values=True)))
