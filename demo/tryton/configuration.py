"""The configuration file that every Tryton process here runs with."""

import os
from pathlib import Path

from demo.installed import ROOT

_TEXT = """\
[database]
uri = sqlite://
path = {databases}
list = False

[session]
timeout = 86400
"""


def write_configuration(folder: Path) -> Path:
    """Write a configuration for databases in this folder.

    The long timeout is that of a fresh session: posting an invoice asks for one, and the default is five minutes.
    """
    file = folder / "trytond.conf"
    file.write_text(_TEXT.format(databases=folder), encoding="utf-8")
    return file


def environment(configuration: Path) -> dict[str, str]:
    """Return the caller's environment without what would lead Tryton to other databases."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("TRYTON", "DB_NAME", "PYTHON"))}
    return {**kept, "PYTHONPATH": str(ROOT), "TRYTOND_CONFIG": str(configuration)}
