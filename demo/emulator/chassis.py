"""One application around a vendor's dialect: it routes, logs, and lets quirks and faults have their way.

A call is one transaction: what the dialect refuses has changed nothing.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from http import HTTPStatus
from typing import Any, Final, Protocol

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from demo.emulator.faults import Fault, Faults
from demo.emulator.quirks import ONE_SHOT, Answer, Quirk
from demo.emulator.server import CLOSE
from demo.emulator.tables import Database

LOGGED_HEADERS: Final = ("x-correlation-id", "traceparent", "tracestate", "idempotency-key", "if-match", "prefer")
_DECODER: Final = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)
METHODS: Final = ["GET", "POST", "PUT", "PATCH", "DELETE"]


@dataclass(frozen=True, slots=True)
class Call:
    """One request; `base` is the address the server was called by, `query` is as it came, still escaped."""

    method: str
    base: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def target(self) -> str:
        """The path with its query, as logged and as limited."""
        return f"{self.path}?{self.query}" if self.query else self.path


class Dialect(Protocol):
    """What a vendor brings: answers in its own words, and its own words for a failure."""

    def answer(self, call: Call, quirk: Quirk) -> Answer:
        """Answer a call; lists go through the quirk before they are rendered. Below 400, what it wrote is kept."""
        ...

    def refusal(self, status: int) -> Answer:
        """Return the vendor's answer for 401 (an expired token), 422 (not valid), 429 (too many calls), 500 or 503.

        Its status may be another: some say 403 or 503 where others say 429.
        """
        ...


class Logged(msgspec.Struct, frozen=True):
    """One line of the log."""

    method: str
    path: str
    headers: dict[str, str]
    rows: int
    status: int


class Changed(msgspec.Struct, frozen=True):
    """One line of the effect log: what became of a row by a call, which has its place among all that changed anything.

    `key` is the client's own of what it wrote, `correlation` the one under which it called.
    """

    call: int
    method: str
    path: str
    correlation: str | None
    key: str | None
    table: str
    id: str
    what: str


class _Chassis:
    """The state of one running emulator."""

    def __init__(self, dialect: Dialect, database: Database) -> None:
        self.dialect, self.database = dialect, database
        self._calm()

    def _calm(self) -> None:
        self.quirk, self.faults = Quirk(), Faults()
        self.log: list[Logged] = []
        self.effects: list[Changed] = []
        self.changing = 0

    async def vendor(self, request: Request) -> Response:
        call = await _call(request)
        fault = self.faults.meet(call.method, call.target)
        if fault and fault.what == "hold_before":
            await asyncio.sleep(fault.seconds)
        quirk = self.quirk
        honest = self.dialect.refusal(fault.instead) if fault and fault.instead else self._answer(call, quirk)
        answer = quirk.answer(honest, self.dialect.refusal)
        if answer is not honest and quirk.name in ONE_SHOT:
            self.quirk = Quirk()
        if fault and fault.what == "fail_after":
            answer = self.dialect.refusal(fault.status)
        kept = {name: value for name, value in request.headers.items() if name in LOGGED_HEADERS}
        self.log.append(Logged(call.method, call.target, kept, answer.rows, answer.status))
        if fault and fault.what == "hold_after":
            await asyncio.sleep(fault.seconds)
        if fault and fault.what == "lose_answer":
            return _Lost()
        response = Response(answer.body(), answer.status, dict(answer.headers), answer.media_type)
        pace = quirk.pace(honest)
        return await pace(request, response, quirk.seconds) if pace else response

    def _answer(self, call: Call, quirk: Quirk) -> Answer:
        """Let the dialect answer, and keep what it wrote or forget what it refused."""
        answer = self.dialect.answer(call, quirk)
        if answer.status >= HTTPStatus.BAD_REQUEST:
            self.database.rollback()
        made, caller = self.database.commit(), call.headers.get("x-correlation-id")
        self.changing += bool(made)
        self.effects += (
            Changed(self.changing, call.method, call.path, caller, answer.key, one.table, one.id, one.what)
            for one in made
        )
        return answer

    async def show_log(self, _request: Request) -> Response:
        return _json(self.log)

    async def clear_log(self, _request: Request) -> Response:
        self.log.clear()
        return Response(status_code=204)

    async def show_quirk(self, _request: Request) -> Response:
        return _json(self.quirk)

    async def set_quirk(self, request: Request) -> Response:
        try:
            self.quirk = msgspec.json.decode(await request.body(), type=Quirk)
        except msgspec.DecodeError as error:
            return Response(str(error), 400, media_type="text/plain")
        return Response(status_code=204)

    async def show_effects(self, _request: Request) -> Response:
        return _json(self.effects)

    async def clear_effects(self, _request: Request) -> Response:
        self.effects.clear()
        return Response(status_code=204)

    async def show_faults(self, _request: Request) -> Response:
        return _json(self.faults.to_come())

    async def set_faults(self, request: Request) -> Response:
        try:
            self.faults = Faults(msgspec.json.decode(await request.body(), type=list[Fault]))
        except msgspec.DecodeError as error:
            return Response(str(error), 400, media_type="text/plain")
        return Response(status_code=204)

    async def show_state(self, _request: Request) -> Response:
        return _json({name: table.select() for name, table in self.database.tables.items()})

    async def change(self, request: Request) -> Response:
        """Change some columns of a record, as a person in the system would: no effect of any client's call."""
        table = self.database.tables.get(request.path_params["table"])
        row = table and table.row(request.path_params["key"])
        if not table or not row:
            return Response("no such record", 404, media_type="text/plain")
        try:
            changed = _DECODER.decode(await request.body())
        except msgspec.DecodeError as error:
            return Response(str(error), 400, media_type="text/plain")
        if strange := sorted(changed.keys() - row.keys()):
            return Response(f"no such columns: {strange}", 400, media_type="text/plain")
        table.update({**row, **changed})
        self.database.commit()
        return Response(status_code=204)

    async def restore(self, _request: Request) -> Response:
        self.database.restore()
        self._calm()
        return Response(status_code=204)


