"""What was approved of a vendor's folder: its manifest's rules and its code, in this room's lock or its own."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from schema import lock

if TYPE_CHECKING:
    from schema.lock import RuleSet

HERE = Path(__file__).parent
LOCK = "rules.lock"
CODE = (".py", ".wsdl")


def read(path: Path) -> RuleSet:
    """Read the rules of a manifest's folder; what else decides there is one of them: its code, and a WSDL."""
    rules = lock.read(path, "/".join(path.parts[-3:-1]))
    files = sorted(file for file in path.parent.iterdir() if file.suffix in CODE)
    code = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    return rules._replace(rules={**rules.rules, **code})


def lock_of(path: Path) -> Path:
    """Return where a manifest's rules are pinned: in this room's lock, or beside a manifest from elsewhere."""
    return HERE / LOCK if path.is_relative_to(HERE) else path.with_name(LOCK)


def verify(path: Path) -> None:
    """Raise FileError unless these rules are the approved ones. A folder from elsewhere may have no lock."""
    ours, pinned = path.is_relative_to(HERE), lock_of(path)
    if ours or pinned.exists():
        option = "" if ours else f" --folder {path.parent}"
        lock.verify(path, read(path), pinned, f"'colonnade rules lock{option}'")
