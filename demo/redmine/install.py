"""Copies Debian's Redmine, and keeps a seeded database as a template; a rerun with nothing changed does nothing.

    python -m demo.redmine.install [DIRECTORY]

Needs Debian's packages `redmine` and `redmine-sqlite`. DIRECTORY is where systems live, by default `.systems` in the
repository.
"""

import json
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from demo.firm import northbeam
from demo.firm.clock import AS_OF
from demo.installed import digest, keep
from demo.redmine.contents import contents
from demo.redmine.layout import PACKAGED, Layout
from demo.redmine.running import environment, ruby

HERE: Final = Path(__file__).resolve().parent
SOURCES: Final = ("install.py", "running.py", "contents.py", "fields.py", "ids.py", "seed.rb")
# The package's own places of its one instance: we have our own.
LEFT_OUT: Final = ("instances", "Gemfile.lock", "database.yml")
DATABASE: Final = """\
production:
  adapter: sqlite3
  database: <%= ENV.fetch("COLONNADE_REDMINE_DATABASE") %>
  pool: 32
  timeout: 10000
"""
# What Redmine writes beside its database goes where the database's copy lies.
ADDITIONAL: Final = """\
folder = ENV.fetch("COLONNADE_REDMINE_FOLDER")
config.paths["tmp"] = File.join(folder, "tmp")
config.paths["log"] = File.join(folder, "redmine.log")
config.cache_store = :memory_store
config.log_level = :warn
"""


def install(directory: Path | None = None, say: Callable[[str], None] = print) -> Layout | None:
    """Bring the installation up to date and return where it lies; None, said loudly, where the package is missing."""
    layout = Layout.of(directory)
    if not PACKAGED.is_dir():
        say("REDMINE IS MISSING: install Debian's packages redmine and redmine-sqlite as root, then run this again")
        return None
    layout.home.mkdir(parents=True, exist_ok=True)
    wanted = _wanted()
    for part, make in (("app", _make_app), ("base", _make_base), ("template", _make_template)):
        if part in outdated(directory, wanted):
            # A part is struck off first, so that an interrupted build is not taken for a whole one.
            layout.remember(part, "")
            began = time.monotonic()
            make(layout)
            say(f"Redmine: {part} done in {time.monotonic() - began:.0f} s")
            layout.remember(part, wanted[part])
    say(f"Redmine is ready in {layout.home}")
    return layout


def outdated(directory: Path | None = None, wanted: dict[str, str] | None = None) -> list[str]:
    """Return the parts that are missing or were made from other sources, in the order in which they are made."""
    layout = Layout.of(directory)
    installed = layout.made_from()
    there = {"app": layout.app.is_dir(), "base": layout.base.exists(), "template": layout.template.exists()}
    return [part for part, made in (wanted or _wanted()).items() if installed.get(part) != made or not there[part]]


def _wanted() -> dict[str, str]:
    """Return the digest of what each part is made from; a part is also made from the one before it."""
    version = PACKAGED / "lib" / "redmine" / "version.rb"
    app = digest([version.read_bytes() if version.exists() else b"", DATABASE, ADDITIONAL])
    return {"app": app, "base": app, "template": digest([app, *_seeded()])}


def _seeded() -> Iterable[object]:
    yield from ((HERE / name).read_bytes() for name in SOURCES)
    yield contents(northbeam())


def _make_app(layout: Layout) -> None:
    shutil.rmtree(layout.app, ignore_errors=True)
    shutil.copytree(PACKAGED, layout.app, ignore=shutil.ignore_patterns(*LEFT_OUT))
    instance = layout.app / "instances" / "default" / "config"
    instance.mkdir(parents=True)
    for place in (instance, layout.app / "config"):
        (place / "database.yml").write_text(DATABASE, encoding="utf-8")
    (layout.app / "config" / "additional_environment.rb").write_text(ADDITIONAL, encoding="utf-8")
    (layout.app / "Gemfile.local").write_text('gem "webrick"\n', encoding="utf-8")
    with tempfile.TemporaryDirectory(dir=layout.home) as name:
        # The lock is written from the gems that Debian installed, and from no index.
        env = {**environment(layout, Path(name, "none.sqlite"), Path(name)), "BUNDLE_FROZEN": "false"}
        _run(layout, ["bundle", "lock", "--local"], env)


def _make_base(layout: Layout) -> None:
    """Create a database with all tables; this costs far more than seeding it, so it is kept."""
    with tempfile.TemporaryDirectory(dir=layout.home) as name:
        database = Path(name, "redmine.sqlite")
        program = "require 'rake'; Rails.application.load_tasks; Rake::Task['db:migrate'].invoke"
        _rails(layout, database, "-e", f"require '{layout.app}/config/environment'; {program}")
        keep(database, layout.base)


def _make_template(layout: Layout) -> None:
    with tempfile.TemporaryDirectory(dir=layout.home) as name:
        database, firm = Path(name, "redmine.sqlite"), Path(name, "firm.json")
        shutil.copyfile(layout.base, database)
        firm.write_text(json.dumps(contents(northbeam())), encoding="utf-8")
        _rails(layout, database, str(HERE / "seed.rb"), str(firm))
        _date_rows(database)
        keep(database, layout.template)


def _date_rows(database: Path) -> None:
    """Date every row by the firm's clock, or change feeds would depend on when the template was made."""
    stamp = AS_OF.replace(tzinfo=None).isoformat(sep=" ")
    connection = sqlite3.connect(database)
    try:
        for table in ("projects", "issues", "time_entries", "users"):
            connection.execute(f"UPDATE {table} SET created_on = ?, updated_on = ?", (stamp, stamp))  # noqa: S608
        connection.commit()
    finally:
        connection.close()


def _rails(layout: Layout, database: Path, *arguments: str) -> None:
    _run(layout, ruby(layout, *arguments), environment(layout, database, database.parent))


def _run(layout: Layout, command: list[str], env: dict[str, str]) -> None:
    subprocess.run(command, cwd=layout.app, env=env, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    install(Path(sys.argv[1]) if sys.argv[1:] else None)
