"""One request's loads: equal questions of a tick become one batch, and what the client names is found."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

from aiodataloader import DataLoader

from schema.access import forbidden
from schema.graph import HOMES
from schema.problems import Code, Problem
from schema.rows import Ref
from sources.gathering import Gathering

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

    from sources.screening import Screen


class Loaders:
    """The loaders of one request: one per question, never shared with another principal."""

    def __init__(
        self, screen: Screen, successors: Callable[[Sequence[Ref]], Awaitable[Mapping[Ref, Ref | Problem]]]
    ) -> None:
        self._screen, self._successors = screen, Gathering(successors)
        self._loaders: dict[str, DataLoader[Ref, Mapping[Ref, Any]]] = {}
        self._gatherings: dict[str, Gathering] = {}

    async def load(self, question: str, key: Ref) -> Any:
        """Return the question's answer for one key, as far as it may be seen."""
        if (loader := self._loaders.get(question)) is None:
            loader = self._loaders[question] = DataLoader(self._batch(question))
        # Unshielded, one cancelled waiter would cancel the key for everybody.
        return (await asyncio.shield(loader.load(key)))[key]

    async def successor(self, ref: Ref) -> Ref | Problem | None:
        """Return what a re-keyed record is called now."""
        return (await self._successors.answers([ref])).get(ref)

    async def load_all(self, question: str, keys: Collection[Ref]) -> Mapping[Ref, Any]:
        """Return the question's answer for many keys, as far as it may be seen."""
        return await self._gathering(question).answers(keys)

    async def find(self, type_: str, ref: Ref) -> Any:
        """Return a record by a reference that the client chose."""
        place = HOMES[type_]
        own = ref.role == place.system.value
        view = self._screen.view(type_)
        if view.refused is not None:
            return view.refused
        if view.whole:
            return await self._recall(place.question, ref) if own else await self.load(place.question, ref)
        if not view.keyed or not (own or view.by_id):
            # Read through its parent alone, or only known after a call: not even its existence is told.
            return forbidden()
        # Old ids first: what is there, what is not and what is somebody else's takes the same calls.
        moved = await self.successor(ref) if own else None
        if isinstance(moved, Problem):
            return moved
        if view.by_id and (refused := await self._screen.held(view, moved or ref)) is not None:
            return refused
        return await self._screen.told(place, await self.load(place.question, moved or ref))

    async def _recall(self, question: str, ref: Ref) -> Any:
        """Return a record by its home's own id, or by the one that it had before it was re-keyed."""
        found = await self.load(question, ref)
        gone = found is None or (isinstance(found, Problem) and found.code is Code.NOT_OFFERED)
        if not gone:
            return found
        # Only for what its home does not know any more: to resolve an id needs no store.
        successor = await self.successor(ref)
        return await self.load(question, successor) if isinstance(successor, Ref) else successor or found

    def abandon(self) -> None:
        """End what is still being asked, for the request is over: it would go on for nobody."""
        for gathering in self._gatherings.values():
            gathering.abandon()

    def _batch(self, question: str) -> Any:
        gathering = self._gathering(question)

        async def batch(keys: list[Ref]) -> list[Mapping[Ref, Any]]:
            # Each key's future holds the whole answer: the join is by key, and a position can't matter.
            return [await gathering.answers(keys)] * len(keys)

        return batch

    def _gathering(self, question: str) -> Gathering:
        if (known := self._gatherings.get(question)) is None:
            known = self._gatherings[question] = Gathering(partial(self._screen.answer, question))
        return known
