"""Plans, and their execution; and the word by which each operation is counted that took the ordinary road."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import structlog
from cachetools import LRUCache
from graphql import (
    ExecutionResult,
    FragmentDefinitionNode,
    OperationDefinitionNode,
    OperationType,
    located_error,
)

from execution.planned import library
from execution.planned.columns import NULLED
from execution.planned.compiling import Compiler, Unplanned
from execution.planned.explaining import Told, told
from execution.planned.running import Run
from execution.sizes import Sizes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import strawberry
    from graphql import DocumentNode
    from graphql.execution.values import VariableValues

    from execution.planned.levels import Ticket
    from execution.planned.rows import Selection

log = structlog.get_logger("colonnade.plans")

# What is kept, the least recently used going first: characters of documents, and fields of plans. What is
# small takes room as well: a thousand of each are the most.
CHARACTERS: Final = 300_000
FIELDS: Final = 10_000
SHARE: Final = 1_000


class Plan:
    """A selection over the root, and how many ask each question on each level."""

    def __init__(self, root: Selection, fields: int) -> None:
        self.root, self.fields = root, fields
        self.tickets: Mapping[Ticket, int] = Counter(root.tickets)


class Program:
    """One operation of a document: what its plans have in common."""

    def __init__(self, text: str, document: DocumentNode, name: str | None) -> None:
        self.characters = len(text)
        named = [
            each
            for each in document.definitions
            if isinstance(each, OperationDefinitionNode) and (name is None or (each.name and each.name.value == name))
        ]
        if len(named) != 1:
            raise Unplanned("operation")
        self.operation = named[0]
        if self.operation.operation is OperationType.SUBSCRIPTION:
            raise Unplanned("subscription")
        self.fragments = {
            each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)
        }
        # The variables whose values choose the plan.
        self.choosing = tuple(sorted(library.choosing(document)))


Known: TypeAlias = "Program | Unplanned"


class Planner:
    """Executes operations by plans. `unplanned` is told the reason of each that ordinary execution has to do."""

    def __init__(self, schema: strawberry.Schema, unplanned: Callable[[str], None]) -> None:
        self._schema, self._core, self._unplanned = schema, library.core(schema), unplanned
        self._wrapped = library.wrapped(schema)
        self._programs: LRUCache[tuple[str, str | None], Known] = LRUCache(CHARACTERS, _characters)
        self._plans: LRUCache[tuple[Program, tuple[Any, ...]], Plan | Unplanned] = LRUCache(FIELDS, _fields)

    async def execute(
        self, text: str, document: DocumentNode, name: str | None, variables: Mapping[str, Any], context: Any
    ) -> ExecutionResult | None:
        """Return the result of an operation of a document that was checked; None where ordinary execution has to do it.

        `text` is the document's: by it plans are found again.
        """
        try:
            program = self._program(text, document, name)
            values = library.variables_of(self._core, program.operation.variable_definitions or (), variables)
            if isinstance(values, list):
                # Ordinary execution says what is wrong with them.
                raise Unplanned("variables")  # noqa: TRY301
            plan = self._plan(program, values)
        except Unplanned as reason:
            self._unplanned(str(reason))
            return None
        operation = library.Operation(self._core, program.fragments, program.operation, values, context)
        try:
            return await _executed(plan, Run(self._schema, operation, plan.tickets))
        except Exception:
            if program.operation.operation is not OperationType.QUERY:
                raise  # it may have changed something already
            log.exception("a plan failed")
            self._unplanned("failed")
            return None

    def explained(self, text: str, document: DocumentNode, name: str | None, variables: Mapping[str, Any]) -> Told:
        """Return what is asked by the plan of an operation, or raise Unplanned; whatever may be selected is."""
        program = self._program(text, document, name)
        sizes = Sizes(self._core, program.operation, variables)
        return told(self._plan(program, library.everything(document)).root, sizes)

    def _program(self, text: str, document: DocumentNode, name: str | None) -> Program:
        if self._wrapped:
            raise Unplanned("wrapped")
        known = self._programs.get((text, name))
        if known is None:
            try:
                known = Program(text, document, name)
            except Unplanned as reason:
                known = reason
            self._programs[text, name] = known
        if isinstance(known, Unplanned):
            raise Unplanned(*known.args)
        return known

    def _plan(self, program: Program, variables: VariableValues) -> Plan:
        key = program, tuple(variables.coerced.get(name) for name in program.choosing)
        known = self._plans.get(key)
        if known is None:
            try:
                compiler = Compiler(self._core, program.fragments, variables)
                known = Plan(compiler.plan(program.operation), compiler.fields)
            except Unplanned as reason:
                known = reason
            self._plans[key] = known
        if isinstance(known, Unplanned):
            raise Unplanned(*known.args)
        return known


def _characters(known: Known) -> int:
    return max(known.characters if isinstance(known, Program) else 0, CHARACTERS // SHARE)


def _fields(known: Plan | Unplanned) -> int:
    return max(known.fields if isinstance(known, Plan) else 0, FIELDS // SHARE)


async def _executed(plan: Plan, run: Run) -> ExecutionResult:
    root = plan.root
    done = await root.later([None], run) if root.waits else root.now([None], run)
    data = None if done.values[0] is NULLED else done.values[0]
    errors = [located_error(fault.error, fault.nodes, list(fault.path)) for fault in done.faults]
    return ExecutionResult(data, errors or None)
