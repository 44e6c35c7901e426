"""A road to a real system on which a server dies at each change that it sends, once: before its effect, or after it."""

from __future__ import annotations

import http.client
import json
import re
import threading
from collections import Counter
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from demo.systems import Bound

# What is of one connection alone; and what comes is handed on as it is, so that nothing may be packed.
DROPPED = {"connection", "keep-alive", "transfer-encoding", "host", "accept-encoding"}
# What a JSON-RPC method is called that changes nothing.
ASKING = re.compile(r"(search_read|search_count|read|db\.login|server\.version)$")

# When: before the effect, which comes while nobody listens any more; after it; or so that there is no effect.
BEFORE, AFTER, NEVER = "before", "after", "never"
HOURS = frozenset({BEFORE, AFTER, NEVER})


class Death:
    """Kills whoever sends a change, once for each of them, while there is an hour for it."""

    def __init__(self) -> None:
        self.kill: Callable[[], None] = lambda: None
        self.hour: str | None = None
        self.at = Counter[str]()
        self._met: set[str] = set()
        self._lock = threading.Lock()

    def begin(self) -> None:
        """Let what was sent before a command be a change of its own, if the same is sent again."""
        with self._lock:
            self._met.clear()

    def comes(self, said: str, content: str) -> bool:
        """Tell whether this is the time: the same change sent again is let through."""
        with self._lock:
            if self.hour is None or content in self._met:
                return False
            self._met.add(content)
            self.at[said] += 1
            return True


class _Road(ThreadingHTTPServer):
    def __init__(self, target: str, death: Death) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target, self.death = urlsplit(target).netloc, death


class _Handler(BaseHTTPRequestHandler):
    server: _Road

    def _pass(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.close_connection = True
        said = self._change(body)
        death = self.server.death
        dies = said is not None and death.comes(*said)
        hour = death.hour if dies else None
        if hour in {BEFORE, NEVER}:
            death.kill()
        if hour == NEVER:
            return
        status, content = self._forwarded(body)
        if hour == AFTER:
            death.kill()
        if dies:
            return
        # Whoever asked may have died meanwhile.
        with suppress(ConnectionError):
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    def _change(self, body: bytes) -> tuple[str, str] | None:
        """Return what is changed, in a few words and exactly; None where something is only asked."""
        if self.command == "GET":
            return None
        if not self.path.endswith("/rpc/"):
            return f"{self.command} {re.sub('[0-9]+', '#', self.path)}", f"{self.command} {self.path} {body.decode()}"
        call = json.loads(body)
        # The context says how often a record was changed: the same change sent again may say another number.
        return (
            None
            if ASKING.search(call["method"])
            else (call["method"], json.dumps([call["method"], call["params"][:-1]]))
        )

    def _forwarded(self, body: bytes) -> tuple[int, bytes]:
        headers = {name: value for name, value in self.headers.items() if name.lower() not in DROPPED}
        with closing(http.client.HTTPConnection(self.server.target, timeout=60)) as connection:
            connection.request(self.command, self.path, body or None, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _pass  # noqa: N815  the names that the server calls

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name that the server gives
        """Say nothing."""


@contextmanager
def road(system: Bound, death: Death) -> Iterator[Bound]:
    """Lead to a system, on a free loopback port."""
    with _Road(system.address, death) as opened:
        thread = threading.Thread(target=opened.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield replace(system, address=f"http://127.0.0.1:{opened.server_port}{urlsplit(system.address).path}")
        finally:
            opened.shutdown()
            thread.join()
