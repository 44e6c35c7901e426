"""The HTTP face: /graphql, /graphiql, /livez, /readyz; every request has a correlation id from here on."""

from __future__ import annotations

import json
import re
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import orjson
import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
from strawberry.asgi import GraphQL

from colonnade.pages import graphiql
from colonnade.wiring import RequestContext

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send
    from starlette.websockets import WebSocket

    from colonnade.wiring import Application

log = structlog.get_logger("colonnade.http")

CORRELATION_HEADER = b"x-correlation-id"
# What is taken from a caller goes into every log line and to every system: letters, digits and a few signs only.
CORRELATION_ID = re.compile(rb"[A-Za-z0-9._:-]{1,128}")


class GraphQLView(GraphQL[RequestContext, None]):
    """Strawberry's own view, with our context and exact, fast JSON."""

    def __init__(self, application: Application) -> None:
        super().__init__(application.schema, graphql_ide=None, allow_queries_via_get=True)
        self._application = application

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> RequestContext:
        """Begin a request's context under the correlation id that the edge gave it."""
        del response
        return RequestContext(self._application, request.scope["correlation_id"])

    def decode_json(self, data: str | bytes) -> object:
        """Read a request, or raise the one error that the view answers with 400; null says as much as nothing."""
        try:
            content = json.loads(data)
        except (ValueError, RecursionError) as error:  # broken UTF-8; brackets nested beyond Python's stack
            raise json.JSONDecodeError(type(error).__name__, "", 0) from error
        if not isinstance(content, dict | list | None):
            raise json.JSONDecodeError("neither an object nor a list", "", 0)
        if isinstance(content, dict) and not _writable(content.get("operationName")):
            # The view names the operation in its refusal, and half a character can't be written.
            raise json.JSONDecodeError("the operation's name is no text", "", 0)
        return content or {}

    def encode_json(self, data: object) -> bytes:
        """Write the answer."""
        return orjson.dumps(data)


def _writable(name: object) -> bool:
    return name is None or (isinstance(name, str) and not any("\ud800" <= letter <= "\udfff" for letter in name))


class Correlation:
    """Takes the caller's correlation id or makes one, returns it, and binds it to every log line of the request."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass an HTTP request on under its correlation id, and log how it ended."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = dict(scope["headers"]).get(CORRELATION_HEADER, b"")
        correlation_id = given.decode() if CORRELATION_ID.fullmatch(given) else uuid4().hex
        scope["correlation_id"] = correlation_id
        status, started = 0, time.perf_counter()

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (CORRELATION_HEADER, correlation_id.encode())]
            await send(message)

        with structlog.contextvars.bound_contextvars(correlation_id=correlation_id):
            try:
                await self.app(scope, receive, answer)
            except Exception:
                # Starlette has answered 500 by now, and raises for the log; the server's own would lack our id.
                log.exception("unexpected error")
            spent = round((time.perf_counter() - started) * 1000, 1)
            log.info("request", method=scope["method"], path=scope["path"], status=status, ms=spent)


def create(application: Application) -> ASGIApp:
    """Return the ASGI app over a wired application."""

    async def livez(_request: Request) -> JSONResponse:
        return JSONResponse({"status": "alive"})

    async def readyz(_request: Request) -> JSONResponse:
        try:
            async with application.engine.connect() as connection:
                await connection.execute(text("SELECT version_num FROM alembic_version"))
        except SQLAlchemyError:
            return JSONResponse({"status": "the store does not answer"}, status_code=503)
        return JSONResponse({"status": "ready"})

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await application.start()
        yield
        await application.stop()

    view: Any = GraphQLView(application)
    routes = [Route("/graphql", view), Route("/livez", livez), Route("/readyz", readyz), *graphiql()]
    return Correlation(Starlette(routes=routes, lifespan=lifespan))
