"""What was approved of the policies: in this room's lock, or in one beside a firm's own file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from schema import lock

if TYPE_CHECKING:
    from schema.lock import RuleSet

HERE = Path(__file__).parent
LOCK = "policies.lock"


def shipped() -> list[Path]:
    """List the policies that come with the product."""
    return sorted(HERE.glob("*.toml"))


def read(path: Path) -> RuleSet:
    """Read the rules of a policy."""
    return lock.read(path, f"policies/{path.stem}")


def lock_of(path: Path) -> Path:
    """Return where a policy is pinned: in this room's lock, or beside a firm's own file, under its name."""
    return HERE / LOCK if path.is_relative_to(HERE) else path.with_suffix(".lock")


def verify(path: Path) -> None:
    """Raise FileError unless a policy is as it was approved. A firm's own file may have no lock."""
    ours, pinned = path.is_relative_to(HERE), lock_of(path)
    if ours or pinned.exists():
        option = "" if ours else f" --policy {path}"
        lock.verify(path, read(path), pinned, f"'colonnade rules lock{option}'")
