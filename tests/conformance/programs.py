"""The programs in `node/`: public test suites and everyday clients, of which each prints a figure."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).with_name("node")
NODE = FOLDER / "node_modules" / ".bin" / "node"  # the machine's or PyPI's, as install.sh found it
LINE = re.compile(r"^(pass|FAIL) (.+)$", re.MULTILINE)
FIGURE = re.compile(r"^FIGURE (\S+) (\d+)/(\d+)$", re.MULTILINE)


class Figure(NamedTuple):
    """How many of a program's checks were met, and what it said of the others."""

    name: str
    met: int
    checks: int
    failed: list[str]

    def __str__(self) -> str:
        return "\n".join([f"FIGURE {self.name} {self.met}/{self.checks}", *self.failed])


def run(program: str, seconds: float, **told: Any) -> Figure:
    """Run a program of the folder, within some seconds, and return its figure."""
    command = [str(NODE), str(FOLDER / program)]
    done = subprocess.run(
        command, input=json.dumps(told), capture_output=True, text=True, timeout=seconds, check=False, cwd=FOLDER
    )
    figure = FIGURE.search(done.stdout)
    assert figure is not None, done.stdout + done.stderr
    failed = [line.group() for line in LINE.finditer(done.stdout) if line[1] == "FAIL"]
    return Figure(figure[1], int(figure[2]), int(figure[3]), failed)
