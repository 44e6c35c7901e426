"""Processes of their own for what is measured and what measures: pinned apart, watched through /proc, ended by id."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ROOT: Final = Path(__file__).parent.parent
START: Final = 60.0
END: Final = 10.0
PYTHON: Final = (sys.executable, "-m")


class Cores(NamedTuple):
    """Where the measured server runs, and where everything else does; None where nothing can be pinned."""

    server: int | None
    others: int | None

    @classmethod
    def found(cls) -> Cores:
        """Take two cores of those that this process may use."""
        usable = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
        return cls(usable[0], usable[1]) if len(usable) > 1 else cls(None, None)


class Process(NamedTuple):
    """A running process, and the port that it listens at."""

    pid: int
    port: int

    def spent(self) -> float:
        """Return the seconds of CPU that it has spent, in all of its threads."""
        # What clock_getcpuclockid(3) returns: to the nanosecond, where /proc counts in hundredths of a second.
        return time.clock_gettime(~self.pid << 3 | 2)

    def forget_peak(self) -> None:
        """Begin the peak of its memory anew."""
        Path(f"/proc/{self.pid}/clear_refs").write_text("5", encoding="ascii")

    def memory(self, name: str = "VmRSS") -> int:
        """Return its resident memory in bytes, or with `VmHWM` the peak of it."""
        (line,) = (line for line in self._proc("status").splitlines() if line.startswith(f"{name}:"))
        return int(line.split()[1]) * 1024

    def _proc(self, name: str) -> str:
        return Path(f"/proc/{self.pid}/{name}").read_text(encoding="utf-8")


def free_port() -> int:
    """Return a port of loopback that nobody listens at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@contextmanager
def pinned(core: int | None) -> Iterator[None]:
    """Start what is started meanwhile on one core: a process inherits where its parent may run."""
    if core is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def running(
    command: Sequence[str], port: int, ready: str, core: int | None, env: Mapping[str, str] | None = None
) -> Iterator[Process]:
    """Run a server from the time it answers at a path until the end of the block, or raise SystemExit."""
    with tempfile.TemporaryFile() as said:
        with pinned(core):
            process = subprocess.Popen(
                command, cwd=ROOT, env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL, stdout=said, stderr=said
            )
        try:
            if not _answers(process, f"http://127.0.0.1:{port}{ready}"):
                said.seek(0)
                raise SystemExit(f"it did not come up: {' '.join(command)}\n{said.read().decode()[-2000:]}")
            yield Process(process.pid, port)
        finally:
            _end(process)


def _answers(process: subprocess.Popen[bytes], url: str) -> bool:
    deadline = time.monotonic() + START
    while time.monotonic() < deadline and process.poll() is None:
        try:
            httpx.get(url, timeout=1, trust_env=False)
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return True
    return False


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(END)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
