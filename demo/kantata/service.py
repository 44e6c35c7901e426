"""Kantata over HTTP: lists under `/api/v1`, answered as keys in order and rows by id beside them.

A record that was written is answered as a list of one.
"""

import re
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from http import HTTPStatus
from typing import Any, Final

import msgspec

from demo.emulator import Answer, Call, Database, Quirk, Row, Table, listing
from demo.kantata import changes
from demo.kantata.endpoints import ENDPOINTS, shown
from demo.kantata.forms import FORMS
from demo.kantata.query import Query, QueryError, read
from demo.kantata.records import Records, RefusedError

_PATH: Final = re.compile(r"/api/v1/(?P<name>[a-z_]+?)(?:/(?P<id>\d+))?(?:\.json)?")
_FAILURES: Final = {
    422: "The record is not valid.",
    429: "Too many requests. Retry after a small delay.",
    500: "Something went wrong.",
    503: "Service is unavailable.",
}
UNAUTHORIZED_TEXT: Final = "Invalid OAuth 2 Request"
NOTHING: Final[frozenset[str]] = frozenset()
_BODY: Final = msgspec.json.Decoder(dict[str, dict[str, Any]], float_hook=Decimal)


class Service:
    """One account, read and written with one token."""

    def __init__(self, database: Database, token: str, as_of: datetime) -> None:
        """Serve the database of a firm, as it was at an instant, to whoever shows the token."""
        self._database, self._token = database, token
        self._records = Records(database, as_of)

    def answer(self, call: Call, quirk: Quirk) -> Answer:
        """Answer one call."""
        if call.headers.get("authorization") != f"Bearer {self._token}":
            return self.refusal(401)
        found = _PATH.fullmatch(call.path)
        if not found or found["name"] not in ENDPOINTS:
            return _error(404, "system", "Page Not Found")
        if call.method != "GET":
            return self._written(found["name"], found["id"], call)
        if found["id"]:
            return _error(404, "system", "Page Not Found")
        table = self._database.tables[found["name"]]
        try:
            query = read(call.query, table)
        except QueryError as error:
            return _error(400, "system", f"Bad Request: {error}")
        return self._list(table, query, quirk)

    def refusal(self, status: int) -> Answer:
        """Return how the product refuses a token, too many calls or what is not valid, or says that it is down."""
        if status == HTTPStatus.UNAUTHORIZED:
            return _error(status, "oauth", UNAUTHORIZED_TEXT)
        return _error(status, "system", _FAILURES[status])

    def _written(self, name: str, id_: str | None, call: Call) -> Answer:
        """Make a record, or set or delete the one that is named."""
        form = FORMS.get(name)
        if form is None or (call.method, id_ is None) not in {("POST", True), ("PUT", False), ("DELETE", False)}:
            return _error(404, "system", "Page Not Found")
        try:
            if id_ and call.method == "DELETE":
                changes.delete(self._records, name, id_)
                return Answer(204)
            given = _given(call.body, form.singular)
            if id_:
                return _single(name, changes.update(self._records, name, id_, given))
            row, key = changes.create(self._records, name, given)
        except RefusedError as error:
            return _error(error.status, "system", str(error))
        return replace(_single(name, row), key=key)

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


def _given(body: bytes, singular: str) -> Row:
    try:
        return _BODY.decode(body)[singular]
    except (msgspec.DecodeError, KeyError) as error:
        raise RefusedError(f"Bad Request: {singular} is missing", 400) from error


def _single(name: str, row: Row) -> Answer:
    visible = shown(name, row, NOTHING, NOTHING)
    content = {
        "count": 1,
        "results": [{"key": name, "id": row["id"]}],
        name: {row["id"]: visible},
        "meta": {"count": 1},
    }
    return Answer(200, content, rows=1)


def _error(status: int, kind: str, message: str) -> Answer:
    return Answer(status, {"errors": [{"type": kind, "message": message}]})
