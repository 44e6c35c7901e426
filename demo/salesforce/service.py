"""Salesforce over HTTP: a session for client credentials, SOQL page by page, collections of records by their ids."""

import hashlib
import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qs

import msgspec

from demo.emulator import Answer, Call, Database, Quirk, Row, listing
from demo.salesforce.ids import made, whole
from demo.salesforce.reader import DATA, Reader, field_of
from demo.salesforce.soql import SoqlError, Statement, parse
from demo.salesforce.updating import update

LOGIN_PATH: Final = "/services/oauth2/token"
VERSIONS: Final = [{"label": "Winter '25", "url": DATA, "version": "62.0"}]
URI_BYTES: Final = 16_384
MOST_IDS: Final = 2000
KEPT_CURSORS: Final = 100
_LOCATOR: Final = re.compile(rf"{re.escape(DATA)}/query/(?P<cursor>01g\w{{15}})-(?P<offset>\d{{1,9}})")
_RECORD: Final = re.compile(rf"{re.escape(DATA)}/sobjects/(?P<sobject>\w+)/(?P<id>\w+)")
_COLLECTION: Final = re.compile(rf"{re.escape(DATA)}/composite/sobjects/(?P<sobject>\w+)")
_ERRORS: Final = {
    400: ("JSON_PARSER_ERROR", "The HTTP entity body is required to be JSON."),
    401: ("INVALID_SESSION_ID", "Session expired or invalid"),
    403: ("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
    404: ("NOT_FOUND", "The requested resource does not exist"),
    405: ("METHOD_NOT_ALLOWED", "HTTP Method not allowed."),
    500: ("UNKNOWN_EXCEPTION", "An unexpected error occurred. Please include this ErrorId if you contact support."),
    503: ("SERVER_UNAVAILABLE", "The server is temporarily unavailable."),
}
_INVALID: Final = ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "The record is not valid.")
_DENIED: Final = {
    "unsupported_grant_type": "grant type not supported",
    "invalid_client_id": "client identifier invalid",
    "invalid_client": "invalid client credentials",
}


class Wanted(msgspec.Struct, frozen=True):
    """What a collection is asked for."""

    ids: list[str]
    fields: list[str]


