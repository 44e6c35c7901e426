"""BambooHR over HTTP: a directory, one employee at a time, reports over all of them; never a list of ids."""

import base64
import binascii
import re
import time
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec

from demo.emulator import Answer, Call, Database, Quirk, Row, Table, listing
from demo.emulator.tables import places

_EMPLOYEE: Final = re.compile(r"/employees/(?P<id>\d{1,9})/?")
DIRECTORY: Final = (
    *("displayName", "firstName", "lastName", "preferredName", "jobTitle", "workEmail", "department", "division"),
    "supervisor",
)
ACTIONS: Final = ("Inserted", "Updated", "Deleted")
MOST_FIELDS: Final = 400
_MESSAGES: Final = {
    400: "Malformed request",
    401: "Invalid API key",
    404: "Not found",
    405: "Method not allowed",
    422: "The request is not valid",
    500: "Internal server error",
    503: "Rate limit exceeded",
}


class RequestError(ValueError):
    """A parameter that is missing or wrong."""


class Report(msgspec.Struct, frozen=True):
    """A custom report as it is asked for."""

    fields: list[str]
    title: str = ""


class Service:
    """One company. `window` is how many calls it takes in how many seconds; without one it takes any number."""

    def __init__(
        self, database: Database, company: str, key: str, taken: datetime, window: tuple[int, float] | None
    ) -> None:
        """Serve a database to whoever shows the key; `taken` is when its values were."""
        self._database, self._taken = database, taken
        self._base, self._key = f"/api/gateway.php/{company}/v1", key
        self._window = window
        self._calls: deque[float] = deque()

    def answer(self, call: Call, quirk: Quirk) -> Answer:
        """Answer one call; one that is refused counts like any other."""
        if wait := self._wait():
            return _refused(503, {"Retry-After": str(wait)})
        if _user(call.headers.get("authorization", "")) != self._key:
            return self.refusal(401)
        if not call.path.startswith(f"{self._base}/"):
            return self.refusal(404)
        path = call.path.removeprefix(self._base)
        try:
            return self._routed(path, call, quirk)
        except (RequestError, msgspec.DecodeError) as error:
            return _refused(400, {}, str(error))

    def refusal(self, status: int) -> Answer:
        """Return how the product refuses a key, what is not valid or too many calls, or says that it is down."""
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            return _refused(503, {"Retry-After": "1"})
        return _refused(status, {})

    def _routed(self, path: str, call: Call, quirk: Quirk) -> Answer:
        params = dict(parse_qsl(call.query, keep_blank_values=True))
        if path.rstrip("/") == "/reports/custom":
            return self._report(call, params, quirk) if call.method == "POST" else self.refusal(405)
        if call.method != "GET":
            return self.refusal(405)
        reads: Mapping[str, Callable[[], Answer]] = {
            "/employees/directory": lambda: self._directory(quirk),
            "/employees/changed": lambda: self._changed(params, quirk),
            "/time_off/requests": lambda: self._requests(params, quirk),
            "/nb_holiday_calendars": lambda: self._listed(self._database.tables["holiday_calendars"], quirk),
        }
        found = _EMPLOYEE.fullmatch(path)
        if found:
            return self._employee(found["id"], params)
        return reads.get(path.rstrip("/"), lambda: self.refusal(404))()

    def _wait(self) -> int:
        """Return the seconds until the next call is taken; none if this one is."""
        if self._window is None:
            return 0
        (most, seconds), now = self._window, time.monotonic()
        while self._calls and self._calls[0] <= now - seconds:
            self._calls.popleft()
        if len(self._calls) >= most:
            return max(1, round(self._calls[0] + seconds - now))
        self._calls.append(now)
        return 0

    def _employee(self, id_: str, params: Mapping[str, str]) -> Answer:
        fields = [name for name in params.get("fields", "").split(",") if name]
        if len(fields) > MOST_FIELDS:
            raise RequestError("too many fields")
        found = self._database.tables["employees"].among("id", (id_,))
        return Answer(200, _shown(found[0], fields), self._as_of()) if found else self.refusal(404)

    def _directory(self, quirk: Quirk) -> Answer:
        table = self._database.tables["employees"]
        shown = quirk.listing(listing(table.select("status = 'Active'"), table)).rows
        content = {"fields": _described(DIRECTORY), "employees": [_shown(row, DIRECTORY) for row in shown]}
        return self._list(table, content, shown)

    def _report(self, call: Call, params: Mapping[str, str], quirk: Quirk) -> Answer:
        if params.get("format", "JSON").upper() != "JSON":
            raise RequestError("this server writes no other format than JSON")
        report, table = msgspec.json.decode(call.body, type=Report), self._database.tables["employees"]
        current = params.get("onlyCurrent", "true").lower() not in {"false", "0"}
        rows = table.select("status = 'Active'" if current else "TRUE")
        shown = quirk.listing(listing(rows, table)).rows
        known = [name for name in report.fields if name in table.kinds]
        content = {
            "title": report.title,
            "fields": _described(known),
            "employees": [_shown(row, known) for row in shown],
        }
        return self._list(table, content, shown)

    def _changed(self, params: Mapping[str, str], quirk: Quirk) -> Answer:
        since, table = _instant(params.get("since", "")), self._database.tables["employees"]
        kind = params.get("type", "")
        if kind and kind.title() not in ACTIONS:
            raise RequestError("type is none of inserted, updated, deleted")
        wanted = kind.title() in {"", "Updated"}
        # All instants are kept in UTC and so compare as texts do.
        rows = table.select("lastChanged >= ?", (since,)) if wanted else []
        shown = quirk.listing(listing(rows, table)).rows
        changed = {
            row["id"]: {"id": row["id"], "action": "Updated", "lastChanged": row["lastChanged"]} for row in shown
        }
        latest = max((row["lastChanged"] for row in shown), default=self._taken.isoformat())
        return self._list(table, {"latest": latest, "employees": changed}, shown)

    def _requests(self, params: Mapping[str, str], quirk: Quirk) -> Answer:
        start, end = _day(params, "start"), _day(params, "end")
        where, values = '"start" <= ? AND "end" >= ?', [end, start]
        for name in ("id", "employeeId"):
            if name in params:
                where, values = f'{where} AND "{name}" = ?', [*values, params[name]]
        for name, member in (("status", "status"), ("type", "id")):
            if params.get(name):
                given = params[name].split(",")
                where += f" AND json_extract(CAST(\"{name}\" AS TEXT), '$.{member}') IN ({places(given)})"
                values += given
        return self._listed(self._database.tables["time_off_requests"], quirk, where, values)

    def _listed(self, table: Table, quirk: Quirk, where: str = "TRUE", values: list[Any] | None = None) -> Answer:
        shown = quirk.listing(listing(table.select(where, values or []), table)).rows
        return self._list(table, shown, shown)

    def _list(self, table: Table, content: Any, shown: list[Row]) -> Answer:
        return Answer(200, content, self._as_of(), entity=table.name, rows=len(shown))

    def _as_of(self) -> dict[str, str]:
        return {"X-NB-Snapshot-At": self._taken.isoformat()}


