"""A real server on loopback, in a thread of its own, for as long as a `with` block or until it is stopped."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, Literal, TypeAlias, cast

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

LOOPBACK: Final = "127.0.0.1"
START_SECONDS: Final = 10.0
STOP_SECONDS: Final = 5.0
# The vendors' own limits on the length of a URL must be met before the HTTP parser's.
HEADER_BYTES: Final = 128 * 1024
MESSAGE_BYTES: Final = 128 * 1024
CLOSE: Final = "demo.close"
"""The extension of a scope that closes its connection at once, without an answer."""

Http: TypeAlias = type[asyncio.Protocol] | Literal["auto"]
"""How requests are read off a connection: uvicorn's own choice, or a protocol."""


class Server:
    """A running server; `url` is its base address. Stopped, it refuses connections."""

    def __init__(self, app: ASGIApp, port: int, http: Http = "auto") -> None:
        """Listen on the port, a free one if it is 0, and return once requests are answered."""
        self._socket = _listening(port)
        self.url = f"http://{LOOPBACK}:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(
            _closable(app),
            loop="asyncio",
            http=http,
            ws="websockets-sansio",
            ws_max_size=MESSAGE_BYTES,
            server_header=False,
            lifespan="auto",
            log_config=None,
            access_log=False,
            h11_max_incomplete_event_size=HEADER_BYTES,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), daemon=True)
        self._thread.start()
        self._await_start()

    def _await_start(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                message = f"no server came up at {self.url}"
                raise RuntimeError(message)
            time.sleep(0.005)

    def stop(self) -> None:
        """Close the port and wait until the server's thread has ended; a second call does nothing."""
        self._server.should_exit = True
        self._thread.join(STOP_SECONDS)
        self._socket.close()


def _closable(app: ASGIApp) -> ASGIApp:
    async def closable(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            # ASGI has no word for it: the connection is that of uvicorn's own `send`.
            transport = cast("Any", send).__self__.transport
            scope["extensions"] = {**scope.get("extensions", {}), CLOSE: transport.abort}
        await app(scope, receive, send)

    return closable


def _listening(port: int) -> socket.socket:
    # Named TCP, because asyncio turns Nagle's algorithm off for no other socket: each answer would wait 40 ms.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((LOOPBACK, port))
    return listening


@contextmanager
def serve(app: ASGIApp, port: int = 0, http: Http = "auto") -> Iterator[Server]:
    """Serve an application on loopback; it answers as soon as the block begins and no longer when it ends."""
    server = Server(app, port, http)
    try:
        yield server
    finally:
        server.stop()
