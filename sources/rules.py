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


def read(path: Path) -> RuleSet:
    """Read the rules of a manifest's folder; its translate.py is one of them."""
    rules = lock.read(path, "/".join(path.parts[-3:-1]))
    code = path.with_name("translate.py")
    if not code.exists():
        return rules
    return rules._replace(rules={**rules.rules, code.name: hashlib.sha256(code.read_bytes()).hexdigest()})


def lock_of(path: Path) -> Path:
    """Return where a manifest's rules are pinned: in this room's lock, or beside a manifest from elsewhere."""
    return HERE / LOCK if path.is_relative_to(HERE) else path.with_name(LOCK)


def verify(path: Path) -> None:
    """Raise FileError unless these rules are the approved ones. A folder from elsewhere may have no lock."""
    ours, pinned = path.is_relative_to(HERE), lock_of(path)
    if ours or pinned.exists():
        option = "" if ours else f" --folder {path.parent}"
        lock.verify(path, read(path), pinned, f"'colonnade rules lock{option}'")
