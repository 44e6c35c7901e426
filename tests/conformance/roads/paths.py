"""By which ways the schema leads to a restricted field: the shortest over each link to its type."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from graphql import GraphQLSchema

ROWS = 2  # of each list: enough to see one, few enough to ask a hundred times


class Step(NamedTuple):
    """One step of a way: what is written in the document, and under which key it is answered. A fragment has no key."""

    text: str
    key: str | None


Way: TypeAlias = tuple[Step, ...]


class Place(NamedTuple):
    """A field of a type."""

    type: str
    field: str

    def __str__(self) -> str:
        return f"{self.type}.{self.field}"


def restricted(schema: GraphQLSchema) -> list[Place]:
    """Return every field that the SDL marks, and all fields of the types that it marks."""
    types = [kind for kind in schema.type_map.values() if isinstance(kind, GraphQLObjectType)]
    return [
        Place(kind.name, name)
        for kind in types
        for name, field in kind.fields.items()
        if _marked(kind) or _marked(field)
    ]


def _marked(what: GraphQLObjectType | GraphQLField) -> bool:
    return any(directive.name.value == "restricted" for directive in (what.ast_node and what.ast_node.directives) or ())


def ways(schema: GraphQLSchema, root: GraphQLObjectType | None, type_: str, rows: int = ROWS) -> list[Way]:
    """Return the shortest way from the root over each link that leads to the type; no step at all leads to the root.

    `rows` is how many are asked of each list.
    """
    assert root is not None
    if root.name == type_:
        return [()]
    reached = _reached(schema, root, rows)
    return [
        way + steps
        for owner, way in reached.items()
        for steps, led in links(schema, schema.type_map[owner], rows)
        if led.name == type_
    ]


def _reached(schema: GraphQLSchema, root: GraphQLObjectType, rows: int) -> Mapping[str, Way]:
    """Return the shortest way to every type, breadth-first."""
    reached: dict[str, Way] = {root.name: ()}
    queue = deque([root])
    while queue:
        at = queue.popleft()
        for steps, led in links(schema, at, rows):
            if led.name not in reached:
                reached[led.name] = reached[at.name] + steps
                queue.append(led)
    return reached


def links(schema: GraphQLSchema, owner: object, rows: int = ROWS) -> Iterator[tuple[Way, GraphQLObjectType]]:
    """Yield each edge of a type to another one: to a connection's nodes, and to each type of an interface."""
    assert isinstance(owner, GraphQLObjectType)
    for name, field in owner.fields.items():
        led = get_named_type(field.type)
        if name.startswith("_") or is_leaf_type(led) or any(map(is_required_argument, field.args.values())):
            continue
        steps: Way = (Step(name + (f"(first: {rows})" if "first" in field.args else ""), name),)
        if isinstance(led, GraphQLObjectType) and "edges" in led.fields:
            led = _node(led)
            steps += (Step("edges", "edges"), Step("node", "node"))
        if isinstance(led, GraphQLInterfaceType | GraphQLUnionType):
            for possible in schema.get_possible_types(led):
                yield (*steps, narrowed(possible.name)), possible
        elif isinstance(led, GraphQLObjectType):
            yield steps, led


def _node(connection: GraphQLObjectType) -> object:
    edge = get_named_type(connection.fields["edges"].type)
    assert isinstance(edge, GraphQLObjectType)
    return get_named_type(edge.fields["node"].type)


def narrowed(type_: str) -> Step:
    """Return the step that takes of several types the one."""
    return Step(f"... on {type_}", None)


def written(schema: GraphQLSchema, place: Place) -> str:
    """Return the field as it stands in a document, with enough of what is in it to see a value."""
    kind = schema.type_map[place.type]
    assert isinstance(kind, GraphQLObjectType)
    return place.field + _inside(get_named_type(kind.fields[place.field].type))


def _inside(kind: object) -> str:
    if not isinstance(kind, GraphQLObjectType):
        return ""
    if "edges" in kind.fields:
        return " { edges { node" + _inside(_node(kind)) + " } }"
    told = [name for name, field in kind.fields.items() if is_leaf_type(get_named_type(field.type)) and not field.args]
    return f" {{ {' '.join(told[:3])} }}"
