"""What goes on by itself: waits that are over, commands that a crash left behind, and approvals that nobody gave."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from commands.machinery.mending import withhold
from commands.machinery.trail import entry
from commands.machinery.waiting import PERIOD
from schema.command import CommandStatus
from store import approvals
from store import commands as rows
from store.audit import Kind, append
from store.transaction import StoreUnavailableError, snapshot, transaction

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Container

    from sqlalchemy.ext.asyncio import AsyncEngine

    from commands.machinery.waiting import Waiting
    from schema.context import Clock
    from store.commands import Head

log = structlog.get_logger("colonnade.commands")

SECONDS = 2.0
# A command that was taken in starts at once: one that did not was left by a crash. One that is running writes at each
# step: one that is silent for longer than any call may take, and than a write may still take effect, runs no more.
# One whose run came to nothing before it wrote anything is begun anew as well, but may merely wait for its turn: for
# so long a run that was handed over here is taken to be in good hands.
TAKEN, SILENT, UNBEGUN = timedelta(seconds=1), timedelta(seconds=60), timedelta(minutes=10)
AT_ONCE, LOOKED_AT, LEFT_BEHIND = 100, 1_000, 10_000
BEGUN = ("RUNNING", "COMPENSATING")
SELDOM = timedelta(minutes=10)


class Resumer:
    """Begins runs. `start` has the engine carry one out; `at_hand` are those that it has, at work or in its queue."""

    def __init__(
        self,
        store: AsyncEngine,
        waiting: Waiting,
        start: Callable[[str, int], Awaitable[None]],
        at_hand: Container[tuple[str, int]],
        clock: Clock,
    ) -> None:
        self._store, self._waiting, self._start, self._at_hand, self._clock = store, waiting, start, at_hand, clock
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Look at once: somebody may be next."""
        self._woken.set()

    async def take_up(self) -> None:
        """Start what was begun when the process before this one died: a run that the engine has already is not two."""
        async with snapshot(self._store) as connection:
            begun = await rows.begun(connection, BEGUN, self._clock.now() + SILENT, LEFT_BEHIND)
        for id_, run in begun:
            await self._start(id_, run)

    async def keep_going(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            try:
                await self.look()
            except StoreUnavailableError as error:
                log.warning("the store is away", error=str(error))
            except Exception as error:
                log.exception("looking for what may go on failed", error=type(error).__name__)
            try:
                async with asyncio.timeout(SECONDS):
                    await self._woken.wait()
            except TimeoutError:
                continue
            self._woken.clear()

    async def look(self) -> None:
        """Begin everything that may go on now."""
        await self._expire()
        await self._left()
        async with snapshot(self._store) as connection:
            heads = await rows.heads(connection, LOOKED_AT)
        for head in heads:
            if self._due(head) and await self._waiting.over(head.hold):
                await self.go_on(head.id, (CommandStatus.PARKED.name,))

    def _due(self, head: Head) -> bool:
        """Tell whether it is worth trying: the longer it has waited in vain, the more seldom, ten minutes at most."""
        now = self._clock.now()
        if head.hold.startswith(PERIOD):
            # Whether it is open costs a question; only one that was refused in a period said to be open has to pause.
            return now - head.changed_at >= min((head.changed_at - head.since) / 10, SELDOM)
        return now - head.changed_at >= min((now - head.since) / 10, SELDOM)

    async def go_on(self, id_: str, states: tuple[str, ...]) -> bool:
        """Begin a new run of a command that stands in one of these states."""
        async with transaction(self._store) as connection:
            run = await rows.move(connection, id_, states, self._clock.now(), state=CommandStatus.RUNNING.name)
            if run is not None:
                stored = await rows.by_id(connection, id_)
                assert stored is not None, "it was moved"  # noqa: S101
                told = entry(stored, Kind.STATE, {"before": states[0], "after": CommandStatus.RUNNING.name, "run": run})
                await append(connection, self._clock.now(), [told])
        if run is not None:
            await self._start(id_, run)
        return run is not None

    async def _left(self) -> None:
        """Start what was taken in and never started, and begin anew what fell silent."""
        now = self._clock.now()
        async with snapshot(self._store) as connection:
            taken = await rows.begun(connection, ("ACCEPTED",), now - TAKEN, AT_ONCE)
            silent = await rows.begun(connection, BEGUN, now - SILENT, AT_ONCE)
            silent += await rows.begun(connection, ("ACCEPTED",), now - UNBEGUN, AT_ONCE)
        for id_, run in taken:
            await self._start(id_, run)
        for id_, run in silent:
            if (id_, run) in self._at_hand:
                continue
            async with transaction(self._store) as connection:
                begun = await rows.move(connection, id_, (*BEGUN, "ACCEPTED"), self._clock.now())
            if begun is not None:
                await self._start(id_, begun)

    async def _expire(self) -> None:
        """End what nobody decided upon in time."""
        now = self._clock.now()
        async with snapshot(self._store) as connection:
            late = await approvals.expired(connection, now, AT_ONCE)
        for id_ in late:
            async with transaction(self._store) as connection:
                stored = await rows.held(connection, id_)
                assert stored is not None, "an approval is of a command"  # noqa: S101
                after = await withhold(connection, stored, CommandStatus.EXPIRED, now)
                if after is None:
                    continue
                told = entry(stored, Kind.STATE, {"before": stored.state, "after": after, "problems": ["EXPIRED"]})
                await append(connection, now, [told])
