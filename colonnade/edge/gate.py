"""The gate: every operation passes here before anything is executed, whatever it came by.

    may they ask now at all? ── which document is meant? ── is it one? ── may they ask for this? ── is it too much?

Each step refuses with its own code, and what is refused has cost nothing upstream.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from graphql import OperationType

from colonnade.edge.rates import Rates
from colonnade.edge.refusal import Refusal, refused
from execution.demand import NONE, Demand, demand
from execution.documents import Prepared
from execution.limits import Limits, crowded
from schema.problems import Code

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from graphql import OperationDefinitionNode

    from colonnade.edge.parameters import Parameters
    from colonnade.edge.running import Graph
    from colonnade.edge.texts import Texts
    from colonnade.edge.visitors import Visitor
    from colonnade.settings import Demand as Most
    from execution.documents import Documents


class Admitted(NamedTuple):
    """An operation that may be executed, and what it asks for at most."""

    prepared: Prepared
    operation: OperationDefinitionNode
    parameters: Parameters
    demand: Demand
    # Whether the answer is to tell it: where it is only measured, who asks is to learn what will count one day.
    measured: bool
    # Whether it is to tell how it was executed, too: to whoever may see the schema.
    explained: bool = False

    @property
    def streams(self) -> bool:
        """Whether it is a subscription."""
        return self.operation.operation is OperationType.SUBSCRIPTION


class Gate:
    """Judges what is asked, by the rights of who asks and by the maxima of the configuration."""

    def __init__(self, graph: Graph, documents: Documents, texts: Texts, most: Most) -> None:
        self._schema, self._metrics, self._tally = graph.schema.core, graph.metrics, graph.tally
        self._documents, self._texts = documents, texts
        self._rates, self._most = Rates(most), most

    async def admit(
        self, asked: Sequence[Parameters], visitor: Visitor, fits: Callable[[OperationType], None]
    ) -> list[Admitted | Refusal]:
        """Judge the operations of one request, which share its maxima; raise Refusal if none may be asked now.

        `fits` raises Refusal for a kind of operation that the transport does not carry.
        """
        # One for each, before it is even read: a document that is none costs time as well.
        await self._rates.spend(visitor.account, len(asked))
        judged: list[Admitted | Refusal] = []
        spent = NONE
        for one in asked:
            try:
                admitted = self._judge(one, visitor, fits, spent)
            except Refusal as refusal:
                judged.append(refusal)
            else:
                spent = spent.plus(admitted.demand)
                judged.append(admitted)
        await self._rates.spend(visitor.account, spent.cost - len(asked))
        return judged

    def _judge(
        self, asked: Parameters, visitor: Visitor, fits: Callable[[OperationType], None], spent: Demand
    ) -> Admitted:
        text = self._texts.meant(asked, visitor)
        prepared = self._documents.prepare(text)
        if not isinstance(prepared, Prepared):
            raise Refusal(*prepared)
        self._texts.keep(asked)
        operation = prepared.operation(asked.operation_name)
        if operation is None:
            raise refused(Code.OPERATION_RESOLUTION_FAILURE, "it is not clear which operation of the document is meant")
        fits(operation.operation)
        _permit(prepared, visitor)
        if (excess := crowded(asked.variables, Limits())) is not None:
            raise refused(Code.TOO_COMPLEX, excess)
        asks = demand(self._schema, prepared, operation, asked.variables)
        self._metrics.demanded(asks.cost)
        self._bound(spent.plus(asks))
        if self._tally is not None:
            self._tally.count(prepared.deprecated, visitor.client)
        explained = asked.plan and visitor.principal.rights.introspection
        return Admitted(prepared, operation, asked, asks, measured=not self._most.enforce, explained=explained)

    def _bound(self, asks: Demand) -> None:
        if not self._most.enforce:
            return
        for name, figure, most in (
            ("costs", asks.cost, self._most.cost),
            ("may answer with values:", asks.values, self._most.values),
        ):
            if figure > most:
                raise refused(Code.COST_EXCEEDED, f"this {name} {figure}; {most} is the most for one request")


def _permit(prepared: Prepared, visitor: Visitor) -> None:
    rights = visitor.principal.rights
    federates = visitor.federates or rights.federation
    if prepared.asks_schema and not rights.introspection:
        raise refused(Code.FORBIDDEN, "the schema is not shown to this caller")
    if prepared.asks_service and not (rights.introspection or federates):
        raise refused(Code.FORBIDDEN, "the schema is not shown to this caller")
    if prepared.asks_entities and not federates:
        raise refused(Code.FORBIDDEN, "only the router of a supergraph asks for '_entities'")
