"""How one binding has been doing lately, as its calls have met it: nothing is asked to find out."""

from __future__ import annotations

from collections import deque
from statistics import median

import msgspec

WINDOW_SECONDS = 300.0
WINDOW_CALLS = 200


class Vitals(msgspec.Struct, frozen=True):
    """The last 200 calls of the last five minutes, logins apart; what cannot be known without any is None.

    `latency` is the median time of those that were answered well, in seconds; `error_rate` the share of those that were
    not, from 0 to 1; `staleness` the seconds since the last good answer, however long ago.
    """

    latency: float | None
    error_rate: float | None
    staleness: float | None


class Pulse:
    """The recent calls of a binding. `now` is an instant of the event loop's clock."""

    def __init__(self) -> None:
        self._calls: deque[tuple[float, float, bool]] = deque(maxlen=WINDOW_CALLS)
        self._good_at: float | None = None

    def beat(self, now: float, seconds: float, *, good: bool) -> None:
        """Note a call that ended now."""
        self._calls.append((now, seconds, good))
        if good:
            self._good_at = now

    def read(self, now: float) -> Vitals:
        """Return the state of things."""
        recent = [(seconds, good) for at, seconds, good in self._calls if at > now - WINDOW_SECONDS]
        answered = [seconds for seconds, good in recent if good]
        return Vitals(
            latency=median(answered) if answered else None,
            error_rate=1 - len(answered) / len(recent) if recent else None,
            staleness=None if self._good_at is None else now - self._good_at,
        )
