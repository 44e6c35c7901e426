"""One question of one request: whoever asks in the same moment asks together, and nothing is asked twice."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

    from schema.rows import Ref

    Answers: TypeAlias = Mapping[Ref, Any]


class Gathering:
    """The batches of a question. `ask` answers for all keys that it is given; one task a batch, none a key."""

    def __init__(self, ask: Callable[[Sequence[Ref]], Awaitable[Answers]]) -> None:
        self._ask = ask
        self._batches: dict[Ref, asyncio.Task[Answers]] = {}
        self._next: tuple[list[Ref], asyncio.Task[Answers]] | None = None

    async def answers(self, keys: Collection[Ref]) -> Answers:
        """Return the answer of each key. What breaks is raised for all who asked in that moment."""
        if not keys:
            return {}
        known = self._batches
        new = [key for key in dict.fromkeys(keys) if key not in known] if known else list(dict.fromkeys(keys))
        if new:
            self._join(new)
        batches = {known[key] for key in keys} if len(new) < len(keys) else {known[new[0]]}
        if going := [batch for batch in batches if not batch.done()]:
            # Never by awaiting a task: who gives up would cancel it for the others.
            await (asyncio.shield(going[0]) if len(going) == 1 else asyncio.wait(going))
        if len(batches) == 1:
            return batches.pop().result()
        return {key: self._batches[key].result()[key] for key in keys}

    def abandon(self) -> None:
        """End what is being asked."""
        for batch in set(self._batches.values()):
            batch.cancel()

    def _join(self, new: Sequence[Ref]) -> None:
        """Add keys to the batch that begins when the event loop comes round."""
        if self._next is None:
            keys: list[Ref] = []
            self._next = keys, asyncio.create_task(self._begin(keys))
        keys, batch = self._next
        keys.extend(new)
        self._batches.update(dict.fromkeys(new, batch))

    async def _begin(self, keys: Sequence[Ref]) -> Answers:
        self._next = None
        return await self._ask(keys)
