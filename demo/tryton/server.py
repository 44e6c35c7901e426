"""Runs Tryton on a fresh copy of the seeded database, for tests and for looking around.

python -m demo.tryton.server [PORT] [DIRECTORY]
"""

import json
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from demo.firm.clock import AS_OF
from demo.installed import ROOT, ending, listening_port
from demo.tryton.access import DATABASE, READER, WRITER, password
from demo.tryton.configuration import environment, write_configuration
from demo.tryton.layout import Layout

DEFAULT_PORT: Final = 8069
TODAY: Final = AS_OF.date()


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as the server saw it; `rpc` is the JSON-RPC method, such as model.party.party.search_read."""

    method: str
    path: str
    rpc: str | None
    correlation_id: str | None
    status: int
    milliseconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TrytonServer:
    """A running Tryton, and the way in."""

    base_url: str
    database: str
    user: str
    writer: str
    password: str
    log: Path

    @property
    def rpc_url(self) -> str:
        """The address that JSON-RPC calls are posted to."""
        return f"{self.base_url}/{self.database}/rpc/"

    def requests(self) -> list[Request]:
        """Return the requests answered since the start or the last `clear`, oldest first."""
        return [Request(**json.loads(line)) for line in self.log.read_text(encoding="utf-8").splitlines()]

    def clear(self) -> None:
        """Forget the requests answered so far."""
        self.log.write_text("", encoding="utf-8")


@contextmanager
def serve(directory: Path | None = None, port: int = 0, today: date | None = TODAY) -> Iterator[TrytonServer]:
    """Run Tryton on a copy of the template until the block ends.

    Port 0 takes a free one. Tryton's today is the firm's; None leaves it to the real clock.
    """
    layout = Layout.of(directory)
    layout.require()
    with tempfile.TemporaryDirectory(prefix="tryton-") as folder:
        copy = Path(folder)
        shutil.copyfile(layout.template, copy / f"{DATABASE}.sqlite")
        log = copy / "requests.jsonl"
        log.touch()
        with _process(layout, copy, [str(port), str(log), today.isoformat() if today else ""]) as listening:
            yield TrytonServer(
                base_url=f"http://127.0.0.1:{listening}",
                database=DATABASE,
                user=READER,
                writer=WRITER,
                password=password(),
                log=log,
            )


@contextmanager
def _process(layout: Layout, folder: Path, arguments: list[str]) -> Iterator[int]:
    errors = folder / "errors.log"
    command = [str(layout.python), "-m", "demo.tryton.httpd", DATABASE, *arguments]
    with (
        errors.open("wb") as stderr,
        subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment(write_configuration(folder)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
        ) as process,
        ending(process),
    ):
        yield listening_port(process, errors, "Tryton")


def main(port: str = str(DEFAULT_PORT), directory: str | None = None) -> None:
    """Serve in the foreground until interrupted."""
    with serve(Path(directory) if directory else None, int(port)) as server:
        where = f"{server.base_url}  database {server.database}  user {server.user}  password {server.password}"
        print(where, flush=True)  # noqa: T201
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with suppress(KeyboardInterrupt):
            signal.pause()


if __name__ == "__main__":
    main(*sys.argv[1:])
