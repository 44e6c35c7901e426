"""Serves one database over HTTP and writes down every request; runs inside Tryton's environment.

    python -m demo.tryton.httpd DATABASE PORT LOG_FILE [TODAY]

TRYTOND_CONFIG names the configuration. Port 0 takes a free one; the port is printed once the server answers. Without
TODAY the real clock counts. The server ends when its standard input does, so it never outlives the process that
started it.
"""

import io
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any

from demo.tryton.today import pin_today

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]


class Recorder:
    """A WSGI application around another one; one JSON line a request goes to the log file."""

    def __init__(self, inner: Application, log: Path) -> None:
        """Wrap an application; the log is opened for appending, so another process may empty it."""
        self._inner = inner
        self._log = log.open("a", encoding="utf-8")
        self._lock = threading.Lock()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request and write it down before the answer leaves."""
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        answered: list[int] = []

        def start(status: str, *rest: object) -> object:
            answered.append(int(status.split(maxsplit=1)[0]))
            return start_response(status, *rest)

        began = time.monotonic()
        answer = self._inner(environ, start)
        self._write(
            {
                "method": environ["REQUEST_METHOD"],
                "path": environ["PATH_INFO"],
                "rpc": _rpc_method(body),
                "correlation_id": environ.get("HTTP_X_CORRELATION_ID"),
                "status": answered[-1] if answered else 0,
                "milliseconds": round((time.monotonic() - began) * 1000),
            }
        )
        return answer

    def _write(self, line: dict[str, object]) -> None:
        with self._lock:
            self._log.write(json.dumps(line) + "\n")
            self._log.flush()


def _rpc_method(body: bytes) -> str | None:
    """Return the method a JSON-RPC body names, which is never what the URL says."""
    try:
        called = json.loads(body)
    except ValueError:
        return None
    return called.get("method") if isinstance(called, dict) else None


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


def main(database: str, port: str, log: str, today: str = "") -> None:
    """Load the database's modules, then answer on the loopback interface until told to stop."""
    if today:
        pin_today(date.fromisoformat(today))
    os.environ["TRYTOND_DATABASE_NAMES"] = database
    # This import loads the modules of the database just named.
    application = Recorder(import_module("trytond.application").app, Path(log))
    serving = import_module("werkzeug.serving")
    quiet = type("Quiet", (serving.WSGIRequestHandler,), {"log": lambda *_: None})
    server = serving.make_server("127.0.0.1", int(port), application, threaded=True, request_handler=quiet)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    print(server.port, flush=True)  # noqa: T201 - the port is the answer
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
