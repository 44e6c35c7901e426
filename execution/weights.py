"""What a schema says of its fields' weights and sizes: `@cost` and `@listSize`, as they are declared in code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from graphql import (
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_enum_type,
    is_input_object_type,
    is_introspection_type,
    is_list_type,
)
from strawberry.federation.schema_directives import Cost, ListSize
from strawberry.schema.schema_converter import GraphQLCoreConverter

if TYPE_CHECKING:
    from graphql import GraphQLField, GraphQLNamedType, GraphQLSchema

# The size of a list of which nothing is said: the short ones that stand in a record.
SHORT = 10
# A field that waits for an answer takes a task of the event loop's, and so as long as so many that stand in a row.
WAITING = 5


class Weight(msgspec.Struct, frozen=True):
    """One field's own cost and values, and how large it is if it is a list or tells the size of lists right below it.

    `sized_by` is the argument whose items are answered one by one: Federation lets numbers alone slice a list.
    """

    cost: int
    is_list: bool
    values: int = 1
    assumed: int = SHORT
    slicing: tuple[str, ...] = ()
    sized: tuple[str, ...] = ()
    sized_by: str | None = None


class Weights:
    """The weights of a schema's fields, each worked out when it is asked for first."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._known: dict[tuple[str, str], Weight] = {}
        self._introspected = _introspected(schema)

    def of(self, parent: GraphQLNamedType, name: str, field: GraphQLField) -> Weight:
        """Return the weight of a type's field."""
        weight = self._known.get((parent.name, name))
        if weight is None:
            weight = self._known[parent.name, name] = self._weight(parent, name, field)
        return weight

    def _weight(self, parent: GraphQLNamedType, name: str, field: GraphQLField) -> Weight:
        kind, is_list = get_named_type(field.type), is_list_type(get_nullable_type(field.type))
        if is_introspection_type(kind) or is_introspection_type(parent):
            # It asks nobody; it takes of the processor alone.
            return Weight(0, is_list, assumed=self._introspected.get((parent.name, name), SHORT))
        own = _definition(field)
        cost = _first(own, Cost) or _first(_definition(kind), Cost)
        size = _first(own, ListSize)
        weighs = cost.weight if cost is not None else int(is_composite_type(kind))
        said = getattr(own, "metadata", {})
        sized_by = "representations" if name == "_entities" else said.get("sized_by")
        values = WAITING if said.get("ask") or said.get("restricted") else 1
        if size is None:
            return Weight(weighs, is_list, values, sized_by=sized_by)
        return Weight(
            weighs,
            is_list,
            values,
            SHORT if size.assumed_size is None else size.assumed_size,
            tuple(size.slicing_arguments or ()),
            tuple(size.sized_fields or ()),
            sized_by,
        )


def _definition(thing: Any) -> Any:
    return thing.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)


def _first(definition: Any, kind: type) -> Any:
    return next((each for each in getattr(definition, "directives", None) or () if isinstance(each, kind)), None)


def _introspected(schema: GraphQLSchema) -> dict[tuple[str, str], int]:
    """Return how long the lists of introspection are: on an average type, where they differ."""
    types = list(schema.type_map.values())
    fields = [field for type_ in types for field in getattr(type_, "fields", {}).values()]
    inputs = [type_ for type_ in types if is_input_object_type(type_)]
    enums = [type_ for type_ in types if is_enum_type(type_)]
    totals = {
        ("__Type", "fields"): len(fields),
        ("__Type", "inputFields"): sum(len(type_.fields) for type_ in inputs),
        ("__Type", "enumValues"): sum(len(type_.values) for type_ in enums),
        ("__Type", "interfaces"): sum(len(getattr(type_, "interfaces", ())) for type_ in types),
        ("__Type", "possibleTypes"): sum(is_composite_type(type_) for type_ in types),
    }
    sizes = {field: -(-total // len(types)) for field, total in totals.items()}
    arguments = sum(len(getattr(field, "args", ())) for field in fields)
    return {
        **sizes,
        ("__Field", "args"): -(-arguments // max(1, len(fields))),
        ("__Schema", "types"): len(types),
        ("__Schema", "directives"): len(schema.directives),
    }