class _Lost(Response):
    """No answer: the connection is closed."""

    async def __call__(self, scope: Scope, receive: Receive, _send: Send) -> None:
        scope["extensions"][CLOSE]()
        while (await receive())["type"] != "http.disconnect":
            pass


async def _call(request: Request) -> Call:
    return Call(
        method=request.method,
        base=str(request.base_url).rstrip("/"),
        path=request.url.path,
        query=request.url.query,
        headers=request.headers,
        body=await request.body(),
    )


def _json(content: object) -> Response:
    return Response(msgspec.json.encode(content), media_type="application/json")


def application(dialect: Dialect, database: Database) -> Starlette:
    """Return the application that serves a vendor's dialect of a database and, beside it, the control routes."""
    database.keep()
    chassis = _Chassis(dialect, database)
    return Starlette(
        routes=[
            Route("/_control/log", chassis.show_log, methods=["GET"]),
            Route("/_control/log", chassis.clear_log, methods=["DELETE"]),
            Route("/_control/quirk", chassis.show_quirk, methods=["GET"]),
            Route("/_control/quirk", chassis.set_quirk, methods=["PUT"]),
            Route("/_control/effects", chassis.show_effects, methods=["GET"]),
            Route("/_control/effects", chassis.clear_effects, methods=["DELETE"]),
            Route("/_control/faults", chassis.show_faults, methods=["GET"]),
            Route("/_control/faults", chassis.set_faults, methods=["PUT"]),
            Route("/_control/state", chassis.show_state, methods=["GET"]),
            Route("/_control/table/{table}/{key:path}", chassis.change, methods=["PUT"]),
            Route("/_control/restore", chassis.restore, methods=["POST"]),
            Route("/{path:path}", chassis.vendor, methods=METHODS),
        ]
    )
