"""GraphQL over WebSocket (graphql-transport-ws): Strawberry's handler of the protocol, our gate to its operations."""

from __future__ import annotations

import asyncio
import json
from contextlib import ExitStack, aclosing
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import orjson
import structlog
from starlette.websockets import WebSocket, WebSocketState
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.exceptions import ConnectionRejectionError
from strawberry.http.exceptions import WebSocketDisconnected
from strawberry.http.websocket_origin import is_same_origin, normalize_origin
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler
from strawberry.types.unset import UNSET

from colonnade.edge.parameters import Parameters, decode
from colonnade.edge.refusal import Refusal, refused
from colonnade.edge.running import execute, stream
from colonnade.edge.standing import standing
from colonnade.edge.visitors import Credentials
from schema.problems import Code

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Collection

    from graphql import OperationType
    from starlette.types import Receive, Scope, Send

    from colonnade.edge.routes import Edge
    from colonnade.edge.visitors import Visitor

INIT_WAIT: Final = timedelta(seconds=10)
OPERATIONS: Final = 20
MESSAGE_CHARS: Final = 100 * 1024
# Codes that clients know: they sign in anew after the first, and come back later after the second.
FORBIDDEN: Final = 4403
TRY_LATER: Final = 1013
NOT_ACCEPTABLE: Final = 4406
SOCKET: Final = "socket"
REASON_BYTES: Final = 120

log = structlog.get_logger("colonnade.http")


class Sockets:
    """The address of the sockets. A page of another origin may open one only if the configuration names it."""

    def __init__(self, edge: Edge, origins: Collection[str]) -> None:
        self.edge = edge
        self._origins = {normalize_origin(origin) for origin in origins}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one socket until it is closed."""
        socket = WebSocket(scope, receive, send)
        origin = socket.headers.get("origin")
        if not (origin is None or is_same_origin(origin, socket.headers.get("host"))) and (
            normalize_origin(origin) not in self._origins
        ):
            await socket.close()  # before it is accepted: the handshake is answered with 403
            return
        if GRAPHQL_TRANSPORT_WS_PROTOCOL not in scope["subprotocols"]:
            await socket.accept()
            await socket.close(NOT_ACCEPTABLE, "Subprotocol not acceptable")
            return
        await socket.accept(GRAPHQL_TRANSPORT_WS_PROTOCOL)
        with ExitStack() as held:
            await Handler(Session(self.edge, socket, held)).handle()


class Adapter(ASGIWebSocketAdapter):
    """Strawberry's, but closed only once: a socket may have several reasons to be closed."""

    async def close(self, code: int, reason: str) -> None:
        """Close the socket, if it is open still."""
        if self.ws.application_state is WebSocketState.CONNECTED:
            # More does not fit into the frame that closes a socket (RFC 6455, 5.5), and would end in no close at all.
            await self.ws.close(code, reason.encode()[:REASON_BYTES].decode(errors="ignore"))


class Session:
    """What one socket knows: who has opened it, once that is shown, and until when."""

    # Where the handler puts the payload of `connection_init`.
    connection_params: dict[str, Any] | None = None
    visitor: Visitor

    def __init__(self, edge: Edge, socket: WebSocket, held: ExitStack) -> None:
        self.edge, self.socket, self._held = edge, socket, held
        self.adapter = Adapter(self, socket, socket)  # type: ignore[arg-type]  # it only wants the two codecs

    async def on_ws_connect(self, _context: object) -> Any:
        """Let the visitor in by the token of the payload, or by that of the upgrade."""
        shown = Credentials.of(self.socket)
        params = self.connection_params or {}
        token = params.get("Authorization", params.get("authorization"))
        try:
            if token is not None:
                shown = shown._replace(authorization=[str(token)])
            self.visitor = await self.edge.visitors(shown)
            self._held.enter_context(self.edge.seats.taken(self.visitor.account, SOCKET))
        except Refusal as refusal:
            self.edge.graph.metrics.refused(refusal.code)
            if refusal.code is not Code.UNAUTHENTICATED:
                await self.adapter.close(TRY_LATER, refusal.code.name)
            raise ConnectionRejectionError from refusal
        ending = asyncio.create_task(self._end(shown))
        self._held.callback(ending.cancel)
        return UNSET

    async def _end(self, shown: Credentials) -> None:
        await standing(self.edge.visitors, shown, self.visitor)
        await self.adapter.close(FORBIDDEN, "Token expired")

    def decode_json(self, text: str) -> Any:
        """Read a message, or raise the error by which the handler knows that it is none."""
        try:
            if len(text) > MESSAGE_CHARS:
                raise refused(Code.TOO_LARGE, "the message is too long")
            return decode(text.encode())
        except Refusal as refusal:
            raise json.JSONDecodeError(str(refusal), "", 0) from refusal

    def encode_json(self, message: object) -> str:
        """Write a message."""
        return orjson.dumps(message).decode()


