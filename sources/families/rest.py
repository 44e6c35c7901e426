"""REST with ids in the URL and numbered pages (batch strategy B)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from schema.problems import Code
from sources.contract import Answer, Request, Single, SourceFailure, counted, decode, follow, walk
from sources.selection import instant

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sources.contract import Get, Position
    from sources.dialects import RestDialect
    from sources.manifest import Asked, Entity
    from sources.selection import Condition, Selection


DAY = timedelta(days=1)


class Rest:
    """Lists of ids go into a parameter, joined by commas; pages are counted from 1."""

    numbered, several = True, False

    def __init__(self, dialect: RestDialect) -> None:
        self.dialect = dialect

    def by_ids(self, entity: Entity, asked: Asked, ids: Sequence[str], columns: Sequence[str], size: int) -> Request:
        """Ask for one page of the rows with these ids."""
        del columns  # the protocol has no way to name them
        if asked.alone is not None:
            (id_,) = ids
            path = asked.alone.path.replace("{id}", quote(id_, safe=""))
            return Single(path, tuple(asked.where.items()), row=asked.alone.row)
        terms = {**self.dialect.order, **asked.where}
        if asked.joined:
            return self._page(entity, {**terms, asked.name: asked.joined.join(ids)}, size, number=1)
        request = self._page(entity, terms, size, number=1)
        return msgspec.structs.replace(request, params=(*request.params, *((asked.name, id_) for id_ in ids)))

    def page(
        self, entity: Entity, after: Position | None, size: int, columns: Sequence[str], wanted: Selection
    ) -> Request:
        """Ask for the page on which the row at the place stands, for it tells whether places still mean the same."""
        del columns
        terms = dict(self.dialect.order)
        if wanted.order is not None:
            direction = "desc" if wanted.order.descending else "asc"
            terms = dict.fromkeys(terms, f"{wanted.order.by}:{direction}")
        for condition in wanted.conditions:
            terms |= _chosen(condition)
        if wanted.since is not None:
            terms |= {one.param or one.at: one.prefix + instant(wanted.since) for one in wanted.since.stamps}
        if wanted.words:
            terms[wanted.param] = " ".join(wanted.words)
        return self._page(entity, terms, size, number=(after.count - 1) // size + 1 if after else 1)

    def read(self, request: Request, body: bytes) -> Answer:
        """Take the page's rows, join listed keys with the rows beside them, and count on to the last page."""
        content = decode(body)
        if isinstance(request, Single):
            row = walk(content, request.row)
            if not isinstance(row, dict):
                raise SourceFailure(Code.SOURCE_MISBEHAVED, "the answer has no record")
            return Answer([row])
        beside = bool(self.dialect.results)
        listed = walk(content, self.dialect.results if beside else self.dialect.rows[request.path])
        if not isinstance(listed, list):
            raise SourceFailure(Code.SOURCE_MISBEHAVED, "the answer has no results")
        total, size = (counted(walk(content, at)) for at in (self.dialect.total_at, self.dialect.size_at))
        pages = counted(walk(content, self.dialect.pages_at)) if self.dialect.pages_at else -(-total // max(size, 1))
        number = int(dict(request.params)[self.dialect.page])
        if number < pages and not listed:
            raise SourceFailure(Code.SOURCE_MISBEHAVED, "a page is empty, and not the last")
        following = _numbered(request, self.dialect.page, number + 1) if number < pages else None
        rows = [_loaded(content, item) for item in listed] if beside else listed
        return Answer(rows, following, total, first=(number - 1) * size)

    def at(self, path: str) -> Get:
        """Follow the path."""
        return follow(path)

    def _page(self, entity: Entity, terms: Mapping[str, str], size: int, number: int) -> Request:
        paging = {self.dialect.size: str(size), self.dialect.page: str(number)}
        return Request(entity.path, tuple({**entity.where, **terms, **paging}.items()))


def _chosen(condition: Condition) -> Mapping[str, str]:
    if condition.filter.custom:
        return {condition.by: ":".join(f"({condition.filter.custom}:{value})" for value in condition.values)}
    if condition.values:
        return {condition.by: ",".join(condition.values)}
    filter_, start, end = condition.filter, condition.start, condition.end
    if filter_.between:
        return {filter_.between: f"{start or date.min}:{end or date.max}"}
    if filter_.first or filter_.last:
        ends = {filter_.first: start, filter_.last: end}
        return {param: day.isoformat() for param, day in ends.items() if day is not None}
    # The days next to the wanted ones. A source that counts them in is found out by its first row of such a day.
    next_ = {filter_.after: start and start - DAY, filter_.before: end and end + DAY}
    return {param: day.isoformat() for param, day in next_.items() if day is not None}


def _loaded(content: Any, item: Any) -> Any:
    """Return the row that is listed, None where it does not stand beside: it is lost, the others are not."""
    key, id_ = (item.get("key"), item.get("id")) if isinstance(item, dict) else (None, None)
    beside = content.get(key) if isinstance(key, str) else None
    return beside.get(id_) if isinstance(beside, dict) and isinstance(id_, str) else None


def _numbered(request: Request, name: str, number: int) -> Request:
    params = tuple((key, str(number) if key == name else value) for key, value in request.params)
    return msgspec.structs.replace(request, params=params)
