"""Relay connections: the form of every list that has no bound."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

import strawberry

if TYPE_CHECKING:
    from schema.context import Page

T = TypeVar("T")


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
