"""Installs Tryton for the demo and keeps a seeded database as a template; a rerun with nothing changed does nothing.

    python -m demo.tryton.install [DIRECTORY]

Needs Python 3.11 and a package index, nothing else. DIRECTORY is where systems live, by default `.systems` in the
repository.
"""

import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from demo.firm import northbeam
from demo.firm.clock import AS_OF
from demo.installed import ROOT, digest, keep
from demo.tryton.access import DATABASE, password
from demo.tryton.configuration import environment, write_configuration
from demo.tryton.layout import Layout

HERE: Final = Path(__file__).resolve().parent
LOCK: Final = HERE / "requirements.lock"
MODULES: Final = ("ir", "res", "company", "party", "project", "analytic_invoice", "sale_opportunity")
SEED_SOURCES: Final = ("install.py", "seed.py", "access.py", "configuration.py", "ids.py", "today.py", "seeds")
SEEDED_PARTS: Final = (
    "legal_entities",
    "exchange_rates",
    "fiscal_periods",
    "roles",
    "customers",
    "people",
    "engagements",
    "opportunities",
    "invoices",
    "payments",
)


def install(directory: Path | None = None, say: Callable[[str], None] = print) -> Layout:
    """Bring the installation up to date and return where it lies; only what its sources outdate is made again."""
    layout = Layout.of(directory)
    layout.home.mkdir(parents=True, exist_ok=True)
    wanted = _wanted()
    for part, make in (("environment", _make_environment), ("base", _make_base), ("template", _make_template)):
        if part in outdated(directory, wanted):
            # A part is struck off first, so that an interrupted build is not taken for a whole one.
            layout.remember(part, "")
            _timed(say, part, make, layout)
            layout.remember(part, wanted[part])
    say(f"Tryton is ready in {layout.home}")
    return layout


def outdated(directory: Path | None = None, wanted: dict[str, str] | None = None) -> list[str]:
    """Return the parts that are missing or were made from other sources, in the order in which they are made."""
    layout = Layout.of(directory)
    installed = layout.made_from()
    there = {
        "environment": layout.python.exists(),
        "base": layout.base.exists(),
        "template": layout.template.exists() and layout.ids.exists(),
    }
    return [part for part, made in (wanted or _wanted()).items() if installed.get(part) != made or not there[part]]


def _wanted() -> dict[str, str]:
    """Return the digest of what each part is made from; a part is also made from the one before it."""
    environment_ = digest([LOCK.read_bytes(), sys.version_info[:2]])
    base = digest([environment_, MODULES, password()])
    return {"environment": environment_, "base": base, "template": digest([base, *_sources(), *_firm()])}


def _sources() -> Iterable[bytes]:
    """Yield the files that decide what is in the template, this one included."""
    for name in SEED_SOURCES:
        path = HERE / name
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            yield file.read_bytes()


def _firm() -> Iterable[object]:
    firm = northbeam()
    return (getattr(firm, part) for part in SEEDED_PARTS)


def _timed(say: Callable[[str], None], what: str, step: Callable[[Layout], None], layout: Layout) -> None:
    say(f"Tryton: {what} ...")
    began = time.monotonic()
    step(layout)
    say(f"Tryton: {what} done in {time.monotonic() - began:.0f} s")


def _make_environment(layout: Layout) -> None:
    shutil.rmtree(layout.venv, ignore_errors=True)
    venv.create(layout.venv, symlinks=True, with_pip=True)
    options = ["-qq", "--disable-pip-version-check", "--no-deps", "--require-hashes", "--requirement", str(LOCK)]
    _run([str(layout.python), "-m", "pip", "install", *options], env=None)


def _make_base(layout: Layout) -> None:
    """Create a database with all modules activated; this costs far more than seeding it, so it is kept."""
    with tempfile.TemporaryDirectory(dir=layout.home) as name:
        folder = Path(name)
        (folder / f"{DATABASE}.sqlite").touch()
        secret = folder / "password"
        secret.write_text(password(), encoding="utf-8")
        settings = write_configuration(folder)
        admin = [str(layout.venv / "bin" / "trytond-admin"), "-c", str(settings), "-d", DATABASE]
        options = ["--email", "admin@northbeam.example", "--activate-dependencies", "-u", *MODULES]
        _run([*admin, *options], env={**environment(settings), "TRYTONPASSFILE": str(secret)})
        keep(folder / f"{DATABASE}.sqlite", layout.base)


def _make_template(layout: Layout) -> None:
    with tempfile.TemporaryDirectory(dir=layout.home) as name:
        folder = Path(name)
        database, ids = folder / f"{DATABASE}.sqlite", folder / "ids.json"
        shutil.copyfile(layout.base, database)
        settings = write_configuration(folder)
        command = [str(layout.python), "-m", "demo.tryton.seed", str(settings), DATABASE, str(ids)]
        _run(command, env=environment(settings))
        _date_rows(database)
        keep(database, layout.template)
        ids.replace(layout.ids)


def _date_rows(database: Path) -> None:
    """Date every row by the firm's clock, or change feeds would depend on when the template was made."""
    stamp = AS_OF.replace(tzinfo=None).isoformat(sep=" ")
    connection = sqlite3.connect(database)
    try:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            columns = {row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')}
            for column in columns & {"create_date", "write_date"}:
                connection.execute(f'UPDATE "{table}" SET {column} = ? WHERE {column} IS NOT NULL', (stamp,))  # noqa: S608
        connection.commit()
    finally:
        connection.close()


def _run(command: list[str], env: dict[str, str] | None) -> None:
    subprocess.run(command, cwd=ROOT, env=env, check=True)


if __name__ == "__main__":
    install(Path(sys.argv[1]) if sys.argv[1:] else None)
