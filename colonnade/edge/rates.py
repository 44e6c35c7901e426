"""How much an account may ask for in a minute, in the measure of cost: what is cheap may be asked more often."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter

from colonnade.edge.refusal import refused
from schema.problems import Code

if TYPE_CHECKING:
    from limits import RateLimitItem

    from colonnade.settings import Demand


class Rates:
    """Counts in this process: behind a balancer, each replica grants its own share."""

    def __init__(self, most: Demand) -> None:
        self._most = RateLimitItemPerMinute(most.per_minute) if most.enforce else None
        self._storage = MemoryStorage()
        self._limiter = SlidingWindowCounterRateLimiter(self._storage)

    async def spend(self, account: str, cost: int) -> None:
        """Take so much from the account, or raise Refusal and take nothing."""
        if self._most is None or cost <= 0 or await self._limiter.hit(self._most, account, cost=cost):
            return
        if cost > self._most.amount:
            raise refused(Code.COST_EXCEEDED, f"this costs {cost}; {self._most.amount} is the most for a minute")
        seconds = await self._until(self._most, account, cost)
        raise refused(
            Code.RATE_LIMITED,
            f"too much for one minute; ask again in {seconds} s",
            headers={"Retry-After": str(seconds)},
        )

    async def _until(self, most: RateLimitItem, account: str, cost: int) -> int:
        """Return after how many seconds there is room: what was spent in the minute before fades away evenly."""
        minute, room = most.get_expiry(), most.amount - cost
        before, _, now, left = await self._storage.get_sliding_window(most.key_for(account), minute)
        left -= minute  # the library counts the minute in which what is spent now will fade
        wait = left - minute * (room - now) / before if room >= now and before else left + minute * (1 - room / now)
        return max(1, math.ceil(wait))
