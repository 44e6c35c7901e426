"""The graph itself: roots and types put together and checked, errors folded and masked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import strawberry
import structlog
from graphql import ExecutionResult as CoreResult
from graphql import GraphQLError
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext, ExecutionResult

from resolvers.lists import ListQuery
from resolvers.node import NodeQuery
from schema.checks import Questions, check
from schema.problems import Code, Problem, fold
from schema.types import TYPES
from schema.values import scalar_map

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


log = structlog.get_logger("colonnade.graph")

FEDERATION: Final = "2.9"  # 2.10 and 2.11 are refused by one composition library, and @cost needs 2.9


@strawberry.type
class Query(NodeQuery, ListQuery):
    """Everything that can be read."""


class Errors(SchemaExtension):
    """One error per cause, each with its code and the correlation id; nothing unexpected tells its text."""

    async def on_operation(self) -> AsyncIterator[None]:
        """Fold at the very end: both executors say the same, and so does a document that could not be executed."""
        yield
        result = self.execution_context.result
        if isinstance(result, CoreResult | ExecutionResult) and result.errors:
            correlation_id = self.execution_context.context.correlation_id
            result.errors = [
                _signed(error, correlation_id) for error in fold(_masked(error) for error in result.errors)
            ]


def _masked(error: GraphQLError) -> GraphQLError:
    # Without a path it is graphql-core's own word on the request: a variable that is missing or of the wrong type.
    about_request = error.path is None and isinstance(error.original_error, GraphQLError)
    if error.original_error is None or isinstance(error.original_error, Problem) or about_request:
        return error
    log.error("unexpected error", path=error.path, exc_info=error.original_error)
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


class Schema(strawberry.federation.Schema):
    """Strawberry logs every error with its traceback; `Errors` has said what there is to say."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Stay silent: a Problem is an answer, and anything else was logged when it was masked."""


def build(questions: Questions) -> Schema:
    """Return the graph over what the roles answer, or raise OwnershipError."""
    check(TYPES, questions)
    return Schema(
        Query,
        types=TYPES,
        extensions=[Errors],
        federation_version=FEDERATION,
        config=StrawberryConfig(scalar_map=scalar_map()),
    )
