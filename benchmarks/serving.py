"""A server to be measured, in a process of its own: `python -m benchmarks.serving CONFIG PORT ROLE`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

import uvicorn

from colonnade.edge.heads import BoundedHeads
from colonnade.heap import settle
from colonnade.http import create
from colonnade.settings import Settings
from colonnade.wiring import Application

if TYPE_CHECKING:
    from colonnade.wiring import Role


def main(config: str, port: str, role: str) -> None:
    """Serve until the process is ended."""
    application = Application(Settings.read(Path(config)), role=cast("Role", role))
    settle()
    uvicorn.run(create(application), port=int(port), log_config=None, access_log=False, http=BoundedHeads)


if __name__ == "__main__":
    main(*sys.argv[1:])
