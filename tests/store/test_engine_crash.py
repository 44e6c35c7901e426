"""The durable engine in processes that are killed, frozen and restarted: nothing that was started is lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from store.lease import TTL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CARRIER = Path(__file__).with_name("carrier.py")
# `st` of a socket that listens, as /proc/net/tcp writes it.
LISTENS = "0A"


class Line(NamedTuple):
    """What a process wrote of a run."""

    pid: int
    what: str
    command: str = ""
    run: str = ""


class Processes:
    """Processes that carry engines over one store."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.file = url, folder / "effects"
        self.log = folder / "log"
        self.file.touch()
        self._running = ExitStack()

    def begin(self, *commands: str, ticks: int = 1) -> subprocess.Popen[bytes]:
        """Begin a process whose runs have so many effects, and start these commands in it."""
        words = [sys.executable, str(CARRIER), self.url, str(self.file), str(ticks), *commands]
        with self.log.open("ab") as log:
            process = subprocess.Popen(words, stderr=log, env=os.environ | {"PYTHONPATH": "."})
        self._running.callback(process.wait)
        self._running.callback(process.kill)
        return process

    def lines(self, **wanted: object) -> list[Line]:
        """Return what was written, in order, that has these parts."""
        lines = [line.split() for line in self.file.read_text(encoding="utf-8").splitlines()]
        read = [Line(int(pid), *words) for pid, *words in lines]
        return [line for line in read if all(getattr(line, name) == value for name, value in wanted.items())]

    def until(self, met: Callable[[], bool], seconds: float = 30) -> float:
        """Wait until something is so, and return after how many seconds it was."""
        begun = time.monotonic()
        while not met():
            assert time.monotonic() - begun < seconds, self.file.read_text(encoding="utf-8")
            time.sleep(0.02)
        return time.monotonic() - begun

    def end(self) -> None:
        """End every process."""
        self._running.close()


@pytest.fixture
def processes(url: str, tmp_path: Path) -> Iterator[Processes]:
    """Processes over an empty store."""
    processes = Processes(url, tmp_path)
    yield processes
    processes.end()


postgresql = pytest.mark.parametrize("url", ["postgresql"], indirect=True)
both = pytest.mark.parametrize("url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.sweep)], indirect=True)


@both
def test_a_run_outlives_its_process(processes: Processes) -> None:
    """A process that is killed in the middle of a run is followed by one that runs it again, to its end."""
    first = processes.begin("c1", "c2", ticks=1200)
    processes.until(lambda: len(processes.lines(what="effects")) > 1)
    first.kill()
    first.wait()
    second = processes.begin("c3")
    # How long Python takes to come up is the machine's, not ours.
    processes.until(lambda: bool(processes.lines(pid=second.pid, what="launched")))
    taken = processes.until(lambda: len(processes.lines(pid=second.pid, what="ends")) == 3, seconds=10)
    print(f"\nbegun again and ended {taken:.1f} s after the restart")  # noqa: T201
    assert sorted(line.command for line in processes.lines(what="ends")) == ["c1", "c2", "c3"]
    assert {line.run for line in processes.lines(what="ends")} == {"1"}


@pytest.mark.sweep
@pytest.mark.timed
@postgresql
def test_another_replica_takes_over(processes: Processes) -> None:
    """What a dead replica was at is run by another one within seconds, each of it once, and by nobody before."""
    commands = [f"c{number}" for number in range(12)]
    second = processes.begin("own", ticks=1)
    processes.until(lambda: bool(processes.lines(pid=second.pid, what="ends")))
    first = processes.begin(*commands, ticks=1200)
    processes.until(lambda: bool(processes.lines(pid=first.pid, what="started")))
    processes.until(lambda: len(processes.lines(pid=first.pid, what="begins")) == 8)
    first.kill()
    begun = processes.until(lambda: len(processes.lines(pid=second.pid, what="begins")) > 1, seconds=10)
    print(f"\ntaken over after {begun:.1f} s")  # noqa: T201
    assert TTL - 1 < begun < TTL + 4
    processes.until(lambda: len(processes.lines(pid=second.pid, what="ends")) == 13)
    assert sorted(line.command for line in processes.lines(pid=second.pid, what="begins")) == sorted([*commands, "own"])


@pytest.mark.sweep
@postgresql
def test_a_frozen_replica_is_fenced(processes: Processes) -> None:
    """One that wakes when another has its runs does nothing more in any of them, and goes on as a replica."""
    commands = [f"c{number}" for number in range(12)]
    first = processes.begin(*commands, ticks=400)
    processes.until(lambda: len(processes.lines(pid=first.pid, what="effects")) > 8)
    second = processes.begin(ticks=400)
    processes.until(lambda: bool(processes.lines(pid=second.pid, what="launched")))
    first.send_signal(signal.SIGSTOP)
    processes.until(lambda: len(processes.lines(pid=second.pid, what="effects")) > 8)
    before = len(processes.lines(pid=first.pid, what="effects"))
    first.send_signal(signal.SIGCONT)
    processes.until(lambda: b'"fenced"' in processes.log.read_bytes())
    time.sleep(0.5)
    assert len(processes.lines(pid=first.pid, what="effects")) == before
    second.kill()
    second.wait()
    processes.until(lambda: len(processes.lines(pid=first.pid, what="begins")) == 16)


@pytest.mark.sweep
@postgresql
def test_a_replica_alone_that_was_frozen(processes: Processes) -> None:
    """When nobody else was there to take its runs, it takes them itself: those that ran, and those that waited."""
    commands = [f"c{number}" for number in range(12)]
    process = processes.begin(*commands, ticks=40)
    processes.until(lambda: len(processes.lines(what="effects")) > 8)
    process.send_signal(signal.SIGSTOP)
    time.sleep(TTL + 0.2)
    process.send_signal(signal.SIGCONT)
    processes.until(lambda: len(processes.lines(what="ends")) == 12)
    time.sleep(0.5)
    assert sorted(line.command for line in processes.lines(what="ends")) == sorted(commands)
    assert len(processes.lines(what="begins")) == 20


@postgresql
def test_what_it_says_and_where_it_listens(processes: Processes) -> None:
    """The engine listens nowhere, and writes nothing to the log but lines of ours, without what a run raised."""
    process = processes.begin("faulty", "c1")
    processes.until(lambda: len(processes.lines(what="ends")) == 2)
    processes.until(lambda: bool(processes.log.read_bytes()))
    assert listening(process.pid) == 0
    logged = [json.loads(line) for line in processes.log.read_text(encoding="utf-8").splitlines()]
    assert [(line["event"], line["command"], line["error"]) for line in logged] == [
        ("run failed", "faulty", "ValueError")
    ]


def listening(pid: int) -> int:
    """Return at how many ports a process listens."""
    sockets = {link.readlink().name for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()}
    tables = [Path(f"/proc/{pid}/net/{table}") for table in ("tcp", "tcp6")]
    rows = [row.split() for table in tables if table.exists() for row in table.read_text("ascii").splitlines()[1:]]
    return sum(row[3] == LISTENS and f"socket:[{row[9]}]" in sockets for row in rows)
