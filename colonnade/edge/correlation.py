"""Every request, and every socket, has its ids from here on."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING
from uuid import uuid4

import structlog

from sources.trace import Trace

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = structlog.get_logger("colonnade.http")

CORRELATION_HEADER = b"x-correlation-id"
# What is taken from a caller goes into every log line and to every system: letters, digits and a few signs only.
CORRELATION_ID = re.compile(rb"[A-Za-z0-9._:-]{1,128}")
STARTS = ("http.response.start", "websocket.accept", "websocket.http.response.start")


class Correlation:
    """Takes the caller's correlation id and trace or makes them, and binds them to every log line of the request.

    The correlation id is returned with the answer.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on under its correlation id, and log how it ended."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        given = headers.get(CORRELATION_HEADER, b"")
        correlation_id = given.decode() if CORRELATION_ID.fullmatch(given) else uuid4().hex
        trace = Trace.of(headers.get(b"traceparent", b"").decode("latin-1"))
        status, began = 0, time.perf_counter()
        scope.update(correlation_id=correlation_id, trace=trace, began=began)

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] in STARTS:
                status = message.get("status", 101)
                message["headers"] = [*message.get("headers", ()), (CORRELATION_HEADER, correlation_id.encode())]
            await send(message)

        with structlog.contextvars.bound_contextvars(correlation_id=correlation_id, trace_id=trace.id):
            try:
                await self.app(scope, receive, answer)
            except Exception:
                # Starlette has answered 500 by now, and raises for the log; the server's own would lack our id.
                log.exception("unexpected error")
            spent = round((time.perf_counter() - began) * 1000, 1)
            log.info("request", method=scope.get("method", "GET"), path=scope["path"], status=status, ms=spent)
