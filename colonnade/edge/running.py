"""Execution within its time: at the deadline what is missing is null, and shortly behind it everything ends."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from strawberry.types import ExecutionResult

from colonnade.edge.refusal import Refusal, refused
from resolvers.graph import PREPARED
from schema.problems import Code

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from colonnade.edge.gate import Admitted
    from colonnade.edge.parameters import Parameters
    from colonnade.telemetry import GraphMetrics
    from colonnade.usage import Tally
    from execution.documents import Prepared
    from resolvers.graph import Schema
    from schema.context import Principal
    from sources.trace import Trace

# How much longer than the deadline an execution may take, for writing down what it did not get.
GRACE: Final = 0.05


class Begun(Protocol):
    """What one request knows; the operations of a batch share it, and so its deadline and its call budget."""

    correlation_id: str
    deadline: float

    @property
    def replayed(self) -> bool:
        """Whether it gave commands, and all of them had been answered before."""
        ...

    def explained(self, prepared: Prepared, asked: Parameters) -> dict[str, Any]:
        """Return how an operation was executed, and how often which system was called for the request so far."""
        ...

    def abandon(self) -> None:
        """End what is still being asked: there is nobody left to be answered."""
        ...


class Graph(NamedTuple):
    """A schema, how a request at it begins, and where it is counted, what it uses of deprecated fields apart.

    A request begins with who asks, its correlation id, its trace, and the idempotency key of its header.
    """

    schema: Schema
    begin: Callable[[Principal, str, Trace, str | None], Begun]
    metrics: GraphMetrics
    tally: Tally | None = None


async def execute(graph: Graph, admitted: Admitted, context: Begun) -> dict[str, Any]:
    """Return the body of an answer, or raise Refusal where nothing was executed or it took too long."""
    began, now = time.perf_counter(), asyncio.get_running_loop().time()
    limit = context.deadline + GRACE * max(context.deadline - now, 0)
    try:
        async with asyncio.timeout_at(limit):
            result = await graph.schema.execute(admitted.prepared.text, **_arguments(admitted, context))
    except TimeoutError as error:
        raise refused(Code.DEADLINE_EXCEEDED, "there was no answer within the deadline") from error
    if result.data is None and result.errors and all(error.path is None for error in result.errors):
        # graphql-core's own word on the variables: no field was asked for.
        raise Refusal(*result.errors)
    graph.metrics.answered(time.perf_counter() - began, errors=bool(result.errors))
    if admitted.measured:
        result.extensions = {**(result.extensions or {}), "cost": admitted.demand._asdict()}
    if admitted.explained:
        plan = context.explained(admitted.prepared, admitted.parameters)
        result.extensions = {**(result.extensions or {}), "plan": plan}
    return formatted(result)


async def stream(graph: Graph, admitted: Admitted, context: Begun) -> AsyncGenerator[dict[str, Any], None]:
    """Yield the bodies of a subscription's answers, until it ends or is closed."""
    results = await graph.schema.stream(admitted.prepared.text, **_arguments(admitted, context))
    async with aclosing(results):
        async for result in results:
            if isinstance(result, ExecutionResult):
                yield formatted(result)


def formatted(result: ExecutionResult) -> dict[str, Any]:
    """Write a result as GraphQL says it."""
    errors = {"errors": [error.formatted for error in result.errors]} if result.errors else {}
    extensions = {"extensions": result.extensions} if result.extensions else {}
    return {"data": result.data, **errors, **extensions}


def _arguments(admitted: Admitted, context: Begun) -> dict[str, Any]:
    return {
        "variable_values": dict(admitted.parameters.variables),
        "context_value": context,
        "operation_name": admitted.parameters.operation_name,
        "operation_extensions": {PREPARED: admitted.prepared.document},
    }
