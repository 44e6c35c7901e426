"""What a system announces of its end: the headers `Sunset` (RFC 8594) and `Deprecation` (RFC 9745) of its answers."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final, NamedTuple

import structlog

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sources.wire.metrics import Metrics

log = structlog.get_logger("colonnade.wire")

# Paths hold ids: what is announced is told of all of them together.
ID: Final = re.compile(r"[0-9]+|(?<=')[^']+(?=')")
MOST: Final = 50


class Ending(NamedTuple):
    """When a part of an interface ends, and since when nobody should use it; None where the header names no date."""

    sunset: datetime | None
    deprecated: datetime | None

    def __str__(self) -> str:
        """Say it in the dates alone: a header's words are the upstream's."""
        ends = f"it ends on {self.sunset.date()}" if self.sunset else "it is not to be used any more"
        return f"{ends}, deprecated since {self.deprecated.date()}" if self.deprecated else ends


class Endings:
    """What one system has announced, by path."""

    def __init__(self, labels: tuple[str, str], metrics: Metrics) -> None:
        self._labels, self._metrics = labels, metrics
        self._known: dict[str, Ending] = {}

    def note(self, path: str, headers: Mapping[str, str]) -> None:
        """Take note of an answer's headers; tell of what is new."""
        if "Sunset" not in headers and "Deprecation" not in headers:
            return
        place = ID.sub("*", path.partition("?")[0])
        ending = Ending(_date(headers.get("Sunset", "")), _date(headers.get("Deprecation", "")))
        if self._known.get(place) == ending or (place not in self._known and len(self._known) >= MOST):
            return
        self._known[place] = ending
        log.warning("upstream announces its end", binding=self._labels[1], path=place, said=str(ending))
        if ends := [one.sunset.timestamp() for one in self._known.values() if one.sunset]:
            self._metrics.sunset.labels(*self._labels).set(min(ends))

    def told(self) -> list[tuple[str, str]]:
        """List the paths, each with what was announced of it."""
        return [(path, str(ending)) for path, ending in sorted(self._known.items())]


def _date(text: str) -> datetime | None:
    """Read an HTTP date or RFC 9745's seconds since 1970; older drafts write `true`."""
    try:
        if text.startswith("@"):
            return datetime.fromtimestamp(int(text[1:]), UTC)
        when = parsedate_to_datetime(text)
    except (ValueError, OverflowError, OSError):
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)
