"""Runn over HTTP: lists with a cursor, single records, what is written, and a window of calls."""

import base64
import binascii
import re
import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl

from demo.emulator import Answer, Call, Database, Quirk, Row, Table, listing
from demo.runn.bodies import RequestError
from demo.runn.endpoints import ENDPOINTS, OWNED, OWNERS, SORTS, Endpoint
from demo.runn.records import Records
from demo.runn.values import written
from demo.runn.writes import write

VERSION: Final = "1.0.0"
MINUTE: Final = 60.0
MAX_DIGITS: Final = 9
GENERAL: Final = frozenset({"cursor", "limit", "sortBy", "order"})
_SINGLE: Final = re.compile(r"(?P<list>[a-z-]+(?:/[a-z]+)?)/(?P<id>\d{1,9})")
_OWNED: Final = re.compile(r"(?P<owner>people|projects)/(?P<id>\d{1,9})/(?P<list>[a-z-]+)")
_MESSAGES: Final = {
    401: "Missing or invalid token",
    404: "Resource not found",
    422: "The request is not valid",
    429: "Rate limit exceeded, retry in 1 minute",
    500: "Something went wrong",
    503: "Service is unavailable",
}


@dataclass(frozen=True, slots=True)
class Page:
    """What part of a list is asked for: a condition with its values, an order, where to begin and how many rows."""

    where: str
    values: tuple[str, ...]
    order: str
    start: int
    size: int


class Service:
    """One account, read and written with one token, so many calls a minute."""

    def __init__(self, database: Database, token: str, per_minute: int, as_of: datetime) -> None:
        """Serve a database to whoever shows the token; what is written is stamped from `as_of` on."""
        self._database, self._token, self._per_minute = database, token, per_minute
        self._records = Records(database, as_of)
        self._calls: deque[float] = deque()

    def answer(self, call: Call, quirk: Quirk) -> Answer:
        """Answer one call; each says how many more there may be."""
        if call.headers.get("authorization") != f"Bearer {self._token}":
            return self.refusal(401)
        left, reset = self._counted()
        headers = {"x-ratelimit-limit": str(self._per_minute), "x-ratelimit-remaining": str(max(left, 0))}
        headers["x-ratelimit-reset"] = str(reset)
        if left < 0:
            return replace(self.refusal(429), headers={**headers, "retry-after": str(reset)})
        try:
            answer = self._answer(call, quirk)
        except RequestError as error:
            answer = _error(error.status, str(error))
        return replace(answer, headers=headers)

    def refusal(self, status: int) -> Answer:
        """Return how the product refuses a token, what is not valid or too many calls, or says that it is down."""
        refused = _error(status, _MESSAGES[status])
        return replace(refused, headers={"retry-after": "1"}) if status == HTTPStatus.TOO_MANY_REQUESTS else refused

    def _counted(self) -> tuple[int, int]:
        """Count this call; return how many are left, below zero if it is one too many, and the seconds until more."""
        now = time.monotonic()
        while self._calls and self._calls[0] <= now - MINUTE:
            self._calls.popleft()
        left = self._per_minute - len(self._calls) - 1
        if left >= 0:
            self._calls.append(now)
        return left, max(1, round(self._calls[0] + MINUTE - now)) if self._calls else int(MINUTE)

    def _answer(self, call: Call, quirk: Quirk) -> Answer:
        if call.headers.get("accept-version") != VERSION:
            raise RequestError(f"headers/accept-version must be {VERSION}")
        return self._read(call, quirk) if call.method == "GET" else write(self._records, call)

    def _read(self, call: Call, quirk: Quirk) -> Answer:
        path, params = call.path.strip("/"), dict(parse_qsl(call.query, keep_blank_values=True))
        if path in ENDPOINTS:
            return self._list(ENDPOINTS[path], params, quirk)
        owned = _OWNED.fullmatch(path)
        if owned and owned["list"] in OWNED and OWNERS[owned["owner"]] in self._table(OWNED[owned["list"]]).kinds:
            inside = replace(OWNED[owned["list"]], where=f'"{OWNERS[owned["owner"]]}" = {int(owned["id"])}')
            return self._list(inside, params, quirk)
        single = _SINGLE.fullmatch(path)
        if single and single["list"] in ENDPOINTS and ENDPOINTS[single["list"]].single:
            found = self._table(ENDPOINTS[single["list"]]).among("id", (single["id"],))
            return Answer(200, _shown(found[0], frozenset())) if found else self.refusal(404)
        return self.refusal(404)

    def _list(self, endpoint: Endpoint, params: Mapping[str, str], quirk: Quirk) -> Answer:
        table, page = self._table(endpoint), _page(endpoint, params)
        told = quirk.listing(listing(table.select(page.where, page.values, page.order), table))
        end = page.start + quirk.page_size(table.name, page.size)
        shown = told.rows[page.start : end]
        content = {
            "values": [_shown(row, endpoint.hidden) for row in shown],
            "nextCursor": _cursor(end) if end < len(told.rows) else None,
        }
        return Answer(200, content, entity=table.name, rows=len(shown))

    def _table(self, endpoint: Endpoint) -> Table:
        return self._database.tables[endpoint.table]


def _page(endpoint: Endpoint, params: Mapping[str, str]) -> Page:
    if unknown := sorted(params.keys() - {*GENERAL, *endpoint.filters, *endpoint.switches}):
        raise RequestError(f"querystring must NOT have additional properties: {unknown[0]}")
    by, order = params.get("sortBy", "id"), params.get("order", "asc")
    if by not in SORTS or order not in {"asc", "desc"}:
        raise RequestError("querystring/sortBy or order must be equal to one of the allowed values")
    size = params.get("limit", str(endpoint.size))
    if not (size.isascii() and size.isdigit() and len(size) <= MAX_DIGITS and 1 <= int(size) <= endpoint.most):
        raise RequestError(f"querystring/limit must be from 1 to {endpoint.most}")
    conditions = [endpoint.where, *_switched(endpoint, params)]
    given = {name: value for name, value in params.items() if name in endpoint.filters}
    conditions += [endpoint.filters[name] for name in given]
    values = tuple(_instant(value) if name == "modifiedAfter" else value for name, value in given.items())
    where = " AND ".join(f"({condition})" for condition in conditions)
    return Page(where, values, f'"{by}" {order.upper()}', _start(params.get("cursor", "")), int(size))


def _switched(endpoint: Endpoint, params: Mapping[str, str]) -> Iterator[str]:
    for name, (unless, default) in endpoint.switches.items():
        chosen = params.get(name, default)
        if chosen not in {"true", "false"}:
            raise RequestError(f"querystring/{name} must be boolean")
        if chosen == "false":
            yield unless


def _instant(text: str) -> str:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise RequestError("querystring/modifiedAfter must match format date or date-time") from error
    return written(found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC))


def _cursor(start: int) -> str:
    return base64.urlsafe_b64encode(f"row:{start}".encode()).decode().rstrip("=")


def _start(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        return int(text.removeprefix("row:"))
    except (binascii.Error, ValueError) as error:
        raise RequestError("querystring/cursor is invalid") from error


def _shown(row: Row, hidden: frozenset[str]) -> Row:
    return {name: value for name, value in row.items() if name not in hidden and not name.startswith("_")}


def _error(status: int, message: str) -> Answer:
    return Answer(status, {"error": HTTPStatus(status).phrase, "message": message, "statusCode": status})
