"""A road to a real server on which answers, or requests, get lost when a test says so."""

from __future__ import annotations

import http.client
import threading
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "host"}


class Road:
    """Everything that passes, and what happens to the next request that changes something."""

    def __init__(self, address: str) -> None:
        """Lead to an address; nothing is lost yet."""
        self._to = urlsplit(address).netloc
        self.address = ""
        self.passed: list[str] = []
        self.next: Literal["answer", "request"] | None = None

    def lose(self, what: Literal["answer", "request"]) -> None:
        """Lose the next change's answer, after it took effect; or the request itself, before it did."""
        self.next = what

    def changes(self) -> int:
        """Count the requests for changes that came to the server."""
        return sum(not line.startswith("GET ") for line in self.passed)

    def forward(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes] | None:
        """Pass a request on; None where its answer, or itself, is lost."""
        lost, self.next = (self.next, None) if method != "GET" else (None, self.next)
        if lost == "request":
            return None
        self.passed.append(f"{method} {path}")
        with closing(http.client.HTTPConnection(self._to, timeout=30)) as connection:
            connection.request(method, path, body or None, headers)
            answer = connection.getresponse()
            content = answer.read()
        return None if lost == "answer" else (answer.status, content)


def _handler(road: Road) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _pass(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
            self.close_connection = True
            answer = road.forward(self.command, self.path, body, headers)
            if answer is None:
                return
            status, content = answer
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = _pass  # noqa: N815  the names that the server calls

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name that the server gives
            """Say nothing."""

    return Handler


@contextmanager
def road(address: str) -> Iterator[Road]:
    """Open a road to a server, on a free loopback port."""
    opened = Road(address)
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(opened)) as server:
        opened.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield opened
        finally:
            server.shutdown()
            thread.join()
