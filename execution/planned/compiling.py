"""From an operation to its plan. What no plan can express raises Unplanned, with a word for it that is counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLEnumType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    InlineFragmentNode,
    OperationType,
    is_abstract_type,
)

from execution.planned import library
from execution.planned.fields import Asked, Attribute, Called, Constant, Told
from execution.planned.leaves import Leaf
from execution.planned.lists import Listed, Nullable, Required
from execution.planned.rows import Objects, Selection, Sorting
from execution.planned.running import Place
from schema.column import COLUMN, EACH

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from graphql import (
        FragmentDefinitionNode,
        GraphQLField,
        GraphQLSchema,
        OperationDefinitionNode,
        SelectionSetNode,
    )
    from graphql.execution.values import VariableValues

# A plan names every type that an interface may be. More fields than these would hold the event loop up, at 5 us each.
MOST_FIELDS: Final = 10_000


class Unplanned(Exception):
    """Why ordinary execution has to do it, in one word."""


class Compiler:
    """Makes the plan of one operation, for one choice of what @skip and @include leave out."""

    def __init__(
        self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode], variables: VariableValues
    ) -> None:
        self._schema, self._fragments, self._variables = schema, fragments, variables
        self.fields = 0

    def plan(self, operation: OperationDefinitionNode) -> Selection:
        """Return the plan, or raise Unplanned."""
        root = self._schema.get_root_type(operation.operation)
        if root is None or operation.operation is OperationType.SUBSCRIPTION:
            raise Unplanned("subscription")
        if operation.directives:
            raise Unplanned("directive")
        serial = operation.operation is OperationType.MUTATION
        return Selection(self._selected(root, [operation.selection_set], 0), serial=serial)

    def _selected(self, parent: GraphQLObjectType, sets: Sequence[SelectionSetNode], level: int) -> list[Any]:
        named: dict[str, list[FieldNode]] = {}
        seen: set[str] = set()
        for selected in sets:
            self._collect(parent, selected, named, seen)
        self.fields += len(named)
        if self.fields > MOST_FIELDS:
            raise Unplanned("size")
        return [self._field(parent, key, nodes, level) for key, nodes in named.items()]

    def _collect(
        self,
        parent: GraphQLObjectType,
        selected: SelectionSetNode,
        named: dict[str, list[FieldNode]],
        seen: set[str],
    ) -> None:
        for node in selected.selections:
            if any(directive.name.value not in library.SELECTING for directive in node.directives or ()):
                raise Unplanned("directive")
            if library.left_out(node, self._variables):
                continue
            if isinstance(node, FieldNode):
                named.setdefault((node.alias or node.name).value, []).append(node)
            elif isinstance(node, InlineFragmentNode):
                if node.type_condition is None or self._is(parent, node.type_condition.name.value):
                    self._collect(parent, node.selection_set, named, seen)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
                seen.add(node.name.value)
                fragment = self._fragments[node.name.value]
                if self._is(parent, fragment.type_condition.name.value):
                    self._collect(parent, fragment.selection_set, named, seen)

    def _is(self, parent: GraphQLObjectType, name: str) -> bool:
        kind = self._schema.type_map[name]
        return kind is parent or (is_abstract_type(kind) and self._schema.is_sub_type(kind, parent))

    def _field(self, parent: GraphQLObjectType, key: str, nodes: list[FieldNode], level: int) -> Any:
        name = nodes[0].name.value
        if name == "__typename":
            return Constant(key, parent.name)
        if name.startswith("__"):
            raise Unplanned("introspection")
        field = parent.fields[name]
        own = library.declared(field)
        if own is None:
            raise Unplanned("undeclared")
        columnar = own.metadata.get(COLUMN)
        place = Place(parent, field, nodes, level)
        if parent is self._schema.mutation_type:
            # What changes something is called in its turn, however little it asks for.
            return Called(key, place, self._completion(field, place, level + 1))
        if columnar is not None:
            return Asked(key, place, columnar, self._completion(field, place, level + len(columnar.questions)))
        if (attribute := library.attribute(own)) is not None:
            return Attribute(key, place, attribute, self._completion(field, place, level))
        if (function := library.function(own)) is not None:
            completion = self._completion(field, place, level)
            return Told(key, place, function, own.metadata.get(EACH), completion)
        return Called(key, place, self._completion(field, place, level + 1))

    def _completion(self, field: GraphQLField, place: Place, level: int) -> Any:
        return self._of(field.type, place, level)

    def _of(self, kind: Any, place: Place, level: int) -> Any:
        if isinstance(kind, GraphQLNonNull):
            return Required(self._bare(kind.of_type, place, level), place.where, place.nodes)
        return Nullable(self._bare(kind, place, level))

    def _bare(self, kind: Any, place: Place, level: int) -> Any:
        if isinstance(kind, GraphQLList):
            return Listed(self._of(kind.of_type, place, level), place.where, place.nodes)
        if isinstance(kind, GraphQLScalarType | GraphQLEnumType):
            return Leaf(kind, place.nodes)
        types = [kind] if isinstance(kind, GraphQLObjectType) else self._schema.get_possible_types(kind)
        sets = [node.selection_set for node in place.nodes if node.selection_set is not None]
        selections = {each.name: Selection(self._selected(each, sets, level)) for each in types}
        return Objects(selections, Sorting(kind, types, place), place)
