"""`python -m colonnade` is the command `colonnade`."""

from __future__ import annotations

from colonnade.cli import app

app()