def _user(header: str) -> str | None:
    """Return the user of Basic credentials: the key; the password says nothing."""
    scheme, _, given = header.partition(" ")
    try:
        return base64.b64decode(given, validate=True).decode().partition(":")[0] if scheme == "Basic" else None
    except (binascii.Error, UnicodeDecodeError):
        return None


def _shown(row: Row, fields: tuple[str, ...] | list[str]) -> Row:
    return {"id": row["id"], **{name: row[name] for name in fields if name in row}}


def _described(fields: tuple[str, ...] | list[str]) -> list[Row]:
    """Return what a report says of its fields: `hireDate` is the date Hire Date."""
    words = {name: re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name) for name in fields}
    return [
        {"id": name, "type": "date" if name.endswith("Date") else "text", "name": text[:1].upper() + text[1:]}
        for name, text in words.items()
    ]


def _day(params: Mapping[str, str], name: str) -> str:
    try:
        return date.fromisoformat(params.get(name, "")).isoformat()
    except ValueError as error:
        raise RequestError(f"{name} is no day such as 2026-04-08") from error


def _instant(text: str) -> str:
    try:
        found = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError as error:
        raise RequestError("since is no instant") from error
    if found.tzinfo is None:
        raise RequestError("since has no offset")
    return found.astimezone(UTC).isoformat()


def _refused(status: int, headers: dict[str, str], message: str = "") -> Answer:
    return Answer(status, headers={**headers, "X-BambooHR-Error-Message": message or _MESSAGES[status]})
