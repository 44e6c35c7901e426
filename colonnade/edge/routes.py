"""The addresses of the graph, over any schema: what they share is put together here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Route, WebSocketRoute

from colonnade.edge.gate import Gate
from colonnade.edge.seats import Seats
from colonnade.edge.sockets import Sockets
from colonnade.edge.texts import Texts
from colonnade.edge.trusted import Trusted
from colonnade.edge.view import View
from colonnade.settings import Demand
from execution.documents import Documents
from execution.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.routing import BaseRoute

    from colonnade.edge.running import Graph
    from colonnade.edge.visitors import Visitors

ALLOWED: Final = (
    *("Authorization", "Content-Type", "Idempotency-Key", "X-Correlation-ID", "traceparent"),
    *("GraphQL-Client-Name", "GraphQL-Client-Version"),
)


class Edge(NamedTuple):
    """What every transport needs: the graph, who asks, whether they may, and how many do."""

    graph: Graph
    visitors: Visitors
    gate: Gate
    seats: Seats

    @classmethod
    def over(cls, graph: Graph, visitors: Visitors, demand: Demand | None = None, trusted: str | None = None) -> Edge:
        """Put the edge together, or raise FileError where the trusted documents are none."""
        documents = Documents(graph.schema.core, Limits())
        texts = Texts(Trusted() if trusted is None else Trusted.read(Path(trusted), documents))
        return cls(graph, visitors, Gate(graph, documents, texts, demand or Demand()), Seats(graph.metrics))


def routes(edge: Edge, origins: Sequence[str] = ()) -> list[BaseRoute]:
    """Return the addresses of an edge; pages of these origins may open sockets."""
    view: Any = View(edge)
    streams: Any = View(edge, streams=True)
    sockets: Any = Sockets(edge, origins)
    return [Route("/graphql", view), Route("/graphql/stream", streams), WebSocketRoute("/graphql", sockets)]


def cors(origins: Sequence[str]) -> list[Middleware]:
    """Let pages of these origins read answers; without any, no page but the graph's own reads one."""
    if not origins:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=["GET", "POST"],
            allow_headers=ALLOWED,
            expose_headers=["X-Correlation-ID", "Retry-After", "Idempotency-Replayed"],
            max_age=600,
        )
    ]
