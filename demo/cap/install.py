"""Installs SAP CAP for the demo with its seeded model; a rerun with nothing changed does nothing.

    python -m demo.cap.install [DIRECTORY]

Needs node 20 with npm, a C++ compiler for its database, and a package index. DIRECTORY is where systems live, by
default `.systems` in the repository.
"""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from demo.cap.layout import Layout
from demo.cap.seed import seed
from demo.firm import northbeam
from demo.installed import digest

HERE: Final = Path(__file__).resolve().parent
PACKAGES: Final = ("package.json", "package-lock.json", ".npmrc")
MODEL: Final = ("server.js", "db/schema.cds", "srv/erp.cds", "srv/erp.js")


def install(directory: Path | None = None, say: Callable[[str], None] = print) -> Layout:
    """Bring the installation up to date and return where it lies."""
    layout = Layout.of(directory)
    layout.home.mkdir(parents=True, exist_ok=True)
    wanted = digest((HERE / name).read_bytes() for name in PACKAGES)
    if layout.made_from() != {"packages": wanted}:
        layout.marker.unlink(missing_ok=True)
        began = time.monotonic()
        say("CAP: packages ... (@sap/cds is under the SAP Developer License: for tests alone, see its LICENSE)")
        _copy(PACKAGES, layout)
        subprocess.run([_npm(), "ci", "--no-progress", "--loglevel=error"], cwd=layout.home, check=True)
        say(f"CAP: packages done in {time.monotonic() - began:.0f} s")
    _copy(MODEL, layout)
    seed(northbeam(), layout.data)
    # Written last: it stands for the whole.
    layout.remember("packages", wanted)
    say(f"CAP is ready in {layout.home}")
    return layout


def _npm() -> str:
    npm = shutil.which("npm")
    if npm is None:
        raise FileNotFoundError("CAP needs node 20 with npm on this machine")
    return npm


def _copy(names: tuple[str, ...], layout: Layout) -> None:
    for name in names:
        target = layout.home / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(HERE / name, target)


if __name__ == "__main__":
    install(Path(sys.argv[1]) if sys.argv[1:] else None)
