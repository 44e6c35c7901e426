"""How many streams one account, and all of them together, may hold open: each costs memory for as long as it lasts."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from colonnade.edge.refusal import refused
from schema.problems import Code

if TYPE_CHECKING:
    from collections.abc import Iterator

    from colonnade.telemetry import GraphMetrics

EACH: Final = 20
ALL: Final = 1_000
LATER: Final = {"Retry-After": "10"}


class Seats:
    """Sockets and event streams that are open now."""

    def __init__(self, metrics: GraphMetrics) -> None:
        self._taken: Counter[str] = Counter()
        self._metrics = metrics

    @contextmanager
    def taken(self, account: str, transport: str) -> Iterator[None]:
        """Hold a seat, or raise Refusal where there is none left."""
        if self._taken[account] >= EACH or self._taken.total() >= ALL:
            raise refused(Code.RATE_LIMITED, "too many streams are open; end another one first", headers=LATER)
        self._taken[account] += 1
        self._metrics.open(transport).inc()
        try:
            yield
        finally:
            self._metrics.open(transport).dec()
            self._taken[account] -= 1
            if not self._taken[account]:
                del self._taken[account]
