"""A process that makes servers: it has imported everything, so that each one is there in a moment, and can be killed.

It reads a JSON line for each server from its input (configuration, port, and where it is to end itself), forks it, and
prints its process id. A server kills itself with SIGKILL at the nth time that it comes to a point:

    accepted   stored, and neither started nor answered        begun     a wave is written down as begun
    decided    an approval is decided, and no run started      answered  a system has answered, nothing is written down
    started    handed to the engine                            recorded  a wave is written down as it ended
                                                               ended     the command's end is written down

Of files that are exchanged:

    collected  a line waits for a file    looked   nothing of it stands there    renamed   it stands there whole
    meaning    a file is about to be meant  part   it is there under another name  put     that is written down
                                                                                   believed  its answer is written down

Each server's clock begins at nine in the morning of the firm's day, with the forge's.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn

from colonnade import telemetry
from colonnade.commanding import Commanding
from colonnade.edge.heads import BoundedHeads
from colonnade.edge.identity.doorkeeper import Doorkeeper
from colonnade.http import create
from colonnade.settings import Settings
from colonnade.wiring import Application, SystemClock
from commands.machinery.accepting import Accepting
from commands.machinery.carrying import Carrier
from commands.machinery.deciding import Deciding
from commands.machinery.exchange import Exchange
from commands.machinery.handing import Handing
from commands.machinery.machine import _Run
from commands.machinery.recording import Recorder
from demo.firm.clock import AS_OF
from sources.wire.sftp import Folder
from store import files
from store.service_keys import ServiceKeys

if TYPE_CHECKING:
    from collections.abc import Callable

POINTS = ("accepted", "decided", "started", "begun", "answered", "recorded", "ended")
PR_SET_PDEATHSIG = 1
BEGAN = datetime.now(UTC)


class Morning:
    """A clock of the firm's day, or so many days ahead of it, which goes on from one server to the next."""

    def __init__(self, ahead: float) -> None:
        self._ahead = timedelta(days=ahead)

    def now(self) -> datetime:
        """Return the instant."""
        return AS_OF + self._ahead + (datetime.now(UTC) - BEGAN)


class Reaper:
    """Counts the points that a server comes to, into a file, and ends it at one of them."""

    def __init__(self, log: Path, point: str | None, nth: int) -> None:
        self._log, self._point, self._left = log, point, nth

    def meet(self, point: str) -> None:
        """Come to a point."""
        # Where no file may grow, it is the server that is looked at.
        with suppress(OSError), self._log.open("a", encoding="utf-8") as file:
            file.write(point + "\n")
        if point == self._point:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


def watch(reaper: Reaper) -> None:
    """Have the reaper told when a server comes to each point."""
    for owner, name, point in (
        (Accepting, "_store_it", "accepted"),
        (Deciding, "_write", "decided"),
        (Commanding, "start_run", "started"),
        (_Run, "_begin", "begun"),
        (_Run, "_carry", "answered"),
        (_Run, "_undo", "answered"),
        (_Run, "_end", "ended"),
        (Handing, "collect", "collected"),
        (files, "mean", "meaning"),
        (Folder, "stands", "looked"),
        (Folder, "write", "part"),
        (Folder, "rename", "renamed"),
        (Exchange, "_put", "put"),
        (Exchange, "_believe", "believed"),
    ):
        setattr(owner, name, _after(getattr(owner, name), point, reaper))
    forget = Recorder.forget

    def forgot(self: Recorder) -> None:
        forget(self)
        reaper.meet("recorded")

    Recorder.forget = forgot  # type: ignore[method-assign]


def _after(do: Callable[..., Any], point: str, reaper: Reaper) -> Callable[..., Any]:
    async def done(*args: Any, **named: Any) -> Any:
        result = await do(*args, **named)
        reaper.meet(point)
        return result

    return done


async def _broken(*_: Any) -> Any:
    """Fail as only a fault of ours can."""
    raise ZeroDivisionError


def serve(said: dict[str, Any]) -> None:
    """Serve until killed."""
    os.setsid()
    # Whatever becomes of the forge, and of who ordered the server: it does not outlive them.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    telemetry.configure()
    if said.get("broken"):
        setattr(Carrier, "carry", _broken)  # noqa: B010  a method of another signature
    watch(Reaper(Path(said["log"]), said.get("point"), said.get("nth", 1)))
    settings = Settings.read(Path(said["config"]))
    application = Application(settings, Morning(said.get("ahead", 0.0)), role="both")
    # The issuer's tokens are of the machine's day.
    application.doorkeeper = Doorkeeper(settings.identity, ServiceKeys(application.engine), SystemClock())
    uvicorn.run(
        create(application),
        port=said["port"],
        log_config=None,
        access_log=False,
        http=BoundedHeads,
        ws="websockets-sansio",
        timeout_graceful_shutdown=2,
    )


def main() -> None:
    """Make servers until the input ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            devnull = os.open(os.devnull, os.O_RDWR)
            out = os.open(json.loads(line)["output"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.dup2(devnull, 0)
            os.dup2(out, 1)
            os.dup2(out, 2)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            serve(json.loads(line))
            os._exit(0)
        print(child, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
