"""How long the lists of an operation are at most: as its arguments say, or its schema where they do not."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from graphql import (
    BooleanValueNode,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    Undefined,
    VariableNode,
)

from execution.weights import Weights

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphql import FieldNode, GraphQLField, GraphQLSchema, OperationDefinitionNode, ValueNode

    from execution.weights import Weight

# As good as infinity: numbers of documents that nest lists by the dozen grow no further.
CAP = 10**18
DIGITS = 18


@lru_cache(maxsize=4)
def _weights(schema: GraphQLSchema) -> Weights:
    return Weights(schema)


class Sizes:
    """The sizes of one operation's lists, with the variables as they were sent."""

    def __init__(self, schema: GraphQLSchema, operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> None:
        self._schema, self._weights = schema, _weights(schema)
        defaults = {
            each.variable.name.value: _said(each.default_value, {})
            for each in operation.variable_definitions or ()
            if each.default_value is not None
        }
        self._variables = {**defaults, **variables}

    def of(self, node: FieldNode, parent: Any) -> tuple[Weight, int]:
        """Return a field's weight, and the size of the list that it is or of which it tells."""
        field: Any = self._schema.get_field(parent, node.name.value)
        weight = self._weights.of(parent, node.name.value, field)
        if weight.sized_by is not None:
            items = self._argument(node, field, weight.sized_by)
            return weight, len(items) if isinstance(items, list) else int(items not in (None, Undefined))
        told = [self._argument(node, field, name) for name in weight.slicing]
        sizes = [int(size) for size in told if _whole(size)]
        return weight, max(0, *sizes) if sizes else weight.assumed

    def flag(self, value: ValueNode) -> Any:
        """Return what an argument of a directive says; Undefined where it is not given."""
        return _said(value, self._variables)

    def _argument(self, node: FieldNode, field: GraphQLField, name: str) -> Any:
        given = next((each.value for each in node.arguments or () if each.name.value == name), None)
        said = Undefined if given is None else _said(given, self._variables)
        return field.args[name].default_value if said is Undefined else said


def _whole(size: Any) -> bool:
    """Tell whether graphql-core takes this for an Int: of JSON, 200.0 is one as well."""
    return isinstance(size, int | float) and not isinstance(size, bool) and size == size // 1


def _said(value: ValueNode, variables: Mapping[str, Any]) -> Any:
    """Return a literal's or a variable's number, flag or list, as far as it tells a size; Undefined if not given."""
    if isinstance(value, VariableNode):
        return variables.get(value.name.value, Undefined)
    if isinstance(value, IntValueNode):
        # Python reads no number of thousands of digits, and such a one is no size either.
        return int(value.value) if len(value.value) <= DIGITS else CAP
    if isinstance(value, ListValueNode):
        return list(value.values)
    if isinstance(value, BooleanValueNode):
        return value.value
    return None if isinstance(value, NullValueNode) else value
