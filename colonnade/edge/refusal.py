"""Why something is not executed, in the transport's words: a status, headers, and errors as GraphQL writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from graphql import GraphQLError

from schema.problems import Code, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

# What is wrong with the document or its variables: who accepts only application/json reads of it beside status 200.
OF_THE_DOCUMENT: Final = frozenset(
    {
        Code.GRAPHQL_PARSE_FAILED,
        Code.GRAPHQL_VALIDATION_FAILED,
        Code.OPERATION_RESOLUTION_FAILURE,
        Code.TOO_COMPLEX,
        Code.COST_EXCEEDED,
        Code.PERSISTED_QUERY_NOT_FOUND,
        Code.BAD_INPUT,
    }
)
BEARER: Final = {"WWW-Authenticate": "Bearer"}


class Refusal(Exception):
    """Nothing was executed, for these reasons. The first one's code says the status."""

    def __init__(self, *errors: GraphQLError | Problem, headers: Mapping[str, str] | None = None) -> None:
        """Take the reasons, and headers that help to ask better."""
        super().__init__(*errors)
        self.errors = errors
        self.code = Code[(errors[0].extensions or {})["code"]]
        self.headers = {**(BEARER if self.code is Code.UNAUTHENTICATED else {}), **(headers or {})}

    def status(self, *, legacy: bool) -> int:
        """Return the HTTP status, by the media type of the answer: `legacy` is application/json."""
        return 200 if legacy and self.code in OF_THE_DOCUMENT else self.code.status

    def formatted(self, correlation_id: str) -> dict[str, Any]:
        """Return the body: errors and no data."""
        return {"errors": [_formatted(error, correlation_id) for error in self.errors]}


def refused(code: Code, message: str, *, headers: Mapping[str, str] | None = None, **details: str) -> Refusal:
    """Return a refusal for one reason."""
    return Refusal(Problem(code, message, **details), headers=headers)


def _formatted(error: GraphQLError | Problem, correlation_id: str) -> dict[str, Any]:
    said = GraphQLError(str(error), extensions=error.extensions) if isinstance(error, Problem) else error
    return {**said.formatted, "extensions": {**(said.extensions or {}), "correlationId": correlation_id}}
