"""What an answer proves: that a road was executed, and whether a value came along it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from tests.conformance.roads.forms import Road
    from tests.conformance.roads.paths import Way


class Verdict(msgspec.Struct):
    """What came of all roads to one field. One that was refused as a whole, or is no valid document, proves nothing."""

    executed: int = 0
    shown: list[str] = []
    void: list[str] = []

    def hear(self, road: Road, answer: Mapping[str, Any]) -> None:
        """Take one answer into account."""
        if not isinstance(answer.get("data"), Mapping):
            self.void.append(f"{road.text}: {answer.get('errors')}")
            return
        self.executed += 1
        if any(shows(record.get(road.key)) for record in found(answer, road.way)):
            self.shown.append(f"{road.form}: {road.text}")


def found(answer: Mapping[str, Any], way: Way) -> list[Mapping[str, Any]]:
    """Return the records at the end of a way, and nothing that only bears the same name."""
    records = [answer.get("data")]
    for step in way:
        if step.key is not None:
            records = [part for record in _flat(records) for part in [record.get(step.key)]]
    return _flat(records)


def _flat(values: list[Any]) -> list[Mapping[str, Any]]:
    lists = [item for value in values if isinstance(value, list) for item in _flat(value)]
    return [value for value in values if isinstance(value, Mapping)] + lists


def shows(value: object) -> bool:
    """Say whether there is anything in a value."""
    if isinstance(value, Mapping):
        return any(shows(part) for name, part in value.items() if name != "__typename")
    return any(map(shows, value)) if isinstance(value, list) else value is not None
