"""Who wants to hear how the systems are doing hears it from one watcher, which looks as long as anybody listens."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence

    from schema.bound_system import BoundSystem

# Looking is a few sums in memory. Health also changes by mere time passing, which no call would tell.
INTERVAL: Final = 0.25


class _State(NamedTuple):
    """What makes a change."""

    health: object
    breaker: object
    environment: object


class _Listener:
    """What one listener has not heard yet: the latest of each system, so that a slow one never piles up news."""

    def __init__(self, systems: Sequence[BoundSystem]) -> None:
        self.news = {system.name: system for system in systems}
        self.told = asyncio.Event()
        self.told.set()


class Watch:
    """The one watcher of a process."""

    def __init__(self, systems: Callable[[], Sequence[BoundSystem]]) -> None:
        self._systems = systems
        self._listeners: set[_Listener] = set()
        self._known: dict[str, _State] = {}
        self._looking: asyncio.Task[None] | None = None

    async def changes(self) -> AsyncGenerator[BoundSystem, None]:
        """Yield each system as it is, and again whenever it has changed."""
        systems = self._systems()
        listener = _Listener(systems)
        if self._looking is None:
            self._known = {system.name: _state(system) for system in systems}
            self._looking = asyncio.create_task(self._look())
        self._listeners.add(listener)
        try:
            while True:
                await listener.told.wait()
                listener.told.clear()
                while listener.news:
                    yield listener.news.pop(next(iter(listener.news)))
        finally:
            self._listeners.discard(listener)
            if not self._listeners:
                await self.stop()

    async def stop(self) -> None:
        """Look no longer."""
        looking, self._looking = self._looking, None
        if looking is not None:
            looking.cancel()
            with suppress(asyncio.CancelledError):
                await looking

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(INTERVAL)
            for system in self._systems():
                if self._known.get(system.name) != (state := _state(system)):
                    self._known[system.name] = state
                    for listener in self._listeners:
                        listener.news[system.name] = system
                        listener.told.set()


def _state(system: BoundSystem) -> _State:
    return _State(system.health, system.breaker, system.environment)
