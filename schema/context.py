"""What a resolver may lean on: the protocols that the app fulfils."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import strawberry

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from schema.problems import Problem
    from schema.rows import Ref, Row


class Clock(Protocol):
    """The time, as the one who runs the product says it is."""

    def now(self) -> datetime:
        """Return the present instant in UTC."""
        ...


class Principal(Protocol):
    """On whose behalf something is asked."""

    @property
    def subject(self) -> str:
        """The stable name of the one who asks."""
        ...


class Page(Protocol):
    """One page of a list: rows with their cursors; a bad row is a Problem in its place."""

    @property
    def rows(self) -> Sequence[tuple[str, Row | Problem]]:
        """The rows, each with its cursor."""
        ...

    @property
    def has_next(self) -> bool:
        """Whether more follows."""
        ...

    @property
    def total(self) -> int | None:
        """How many rows the whole list has, where the owner counts."""
        ...


class Context(Protocol):
    """What one request knows and may ask."""

    principal: Principal
    clock: Clock
    correlation_id: str

    async def load(self, question: str, key: Ref) -> Any:
        """Return a question's answer for one key: a row, a list, None or a Problem. Equal questions are one call."""
        ...

    async def page(self, listing: str, first: int, after: str | None) -> Page | Problem:
        """Return one page of a list of its owner."""
        ...


Info: TypeAlias = strawberry.Info[Context, None]
