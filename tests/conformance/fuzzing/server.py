"""The graph in a process of its own, and what the machine says of it."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import httpx

from colonnade import telemetry
from colonnade.http import create
from colonnade.settings import Settings
from colonnade.wiring import Application
from demo.emulator import serve

if TYPE_CHECKING:
    from collections.abc import Iterator

START_SECONDS = 60


class Process(NamedTuple):
    """A running server."""

    url: str
    pid: int

    def resident(self) -> int:
        """Return how many kilobytes of memory it holds."""
        (line,) = (
            line
            for line in Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8").splitlines()
            if line.startswith("VmRSS:")
        )
        return int(line.split()[1])


@contextmanager
def served(config: Path, folder: Path) -> Iterator[Process]:
    """Serve what a configuration binds on a free port, with no limit on what a caller may ask for in a minute."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    text = config.read_text(encoding="utf-8").replace("[server]\n", f"[server]\nport = {port}\n")
    own = folder / "colonnade.toml"
    own.write_text(f"{text}\n[demand]\nper_minute = 1_000_000_000\n", encoding="utf-8")
    command = [sys.executable, "-m", __name__, str(own)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        _wait(f"http://127.0.0.1:{port}/readyz", process, folder / "log")
        yield Process(f"http://127.0.0.1:{port}", process.pid)
    finally:
        process.kill()
        process.wait()


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            httpx.get(url, trust_env=False).raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(log.read_text(encoding="utf-8"))


def main(config: Path) -> None:
    """Serve until the process is ended: as `colonnade serve` does, which trusts no issuer of a demo."""
    telemetry.configure()
    settings = Settings.read(config)
    with serve(create(Application(settings, role="api")), settings.server.port):
        signal.pause()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