class Handler(BaseGraphQLTransportWSHandler[Any, None]):
    """The protocol's rules are Strawberry's; what an operation is and may do is the gate's."""

    def __init__(self, session: Session) -> None:
        super().__init__(
            view=session,  # type: ignore[arg-type]  # it only wants `on_ws_connect`
            websocket=session.adapter,
            context=session,
            root_value=None,
            schema=session.edge.graph.schema,
            connection_init_wait_timeout=INIT_WAIT,
            max_subscriptions_per_connection=OPERATIONS,
        )
        self._session, self._edge = session, session.edge

    async def handle_message(self, message: Any) -> None:
        """Take a well-formed message; for another one the socket is closed."""
        if not isinstance(message, dict) or not isinstance(message.get("id", ""), str):
            await self.handle_invalid_message("A message is an object, and its id a text")
            return
        if message.get("type") == "subscribe" and self.connection_acknowledged:
            try:
                # The handler only passes on what it takes for the query.
                message = {**message, "payload": {"query": Parameters.of(message.get("payload"))}}
            except Refusal as refusal:
                await self.handle_invalid_message(str(refusal))
                return
        await super().handle_message(message)

    async def run_operation(self, operation: Any) -> None:
        """Judge an operation, execute it, and send what comes of it."""
        try:
            async with aclosing(self._bodies(operation.query)) as bodies:
                async for body in bodies:
                    await operation.send_operation_message({"id": operation.id, "type": "next", "payload": body})
        except Refusal as refusal:
            await self._refuse(operation, refusal)
        except WebSocketDisconnected:
            return
        except Exception:
            log.exception("unexpected error")
            await self._refuse(operation, refused(Code.INTERNAL_ERROR, "something unexpected went wrong here"))
        else:
            await operation.send_operation_message({"id": operation.id, "type": "complete"})

    async def _refuse(self, operation: Any, refusal: Refusal) -> None:
        self._edge.graph.metrics.refused(refusal.code)
        errors = refusal.formatted(self._session.socket.scope["correlation_id"])["errors"]
        await operation.send_operation_message({"id": operation.id, "type": "error", "payload": errors})

    async def _bodies(self, asked: Parameters) -> AsyncGenerator[dict[str, Any], None]:
        edge, visitor, scope = self._edge, self._session.visitor, self._session.socket.scope
        (judged,) = await edge.gate.admit([asked], visitor, _anything)
        if isinstance(judged, Refusal):
            raise judged
        # A header of the upgrade names no act: a socket carries many.
        context = edge.graph.begin(visitor.principal, scope["correlation_id"], scope["trace"], None)
        try:
            if not judged.streams:
                yield await execute(edge.graph, judged, context)
                return
            async with aclosing(stream(edge.graph, judged, context)) as bodies:
                async for body in bodies:
                    yield body
        finally:
            context.abandon()


def _anything(_kind: OperationType) -> None:
    """Let every kind of operation pass: a socket carries them all."""
