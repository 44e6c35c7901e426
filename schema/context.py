"""What a resolver may lean on: the protocols that the app fulfils."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import strawberry

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
    from datetime import datetime

    from schema.access import Grants
    from schema.bound_system import BoundSystem
    from schema.connection import Mark, Wanted
    from schema.engagement import SetupState
    from schema.problems import Problem
    from schema.restriction import Restriction
    from schema.rights import Rights
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

    @property
    def token(self) -> str | None:
        """What the caller showed at the door, for systems that are asked in the caller's name; None if nothing."""
        ...

    @property
    def key(self) -> str | None:
        """The service key through which they ask, by its name; None if they have signed in themselves."""
        ...

    @property
    def rights(self) -> Rights:
        """What the caller's roles let them ask at all."""
        ...

    @property
    def grants(self) -> Grants:
        """What the caller may read: which types by which bonds, and which restricted kinds."""
        ...


class Page(Protocol):
    """One page of a list: rows with their cursors; a bad row is a Problem in its place."""

    @property
    def rows(self) -> Sequence[tuple[Mark, Row | Problem]]:
        """The rows, each with what signs its cursor."""
        ...

    @property
    def has_next(self) -> bool:
        """Whether more follows."""
        ...

    @property
    def total(self) -> int | None:
        """How many rows the whole list has, where the owner counts."""
        ...


class Identities(Protocol):
    """Who is who: the cross-references, as far as a resolver may see them."""

    async def of(self, canonical: Ref, at_most: int) -> Sequence[Any] | Problem:
        """Return the references of a record, one more than asked at most."""
        ...

    async def named(self, foreign: Ref, source_type: str | None) -> Sequence[Any] | Problem:
        """Return the references of another system's record."""
        ...


class Window(Protocol):
    """Which part is wanted of a list that is read whole."""

    def cut(self, rows: Sequence[Row | Problem]) -> Page | Problem:
        """Return that part, or a Problem where the list has changed behind the cursor."""
        ...


class Context(Protocol):
    """What one request knows and may ask."""

    principal: Principal
    clock: Clock
    began: datetime
    correlation_id: str
    identities: Identities

    async def successor(self, ref: Ref) -> Ref | Problem | None:
        """Return what a re-keyed record is called now, None where it was not re-keyed. Many are one look-up."""
        ...

    async def setup_state(self, engagement: Ref) -> SetupState | Problem:
        """Return how far an engagement is set up, as the log of commands knows it. Many are one look-up."""
        ...

    async def load(self, question: str, key: Ref) -> Any:
        """Return a question's answer for one key: a row, a list, None or a Problem. Equal questions are one call.

        It follows a row that may be seen; what its caller may not see is refused or left out.
        """
        ...

    async def load_all(self, question: str, keys: Collection[Ref]) -> Mapping[Ref, Any]:
        """Return a question's answers for many keys, as `load` does for each; there may be others among them."""
        ...

    async def find(self, type_: str, ref: Ref) -> Any:
        """Return a record by a reference that the client chose, in its home's words or in another system's."""
        ...

    def settled(self, kind: Restriction) -> bool | Problem:
        """Tell whether this kind may be read of every row, the Problem if of none; False where the row decides."""
        ...

    def withheld(self, question: str) -> Problem | None:
        """Return the Problem that stands for every answer to a question, if nothing of what it answers may be read."""
        ...

    async def refusal(self, kind: Restriction, row: Row) -> Problem | None:
        """Return the Problem that stands for a restricted value of this row, None if it may be read."""
        ...

    async def refusals(self, kind: Restriction, rows: Sequence[Row]) -> Sequence[Problem | None]:
        """Return for many rows what `refusal` does for each."""
        ...

    def unread(self, type_: str) -> Problem | None:
        """Return the Problem that stands for everything of a type of which nothing may be read."""
        ...

    async def person(self) -> Ref | Problem | None:
        """Return the person that the one who asks is linked to."""
        ...

    async def company(self) -> Ref | Problem | None:
        """Return the customer that the one who asks is linked to."""
        ...

    async def page(self, listing: str, first: int, after: str | None, wanted: Wanted) -> Page | Problem:
        """Return one page of what is wanted of a list of its owner."""
        ...

    def window(self, name: str, parent: Ref, first: int, after: str | None) -> Window | Problem:
        """Return which part of a record's list of that name the arguments mean, or a Problem."""
        ...

    def systems(self) -> Sequence[BoundSystem]:
        """Return the bound systems as their calls have met them; none is asked."""
        ...

    def health(self) -> AsyncGenerator[BoundSystem, None]:
        """Yield each bound system, and again whenever its health, breaker or environment has changed."""
        ...


Info: TypeAlias = strawberry.Info[Context, None]
