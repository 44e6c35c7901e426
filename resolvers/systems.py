"""The systems behind the graph."""

from __future__ import annotations

from collections.abc import AsyncGenerator  # noqa: TC003  Strawberry reads the annotations
from contextlib import aclosing
from typing import Any

import strawberry

from schema.bound_system import BoundSystem
from schema.context import Info  # noqa: TC001


@strawberry.type
class SystemQuery:
    """What the facade knows of itself."""

    @strawberry.field(description="The bound systems, in the order of the configuration. Makes no call to any of them.")
    def systems(self, info: Info) -> list[BoundSystem] | None:
        # A Problem is a value here too: it becomes null and its error.
        refused: Any = info.context.unread(BoundSystem.__name__)
        return refused or list(info.context.systems())


@strawberry.type
class SystemSubscription:
    """What the facade tells of itself when it happens."""

    @strawberry.subscription(
        description="Each bound system as it is now, and again whenever its health, its breaker or its environment "
        "changes. Makes no call to any of them."
    )
    async def system_health_changed(self, info: Info) -> AsyncGenerator[BoundSystem, None]:
        if (refused := info.context.unread(BoundSystem.__name__)) is not None:
            raise refused
        async with aclosing(info.context.health()) as changes:
            async for system in changes:
                yield system
