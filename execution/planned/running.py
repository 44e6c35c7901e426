"""One run of a plan: which executor it is a part of, and when it lets others have the event loop."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphql import GraphQLObjectType

    from execution.planned.had import Told

# About half a microsecond a cell: some 10 ms.
CELLS = 20_000


class Asking(Protocol):
    """What a run needs of the executor that it is a part of."""

    def info(self, told: Told) -> Any:
        """Return what a resolver is told of a field: graphql-core's resolve info."""
        ...

    def arguments(self, told: Told) -> Mapping[str, Any]:
        """Return a field's arguments by the variables of this request, or raise."""
        ...

    def decided(self, type_: Any, told: Told, value: Any) -> GraphQLObjectType:
        """Return the object type of a value, or raise if it is no value of the type."""
        ...


class Run:
    """One run."""

    def __init__(self, asking: Asking) -> None:
        self.asking = asking
        self._cells = 0

    async def breathe(self, cells: int) -> None:
        """Let go of the event loop after every so many cells."""
        self._cells += cells
        if self._cells >= CELLS:
            self._cells = 0
            await asyncio.sleep(0)
