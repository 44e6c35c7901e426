"""GraphQL over HTTP: a request is read, judged, executed while its client waits, and answered in the agreed form."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import structlog
from graphql import OperationType
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from colonnade.edge.answering import Outcome, answer
from colonnade.edge.gate import Admitted
from colonnade.edge.leaving import unless_gone
from colonnade.edge.negotiation import EVENTS, JSON, STREAMS, Accepted, accepted
from colonnade.edge.reading import METHODS, read
from colonnade.edge.refusal import OF_THE_DOCUMENT, Refusal, refused
from colonnade.edge.running import execute, stream
from colonnade.edge.standing import standing
from colonnade.edge.streams import Stream
from colonnade.edge.visitors import Credentials
from schema.problems import Code

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from starlette.types import ASGIApp, Receive, Scope, Send

    from colonnade.edge.routes import Edge
    from colonnade.edge.running import Begun

STREAM: Final = "stream"
REPLAYED: Final = {"Idempotency-Replayed": "true"}

log = structlog.get_logger("colonnade.http")


class View:
    """One address that answers GraphQL; where it `streams`, to whom names no form an event stream is sent."""

    def __init__(self, edge: Edge, *, streams: bool = False) -> None:
        self._edge, self._streams = edge, streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; nothing that a client sends is the server's fault."""
        request = Request(scope, receive)
        try:
            with ExitStack() as held:
                response = await self._respond(request, held)
                await response(scope, receive, send)
        except ClientDisconnect:
            log.info("client gone")

    async def _respond(self, request: Request, held: ExitStack) -> ASGIApp:
        form = accepted(", ".join(request.headers.getlist("accept")) or None)
        if self._streams:
            form = Accepted(None, form.stream or EVENTS)
        try:
            return await self._answered(request, form, held)
        except Refusal as refusal:
            reason = refusal
        except ClientDisconnect:
            raise
        except Exception:
            log.exception("unexpected error")
            reason = refused(Code.INTERNAL_ERROR, "something unexpected went wrong here")
        self._edge.graph.metrics.refused(reason.code)
        correlation_id = request.scope["correlation_id"]
        if form.single is None and form.stream is not None and reason.code in OF_THE_DOCUMENT:
            # Whoever reads nothing but a stream reads there what is wrong.
            return Stream(form.stream, lambda: _once(reason.formatted(correlation_id)))
        return answer(reason, form.single or JSON, correlation_id)

    async def _answered(self, request: Request, form: Accepted, held: ExitStack) -> ASGIApp:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers={"Allow": METHODS})
        if request.method not in ("GET", "POST"):
            raise refused(Code.METHOD_NOT_ALLOWED, "GraphQL is asked by POST or GET", headers={"Allow": METHODS})
        if form.single is None and form.stream is None:
            raise refused(Code.NOT_ACCEPTABLE, "the answer comes in no form that is accepted")
        shown = Credentials.of(request)
        visitor = await self._edge.visitors(shown)
        asked = await read(request)
        several = asked if isinstance(asked, list) else [asked]
        fits = partial(_fits, request.method, form, batch=isinstance(asked, list))
        judged = await self._edge.gate.admit(several, visitor, fits)
        ids = request.scope["correlation_id"], request.scope["trace"]
        context = self._edge.graph.begin(visitor.principal, *ids, _key(request))
        held.callback(context.abandon)
        first = judged[0]
        if isinstance(first, Admitted) and first.streams:
            held.enter_context(self._edge.seats.taken(visitor.account, STREAM))
            bodies, ending = partial(stream, self._edge.graph, first, context), partial(standing, self._edge.visitors)
            return Stream(form.stream or EVENTS, bodies, partial(ending, shown, visitor))
        outcomes = await unless_gone(request.receive, self._all(judged, context))
        if not isinstance(asked, list) and isinstance(outcomes[0], Refusal):
            raise outcomes[0]
        outcome = outcomes if isinstance(asked, list) else outcomes[0]
        return answer(outcome, form.single or JSON, context.correlation_id, REPLAYED if context.replayed else None)

    async def _all(self, judged: Sequence[Admitted | Refusal], context: Begun) -> list[Outcome]:
        if len(judged) == 1:
            return [await self._outcome(judged[0], context)]
        return list(await asyncio.gather(*(self._outcome(one, context) for one in judged)))

    async def _outcome(self, judged: Admitted | Refusal, context: Begun) -> Outcome:
        if isinstance(judged, Refusal):
            return judged
        try:
            return await execute(self._edge.graph, judged, context)
        except Refusal as refusal:
            return refusal


def _key(request: Request) -> str | None:
    keys = request.headers.getlist("idempotency-key")
    # Two lines of a header are one with a comma (RFC 9110, 5.3); an empty one is there, and wrong.
    return ", ".join(keys) if keys else None


def _fits(method: str, form: Accepted, kind: OperationType, *, batch: bool) -> None:
    """Raise Refusal for an operation that this method does not ask for, or that this form cannot answer."""
    if kind is OperationType.SUBSCRIPTION:
        if batch or form.stream is None:
            raise refused(Code.BAD_REQUEST, f"a subscription needs a stream: accept {STREAMS}")
        return
    if kind is OperationType.MUTATION and method == "GET":
        raise refused(Code.METHOD_NOT_ALLOWED, "a mutation is asked by POST", headers={"Allow": "POST, OPTIONS"})
    if form.single is None:
        raise refused(Code.NOT_ACCEPTABLE, "only a subscription is answered by a stream")


async def _once(body: dict[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
    yield body
