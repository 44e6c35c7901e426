"""What is agreed with Tryton's people to stand in a note, a `key: value` a line, for its core has no fields for it.

The first line is our key: by that a record of ours is looked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sources.families.jsonrpc import escaped

if TYPE_CHECKING:
    from collections.abc import Iterable

KEY = "colonnade"


def marked(key: str, lines: Iterable[tuple[str, Any]]) -> str:
    """Write a note that bears our key; what is None is not said."""
    return "\n".join([f"{KEY}: {key}", *(f"{name}: {value}" for name, value in lines if value is not None)])


def bearing(field: str, key: str) -> list[Any]:
    """Return the condition of records whose note bears our key."""
    first = f"{KEY}: {key}"
    return ["OR", [field, "=", first], [field, "like", f"{escaped(first)}\n%"]]


def noted(text: str | None, key: str) -> str | None:
    """Return what a note says under a key; None where it says nothing."""
    lines = (line.partition(":") for line in (text or "").splitlines())
    return next((value.strip() or None for name, _, value in lines if name.strip() == key), None)


def renoted(text: str | None, key: str, value: str | None) -> str:
    """Return a note that says something else under a key, or nothing, and all the rest as before."""
    others = [line for line in (text or "").splitlines() if line.partition(":")[0].strip() != key]
    return "\n".join(others if value is None else [*others, f"{key}: {value}"])
