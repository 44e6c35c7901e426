"""Relay connections: the form of every list that has no bound."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec
import strawberry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from schema.context import Page

T = TypeVar("T")


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
    start_cursor: str | None
    end_cursor: str | None


@strawberry.type
class Edge(Generic[T]):
    """One record of a page; null, with its error, where the owner's record cannot be read."""

    node: T | None
    cursor: str


@strawberry.type
class Connection(Generic[T]):
    """One page of a list. `totalCount` is null where the owner does not count."""

    edges: list[Edge[T]]
    page_info: PageInfo
    total_count: int | None

    @classmethod
    def of(cls, page: Page, after: str | None) -> Connection[T]:
        """Dress a page of rows as a connection."""
        edges: list[Edge[T]] = [Edge(node=row, cursor=cursor) for cursor, row in page.rows]  # type: ignore[arg-type]
        info = PageInfo(
            has_next_page=page.has_next,
            has_previous_page=after is not None,
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=edges[-1].cursor if edges else None,
        )
        return cls(edges=edges, page_info=info, total_count=page.total)
