"""Anything, by its id."""

from __future__ import annotations

import asyncio
from typing import Any

import strawberry

from schema.context import Info  # noqa: TC001  Strawberry reads the annotations
from schema.demand import sized
from schema.graph import Node, fetch
from schema.problems import Code, Problem

MOST = 200


async def _node(info: Info, id: strawberry.ID) -> Any:  # noqa: A002  Relay names it
    return await fetch(id, info)


async def _nodes(info: Info, ids: list[strawberry.ID]) -> Any:
    if len(ids) > MOST:
        return Problem(Code.BAD_INPUT, f"'ids' may hold {MOST} at most")
    return await asyncio.gather(*(fetch(id_, info) for id_ in ids))


@strawberry.type
class NodeQuery:
    """Look-up by the canonical id."""

    node: Node | None = strawberry.field(resolver=_node, description="One record by its id.")
    nodes: list[Node | None] | None = strawberry.field(
        resolver=_nodes,
        description="Up to 200 records by their ids, in the order of the ids.",
        metadata={"sized_by": "ids"},
        directives=[sized(MOST)],
    )
