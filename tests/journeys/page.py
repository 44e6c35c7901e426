"""A page of the documentation that is followed to the letter: its files are written, its commands are run."""

from __future__ import annotations

import re
import shlex
import socket
import subprocess
import time
from typing import TYPE_CHECKING, NamedTuple

import httpx
import pytest

from demo.systems import HTTP

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import ExitStack
    from pathlib import Path

BLOCK = re.compile(r"^```([a-z]+) ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# How long a command may take on a machine that is busy with other tests: it is none that a page promises.
SECONDS = 45.0


class Block(NamedTuple):
    """A fenced block of a page: its language, the file that it is, and its text."""

    language: str
    file: str
    text: str


def blocks(page: Path) -> list[Block]:
    """Return a page's blocks in their order."""
    return [Block(*found) for found in BLOCK.findall(page.read_text(encoding="utf-8"))]


def free() -> str:
    """Return a free port."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return str(listening.getsockname()[1])


class Developer:
    """Somebody who does what a page says, in a folder of their own.

    `servers` are the page's ports by the command that listens there. They may be taken on the machine of a test, and
    others stand in their place everywhere.
    """

    def __init__(
        self, folder: Path, environment: Mapping[str, str], servers: Mapping[str, str], running: ExitStack
    ) -> None:
        self.folder, self.environment, self._servers, self._running = folder, dict(environment), servers, running
        self.ports = {port: free() for port in servers.values()}
        self.said: dict[str, str] = {}

    def follow(self, block: Block) -> None:
        """Write the block's file, or run its commands."""
        text = re.sub("|".join(self.ports), lambda port: self.ports[port[0]], block.text)
        if block.file:
            self.write(self.folder / block.file, text)
        elif block.language == "sh":
            for line in text.splitlines():
                self._run(line)

    def write(self, path: Path, text: str) -> None:
        """Write a file."""
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def _run(self, line: str) -> None:
        words = shlex.split(line)
        if words[0] == "export":
            self.environment |= dict([words[1].split("=", 1)])
        elif words[-1] == "&":
            self._serve(line.removesuffix("&"), self.ports[self._servers[words[0]]])
        else:
            done = subprocess.run(
                ["/bin/bash", "-c", line],
                cwd=self.folder,
                env=self.environment,
                capture_output=True,
                text=True,
                timeout=SECONDS,
                check=False,
            )
            assert done.returncode == 0, f"{line}: {done.stdout}{done.stderr}"
            self.said[line] = done.stdout

    def _serve(self, line: str, port: str) -> None:
        log = self._running.enter_context((self.folder / "log").open("wb"))
        command = ["/bin/bash", "-c", f"exec {line}"]
        server = subprocess.Popen(command, cwd=self.folder, env=self.environment, stdout=log, stderr=log)
        self._running.callback(server.wait)
        self._running.callback(server.terminate)
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            try:
                HTTP.get(f"http://127.0.0.1:{port}/livez")
            except httpx.TransportError:
                time.sleep(0.05)
            else:
                return
        pytest.fail(f"nothing answers at port {port}")
