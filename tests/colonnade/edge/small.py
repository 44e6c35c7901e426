"""A small graph of its own behind the product's edge: what is told of the edge here is told of every schema."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator  # noqa: TC003  Strawberry reads the annotations
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx
import strawberry
from prometheus_client import CollectorRegistry, generate_latest
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from colonnade.edge.correlation import Correlation
from colonnade.edge.headers import SecurityHeaders
from colonnade.edge.refusal import refused
from colonnade.edge.routes import Edge, cors, routes
from colonnade.edge.running import Graph
from colonnade.edge.visitors import Credentials, Visitor
from colonnade.telemetry import GraphMetrics
from demo.emulator import serve
from resolvers.graph import schema
from schema.access import Grants
from schema.problems import Code
from schema.rights import Documents, Rights

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from colonnade.settings import Demand
    from schema.context import Principal

INFO = strawberry.Info


class Told:
    """What happened inside: how many executions run now, how many were cut short, how many streams are open."""

    def __init__(self) -> None:
        self.running = self.cut = self.streaming = self.executed = 0


class Somebody(NamedTuple):
    """A caller with certain rights."""

    subject: str
    rights: Rights
    token: str | None = None
    key: str | None = None
    grants: Grants = Grants()


WIDE = Rights(documents=Documents.OPEN, introspection=True)
RIGHTS = {
    "open": WIDE,
    "plain": Rights(documents=Documents.OPEN),
    "apq": Rights(documents=Documents.APQ),
    "trusted": Rights(),
    "brief": WIDE,
    "spender": WIDE,
}


class Context:
    """What one request at the small graph knows."""

    def __init__(self, told: Told, seconds: float, correlation_id: str) -> None:
        self.told, self.correlation_id, self.replayed = told, correlation_id, False
        self.deadline = asyncio.get_running_loop().time() + seconds

    def explained(self, prepared: object, asked: object) -> dict[str, Any]:  # noqa: ARG002  no plans here
        """Return nothing: there are no plans."""
        return {}

    def abandon(self) -> None:
        """Let go of nothing: nothing is asked of anybody."""


@strawberry.federation.type(keys=["id"])
class Thing:
    """What another subgraph refers to."""

    id: strawberry.ID

    @classmethod
    async def resolve_reference(cls, id: strawberry.ID) -> Thing:  # noqa: A002  federation calls it by this name
        """Return the thing of that id."""
        return cls(id=id)


@strawberry.type
class Query:
    """Small things to ask."""

    @strawberry.field
    def thing(self) -> Thing:
        return Thing(id=strawberry.ID("1"))

    @strawberry.field
    def hello(self, info: INFO[Context, None], name: str = "world") -> str:
        info.context.told.executed += 1
        return f"hello {name}"

    @strawberry.field
    async def sleep(self, info: INFO[Context, None], seconds: float) -> str:
        info.context.told.running += 1
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            info.context.told.cut += 1
            raise
        finally:
            info.context.told.running -= 1
        return "slept"

    @strawberry.field
    def odd(self) -> int | None:
        raise KeyError("a secret of the inside")

    @strawberry.field
    def broken(self) -> list[int]:
        raise ZeroDivisionError("a secret of the inside")


@strawberry.type
class Mutation:
    """Small things to do."""

    @strawberry.mutation
    def add(self, info: INFO[Context, None]) -> int:
        info.context.told.executed += 1
        return info.context.told.executed


@strawberry.type
class Subscription:
    """Small things to hear."""

    @strawberry.subscription
    async def count(self, info: INFO[Context, None], to: int = 3, pause: float = 0.0) -> AsyncGenerator[int, None]:
        told = info.context.told
        told.streaming += 1
        try:
            for number in range(1, to + 1):
                yield number
                await asyncio.sleep(pause)
        finally:
            told.streaming -= 1


class Small:
    """The running graph."""

    def __init__(self, url: str, told: Told, registry: CollectorRegistry, http: httpx.Client) -> None:
        self.url, self.told, self.registry, self.http = f"{url}/graphql", told, registry, http

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.url.split(":")[2].partition("/")[0])

    def post(self, body: Any, token: str | None = "open", **headers: str) -> httpx.Response:  # noqa: S107  no secret
        """Post JSON as a caller."""
        return self.http.post(self.url, json=body, headers=_headers(token, headers))

    def get(self, params: Any, token: str | None = "open", **headers: str) -> httpx.Response:  # noqa: S107  no secret
        """Get with parameters as a caller."""
        return self.http.get(self.url, params=params, headers=_headers(token, headers))

    def metrics(self) -> str:
        """Return what is counted."""
        return generate_latest(self.registry).decode()

    def until(self, true: Any, seconds: float = 5.0) -> None:
        """Wait until something is so, or fail."""
        deadline = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < deadline
            time.sleep(0.01)


def _headers(token: str | None, more: dict[str, str]) -> dict[str, str]:
    shown = {} if token is None else {"Authorization": f"Bearer {token}"}
    return shown | {name.replace("_", "-"): value for name, value in more.items()}


async def visitors(shown: Credentials) -> Visitor:
    """Know the callers by their tokens; a router's credential makes a request a supergraph's."""
    federates = list(shown.router) == ["Bearer router"]
    if not shown.authorization:
        return Visitor(Somebody("nobody", Rights()), "nobody", known=False, federates=federates)
    token = shown.authorization[0].removeprefix("Bearer ")
    if token not in RIGHTS:
        raise refused(Code.UNAUTHENTICATED, "sign in again")
    expires = time.time() + 1.0 if token == "brief" else None
    return Visitor(Somebody(token, RIGHTS[token]), token, federates=federates, expires=expires)


@contextmanager
def small(
    demand: Demand | None = None, trusted: str | None = None, origins: Sequence[str] = (), deadline: float = 30.0
) -> Iterator[Small]:
    """Serve the small graph."""
    told, registry = Told(), CollectorRegistry()

    def begin(_principal: Principal, correlation_id: str, _trace: Any, _key: str | None) -> Context:
        return Context(told, deadline, correlation_id)

    async def livez(_request: Any) -> JSONResponse:
        return JSONResponse({"status": "alive"})

    graph = Graph(schema(Query, Subscription, mutation=Mutation), begin, GraphMetrics(registry))
    edge = Edge.over(graph, visitors, demand, trusted)
    app = Starlette(routes=[*routes(edge, origins), Route("/livez", livez)], middleware=cors(origins))
    with serve(Correlation(SecurityHeaders(app))) as server, httpx.Client(trust_env=False, timeout=10) as http:
        yield Small(server.url, told, registry, http)
