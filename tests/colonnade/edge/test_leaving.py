"""Whoever goes before the answer is there: nothing is asked any more that was asked for them alone."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from colonnade.demo import configure
from colonnade.http import create
from colonnade.settings import Settings
from colonnade.wiring import Application
from demo.emulator import serve
from schema.rows import Ref

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from tests.conftest import House

    Ask: TypeAlias = "Callable[[Any], socket.socket]"

ONE = Ref("LegalEntity", "erp", "NBUK").encode()
BY_ID = {"query": f'{{ node(id: "{ONE}") {{ id }} }}'}
LIST = {"query": "{ invoices(first: 2) { edges { node { number } } } }"}


class Silent:
    """A system that lets everybody in and never answers: how often it was asked, and how many wait on it now."""

    def __init__(self) -> None:
        self.asked = self.waiting = 0

    async def login(self, _request: Request) -> Response:
        """Let in."""
        return JSONResponse({"access_token": "t", "expires_in": 3600})

    async def never(self, request: Request) -> Response:
        """Wait for the caller to go."""
        self.asked += 1
        self.waiting += 1
        while (await request.receive())["type"] != "http.disconnect":
            pass
        self.waiting -= 1
        return Response()


class Watched:
    """The graph's app, and the loop that it runs in."""

    def __init__(self, application: Application) -> None:
        self.app, self._cache = create(application), application.desk.cache
        self.loop: asyncio.AbstractEventLoop | None = None

    def waiting(self) -> int:
        """Return how many wait for a call that they share."""
        assert self._cache is not None
        return max((flight.waiting for flight in self._cache._flights.values()), default=0)  # noqa: SLF001

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on."""
        self.loop = asyncio.get_running_loop()
        await self.app(scope, receive, send)


@contextmanager
def silent(house: House, folder: Path, *, cached: bool) -> Iterator[tuple[Ask, Silent, Watched]]:
    """Serve the graph over a silent ERP, and yield how to ask it."""
    system = Silent()
    routes = [
        Route("/oauth2/v2.0/token", system.login, methods=["POST"]),
        Route("/{path:path}", system.never, methods=["GET", "POST"]),
    ]
    with serve(Starlette(routes=routes)) as upstream:
        (erp,) = (bound for bound in house.bound if bound.role == "erp")
        path = configure(folder, [replace(erp, address=upstream.url)], house.running.issuer.url, cached=cached)
        app = Watched(Application(Settings.read(path), role="api"))
        with serve(app) as server:
            yield partial(send, int(server.url.rpartition(":")[2]), house.signed["Authorization"]), system, app


def until(true: Callable[[], bool], seconds: float = 1.0) -> None:
    """Wait until something is so, or fail."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def send(port: int, token: str, body: Any) -> socket.socket:
    """Send a request and do not wait for its answer."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=5)
    content = json.dumps(body).encode()
    head = ("POST /graphql HTTP/1.1", "Host: here", f"Authorization: {token}", "Content-Type: application/json")
    connection.sendall("\r\n".join([*head, f"Content-Length: {len(content)}", "", ""]).encode() + content)
    return connection


@pytest.mark.parametrize("cached", [True, False])
@pytest.mark.parametrize(
    ("body", "calls"), [(BY_ID, 1), (LIST, 1), ([BY_ID, LIST], 2)], ids=["by id", "a list", "a batch"]
)
def test_who_goes_takes_the_call_along(running: House, tmp_path: Path, body: Any, calls: int, *, cached: bool) -> None:
    """The connection to the system is dropped within a second, and no task of the server is left."""
    with silent(running, tmp_path, cached=cached) as (ask, system, app):
        ask({"query": "{ __typename }"}).close()
        until(lambda: app.loop is not None, 5)
        time.sleep(0.1)
        before = len(asyncio.all_tasks(app.loop))
        with ask(body):
            until(lambda: system.waiting == calls, 5)
        until(lambda: system.waiting == 0)
        until(lambda: len(asyncio.all_tasks(app.loop)) <= before)


def test_who_goes_leaves_the_call_to_the_others(running: House, tmp_path: Path) -> None:
    """Two wait for one call: the first one's going ends nothing, the second one's does; who comes then asks anew."""
    with silent(running, tmp_path, cached=True) as (ask, system, app):
        first = ask(BY_ID)
        until(lambda: system.waiting == 1, 5)
        second = ask(BY_ID)
        until(lambda: app.waiting() == 2, 5)
        first.close()
        time.sleep(0.5)
        assert (system.asked, system.waiting) == (1, 1)
        second.close()
        until(lambda: system.waiting == 0)
        third = ask(BY_ID)
        until(lambda: (system.asked, system.waiting) == (2, 1), 3)
        third.close()
        until(lambda: system.waiting == 0)
        assert app.loop is not None
