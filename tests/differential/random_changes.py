"""Mutations of random schemas: each root writes down what it does, and says what was drawn for its argument."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import strawberry

from tests.differential.random_parts import Wish, World  # noqa: TC001  Strawberry reads the annotations

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# What a root may be asked to do, by number.
WAYS = 6


async def counted(self: Any, info: strawberry.Info[World, None]) -> int:
    """Tell how much has been done by now: a payload is complete before the next root begins."""
    del self
    await asyncio.sleep(0)
    return len(info.context.effects)


def changing(name: str, kind: Any, outcomes: Sequence[Any], turns: int) -> Any:
    """Return a root that is done after so many turns of the event loop, and says an outcome; odd ones may raise it."""

    def done(world: World, way: int) -> Any:
        world.effects.append(f"{name} done")
        if isinstance(outcomes[way], Exception) and way % 2:
            raise outcomes[way]
        return outcomes[way]

    def at_once(info: strawberry.Info[World, None], way: int, wish: Wish) -> Any:
        info.context.effects.append(f"{name} {way} {wish}")
        return done(info.context, way)

    async def in_turns(info: strawberry.Info[World, None], way: int, wish: Wish) -> Any:
        info.context.effects.append(f"{name} {way} {wish}")
        for _ in range(turns):
            await asyncio.sleep(0)
        return done(info.context, way)

    resolver: Callable[..., Any] = in_turns if turns else at_once
    return strawberry.mutation(resolver=resolver, graphql_type=kind)
