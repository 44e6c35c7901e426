"""Dynamics over HTTP: a token for a client secret, and entity sets under `/data`."""

import base64
import hashlib
import zlib
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qs

import msgspec

from demo.dynamics.batch import NAME, batch
from demo.dynamics.books import Books, Refused
from demo.dynamics.filters import QueryError
from demo.dynamics.ledger import DEFAULT_COMPANY
from demo.dynamics.operations import perform
from demo.dynamics.query import Query, read
from demo.dynamics.values import plain
from demo.emulator import Answer, Call, Listing, Quirk, Row, Table, listing

LOGIN_PATH: Final = "/oauth2/v2.0/token"
DATA: Final = "/data/"
URL_BYTES: Final = 16 * 1024
EXPIRES_IN: Final = 3599

_AADSTS: Final = {
    "unsupported_grant_type": (400, 70003, "The app requested an unsupported grant type."),
    "unauthorized_client": (400, 700016, "Application was not found in the directory."),
    "invalid_client": (401, 7000215, "Invalid client secret provided."),
}
_FAILURES: Final = {
    429: "Number of requests exceeded the limit.",
    500: "An error has occurred.",
    503: "The service is unavailable.",
}
INVALID_TEXT: Final = "Write failed for table row: the record is not valid."


class Service:
    """One environment of the product; `page` is the most rows of one answer."""

    def __init__(self, books: Books, client_id: str, client_secret: str, page: int) -> None:
        """Serve the books to the one client that is registered."""
        self._books, self._page = books, page
        self._client_id, self._client_secret = client_id, client_secret
        self._tokens: set[str] = set()

    def answer(self, call: Call, quirk: Quirk) -> Answer:
        """Answer one call."""
        if len(call.target) > URL_BYTES:
            return _error(414, "The request URL is too long.")
        if call.path == LOGIN_PATH and call.method == "POST":
            return self._login(call.body)
        if call.headers.get("authorization", "").removeprefix("Bearer ") not in self._tokens:
            return Answer(401, headers={"WWW-Authenticate": "Bearer"})
        if call.path == DATA + NAME and call.method == "POST":
            return self._batch(call, quirk)
        return self._data(call, quirk)

    def _batch(self, call: Call, quirk: Quirk) -> Answer:
        def one(part: Call) -> Answer:
            return quirk.answer(self._data(part, quirk), self.refusal)

        try:
            return batch(call, quirk, DATA, one)
        except msgspec.DecodeError as error:
            return _error(400, f"The batch request is not valid. {error}")

    def refusal(self, status: int) -> Answer:
        """Return how the product refuses a token, an invalid row or too many calls, or says that it is down."""
        if status == HTTPStatus.UNAUTHORIZED:
            challenge = 'Bearer error="invalid_token", error_description="The token is expired"'
            return Answer(401, headers={"WWW-Authenticate": challenge})
        if status == HTTPStatus.UNPROCESSABLE_ENTITY:
            return _error(HTTPStatus.BAD_REQUEST, INVALID_TEXT)
        refused = _error(status, _FAILURES[status])
        return replace(refused, headers={"Retry-After": "1"}) if status == HTTPStatus.TOO_MANY_REQUESTS else refused

    def _data(self, call: Call, quirk: Quirk) -> Answer:
        if call.method != "GET":
            return self._change(call)
        table = self._books.database.tables.get(call.path.removeprefix(DATA))
        if table is None or not call.path.startswith(DATA):
            return _error(404, f"No HTTP resource was found that matches the request URI '{call.base}{call.path}'.")
        try:
            return self._list(call, quirk, table, read(call.query, table, DEFAULT_COMPANY))
        except QueryError as error:
            return _error(400, f"The query specified in the URI is not valid. {error}")

    def _change(self, call: Call) -> Answer:
        try:
            made = perform(self._books, call.method, call.path.removeprefix(DATA), call.body)
        except Refused as refused:
            return _error(refused.status, str(refused))
        content = {name: plain(value) for name, value in made.row.items()}
        answered = None if made.status is HTTPStatus.NO_CONTENT else content
        return Answer(made.status, answered, {"OData-Version": "4.0"}, key=made.key)

    def _login(self, body: bytes) -> Answer:
        form = {name: values[0] for name, values in parse_qs(body.decode(errors="replace")).items()}
        if form.get("grant_type") != "client_credentials":
            return _denied("unsupported_grant_type")
        if form.get("client_id") != self._client_id:
            return _denied("unauthorized_client")
        if form.get("client_secret") != self._client_secret:
            return _denied("invalid_client")
        token = hashlib.sha256(f"{self._client_secret}|{len(self._tokens)}".encode()).hexdigest()
        self._tokens.add(token)
        lifetime = {"expires_in": EXPIRES_IN, "ext_expires_in": EXPIRES_IN}
        return Answer(200, {"token_type": "Bearer", **lifetime, "access_token": token})

    def _list(self, call: Call, quirk: Quirk, table: Table, query: Query) -> Answer:
        asked = listing(table.select(query.condition.sql, query.condition.values, query.order), table)
        shown = quirk.listing(asked)
        part, rest = query.page(quirk.page_size(table.name, self._page), len(shown.rows))
        rows = shown.rows[part]
        content = _content(call, shown, query, rows)
        if rest:
            content["@odata.nextLink"] = f"{call.base}{call.path}?{rest.link()}"
        return Answer(200, content, {"OData-Version": "4.0"}, entity=table.name, rows=len(rows))


def _content(call: Call, shown: Listing, query: Query, rows: list[Row]) -> dict[str, Any]:
    content: dict[str, Any] = {"@odata.context": f"{call.base}/data/$metadata#{shown.table.name}"}
    if query.counted:
        content["@odata.count"] = shown.total
    content["value"] = [_entity(row, query) for row in rows]
    return content


def _entity(row: Row, query: Query) -> Row:
    # The tag follows the content, so that a changed row has another one.
    version = base64.b64encode(f"'0,{zlib.crc32(msgspec.json.encode(row))}'".encode()).decode()
    return {"@odata.etag": f'W/"{version}"', **{name: plain(row[name]) for name in query.columns}}


def _error(status: int, message: str) -> Answer:
    return Answer(status, {"error": {"code": "", "message": message}})


def _denied(error: str) -> Answer:
    status, number, text = _AADSTS[error]
    description = f"AADSTS{number}: {text}"
    refused = Answer(status, {"error": error, "error_description": description, "error_codes": [number]})
    return replace(refused, headers={"Cache-Control": "no-store"})
