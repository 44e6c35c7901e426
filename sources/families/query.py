"""A query language in one parameter: `SELECT ... FROM ... WHERE ... IN (...)` (batch strategy B), pages by a link.

Records by their own ids may have a road of their own: a list of ids in a body (batch strategy A).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from schema.problems import Code
from sources.contract import Answer, Request, SourceFailure, counted, decode, follow, walk
from sources.selection import changed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sources.contract import Get, Position
    from sources.dialects import QueryDialect
    from sources.manifest import Asked, Entity
    from sources.selection import Condition, Form, Order, Selection

LIMIT = " LIMIT "


class Query:
    """A statement asks; its first page names the next one."""

    numbered, several = False, False

    def __init__(self, dialect: QueryDialect) -> None:
        self.dialect = dialect

    def by_ids(self, entity: Entity, asked: Asked, ids: Sequence[str], columns: Sequence[str], size: int) -> Request:
        """Ask for the rows whose column is in the list, or for the records of these ids."""
        del size  # the source's own page is the only one
        if not self.dialect.in_url(entity, asked, columns):
            return Request(f"{self.dialect.collection}/{entity.path}", body={"ids": [*ids], "fields": [*columns]})
        members = ", ".join(_literal(id_) for id_ in ids)
        return self._select(entity, columns, [f"{asked.name} IN ({members})", *_equal(entity.where | asked.where)])

    def page(
        self, entity: Entity, after: Position | None, size: int, columns: Sequence[str], wanted: Selection
    ) -> Request:
        """Ask for the wanted rows that follow, by what they are ordered by and by id."""
        terms = [*_behind(entity, after, wanted.order), *map(_chosen, wanted.conditions), *_equal(entity.where)]
        terms += [_search(word, wanted.searched) for word in wanted.words]
        terms += [changed(wanted.since, ">=", "OR")] if wanted.since else []
        tail = f" ORDER BY {_orders(entity, wanted.order)}{LIMIT}{size}"
        return self._select(entity, columns, terms, tail)

    def read(self, request: Request, body: bytes) -> Answer:
        """Take the page's rows and follow the link, which must stay below the queries."""
        content = decode(body)
        if request.body is not None:
            return _collected(request.body["ids"], content)
        rows = walk(content, self.dialect.rows)
        if not isinstance(rows, list):
            raise SourceFailure(Code.SOURCE_MISBEHAVED, "the answer has no rows")
        link, total = walk(content, self.dialect.next), walk(content, self.dialect.total)
        # Behind a limit the source counts what it answers, not what there is.
        limited = LIMIT in dict(request.params).get(self.dialect.param, "")
        return Answer(
            rows, self._following(link) if link else None, None if limited or total is None else counted(total)
        )

    def at(self, path: str) -> Get:
        """Follow the path."""
        return follow(path)

    def _select(self, entity: Entity, columns: Sequence[str], terms: Sequence[str], tail: str = "") -> Request:
        where = f" WHERE {' AND '.join(terms)}" if terms else ""
        statement = f"SELECT {', '.join(columns)} FROM {entity.path}{where}{tail}"  # noqa: S608  literals are escaped
        return Request(self.dialect.path, ((self.dialect.param, statement),))

    def _following(self, link: Any) -> Request:
        if not isinstance(link, str) or not link.startswith(f"{self.dialect.path}/") or ".." in link:
            raise SourceFailure(Code.SOURCE_MISBEHAVED, "the next link leaves the queries")
        return Request(link)


def _collected(ids: Sequence[str], content: Any) -> Answer:
    """Take the records of a collection. Where as many did not come as were asked for, a missing one proves nothing."""
    if not isinstance(content, list):
        raise SourceFailure(Code.SOURCE_MISBEHAVED, "the answer is no list of records")
    rows = [row for row in content if row is not None]
    return Answer(rows, total=len(rows) + len(ids) - len(content))


def _literal(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _written(form: Form, text: str) -> str:
    return _literal(text) if form in {"text", "id"} else text


def _chosen(condition: Condition) -> str:
    column = condition.by
    if condition.values:
        return f"{column} IN ({', '.join(_written(condition.form, value) for value in condition.values)})"
    ends = ((">=", condition.start), ("<=", condition.end))
    return " AND ".join(f"{column} {operator} {day.isoformat()}" for operator, day in ends if day is not None)


def _search(word: str, columns: Sequence[str]) -> str:
    # A wildcard of the text is written as itself; the pattern's own stand around it.
    part = _literal(word).replace("%", r"\%").replace("_", r"\_")[1:-1]
    parts = [f"{column} LIKE '%{part}%'" for column in columns]
    return f"({' OR '.join(parts)})"


def _behind(entity: Entity, after: Position | None, order: Order | None) -> Iterable[str]:
    if after is None:
        return
    further = f"{entity.id.name} > {_literal(after.id)}"
    if order is None:
        yield further
    else:
        key = _written(order.form, after.key)
        yield f"({order.by} {'<' if order.descending else '>'} {key} OR ({order.by} = {key} AND {further}))"


def _orders(entity: Entity, order: Order | None) -> str:
    ordered = [] if order is None else [f"{order.by} {'DESC' if order.descending else 'ASC'}"]
    ties = [] if order is not None and order.by == entity.id.name else [entity.id.name]
    return ", ".join([*ordered, *ties])


def _equal(where: Mapping[str, str]) -> Iterable[str]:
    return (f"{name} = {_literal(value)}" for name, value in where.items())
