"""In which form a client wants its answer (RFC 9110, 12.5.1, as GraphQL over HTTP applies it)."""

from __future__ import annotations

import re
from operator import itemgetter
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

GRAPHQL: Final = "application/graphql-response+json"
JSON: Final = "application/json"
EVENTS: Final = "text/event-stream"
PARTS: Final = "multipart/mixed"
STREAMS: Final = f"{EVENTS}, {PARTS};subscriptionSpec=1.0, or the WebSocket protocol graphql-transport-ws"
LONGEST: Final = 2_000

RANGE: Final = re.compile(r'(?:[^,"]|"[^"]*")+')
QUALITY: Final = re.compile(r";\s*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*(?:;|$)", re.IGNORECASE)


class Accepted(NamedTuple):
    """The forms that fit best: of one answer, and of a stream of them. None where the client takes no such."""

    single: str | None
    stream: str | None


def accepted(accept: str | None) -> Accepted:
    """Choose by the header, or by its absence."""
    if accept is None or not accept.strip():
        return Accepted(JSON, None)
    ranges = dict(_ranges(accept[:LONGEST]))
    modern, legacy = _quality(ranges, GRAPHQL), _quality(ranges, JSON)
    # Whom both suit alike gets the old one, unless they named the new one: they may not know that it exists.
    preferred = GRAPHQL if modern > legacy or (modern == legacy and GRAPHQL in ranges) else JSON
    streams = [(ranges[kind], kind) for kind in (EVENTS, PARTS) if ranges.get(kind, 0) > 0]
    stream = max(streams, key=itemgetter(0))[1] if streams else None
    return Accepted(preferred if max(modern, legacy) > 0 else None, stream)


def _ranges(accept: str) -> Iterator[tuple[str, float]]:
    for entry in RANGE.findall(accept):
        quality = QUALITY.search(entry)
        yield entry.partition(";")[0].strip().lower(), float(quality[1]) if quality else 1.0


def _quality(ranges: dict[str, float], kind: str) -> float:
    """Return how welcome a type is: the most precise range that covers it decides."""
    return next((ranges[name] for name in (kind, "application/*", "*/*") if name in ranges), 0.0)
