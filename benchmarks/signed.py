"""The product as `colonnade serve` runs it, but for whom it believes: `python -m benchmarks.signed CONFIG`.

That command takes no issuer that is not encrypted, as the one on loopback is.
"""

from __future__ import annotations

import sys
from pathlib import Path

from colonnade import telemetry
from colonnade.cli import _run
from colonnade.http import create
from colonnade.settings import Settings
from colonnade.wiring import Application
from store.lock import alone


def main(config: str) -> None:
    """Serve until the process is ended."""
    telemetry.configure()
    settings = Settings.read(Path(config))
    with alone(settings.store.url):
        _run(create(Application(settings)), settings)


if __name__ == "__main__":
    main(*sys.argv[1:])
