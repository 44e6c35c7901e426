"""Who keeps count of one binding's calls: the log, the metrics, and what `systems` shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog

from sources.wire.endings import Endings
from sources.wire.pulse import Pulse

if TYPE_CHECKING:
    from prometheus_client import Counter, Histogram

    from sources.wire.breaker import Breaker
    from sources.wire.metrics import Metrics

log = structlog.get_logger("colonnade.wire")

OK, CANCELLED, LOGIN = "OK", "CANCELLED", "login"


class Meter:
    """One binding's place in the books."""

    def __init__(self, binding: str, breaker: Breaker, metrics: Metrics) -> None:
        self.pulse = Pulse()
        self._log: Any = None
        self.binding, self._metrics = binding, metrics
        self._labels = (binding.partition(".")[0], binding)
        self._counting: dict[tuple[str, str], tuple[Counter, Histogram]] = {}
        self.endings = Endings(self._labels, metrics)
        metrics.breaker.labels(*self._labels).set_function(lambda: float(breaker.is_open))

    def called(self, operation: str, outcome: str, now: float, seconds: float, **told: object) -> None:
        """Count a call that ended now, and log it with what is `told` of it."""
        count, length = self._counted(operation, outcome)
        count.inc()
        length.observe(seconds)
        if operation != LOGIN and outcome != CANCELLED:
            self.pulse.beat(now, seconds, good=outcome == OK)
        ms = round(seconds * 1000, 1)
        if self._log is None:
            # Bound once: to find the logger anew takes as long as to write the line.
            self._log = log.bind(binding=self.binding)
        self._log.info("source asked", operation=operation, outcome=outcome, ms=ms, **told)

    def _counted(self, operation: str, outcome: str) -> tuple[Counter, Histogram]:
        """Return what counts such calls: to find it by its labels takes longer than to count."""
        if (known := self._counting.get((operation, outcome))) is None:
            length = self._metrics.seconds.labels(*self._labels, operation)
            known = self._metrics.requests.labels(*self._labels, operation, outcome), length
            self._counting[operation, outcome] = known
        return known

    def retried(self) -> None:
        """Count a call that is made again."""
        self._metrics.retries.labels(*self._labels).inc()

    def rejected(self) -> None:
        """Count a call that an open breaker kept from being made."""
        self._metrics.rejections.labels(*self._labels).inc()

    def failed(self, operation: str, reason: str) -> None:
        """Log why a question has no answer."""
        log.warning("source failed", binding=self.binding, operation=operation, reason=reason)

    def turned(self, *, is_open: bool) -> None:
        """Log that the breaker opened or closed."""
        log.warning("breaker opened" if is_open else "breaker closed", binding=self.binding)
