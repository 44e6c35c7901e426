"""Levels: whoever asks the same question on the same level of an answer shares one call.

A level is the number of questions that lie between a field and the root. How many fields ask a question on a level is
known beforehand. Whoever comes first waits for the others; one that will not come says so; for one that takes too long
nobody waits, for a slow system must not hold up what the others have said.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping

# How many seconds the first who asks waits for the last.
PATIENCE: Final = 0.05


class Ticket(NamedTuple):
    """The right to ask a question on a level, once."""

    level: int
    question: str


class _Meeting:
    """Where those wait who share a call."""

    def __init__(self, awaited: int) -> None:
        self.awaited = awaited
        self.keys: dict[Any, None] = {}
        self.full = asyncio.Event()


class Levels:
    """The calls of one execution."""

    def __init__(
        self, tickets: Mapping[Ticket, int], load: Callable[[str, Collection[Any]], Awaitable[Mapping[Any, Any]]]
    ) -> None:
        self._load = load
        self._shared = {ticket: _Meeting(count) for ticket, count in tickets.items() if count > 1}

    async def ask(self, ticket: Ticket, keys: Collection[Any]) -> Mapping[Any, Any]:
        """Return the answers to a question, asked together with all who have a ticket for it."""
        meeting = self._shared.get(ticket)
        if meeting is None:
            return await self._load(ticket.question, keys)
        meeting.keys.update(dict.fromkeys(keys))
        self.leave((ticket,))
        if not meeting.full.is_set():
            loop = asyncio.get_running_loop()
            patience = loop.call_later(PATIENCE, meeting.full.set)
            try:
                await meeting.full.wait()
            finally:
                patience.cancel()
        # Those who came together ask for the same keys, which the loader makes one call of; who comes late asks alone.
        return await self._load(ticket.question, meeting.keys)

    def leave(self, tickets: Iterable[Ticket]) -> None:
        """Give tickets up: nobody is to wait for who does not come."""
        for ticket in tickets:
            if (meeting := self._shared.get(ticket)) is not None:
                meeting.awaited -= 1
                if meeting.awaited <= 0:
                    meeting.full.set()
