"""One request's loads: equal questions of a tick become one batch."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from aiodataloader import DataLoader

if TYPE_CHECKING:
    from collections.abc import Mapping

    from schema.rows import Ref
    from sources.batching import Desk
    from sources.contract import Scope


class Loaders:
    """The loaders of one request: one per question, never shared with another principal."""

    def __init__(self, desk: Desk, scope: Scope) -> None:
        self.desk, self.scope = desk, scope
        self._loaders: dict[str, DataLoader[Ref, Mapping[Ref, Any]]] = {}

    async def load(self, question: str, key: Ref) -> Any:
        """Return the question's answer for one key."""
        if (loader := self._loaders.get(question)) is None:
            loader = self._loaders[question] = DataLoader(self._batch(question))
        # Unshielded, one cancelled waiter would cancel the key for everybody.
        return (await asyncio.shield(loader.load(key)))[key]

    def _batch(self, question: str) -> Any:
        async def batch(keys: list[Ref]) -> list[Mapping[Ref, Any]]:
            # Each key's future holds the whole answer: the join is by key, and a position can't matter.
            return [await self.desk.answer(question, keys, self.scope)] * len(keys)

        return batch
