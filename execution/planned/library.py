"""The one file that touches what Strawberry and graphql-core do not promise; a test names each of it.

If a newer version of them changes something here, the test says what; with planning turned off the graph does without.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from graphql import (
    GraphQLIncludeDirective,
    GraphQLResolveInfo,
    GraphQLSkipDirective,
    VariableNode,
    Visitor,
    default_type_resolver,
    get_argument_values,
    get_directive_values,
    pyutils,
    visit,
)
from graphql.execution.values import VariableValues, VariableValueSource, get_variable_values
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import strawberry
    from graphql import (
        DirectiveNode,
        DocumentNode,
        FieldNode,
        FragmentDefinitionNode,
        GraphQLAbstractType,
        GraphQLError,
        GraphQLField,
        GraphQLObjectType,
        GraphQLSchema,
        OperationDefinitionNode,
        SelectionNode,
        VariableDefinitionNode,
    )

SELECTING: Final = frozenset({"skip", "include"})
# Under this name Strawberry keeps its own declaration on every type and field of graphql-core.
DECLARATION: Final = "strawberry-definition"


def core(schema: strawberry.Schema) -> GraphQLSchema:
    """Return a schema as graphql-core knows it."""
    return schema._schema  # noqa: SLF001


def wrapped(schema: strawberry.Schema) -> bool:
    """Tell whether an extension stands around every resolver, which a plan would pass by."""
    return any(extension._implements_resolve() for extension in schema.get_extensions())  # noqa: SLF001


def declared(field: GraphQLField) -> StrawberryField | None:
    """Return what Strawberry knows of a field; None of one that is graphql-core's own."""
    found = field.extensions.get(DECLARATION)
    return found if isinstance(found, StrawberryField) else None


def attribute(field: StrawberryField) -> str | None:
    """Return the attribute that a field without a resolver shows; None if it is answered in another way."""
    plain = field.is_basic_field and not field.extensions and field.default_resolver is getattr
    return field.python_name if plain else None


def function(field: StrawberryField) -> Callable[[Any], Any] | None:
    """Return the function by which a field is told from its row alone; None if it needs more, or has to wait."""
    resolver = field.base_resolver
    if resolver is None or field.extensions or resolver.is_async:
        return None
    alone = resolver.self_parameter is not None and len(resolver.signature.parameters) == 1
    return cast("Callable[[Any], Any]", resolver.wrapped_func) if alone else None


def arguments(
    schema: strawberry.Schema, field: GraphQLField, node: FieldNode, variables: VariableValues
) -> dict[str, Any]:
    """Return a field's arguments as its resolver takes them, or raise what is wrong with them."""
    own = declared(field)
    given = given_arguments(field, node, variables)
    if own is None or not given:
        return given
    converter = schema.schema_converter
    return convert_arguments(given, own.arguments, scalar_registry=converter.scalar_registry, config=schema.config)


def given_arguments(field: GraphQLField, node: FieldNode, variables: VariableValues) -> dict[str, Any]:
    """Return a field's arguments as graphql-core hands them to a resolver, or raise what is wrong with them."""
    if not field.args and not node.arguments:
        return {}
    return get_argument_values(field, node, variables, None, True)  # noqa: FBT003  suggestions are hidden


def variables_of(
    schema: GraphQLSchema, definitions: Iterable[VariableDefinitionNode], given: Mapping[str, Any]
) -> VariableValues | list[GraphQLError]:
    """Return the variables of an operation, or what is wrong with them."""
    return get_variable_values(schema, tuple(definitions), dict(given), max_errors=1, hide_suggestions=True)


def left_out(node: SelectionNode, variables: VariableValues) -> bool:
    """Tell whether @skip or @include leave a selection out."""
    skip = get_directive_values(GraphQLSkipDirective, node, variables)
    include = get_directive_values(GraphQLIncludeDirective, node, variables)
    return bool(skip and skip["if"]) or bool(include and not include["if"])


def choosing(document: DocumentNode) -> dict[str, bool]:
    """Return the variables on which it depends what is selected, each with the value by which it is."""
    found = _Choosing()
    visit(document, found)
    return found.names


class _Choosing(Visitor):
    """Gathers the variables of @skip and @include."""

    def __init__(self) -> None:
        super().__init__()
        self.names: dict[str, bool] = {}

    def enter_directive(self, node: DirectiveNode, *_: Any) -> None:
        """Note those of one."""
        values = [each.value for each in node.arguments or ()] if node.name.value in SELECTING else []
        chosen = node.name.value == "include"
        self.names.update({value.name.value: chosen for value in values if isinstance(value, VariableNode)})


def everything(document: DocumentNode) -> VariableValues:
    """Return variables by which nothing is left out that may be selected."""
    chosen = choosing(document)
    sources = {name: VariableValueSource(None, value) for name, value in chosen.items()}  # type: ignore[arg-type]
    return VariableValues(sources, chosen)


class Operation(NamedTuple):
    """What is the same for every field of one execution."""

    schema: GraphQLSchema
    fragments: dict[str, FragmentDefinitionNode]
    operation: OperationDefinitionNode
    variables: VariableValues
    context: Any


def info(at: Operation, parent: GraphQLObjectType, field: GraphQLField, nodes: Sequence[FieldNode]) -> Any:
    """Return what a resolver is told of a field. It stands for many places: `path` is none of them, and so None."""
    told: dict[str, Any] = dict.fromkeys(GraphQLResolveInfo._fields)
    told |= {
        "field_name": nodes[0].name.value,
        "field_nodes": list(nodes),
        "return_type": field.type,
        "parent_type": parent,
        "schema": at.schema,
        "fragments": at.fragments,
        "operation": at.operation,
        "variable_values": at.variables,
        "context": at.context,
        "is_awaitable": inspect.isawaitable,
    }
    return GraphQLResolveInfo(**told)


def type_name(value: Any, kind: GraphQLAbstractType, told: Any) -> Any:
    """Return the name of the type that a value of an interface or union has."""
    return (kind.resolve_type or default_type_resolver)(value, told, kind)


def is_list(value: object) -> bool:
    """Tell whether a value can be answered as a list."""
    return pyutils.is_iterable(value)


def shown(value: object) -> str:
    """Return a value as messages show it."""
    return pyutils.inspect(value)
