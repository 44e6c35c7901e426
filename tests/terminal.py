"""The command `colonnade`, run in the test's own process."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import structlog
from typer.testing import CliRunner

from colonnade.cli import app

if TYPE_CHECKING:
    from typer.testing import Result


def invoke(*args: object) -> Result:
    """Run the command; it sets up the logs of its process, and this one goes on without them."""
    before = structlog.get_config()
    # Servers that run in this process go on logging, and what the command prints is all that is looked at.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        return CliRunner().invoke(app, [str(arg) for arg in args], catch_exceptions=False)
    finally:
        structlog.configure(**before)


def cells(said: str) -> list[tuple[str, ...]]:
    """Return the cells of a printed table, its heading left out."""
    lines = [line for line in said.splitlines() if line.startswith("│")]
    return [tuple(cell.strip() for cell in line.strip("│").split("│")) for line in lines]
