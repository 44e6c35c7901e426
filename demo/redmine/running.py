"""How every Redmine process here is run: Debian's Ruby in our copy of the application, on a database that is named."""

import os
from pathlib import Path
from typing import Final

from demo.redmine.layout import Layout

# Debian's Ruby, whatever other one stands earlier on somebody's path: the application's gems are Debian's.
RUBY: Final = "/usr/bin/ruby"
_KEPT: Final = ("HOME", "PATH", "TMPDIR", "TZ")


def ruby(layout: Layout, *arguments: str) -> list[str]:
    """Return the command that runs a Ruby program with the application's gems."""
    return [RUBY, "-W0", "-S", "bundle", "exec", "--gemfile", str(layout.app / "Gemfile"), RUBY, "-W0", *arguments]


def environment(layout: Layout, database: Path, folder: Path) -> dict[str, str]:
    """Return what such a process needs; Redmine keeps its log, caches and files in the folder.

    Debian's own instance below its own paths is not this one: no tenant is named.
    """
    kept = {key: os.environ[key] for key in _KEPT if key in os.environ}
    return {
        **kept,
        "LANG": "C.UTF-8",
        "RAILS_ENV": "production",
        "RAILS_LOG_TO_STDOUT": "",
        "SECRET_KEY_BASE": "a-demo-on-the-loopback-interface-has-no-secrets",
        "BUNDLE_GEMFILE": str(layout.app / "Gemfile"),
        "BUNDLE_APP_CONFIG": str(folder / "bundle"),
        "BUNDLE_FROZEN": "true",
        "BUNDLE_SILENCE_ROOT_WARNING": "true",
        "COLONNADE_REDMINE_APP": str(layout.app),
        "COLONNADE_REDMINE_DATABASE": str(database),
        "COLONNADE_REDMINE_FOLDER": str(folder),
    }
