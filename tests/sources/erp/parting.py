"""A server of ours between the house and a real one: it hands on, and lets happen in between what a test wants."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import aiohttp
from aiohttp import web

from sources.contract import decode

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

DROPPED = {"host", "content-length", "accept-encoding", "connection"}


class Parting:
    """Hands calls on to a JSON-RPC server. By method, `loses` are carried out once and answered to nobody.

    What is in `keeps` is never handed on, and never answered.
    """

    def __init__(self, target: str) -> None:
        """Stand before an address."""
        self.address, self.calls, self.credential = "", list[str](), ""
        self.loses: set[str] = set()
        self.keeps: set[str] = set()
        self.before: dict[str, Callable[[], object]] = {}
        self._target = target

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Hand a call on; what is to be lost is lost once, and what is to happen before it happens once."""
        body = await request.read()
        method = str(decode(body)["method"])
        self.calls.append(method)
        self.credential = request.headers.get("Authorization", "")
        if happens := self.before.pop(method, None):
            happens()
        if method in self.keeps:
            _hang_up(request)
            return web.Response()
        headers = {name: value for name, value in request.headers.items() if name.lower() not in DROPPED}
        async with (
            aiohttp.ClientSession() as session,
            session.post(self._target + request.path, data=body, headers=headers) as answer,
        ):
            said = web.Response(body=await answer.read(), status=answer.status, content_type="application/json")
        if method in self.loses:
            self.loses.remove(method)
            _hang_up(request)
        return said


def _hang_up(request: web.Request) -> None:
    assert request.transport is not None
    request.transport.abort()


@asynccontextmanager
async def parting(target: str) -> AsyncIterator[Parting]:
    """Stand before a server until the block ends."""
    between = Parting(target)
    app = web.Application()
    app.router.add_post("/{path:.*}", between.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        between.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield between
    finally:
        await runner.cleanup()
