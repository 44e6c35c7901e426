"""Runs Redmine on a fresh copy of the seeded database, for tests and for looking around.

python -m demo.redmine.server [PORT] [DIRECTORY]
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
from pathlib import Path
from typing import Final

from demo.installed import ending, listening_port
from demo.redmine.access import KEY
from demo.redmine.layout import Layout
from demo.redmine.running import environment, ruby

HERE: Final = Path(__file__).resolve().parent
DEFAULT_PORT: Final = 3000


@dataclass(frozen=True, slots=True, kw_only=True)
class RedmineServer:
    """A running Redmine, the way in, its database, and the log of what it was asked."""

    base_url: str
    key: str
    database: Path
    log: Path

    def calls(self) -> list[str]:
        """Return the requests answered since the start or the last `clear`, oldest first: method and path."""
        lines = self.log.read_text(encoding="utf-8").splitlines()
        return ["{method} {path}".format(**json.loads(line)) for line in lines]

    def clear(self) -> None:
        """Forget the requests answered so far."""
        self.log.write_text("", encoding="utf-8")


@contextmanager
def serve(directory: Path | None = None, port: int = 0) -> Iterator[RedmineServer]:
    """Run Redmine on a copy of the template until the block ends. Port 0 takes a free one."""
    layout = Layout.of(directory)
    layout.require()
    with tempfile.TemporaryDirectory(prefix="redmine-") as name:
        folder = Path(name)
        database, log = folder / "redmine.sqlite", folder / "requests.jsonl"
        shutil.copyfile(layout.template, database)
        log.touch()
        with _process(layout, database, [str(port), str(log)]) as listening:
            yield RedmineServer(base_url=f"http://127.0.0.1:{listening}", key=KEY, database=database, log=log)


@contextmanager
def _process(layout: Layout, database: Path, arguments: list[str]) -> Iterator[int]:
    errors = database.with_name("errors.log")
    with (
        errors.open("wb") as stderr,
        subprocess.Popen(
            ruby(layout, str(HERE / "httpd.rb"), *arguments),
            cwd=layout.app,
            env=environment(layout, database, database.parent),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
        ) as process,
        ending(process),
    ):
        yield listening_port(process, errors, "Redmine")


def main(port: str = str(DEFAULT_PORT), directory: str | None = None) -> None:
    """Serve in the foreground until interrupted."""
    with serve(Path(directory) if directory else None, int(port)) as server:
        print(f"{server.base_url}  API key {server.key}", flush=True)  # noqa: T201
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with suppress(KeyboardInterrupt):
            signal.pause()


if __name__ == "__main__":
    main(*sys.argv[1:])
