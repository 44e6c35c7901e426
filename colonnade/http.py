"""The HTTP face: /graphql, /graphiql, /livez, /readyz, /metrics; a worker's is the last three."""

from __future__ import annotations

from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from prometheus_client.exposition import choose_encoder
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from colonnade.edge.correlation import Correlation
from colonnade.edge.headers import SecurityHeaders
from colonnade.edge.routes import Edge, cors, routes
from colonnade.edge.running import Graph
from colonnade.edge.visitors import visitors
from colonnade.pages import Provider, graphiql
from colonnade.telemetry import GraphMetrics
from colonnade.wiring import RequestContext

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request
    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp

    from colonnade.wiring import Application


def create(application: Application) -> ASGIApp:
    """Return the ASGI app over a wired application, or raise FileError where its trusted documents are none."""
    origins = application.settings.cors.origins

    async def livez(_request: Request) -> JSONResponse:
        return JSONResponse({"status": "alive"})

    async def readyz(_request: Request) -> JSONResponse:
        try:
            async with application.engine.connect() as connection:
                await connection.execute(text("SELECT version_num FROM alembic_version"))
        except SQLAlchemyError:
            return JSONResponse({"status": "the store does not answer"}, status_code=503)
        return JSONResponse({"status": "ready"})

    async def metrics(request: Request) -> Response:
        encode, kind = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(application.metrics.registry), headers={"Content-Type": kind})

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await application.start()
        yield
        await application.stop()

    addresses = [
        *(_graph(application) if application.serves_graph else ()),
        Route("/livez", livez),
        Route("/readyz", readyz),
        Route("/metrics", metrics),
    ]
    app = Starlette(routes=addresses, middleware=cors(origins), lifespan=lifespan)
    return Correlation(SecurityHeaders(app))


def _graph(application: Application) -> list[BaseRoute]:
    """Return the graph's addresses, and those of its pages."""
    settings, identity = application.settings, application.settings.identity
    counted = GraphMetrics(application.metrics.registry)
    graph = Graph(application.schema, partial(RequestContext, application), counted, application.tally)
    edge = Edge.over(graph, visitors(application), settings.demand, settings.documents.trusted)
    return [
        *routes(edge, settings.cors.origins),
        *graphiql(Provider(identity.issuer, identity.client_id, identity.scope)),
    ]
