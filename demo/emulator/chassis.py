"""One application around a vendor's dialect: it routes, logs, and lets the quirk of the moment have its way."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from demo.emulator.quirks import ONE_SHOT, Answer, Quirk

LOGGED_HEADERS: Final = ("x-correlation-id", "traceparent", "tracestate", "idempotency-key", "if-match", "prefer")
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
        """Answer a call; lists go through the quirk before they are rendered."""
        ...

    def refusal(self, status: int) -> Answer:
        """Return the vendor's answer for 401 (an expired token), 429 (too many calls), 500 or 503.

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


class _Chassis:
    """The state of one running emulator."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect, self.quirk = dialect, Quirk()
        self.log: list[Logged] = []

    async def vendor(self, request: Request) -> Response:
        call = Call(
            method=request.method,
            base=str(request.base_url).rstrip("/"),
            path=request.url.path,
            query=request.url.query,
            headers=request.headers,
            body=await request.body(),
        )
        quirk = self.quirk
        honest = self.dialect.answer(call, quirk)
        answer = quirk.answer(honest, self.dialect.refusal)
        if answer is not honest and quirk.name in ONE_SHOT:
            self.quirk = Quirk()
        kept = {name: value for name, value in request.headers.items() if name in LOGGED_HEADERS}
        self.log.append(Logged(call.method, call.target, kept, answer.rows, answer.status))
        response = Response(answer.body(), answer.status, dict(answer.headers), answer.media_type)
        pace = quirk.pace(honest)
        return await pace(request, response, quirk.seconds) if pace else response

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


def _json(content: object) -> Response:
    return Response(msgspec.json.encode(content), media_type="application/json")


def application(dialect: Dialect) -> Starlette:
    """Return the application that serves a vendor's dialect and, beside it, the control routes."""
    chassis = _Chassis(dialect)
    return Starlette(
        routes=[
            Route("/_control/log", chassis.show_log, methods=["GET"]),
            Route("/_control/log", chassis.clear_log, methods=["DELETE"]),
            Route("/_control/quirk", chassis.show_quirk, methods=["GET"]),
            Route("/_control/quirk", chassis.set_quirk, methods=["PUT"]),
            Route("/{path:path}", chassis.vendor, methods=METHODS),
        ]
    )
