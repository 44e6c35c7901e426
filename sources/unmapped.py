"""Codes that no rule maps: counted by field, and remembered for the steward who will map them. None is ever guessed."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
import structlog

if TYPE_CHECKING:
    from collections.abc import Callable

    from schema.context import Clock

log = structlog.get_logger("colonnade.sources")

REMEMBERED = 500
SHOWN = 40


class Sighting(msgspec.Struct):
    """A code that came for a field: how often, and when first and last."""

    field: str
    code: str
    count: int
    first: datetime
    last: datetime


class Unmapped:
    """One binding's unmapped codes since the start. A broken source may send any number: 500 are remembered."""

    def __init__(self, binding: str, clock: Clock, count: Callable[[str], None]) -> None:
        """Take the function that counts one by its field; the codes themselves are for the log and the steward."""
        self._binding, self._clock, self._count = binding, clock, count
        self._seen: dict[tuple[str, str], Sighting] = {}

    def note(self, field: str, code: str) -> None:
        """Remember that a code came for a field."""
        self._count(field)
        now, shown = self._clock.now(), ascii(code[:SHOWN])
        if (sighting := self._seen.get((field, shown))) is not None:
            sighting.count, sighting.last = sighting.count + 1, now
        elif len(self._seen) < REMEMBERED:
            self._seen[field, shown] = Sighting(field, shown, 1, now, now)
            log.warning("unmapped code", binding=self._binding, field=field, code=shown)

    def sightings(self) -> list[Sighting]:
        """List them by field and code."""
        return [self._seen[key] for key in sorted(self._seen)]
