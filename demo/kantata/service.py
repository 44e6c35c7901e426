"""Kantata over HTTP: lists under `/api/v1`, answered as keys in order and rows by id beside them."""

import re
from http import HTTPStatus
from typing import Any, Final

from demo.emulator import Answer, Call, Database, Quirk, Row, Table, listing
from demo.kantata.endpoints import ENDPOINTS, shown
from demo.kantata.query import Query, QueryError, read

_PATH: Final = re.compile(r"/api/v1/(?P<name>[a-z_]+?)(?:\.json)?")
_FAILURES: Final = {
    429: "Too many requests. Retry after a small delay.",
    500: "Something went wrong.",
    503: "Service is unavailable.",
}
UNAUTHORIZED_TEXT: Final = "Invalid OAuth 2 Request"
NOTHING: Final[frozenset[str]] = frozenset()


class Service:
    """One account, read with one token."""

    def __init__(self, database: Database, token: str) -> None:
        """Serve a database to whoever shows the token."""
        self._database, self._token = database, token

    def answer(self, call: Call, quirk: Quirk) -> Answer:
        """Answer one call."""
        if call.headers.get("authorization") != f"Bearer {self._token}":
            return self.refusal(401)
        found = _PATH.fullmatch(call.path)
        if not found or found["name"] not in self._database.tables or call.method != "GET":
            return _error(404, "system", "Page Not Found")
        table = self._database.tables[found["name"]]
        try:
            query = read(call.query, table)
        except QueryError as error:
            return _error(400, "system", f"Bad Request: {error}")
        return self._list(table, query, quirk)

    def refusal(self, status: int) -> Answer:
        """Return how the product refuses a token or too many calls, or says that it is down."""
        if status == HTTPStatus.UNAUTHORIZED:
            return _error(status, "oauth", UNAUTHORIZED_TEXT)
        return _error(status, "system", _FAILURES[status])

    def _list(self, table: Table, query: Query, quirk: Quirk) -> Answer:
        told = quirk.listing(listing(table.select(query.where, query.values, query.order), table))
        size = quirk.page_size(table.name, query.per_page)
        rows = told.rows[(query.page - 1) * size : query.page * size]
        beside, children = self._included(table, query, rows), self._children(table, query, rows)
        # Those asked for come last, because an included row of the same kind shows less than one that was asked for.
        for row in rows:
            visible = shown(table.name, row, query.included, query.optional)
            beside.setdefault(table.name, {})[row["id"]] = {**visible, **children.get(row["id"], {})}
        pages = -(-told.total // size)
        content: dict[str, Any] = {
            "count": told.total,
            "results": [{"key": table.name, "id": row["id"]} for row in rows],
            table.name: {},
            **beside,
            "meta": {"count": told.total, "page_count": pages, "page_number": query.page, "page_size": size},
        }
        return Answer(200, content, entity=table.name, rows=len(rows))

    def _included(self, table: Table, query: Query, rows: list[Row]) -> dict[str, dict[str, Row]]:
        """Return, by table, what the included associations bring along."""
        beside: dict[str, dict[str, Row]] = {}
        endpoint = ENDPOINTS[table.name]
        wanted = [
            (other, "id", [str(row[column]) for row in rows if row[column] is not None])
            for association, (column, other) in endpoint.includes.items()
            if association in query.included
        ] + [
            (other, column, [row["id"] for row in rows])
            for association, (column, other, _) in endpoint.children.items()
            if association in query.included
        ]
        for other, column, ids in wanted:
            found = self._database.tables[other].among(column, dict.fromkeys(ids))
            beside.setdefault(other, {}).update((row["id"], shown(other, row, NOTHING, NOTHING)) for row in found)
        return beside

    def _children(self, table: Table, query: Query, rows: list[Row]) -> dict[str, Row]:
        """Return, by row, the lists of ids that the included associations to many add to it."""
        lists: dict[str, Row] = {row["id"]: {} for row in rows}
        for association, (column, other, name) in ENDPOINTS[table.name].children.items():
            if association in query.included:
                found = self._database.tables[other].among(column, lists)
                for id_, added in lists.items():
                    added[name] = [row["id"] for row in found if row[column] == id_]
        return lists


def _error(status: int, kind: str, message: str) -> Answer:
    return Answer(status, {"errors": [{"type": kind, "message": message}]})
