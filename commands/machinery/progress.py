"""Whoever watches a command is told that it has changed; what it is now, they read."""

from __future__ import annotations

import asyncio
from collections import defaultdict

# A change that another replica made, or that was missed, is seen this late.
SECONDS = 1.0


class Progress:
    """The watchers of this process."""

    def __init__(self) -> None:
        self._watching: dict[str, set[asyncio.Event]] = defaultdict(set)

    def changed(self, id_: str) -> None:
        """Wake whoever watches a command."""
        for event in self._watching.get(id_, ()):
            event.set()

    async def wait(self, id_: str) -> None:
        """Return when a command may have changed."""
        event = asyncio.Event()
        self._watching[id_].add(event)
        try:
            async with asyncio.timeout(SECONDS):
                await event.wait()
        except TimeoutError:
            return
        finally:
            self._watching[id_].discard(event)
            if not self._watching[id_]:
                del self._watching[id_]
