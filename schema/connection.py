"""Relay connections: the form of every list that has no bound."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

import msgspec
import strawberry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from schema.context import Page

T = TypeVar("T")
# Signs a row's cursor when it is asked for: most pages are read without.
Mark: TypeAlias = Callable[[], str]


class Wanted(msgspec.Struct, frozen=True):
    """Which rows of a list, and in which order.

    `filters` are by the row's fields (of a part: `range.start`), and all of them hold: a list of values of which the
    field has one, a flag, or Days. `search` is a text of which every word stands in the code or the name. Without an
    `order` rows come as their owner counts them; equals stand in the order of their ids.
    """

    filters: Mapping[str, Any] = {}
    search: str | None = None
    order: str | None = None
    descending: bool = False


@strawberry.input(name="DateFilter", description="Calendar days, both ends included; null is open.")
class Days:
    """Calendar days, both ends included; an end that is not given is open."""

    from_: date | None = strawberry.field(name="from", default=None)
    to: date | None = None


@strawberry.federation.type(shareable=True)
class PageInfo:
    """Where a page begins and ends, and whether more follows."""

    has_next_page: bool
    has_previous_page: bool
    marks: strawberry.Private[Sequence[Mark]]

    @strawberry.field
    def start_cursor(self) -> str | None:
        return self.marks[0]() if self.marks else None

    @strawberry.field
    def end_cursor(self) -> str | None:
        return self.marks[-1]() if self.marks else None


@strawberry.type
class Edge(Generic[T]):
    """One record of a page; null, with its error, where the owner's record cannot be read."""

    node: T | None
    mark: strawberry.Private[Mark]

    @strawberry.field
    def cursor(self) -> str:
        return self.mark()


@strawberry.type
class Connection(Generic[T]):
    """One page of a list. `totalCount` is null where the owner does not count."""

    edges: list[Edge[T]]
    page_info: PageInfo
    total_count: int | None

    @classmethod
    def of(cls, page: Page, after: str | None) -> Connection[T]:
        """Dress a page of rows as a connection."""
        edges: list[Edge[T]] = [Edge(node=row, mark=mark) for mark, row in page.rows]  # type: ignore[arg-type]
        info = PageInfo(
            has_next_page=page.has_next,
            has_previous_page=after is not None,
            marks=[mark for mark, _ in (*page.rows[:1], *page.rows[-1:])],
        )
        return cls(edges=edges, page_info=info, total_count=page.total)
