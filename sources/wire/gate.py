"""When a system may be called: in turn, not while it wants to be left alone, and as its breaker admits."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from schema.problems import Code
from sources.contract import SourceFailure

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sources.wire.breaker import Breaker
    from sources.wire.meter import Meter


class Withheld(SourceFailure):
    """A call that was not made, because it would help nobody."""


class Gate:
    """The one way to one system. All instants are of the event loop's clock."""

    def __init__(self, at_once: int, breaker: Breaker, meter: Meter) -> None:
        self.breaker, self._meter = breaker, meter
        self._turns = asyncio.Semaphore(at_once)
        self.silent_until = 0.0
        self._silenced_by = Code.SOURCE_UNAVAILABLE

    def silence(self, code: Code, seconds: float) -> None:
        """Send nothing for so long: the system has said that it wants to be left alone."""
        until = asyncio.get_running_loop().time() + seconds
        if until > self.silent_until:
            self.silent_until, self._silenced_by = until, code

    @asynccontextmanager
    async def turn(self, until: float) -> AsyncIterator[int]:
        """Wait for a turn and hold it; yield the breaker's era. Raise Withheld at once where waiting cannot help."""
        await self._clearance(until)
        async with self._turns:
            # It may have been silenced, and its breaker have opened, since this one came.
            now = await self._clearance(until)
            if (era := self.breaker.admit(now)) is None:
                raise self._rejected()
            yield era

    async def _clearance(self, until: float) -> float:
        """Wait out a silence and return the instant, or raise Withheld."""
        clock = asyncio.get_running_loop().time
        while (now := clock()) < self.silent_until:
            if self.silent_until >= until:
                raise Withheld(self._silenced_by, "it wants to be left alone beyond the deadline")
            await asyncio.sleep(self.silent_until - now)
        if now >= until:
            raise Withheld(Code.SOURCE_TIMEOUT, "no time is left")
        if not self.breaker.admits(now):
            raise self._rejected()
        return now

    def _rejected(self) -> Withheld:
        self._meter.rejected()
        return Withheld(Code.SOURCE_UNAVAILABLE, "the breaker is open")
