"""The executor that completes in columns, and the one place that knows graphql-core's and Strawberry's inner names.

graphql-core executes the root fields: their arguments, their order, what their resolvers are told. Whatever object,
list or abstract value comes of one is completed here by a plan; what a plan cannot express is left to graphql-core.
`tests/execution/planned/test_core.py` names everything private that is used here.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast

from cachetools import LRUCache
from graphql import (
    GraphQLObjectType,
    VariableNode,
    Visitor,
    get_argument_values,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    located_error,
    visit,
)
from graphql.execution.executor import invalid_return_type_error
from graphql.pyutils import Path

from execution.planned.columns import FAILED
from execution.planned.had import COLUMN, Told
from execution.planned.plan import Compiler
from execution.planned.running import Run
from execution.slices import SlicedExecutor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from graphql import FieldNode, OperationDefinitionNode

    from execution.planned.columns import Completer, Fault
    from execution.planned.had import Resolver

# Operations whose plans are kept, and how many plans of one: one for each root field and set of skipped fields.
OPERATIONS: Final = 1_000
PLANS: Final = 64
DEFINITION: Final = "strawberry-definition"


class Unplannable(Exception):
    """A plan cannot express this; the message is the reason, by which it is counted."""


class Program:
    """The plans of one operation, which is kept alive by it: it is known by its identity."""

    def __init__(self, operation: OperationDefinitionNode, flags: Iterable[str]) -> None:
        self.operation, self.flags = operation, tuple(flags)
        self.plans: dict[Any, Completer | None] = {}


class PlannedExecutor(SlicedExecutor):
    """Completes what lies below a root field in columns."""

    programs: LRUCache[int, Program] = LRUCache(OPERATIONS)

    def __init__(self, *args: Any, **named: Any) -> None:
        """Plan if the request's context wants it."""
        super().__init__(*args, **named)
        self._planned = getattr(self.context_value, "planned", False)

    @staticmethod
    def counted(reason: str) -> None:
        """Count a root field that was planned, or why it was not."""

    def complete_value(  # noqa: PLR0917  as in graphql-core
        self, return_type: Any, field_details_list: Any, info: Any, path: Path, result: Any, position_context: Any
    ) -> Any:
        """Complete by the plan what a root field has returned."""
        plain = path.prev is not None or result is None or isinstance(result, Exception)
        if not plain and self._planned and is_composite_type(get_named_type(return_type)):
            parent = info.parent_type
            told = Told(parent, parent.fields[info.field_name], field_details_list, info.field_nodes)
            if (plan := self._plan(return_type, told, path, deferred=position_context is not None)) is not None:
                return self._in_columns(plan, result, path)
        return super().complete_value(return_type, field_details_list, info, path, result, position_context)

    async def _in_columns(self, plan: Completer, result: Any, path: Path) -> Any:
        (done,), faults = await plan.complete([result], Run(self))
        for fault in faults:
            error = located_error(fault.error, fault.nodes, [*path.as_list(), *fault.path])
            if done is FAILED:
                raise error
            self.collected_errors.add(error, _longer(path, fault))
        return done

    def _plan(self, return_type: Any, told: Told, path: Path, *, deferred: bool) -> Completer | None:
        """Return the plan for what comes of a root field, None if there is none."""
        program = self._program()
        given = self.variable_values.coerced
        key = (id(self.schema), path.key, *(given.get(name) for name in program.flags))
        if key not in program.plans:
            if len(program.plans) >= PLANS:
                program.plans.clear()
            try:
                program.plans[key] = None if deferred else Compiler(Grammar(self)).completer(return_type, told)
            except Unplannable as reason:
                self.counted(str(reason))
                program.plans[key] = None
        return program.plans[key]

    def _program(self) -> Program:
        program = self.programs.get(id(self.operation))
        if program is None:
            program = self.programs[id(self.operation)] = Program(self.operation, self._flags())
        return program

    def _flags(self) -> Iterable[str]:
        """Return the variables on which it depends what is selected."""
        found = _Flags()
        for node in (self.operation, *(one.definition for one in self.fragments.values())):
            visit(node, found)
        return dict.fromkeys(found.names)

    def info(self, told: Told) -> Any:
        """Return what a resolver is told; its path names the field alone, for a column stands in many places."""
        path = Path(None, told.nodes[0].name.value, told.parent.name)
        return self.build_resolve_info(told.field, list(told.nodes), told.parent, path)

    def arguments(self, told: Told) -> Mapping[str, Any]:
        """Return a field's arguments by the variables of this request, or raise."""
        node = told.nodes[0]
        if not told.field.args:
            return {}
        return get_argument_values(told.field, node, self.variable_values, None, self.hide_suggestions)

    def decided(self, type_: Any, told: Told, value: Any) -> GraphQLObjectType:
        """Return the object type of a value, or raise if it is no value of the type."""
        info = self.info(told)
        if is_abstract_type(type_):
            named = (type_.resolve_type or self.type_resolver)(value, info, type_)
            type_ = self.ensure_valid_runtime_type(named, type_, told.details, info, value)
        if type_.is_type_of is not None and not type_.is_type_of(value, info):
            raise invalid_return_type_error(type_, value, told.details)
        return cast("GraphQLObjectType", type_)


class Grammar:
    """What an executor knows of a document, while a plan is made."""

    def __init__(self, executor: PlannedExecutor) -> None:
        self._executor = executor

    def selected(self, type_: GraphQLObjectType, details: Any) -> Mapping[str, Any]:
        """Return what is selected on an object type, by the keys of the answer."""
        if type_.name.startswith("__"):
            raise Unplannable("introspection")
        found = self._executor.collect_subfields(type_, details)
        if found.new_defer_usages:
            raise Unplannable("defer")
        return found.grouped_field_set

    @staticmethod
    def nodes(details: Any) -> Sequence[FieldNode]:
        """Return the nodes of a selected field."""
        return [one.node for one in details]

    def coercer(self, type_: Any) -> Callable[[Any], Any]:
        """Return how a leaf's value is written."""
        return partial(self._executor.complete_leaf_value, type_)

    def possible(self, type_: Any) -> Iterable[GraphQLObjectType]:
        """Return the object types that a type may be at runtime."""
        return self._executor.schema.get_possible_types(type_) if is_abstract_type(type_) else [type_]

    @staticmethod
    def attribute(told: Told) -> str | None:
        """Return the attribute that answers a field, if that is all there is to it."""
        field = told.field.extensions.get(DEFINITION)
        if field is None or not field.is_basic_field or field.default_resolver is not getattr:
            return None
        return cast("str", field.python_name)

    @staticmethod
    def batch(told: Told) -> Resolver | None:
        """Return how a field is answered for many rows at once, if it is and no argument is given."""
        field = told.field.extensions.get(DEFINITION)
        return None if field is None or told.nodes[0].arguments else field.metadata.get(COLUMN)


class _Flags(Visitor):
    """The variables in directives."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def enter_directive(self, node: Any, *_: object) -> None:
        """Note those of one."""
        values = (argument.value for argument in node.arguments or ())
        self.names += [value.name.value for value in values if isinstance(value, VariableNode)]


def _longer(path: Path, fault: Fault) -> Path:
    for key in fault.path:
        path = path.add_key(key, None)
    return path
