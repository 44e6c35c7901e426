"""The graph itself: roots and types put together and checked, errors folded and masked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, cast

import strawberry
import structlog
from graphql import ExecutionResult as CoreResult
from graphql import GraphQLError
from strawberry.extensions import SchemaExtension
from strawberry.federation.schema import FederationAny  # noqa: TC002  Strawberry reads the annotations
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.name_converter import NameConverter
from strawberry.types import ExecutionContext, ExecutionResult, Info

from execution.planned.library import core
from execution.slices import SlicedExecutor
from resolvers.acting import ActMutation
from resolvers.commanding import GivenMutation
from resolvers.following import CommandQuery, CommandSubscription
from resolvers.identity import IdentityQuery
from resolvers.lifecycle import dated
from resolvers.lists import ListQuery
from resolvers.node import NodeQuery
from resolvers.systems import SystemQuery, SystemSubscription
from resolvers.viewer import ViewerQuery
from schema.checks import Questions, check
from schema.problems import Code, Problem, fold
from schema.types import TYPES
from schema.values import scalar_map

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator

    from graphql import GraphQLSchema, GraphQLUnionType
    from strawberry.types import StreamExecutionResult
    from strawberry.types.base import StrawberryObjectDefinition

log = structlog.get_logger("colonnade.graph")

# How many records another subgraph may refer to at once.
REPRESENTATIONS: Final = 1_000
# How many different causes one result writes to the log.
CAUSES: Final = 10
FEDERATION: Final = "2.9"  # 2.10 and 2.11 are refused by one composition library, and @cost needs 2.9


@strawberry.type
class Query(NodeQuery, IdentityQuery, ListQuery, CommandQuery, SystemQuery, ViewerQuery):  # type: ignore[misc]  # made from a table
    """Everything that can be read."""


@strawberry.type
class Mutation(GivenMutation, ActMutation):  # type: ignore[misc]  # made from a table
    """Everything that can be done: commands, and acts on them."""


@strawberry.type
class Subscription(CommandSubscription, SystemSubscription):
    """Everything that is told when it happens."""


# Under this name the edge hands over a document that it has read and checked already.
PREPARED: Final = "prepared"


class Prepared(SchemaExtension):
    """Takes the document that was read and checked before: Strawberry would do both once more."""

    def on_parse(self) -> Iterator[None]:
        """Leave Strawberry nothing to parse and nothing to validate."""
        document = (self.execution_context.operation_extensions or {}).get(PREPARED)
        if document is not None:
            self.execution_context.graphql_document = document
            self.execution_context.validation_rules = ()
        yield


class Errors(SchemaExtension):
    """One error per cause, each with its code and the correlation id; nothing unexpected tells its text."""

    async def on_operation(self) -> AsyncIterator[None]:
        """Fold at the very end: both executors say the same, and so does a document that could not be executed."""
        yield
        self._fold(self.execution_context.result)

    def on_stream_result(self, result: StreamExecutionResult) -> Iterator[None]:
        """Fold each result of a subscription before it is sent."""
        self._fold(result)
        yield

    def _fold(self, result: object) -> None:
        if isinstance(result, CoreResult | ExecutionResult) and result.errors:
            result.errors = told(result.errors, self.execution_context.context.correlation_id)


def told(errors: Iterable[GraphQLError], correlation_id: str) -> list[GraphQLError]:
    """Return errors as a client is told them: folded, masked, signed; what is unexpected is logged."""
    listed = list(errors)
    _log(listed)
    return [_signed(error, correlation_id) for error in fold(_masked(error) for error in listed)]


def _unexpected(error: GraphQLError) -> bool:
    # Without a path it is graphql-core's own word on the request: a variable that is missing or of the wrong type.
    about_request = error.path is None and isinstance(error.original_error, GraphQLError)
    return not (error.original_error is None or isinstance(error.original_error, Problem) or about_request)


def _log(errors: Iterable[GraphQLError]) -> None:
    """Log each cause once: a query that asks for a broken field a thousand times writes no thousand tracebacks."""
    causes: dict[tuple[type, object], list[GraphQLError]] = {}
    for error in filter(_unexpected, errors):
        causes.setdefault(_cause(error.original_error), []).append(error)
    for same in list(causes.values())[:CAUSES]:
        first = same[0]
        log.error("unexpected error", path=first.path, count=len(same), exc_info=first.original_error)
    if len(causes) > CAUSES:
        log.error("unexpected errors", causes=len(causes), shown=CAUSES)


def _cause(error: Exception | None) -> tuple[type, object]:
    """Tell one cause from another: by the kind of the error, and by where it was raised."""
    place = error.__traceback__ if error else None
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    return type(error), place and (place.tb_frame.f_code, place.tb_lineno)


def _masked(error: GraphQLError) -> GraphQLError:
    if not _unexpected(error):
        return error
    return GraphQLError(
        "something unexpected went wrong here",
        nodes=error.nodes,
        path=error.path,
        extensions={"code": Code.INTERNAL_ERROR.name, "retryable": Code.INTERNAL_ERROR.retryable},
    )


def _signed(error: GraphQLError, correlation_id: str) -> GraphQLError:
    bad_input = {"code": Code.BAD_INPUT.name, "retryable": Code.BAD_INPUT.retryable}
    error.extensions = {**bad_input, **(error.extensions or {}), "correlationId": correlation_id}
    return error


class Names(NameConverter):
    """Names types so that nobody takes what goes in for what comes out."""

    def from_input_object(self, input_type: StrawberryObjectDefinition) -> str:
        """Return the name of an input type: it ends in Input, or in Filter."""
        name = super().from_input_object(input_type)
        return name if name.endswith(("Input", "Filter")) else f"{name}Input"


class Schema(strawberry.federation.Schema):
    """Strawberry logs every error with its traceback; `Errors` has said what there is to say."""

    async def execute(self, query: str | None, *rest: Any, **named: Any) -> ExecutionResult:
        """Execute a document that the edge has prepared by a plan, if the request brings a planner, and that has one.

        Strawberry would build its extensions and its contexts first, which takes longer than a small plan.
        """
        context = named.get("context_value")
        planner = getattr(context, "planner", None)
        document = (named.get("operation_extensions") or {}).get(PREPARED)
        if planner is not None and document is not None:
            name, variables = named.get("operation_name"), named.get("variable_values") or {}
            planned = await planner.execute(query or "", document, name, variables, context)
            if planned is not None:
                errors = planned.errors and told(planned.errors, cast("Any", context).correlation_id)
                return ExecutionResult(data=planned.data, errors=errors)
        return await super().execute(query, *rest, **named)

    def entities_resolver(self, info: Info, representations: list[FederationAny]) -> list[FederationAny]:
        """Answer for so many records at most, and with a Problem for each of which it is not said what it is."""
        if len(representations) > REPRESENTATIONS:
            raise Problem(Code.TOO_MANY, f"'representations' may hold {REPRESENTATIONS} at most")
        return [self._entity(info, one) for one in representations]

    def _entity(self, info: Info, representation: Any) -> Any:
        kind = representation.get("__typename") if isinstance(representation, dict) else None
        entities = cast("GraphQLUnionType", self.core.type_map["_Entity"]).types
        if all(kind != entity.name for entity in entities):
            return Problem(
                Code.BAD_INPUT, "a representation is an object whose '__typename' is an entity of this graph"
            )
        # Strawberry takes the name out of what it is given, which a second field may be given as well.
        (entity,) = super().entities_resolver(info, [cast("FederationAny", dict(representation))])
        if isinstance(entity, TypeError):  # of a call with too few names, or too many
            return Problem(Code.BAD_INPUT, f"this representation does not hold a key of {kind}")
        return entity

    @property
    def core(self) -> GraphQLSchema:
        """The same as graphql-core knows it: what documents are checked against."""
        return core(self)

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Stay silent: a Problem is an answer, and anything else was logged when it was masked."""


def build(questions: Questions) -> Schema:
    """Return the graph over what the roles answer, or raise OwnershipError or LifecycleError."""
    check(TYPES, questions)
    graph = schema(Query, Subscription, TYPES, mutation=Mutation)
    dated(graph.core)
    return graph


def schema(
    query: type,
    subscription: type | None = None,
    types: Iterable[type] = (),
    version: Literal["2.3", "2.9"] = FEDERATION,
    mutation: type | None = None,
) -> Schema:
    """Return a schema of any types under this house's rules: its scalars, its errors, its federation version."""
    return Schema(
        query,
        mutation=mutation,
        subscription=subscription,
        types=types,
        extensions=[Prepared, Errors],
        execution_context_class=SlicedExecutor,
        federation_version=version,
        config=StrawberryConfig(scalar_map=scalar_map(), name_converter=Names()),
    )
