"""Heads that do not end, in bytes or in time."""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from colonnade.edge import heads
from demo.emulator import serve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request


async def _echo(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(len(await request.body())))


@pytest.fixture
def port() -> Iterator[int]:
    """A server that tells how long a body is."""
    routes = [Route("/", _echo, methods=["POST"])]
    with serve(Starlette(routes=routes), http=heads.BoundedHeads) as server:
        yield int(server.url.rpartition(":")[2])


def told(connection: socket.socket) -> bytes:
    """Return everything that is told until the connection is closed."""
    parts = []
    while part := connection.recv(65_536):
        parts.append(part)
    return b"".join(parts)


def sent(connection: socket.socket, part: bytes) -> int:
    """Send without an end, and return how many bytes were taken before the connection was closed."""
    taken = 0
    with suppress(ConnectionError):
        while taken < 64 * heads.HEAD_BYTES:
            taken += connection.send(part)
    return taken


def test_requests_one_after_the_other(port: int) -> None:
    """Bodies are no heads: several requests on one connection are answered, whatever they bring."""
    body = b"x" * 300_000
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        for last in (False, False, True):
            head = f"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: {len(body)}\r\n"
            connection.sendall((head + ("Connection: close\r\n\r\n" if last else "\r\n")).encode() + body)
        assert told(connection).count(b"\r\n\r\n300000") == 3


def test_a_head_without_an_end(port: int) -> None:
    """Header after header is answered with 400 and no further listened to, as is one header that goes on and on."""
    for line in (b"X-More: 1\r\n", b"x"):
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(b"POST / HTTP/1.1\r\nHost: h\r\nX: ")
            assert sent(connection, line * (65_536 // len(line))) < 32 * heads.HEAD_BYTES


def test_a_head_that_takes_its_time(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection without a whole head is closed, and one that has been answered may wait for its next."""
    monkeypatch.setattr(heads, "HEAD_SECONDS", 0.3)
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=5) as slow:
        slow.sendall(b"POST / HTTP/1.1\r\nHost: h\r\n")
        assert told(slow) == b""
    assert 0.2 < time.monotonic() - began < 3
    with socket.create_connection(("127.0.0.1", port), timeout=5) as steady:
        for _ in range(2):
            steady.sendall(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nok")
            answer = b""
            while not answer.endswith(b"\r\n\r\n2"):
                answer += steady.recv(65_536)
            time.sleep(0.5)
