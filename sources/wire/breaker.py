"""The circuit breaker of one binding: a state machine that is told the time, and what became of the calls it admits."""

from __future__ import annotations

from collections import deque

WINDOW_SECONDS = 30.0
WINDOW_CALLS = 100
# Fewer calls say nothing: two failures of three may be bad luck.
LEAST_CALLS = 10
SHARE = 0.5


class Breaker:
    """Closed, it admits every call; it opens when half of the window's calls failed. Open, it admits one an interval.

    The window holds the last 100 calls of the last 30 seconds, and needs ten. The one call that is admitted while it is
    open is the probe, whose success closes it. `now` is in seconds, of any clock that never goes back.
    """

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._outcomes: deque[tuple[float, bool]] = deque()
        self._failed = 0
        self._probe_at: float | None = None
        self._era = 0

    @property
    def is_open(self) -> bool:
        """Whether only probes are admitted."""
        return self._probe_at is not None

    def admits(self, now: float) -> bool:
        """Tell whether a call would be admitted, and admit none."""
        return self._probe_at is None or now >= self._probe_at

    def admit(self, now: float) -> int | None:
        """Admit a call and return the era that it belongs to, or None. Whoever is admitted makes the call."""
        if not self.admits(now):
            return None
        if self._probe_at is not None:
            self._probe_at = now + self._interval
        return self._era

    def record(self, era: int, now: float, *, good: bool) -> None:
        """Note what became of a call. One from before the last change of state says nothing of the present one."""
        if era != self._era:
            return
        if self._probe_at is not None:
            if good:
                self._probe_at = None
                self._begin()
            return
        if len(self._outcomes) == WINDOW_CALLS:
            self._forget()
        self._outcomes.append((now, good))
        self._failed += not good
        while self._outcomes[0][0] <= now - WINDOW_SECONDS:
            self._forget()
        if len(self._outcomes) >= LEAST_CALLS and self._failed >= SHARE * len(self._outcomes):
            self._probe_at = now + self._interval
            self._begin()

    def _forget(self) -> None:
        _, good = self._outcomes.popleft()
        self._failed -= not good

    def _begin(self) -> None:
        self._era += 1
        self._outcomes.clear()
        self._failed = 0