class Service:
    """One org; `page` is the most records of one answer, `daily` the calls that all clients together have."""

    def __init__(self, database: Database, client: tuple[str, str], issued_at: str, page: int, daily: int) -> None:
        """Serve a database to the one client that is registered: its id and its secret."""
        self._reader, self._client = Reader(database), client
        self._issued_at, self._page, self._daily = issued_at, page, daily
        self._used = 0
        self._sessions: set[str] = set()
        self._cursors: dict[str, Statement] = {}

    def answer(self, call: Call, quirk: Quirk) -> Answer:
        """Answer one call."""
        if len(call.target) > URI_BYTES:
            return Answer(414, raw=b"<html><head><title>URI Too Long</title></head></html>", media_type="text/html")
        if opened := self._opened(call):
            return opened
        if call.headers.get("authorization", "").removeprefix("Bearer ") not in self._sessions:
            return self.refusal(401)
        if self._used >= self._daily:
            return self.refusal(403)
        self._used += 1
        try:
            return self._data(call, quirk)
        except SoqlError as error:
            return _error(400, error.code, str(error))

    def refusal(self, status: int) -> Answer:
        """Return how the product refuses a session, too many calls or an invalid record, or says that it is down."""
        if status == HTTPStatus.UNPROCESSABLE_ENTITY:
            return _error(HTTPStatus.BAD_REQUEST, *_INVALID)
        told = HTTPStatus.FORBIDDEN if status == HTTPStatus.TOO_MANY_REQUESTS else status
        return _error(told, *_ERRORS[told])

    def _opened(self, call: Call) -> Answer | None:
        """Answer what needs no session."""
        if call.path == LOGIN_PATH and call.method == "POST":
            return self._login(call)
        return Answer(200, VERSIONS) if call.path.rstrip("/") == "/services/data" else None

    def _data(self, call: Call, quirk: Quirk) -> Answer:
        if (record := _RECORD.fullmatch(call.path)) and call.method == "PATCH":
            known = update(self._reader.table(record["sobject"]), record["id"], call.body)
            return Answer(204, headers=self._usage()) if known else self.refusal(404)
        locator, collection = _LOCATOR.fullmatch(call.path), _COLLECTION.fullmatch(call.path)
        query = parse_qs(call.query, keep_blank_values=True)
        if collection and call.method in {"GET", "POST"}:
            return self._collection(collection["sobject"], _wanted(call, query), quirk)
        if call.path.rstrip("/") != f"{DATA}/query" and not locator:
            return self.refusal(404)
        if call.method != "GET":
            return self.refusal(405)
        if not locator:
            return self._list(parse(query.get("q", [""])[0]), 0, quirk)
        if locator["cursor"] not in self._cursors:
            raise SoqlError("invalid query locator", "INVALID_QUERY_LOCATOR")
        return self._list(self._cursors[locator["cursor"]], int(locator["offset"]), quirk)

    def _login(self, call: Call) -> Answer:
        form = {name: values[0] for name, values in parse_qs(call.body.decode(errors="replace")).items()}
        client_id, secret = self._client
        if form.get("grant_type") != "client_credentials":
            return _denied("unsupported_grant_type")
        if form.get("client_id") != client_id:
            return _denied("invalid_client_id")
        if form.get("client_secret") != secret:
            return _denied("invalid_client")
        org, user = made("00D", 1), made("005", 1)
        drawn = hashlib.sha256(f"{secret}|{len(self._sessions)}".encode()).hexdigest()
        session = f"{org}!{drawn}"
        self._sessions.add(session)
        content = {
            "access_token": session,
            "signature": hashlib.sha256(session.encode()).hexdigest(),
            "scope": "api",
            "instance_url": call.base,
            "id": f"{call.base}/id/{org}/{user}",
            "token_type": "Bearer",
            "issued_at": self._issued_at,
        }
        return Answer(200, content, headers={"Cache-Control": "no-store"})

    def _list(self, statement: Statement, offset: int, quirk: Quirk) -> Answer:
        table, rows = self._reader.rows(statement)
        paths = [self._reader.path(table, path) for path in statement.paths]
        told = quirk.listing(listing(rows, table))
        end = offset + quirk.page_size(table.name, self._page)
        shown = told.rows[offset:end]
        content: dict[str, Any] = {"totalSize": told.total, "done": end >= len(told.rows)}
        if not content["done"]:
            content["nextRecordsUrl"] = f"{DATA}/query/{self._cursor(statement)}-{end}"
        content["records"] = self._reader.records(table, paths, shown)
        return Answer(200, content, self._usage(), entity=table.name, rows=len(shown))

    def _cursor(self, statement: Statement) -> str:
        """Return the cursor of a statement; the oldest gives way."""
        known = {kept: cursor for cursor, kept in self._cursors.items()}
        if statement in known:
            return known[statement]
        number = 1 + max((int(cursor[9:15]) for cursor in self._cursors), default=0)
        if len(self._cursors) == KEPT_CURSORS:
            del self._cursors[next(iter(self._cursors))]
        self._cursors[made("01g", number)] = statement
        return made("01g", number)

    def _collection(self, sobject: str, wanted: Wanted, quirk: Quirk) -> Answer:
        table = self._reader.table(sobject)
        if len(wanted.ids) > MOST_IDS:
            message = f"record limit reached. cannot submit more than {MOST_IDS} records into this call"
            raise SoqlError(message, "EXCEEDED_ID_LIMIT")
        ids = [whole(id_) for id_ in wanted.ids]
        known = {row["Id"]: row for row in table.among("Id", {id_ for id_ in ids if id_})}
        found = [known[id_] for id_ in ids if id_ in known]
        paths = [field_of(table, name) for name in wanted.fields]
        shown = quirk.listing(listing(found, table)).rows
        records = self._reader.records(table, paths, shown)
        return Answer(200, _placed(ids, found, shown, records), self._usage(), entity=table.name, rows=len(shown))

    def _usage(self) -> dict[str, str]:
        return {"Sforce-Limit-Info": f"api-usage={self._used}/{self._daily}"}


def _wanted(call: Call, query: dict[str, list[str]]) -> Wanted:
    """Return what is asked for: in the body of a POST, in the address of a GET."""
    if call.method == "GET":
        return Wanted(*([part for part in query.get(name, [""])[0].split(",") if part] for name in ("ids", "fields")))
    try:
        return msgspec.json.decode(call.body, type=Wanted)
    except msgspec.DecodeError as error:
        raise SoqlError(str(error), "JSON_PARSER_ERROR") from error


def _placed(ids: Sequence[str | None], found: list[Row], shown: list[Row], records: list[Row]) -> list[Row | None]:
    """Return one record for each id in its order, null for those that there are not."""
    if shown != found:
        # A quirk has its way: the places no longer fit.
        return [*records, *(None for _ in range(len(ids) - len(found)))]
    known = {row["Id"]: record for row, record in zip(shown, records, strict=True)}
    return [known.get(id_) if id_ else None for id_ in ids]


def _error(status: int, code: str, message: str) -> Answer:
    return Answer(status, [{"message": message, "errorCode": code}])


def _denied(error: str) -> Answer:
    return Answer(400, {"error": error, "error_description": _DENIED[error]}, headers={"Cache-Control": "no-store"})
