"""What an operation may ask for at most, reckoned before anybody is asked: linear in its document.

The rule is that of Apollo Federation's demand control: an object weighs 1 and a leaf 0 unless `@cost` says otherwise;
a list weighs its size times its items, and `@listSize` tells the size. Beside the cost it counts values: what
graphql-core has to complete, which is what it takes of the processor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    get_named_type,
    is_abstract_type,
)

from execution.sizes import CAP, Sizes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from graphql import (
        GraphQLSchema,
        OperationDefinitionNode,
        SelectionNode,
        SelectionSetNode,
    )

    from execution.documents import Prepared

# Of one document: its variables may tell other sizes with each request.
REMEMBERED = 50


class Demand(NamedTuple):
    """How dear an operation is for the systems behind, and how many values its answer may have."""

    cost: int
    values: int

    def plus(self, other: Demand, times: int = 1) -> Demand:
        """Add another demand, so many times."""
        return Demand(min(CAP, self.cost + other.cost * times), min(CAP, self.values + other.values * times))

    def or_dearer(self, other: Demand) -> Demand:
        """Return the dearer of two possibilities."""
        return Demand(max(self.cost, other.cost), max(self.values, other.values))


NONE = Demand(0, 0)
# Of a selection set: what it asks by itself, and what once for each item of the list whose size its field tells.
Parts: TypeAlias = tuple[Demand, Demand]


def demand(
    schema: GraphQLSchema, prepared: Prepared, operation: OperationDefinitionNode, variables: Mapping[str, Any]
) -> Demand:
    """Return the demand of an operation of a prepared document, with the variables as they were sent.

    It is reckoned once for all variables that tell the same sizes.
    """
    told = id(operation), *((name, _told(value)) for name, value in variables.items())
    known: Demand | None = prepared.demands.get(told)
    if known is None:
        if len(prepared.demands) >= REMEMBERED:
            prepared.demands.clear()
        known = prepared.demands[told] = Reckoning(schema, prepared, operation, variables).total()
    return known


def _told(value: Any) -> Any:
    """Return what a reckoning may see of a variable: a number, a flag, how long a list is, or that there is one."""
    if isinstance(value, list):
        return list, len(value)
    return (type(value), value) if isinstance(value, bool | int | float) else value is None


class Reckoning:
    """One reckoning. `steps` is how many nodes it has looked at: each once for a type that it may stand on."""

    def __init__(
        self,
        schema: GraphQLSchema,
        prepared: Prepared,
        operation: OperationDefinitionNode,
        variables: Mapping[str, Any],
    ) -> None:
        self.steps = 0
        self._schema = schema
        self._operation = operation
        self._sizes = Sizes(schema, operation, variables)
        self._fragments = {
            each.name.value: each for each in prepared.document.definitions if isinstance(each, FragmentDefinitionNode)
        }
        self._known: dict[tuple[int, str, tuple[str, ...]], Parts] = {}

    def total(self) -> Demand:
        """Return the demand of the operation."""
        root: Any = self._schema.get_root_type(self._operation.operation)
        return self._selected(self._operation.selection_set, root, ())[0]

    def _selected(self, node: SelectionSetNode, parent: Any, sized: tuple[str, ...]) -> Parts:
        key = id(node), parent.name, sized
        if key not in self._known:
            self._known[key] = (
                self._on_abstract(node, parent, sized)
                if is_abstract_type(parent)
                else self._on_one(node.selections, parent, sized)
            )
        return self._known[key]

    def _on_abstract(self, node: SelectionSetNode, parent: Any, sized: tuple[str, ...]) -> Parts:
        # Fields are the same whatever the object is; of the fragments, the dearest object's count.
        fields = [selection for selection in node.selections if isinstance(selection, FieldNode)]
        fragments = [selection for selection in node.selections if not isinstance(selection, FieldNode)]
        possible = self._schema.get_possible_types(parent) if fragments else ()
        dearest = _dearest([self._on_one(fragments, each, sized) for each in possible])
        return _sum(self._on_one(fields, parent, sized), dearest)

    def _on_one(self, selections: Iterable[SelectionNode], parent: Any, sized: tuple[str, ...]) -> Parts:
        alone, each = NONE, NONE
        for selection in selections:
            self.steps += 1
            if not self._included(selection):
                continue
            if isinstance(selection, FieldNode):
                within = selection.name.value in sized
                asked = self._field(selection, parent, within=within)
                alone, each = (alone, each.plus(asked)) if within else (alone.plus(asked), each)
            elif (inner := self._applied(selection, parent)) is not None:
                alone, each = _sum((alone, each), self._selected(inner, parent, sized))
        return alone, each

    def _applied(self, node: Any, parent: Any) -> SelectionSetNode | None:
        fragment = self._fragments[node.name.value] if isinstance(node, FragmentSpreadNode) else node
        if isinstance(node, InlineFragmentNode) and node.type_condition is None:
            return node.selection_set
        on: Any = self._schema.type_map[fragment.type_condition.name.value]
        applies = on is parent or (is_abstract_type(on) and self._schema.is_sub_type(on, parent))
        return fragment.selection_set if applies else None

    def _field(self, node: FieldNode, parent: Any, *, within: bool) -> Demand:
        """Return what a field asks; of one item only, if the field above tells how many there are."""
        field: Any = self._schema.get_field(parent, node.name.value)
        weight, size = self._sizes.of(node, parent)
        inner = NONE
        if node.selection_set is not None:
            alone, each = self._selected(node.selection_set, get_named_type(field.type), weight.sized)
            inner = alone.plus(each, size)
        one = inner.plus(Demand(weight.cost, weight.values))
        return one if within or not weight.is_list else NONE.plus(one, size)

    def _included(self, node: Any) -> bool:
        for directive in node.directives or ():
            wanted = {"skip": False, "include": True}.get(directive.name.value)
            if wanted is not None:
                said = self._sizes.flag(directive.arguments[0].value)
                if said is (not wanted):
                    return False
        return True


def _sum(one: Parts, other: Parts) -> Parts:
    return one[0].plus(other[0]), one[1].plus(other[1])


def _dearest(possible: list[Parts]) -> Parts:
    alone, each = NONE, NONE
    for one, more in possible:
        alone, each = alone.or_dearer(one), each.or_dearer(more)
    return alone, each
