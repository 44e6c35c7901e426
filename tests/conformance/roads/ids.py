"""The roads that take an argument: a record by its id, in each way that the graph knows records by."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from graphql import GraphQLObjectType

from schema.rows import Ref
from tests.conformance.roads.forms import document
from tests.conformance.roads.judging import found, shows
from tests.conformance.roads.paths import Place, Step, links, narrowed, ways, written

if TYPE_CHECKING:
    from collections.abc import Callable

    from graphql import GraphQLSchema

    from tests.conformance.roads.paths import Way


def specimen(schema: GraphQLSchema, place: Place, ask: Callable[[str], Any]) -> str | None:
    """Return the id of a record whose field has a value, as somebody sees it who may read everything."""
    inner = f"id shown: {written(schema, place)}"
    for way in ways(schema, schema.query_type, place.type, rows=20):
        for record in found(ask(document(way, inner)), way):
            if shows(record.get("shown")):
                return str(record["id"])
    return None


def entrances(id_: str) -> list[Way]:
    """Return the ways to a record by its id, by what its home calls it, and as a router refers to it."""
    ref = Ref.decode(id_)
    assert isinstance(ref, Ref)
    said, source = json.dumps(id_), json.dumps(ref.id)
    asked = {
        "node": f"id: {said}",
        "nodes": f"ids: [{said}]",
        "nodeBySource": f"entityType: {ref.type}, system: {ref.role.upper()}, sourceId: {source}",
        "_entities": f'representations: [{{__typename: "{ref.type}", id: {said}}}]',
    }
    return [(Step(f"{root}({arguments})", root), narrowed(ref.type)) for root, arguments in asked.items()]


def beside(schema: GraphQLSchema, type_: str, ask: Callable[[str], Any]) -> list[Way]:
    """Return the ways from a record by its id over each link that leads to the type."""
    nodes = [kind for kind in schema.type_map.values() if isinstance(kind, GraphQLObjectType) and kind.interfaces]
    leading = [(kind.name, steps) for kind in nodes for steps, led in links(schema, kind) if led.name == type_]
    ids = {name: specimen(schema, Place(name, "id"), ask) for name in {name for name, _ in leading}}
    return [entrances(id_)[0] + steps for name, steps in leading if (id_ := ids[name]) is not None]
