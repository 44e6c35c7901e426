"""What may be tried again, how often and after which pause."""

from __future__ import annotations

import random

from schema.problems import Code

# What may pass by itself. A refusal stays one, and an answer that cannot be trusted is no better the second time.
PASSING = (Code.SOURCE_UNAVAILABLE, Code.SOURCE_THROTTLED)
ATTEMPTS = 3
FIRST_PAUSE = 0.2
PRICE = 10


class RetryBudget:
    """One retry to begin with, and one for every ten first attempts; no more than one is ever saved.

    So any run of n first attempts is followed by n/10 + 1 retries at most, and a system in trouble by hardly more calls
    than a healthy one.
    """

    def __init__(self) -> None:
        self._saved = PRICE

    def earn(self) -> None:
        """Count a first attempt."""
        self._saved = min(self._saved + 1, PRICE)

    def spend(self) -> bool:
        """Take a retry, if there is one."""
        if self._saved < PRICE:
            return False
        self._saved -= PRICE
        return True


def pause(attempt: int) -> float:
    """Return how many seconds to wait after an attempt, the first being 0: longer and longer, never two alike."""
    return FIRST_PAUSE * (1 << attempt) * random.uniform(0.5, 1)  # noqa: S311  no secret hangs on it
