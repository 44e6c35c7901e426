"""One execution of a plan: its request, its variables, and the levels on which it asks."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING, Any

from execution.planned import library
from execution.planned.levels import Levels, Ticket

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    import strawberry
    from graphql import FieldNode, GraphQLField, GraphQLObjectType


class Run:
    """What is the same for the whole of one execution."""

    def __init__(self, schema: strawberry.Schema, operation: library.Operation, tickets: Mapping[Ticket, int]) -> None:
        self.schema, self.operation = schema, operation
        self.context: Any = operation.context
        self.levels = Levels(tickets, self.context.load_all)

    def turn(self, tickets: Iterable[Ticket]) -> None:
        """Begin levels anew: what a change asks for its payload, it shares with nobody before it or behind it."""
        self.levels = Levels(Counter(tickets), self.context.load_all)


class Place:
    """One field of a plan: where it stands in the schema and in the document."""

    def __init__(self, parent: GraphQLObjectType, field: GraphQLField, nodes: Sequence[FieldNode], level: int) -> None:
        self.parent, self.field, self.nodes, self.level = parent, field, nodes, level

    @property
    def name(self) -> str:
        """The field's name in GraphQL."""
        return self.nodes[0].name.value

    @property
    def where(self) -> str:
        """The field as messages name it."""
        return f"{self.parent.name}.{self.name}"

    def info(self, run: Run) -> Any:
        """Return what a resolver is told of it."""
        return library.info(run.operation, self.parent, self.field, self.nodes)


class Standing:
    """A column within an execution: what a field that is answered by columns may lean on."""

    def __init__(self, place: Place, run: Run, questions: Sequence[str]) -> None:
        self.context = run.context
        self._place, self._run = place, run
        self._left = [Ticket(place.level + step, question) for step, question in enumerate(questions)]

    @cached_property
    def field(self) -> str:
        """The field's name in GraphQL."""
        return self._place.name

    async def ask(self, question: str, keys: Collection[Any]) -> Mapping[Any, Any]:
        """Return a question's answers, asked together with all who ask it on this level."""
        while self._left:
            ticket = self._left.pop(0)
            if ticket.question == question:
                return await self._run.levels.ask(ticket, keys)
            self._run.levels.leave((ticket,))
        answers: Mapping[Any, Any] = await self._run.context.load_all(question, keys)
        return answers

    def leave(self) -> None:
        """Give up what has not been asked."""
        self._run.levels.leave(self._left)
        self._left = []
