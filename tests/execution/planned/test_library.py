"""What plans need of Strawberry and graphql-core without having been promised it: named here, one by one."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any

import graphql
import strawberry
from graphql import GraphQLResolveInfo, GraphQLSchema, get_argument_values, get_directive_values
from graphql.execution.values import VariableValues, get_variable_values
from strawberry.extensions import SchemaExtension
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types.arguments import convert_arguments

from execution.planned import library

if TYPE_CHECKING:
    from strawberry.types.field import StrawberryField


@strawberry.type
class Query:
    """A field of each kind that a plan tells apart."""

    plain: str = "plain"

    @strawberry.field
    def alone(self) -> str:
        return "alone"

    @strawberry.field
    async def waiting(self) -> str:
        return "waiting"

    @strawberry.field
    def asked(self, info: strawberry.Info, some_text: str = "x") -> str:
        return f"{info.field_name} {some_text}"


def schema(*extensions: type[SchemaExtension]) -> strawberry.Schema:
    """Return a schema of them."""
    return strawberry.Schema(Query, extensions=extensions)


def field(name: str) -> StrawberryField:
    """Return what Strawberry declares of a field."""
    query = library.core(schema()).query_type
    assert query is not None
    declared = library.declared(query.fields[name])
    assert declared is not None, "GraphQLField.extensions no longer holds 'strawberry-definition'"
    return declared


def names(function: Any) -> list[str]:
    """Return the names of a function's parameters."""
    return list(inspect.signature(function).parameters)


def test_a_schema_of_strawberry_holds_one_of_graphql_core() -> None:
    """`strawberry.Schema._schema` is graphql-core's."""
    assert isinstance(schema()._schema, GraphQLSchema)  # noqa: SLF001  that it is there is what is tested


def test_an_extension_tells_whether_it_stands_around_resolvers() -> None:
    """`SchemaExtension._implements_resolve`, `Schema.get_extensions`."""

    class Around(SchemaExtension):
        def resolve(self, _next: Any, root: Any, info: Any, *args: str, **named: Any) -> Any:
            return _next(root, info, *args, **named)

    assert (library.wrapped(schema()), library.wrapped(schema(Around))) == (False, True)


def test_a_field_tells_how_it_is_resolved() -> None:
    """`StrawberryField.is_basic_field`, `.extensions`, `.default_resolver`, `.python_name`, `.metadata`."""
    assert library.attribute(field("plain")) == "plain"
    assert [library.attribute(field(name)) for name in ("alone", "waiting", "asked")] == [None, None, None]
    assert (len(field("plain").extensions), len(field("plain").metadata)) == (0, 0)


def test_a_resolver_tells_what_it_takes() -> None:
    """`StrawberryResolver.is_async`, `.self_parameter`, `.signature`, `.wrapped_func`."""
    alone = library.function(field("alone"))
    assert alone is not None
    assert alone(None) == "alone"
    assert [library.function(field(name)) for name in ("plain", "waiting", "asked")] == [None, None, None]


def test_arguments_become_those_of_the_resolver() -> None:
    """`convert_arguments`, `Schema.schema_converter.scalar_registry`, `Schema.config`, `StrawberryField.arguments`."""
    asked = schema()
    core = library.core(asked)
    assert core.query_type is not None
    node: Any = graphql.parse('{ asked(someText: "y") }').definitions[0]
    found = library.variables_of(core, (), {})
    assert isinstance(found, VariableValues)
    given = library.arguments(asked, core.query_type.fields["asked"], node.selection_set.selections[0], found)
    assert given == {"some_text": "y"}
    assert names(convert_arguments) == ["value", "arguments", "scalar_registry", "config", "info"]


def test_graphql_core_coerces_what_it_is_given() -> None:
    """`get_variable_values(...).coerced`, `get_argument_values`, `get_directive_values`."""
    assert VariableValues._fields == ("sources", "coerced")
    assert names(get_variable_values) == ["schema", "var_def_nodes", "inputs", "max_errors", "hide_suggestions"]
    assert names(get_argument_values)[:3] == ["type_def", "node", "variable_values"]
    assert names(get_argument_values)[4] == "hide_suggestions"
    assert names(get_directive_values)[:3] == ["directive_def", "node", "variable_values"]


def test_a_resolver_is_told_as_much_as_before() -> None:
    """`GraphQLResolveInfo` has no field that a plan does not know of."""
    assert list(GraphQLResolveInfo._fields) == [
        *("field_name", "field_nodes", "return_type", "parent_type", "path", "schema", "fragments", "root_value"),
        *("operation", "variable_values", "context", "is_awaitable", "abort_signal", "async_helpers"),
    ]


def test_nothing_else_of_the_planner_touches_what_is_private() -> None:
    """Every other file imports graphql's and strawberry's public names alone, and reads no name with an underscore."""
    for path in Path("execution/planned").glob("*.py"):
        if path.name == "library.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module and not path.name.startswith("_"):
                deep = node.module.startswith(("graphql.", "strawberry."))
                assert not deep or node.module == "graphql.execution.values", (path.name, node.module)
            if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.startswith("__"):
                own = isinstance(node.value, ast.Name) and node.value.id in ("self", "fault", "context")
                assert own or node.attr == "_replace", (path.name, node.attr)


def test_ordinary_execution_goes_on_in_slices() -> None:
    """What `execution/slices.py` overrides of graphql-core's executor is there, and takes what it took."""
    executor = StrawberryGraphQLCoreExecutionContext
    assert names(executor.execute_fields)[1:5] == ["parent_type", "source_value", "path", "grouped_field_set"]
    for name in ("complete_iterable_value", "complete_async_iterator_value"):
        assert names(getattr(executor, name))[1:5] == ["item_type", "field_details_list", "info", "path"]
    assert {"hide_suggestions", "max_coercion_errors"} <= set(names(executor.build))


def test_no_resolver_asks_where_it_stands() -> None:
    """`info.path` is None in a plan: a resolver of ours that read it would fail there."""
    rooms = [path for room in ("schema", "resolvers") for path in Path(room).glob("*.py")]
    assert len(rooms) > 50
    assert [str(path) for path in rooms if "info.path" in path.read_text(encoding="utf-8")] == []
