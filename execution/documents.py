"""Documents, each read and checked once: what is known of a document does not depend on who sends it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec
from cachetools import LRUCache
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    parse,
    specified_rules,
    validate,
)
from graphql.validation import OverlappingFieldsCanBeMergedRule
from graphql.validation.validate import ValidationAbortedError
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from execution.limits import Limits, comparing, exceeded
from schema.problems import Code

if TYPE_CHECKING:
    from collections.abc import Iterator

    from graphql import GraphQLSchema

TOLD = 200
PLACES = 3
# An entry takes the room of a thousand characters at least: so one measure bounds both how many are kept and how long.
ROOM = 1_000


class Prepared(msgspec.Struct, frozen=True, eq=False):
    """A document that may be executed, with what the edge must know of it. It may hold several operations.

    `demands` is what its operations were reckoned to ask for, kept by `execution/demand.py`.
    """

    text: str
    document: DocumentNode
    operations: tuple[OperationDefinitionNode, ...]
    asks_schema: bool
    asks_service: bool
    asks_entities: bool
    deprecated: tuple[str, ...]
    demands: dict[Any, Any] = msgspec.field(default_factory=dict)

    def operation(self, name: str | None) -> OperationDefinitionNode | None:
        """Return the operation of that name, or without a name the only one; None if it is not clear which."""
        named = [
            each for each in self.operations if name is None or (each.name is not None and each.name.value == name)
        ]
        return named[0] if len(named) == 1 else None


Outcome: TypeAlias = "Prepared | list[GraphQLError]"


class Documents:
    """Prepares documents, and keeps those of the last `kept`, or fewer if they are long. Errors are kept apart.

    What is refused can so never drive out what is in use.
    """

    def __init__(self, schema: GraphQLSchema, limits: Limits, kept: int = 1_000) -> None:
        self._schema = schema
        self._limits = limits
        self._rules = (
            *(rule for rule in specified_rules if rule is not OverlappingFieldsCanBeMergedRule),
            comparing(limits.comparisons),
            MaybeNullValidationRule,
            OneOfInputValidationRule,
        )
        self._good: LRUCache[str, Prepared] = LRUCache(kept * ROOM, lambda prepared: _room(prepared.text))
        self._refused: LRUCache[str, tuple[str, list[GraphQLError]]] = LRUCache(
            kept * ROOM / 10, lambda it: _room(it[0])
        )

    def prepare(self, text: str) -> Outcome:
        """Return the prepared document, or why it is refused; it never raises."""
        if (known := self._good.get(text)) is not None:
            return known
        if (refused := self._refused.get(text)) is not None:
            return refused[1]
        outcome = self._prepared(text)
        if isinstance(outcome, Prepared):
            self._good[text] = outcome
        elif len(text) <= self._limits.characters:
            self._refused[text] = text, outcome
        return outcome

    def _prepared(self, text: str) -> Outcome:
        limits = self._limits
        if len(text) > limits.characters:
            return [_error(Code.TOO_COMPLEX, f"the document is longer than {limits.characters} characters")]
        try:
            document = parse(text, max_lexical_tokens=limits.tokens, max_comments=limits.comments)
        except GraphQLError as error:
            # The parser's own limits say so at the end of their message, and in no other way.
            aborted = error.message.endswith("Parsing aborted.")
            return [_coded(error, Code.TOO_COMPLEX if aborted else Code.GRAPHQL_PARSE_FAILED)]
        if (excess := exceeded(document, limits)) is not None:
            return [_error(Code.TOO_COMPLEX, excess)]
        errors = validate(self._schema, document, self._rules, limits.errors, hide_suggestions=True)
        if not errors:
            return _of(self._schema, text, document)
        return list(self._coded_all(errors))

    def _coded_all(self, errors: list[GraphQLError]) -> Iterator[GraphQLError]:
        for error in errors:
            aborted = isinstance(error, ValidationAbortedError) and len(errors) <= self._limits.errors
            yield _coded(error, Code.TOO_COMPLEX if aborted else Code.GRAPHQL_VALIDATION_FAILED)


def _room(text: str) -> int:
    return max(ROOM, len(text))


def _error(code: Code, message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": code.name, "retryable": code.retryable})


def _coded(error: GraphQLError, code: Code) -> GraphQLError:
    """Say the error again, short, in letters that can be written, and without holding on to the document's nodes."""
    message = error.message.encode("utf-8", "replace").decode()
    short = message if len(message) <= TOLD else f"{message[:TOLD]}..."
    return GraphQLError(
        short,
        source=error.source,
        positions=list(error.positions or ())[:PLACES] or None,
        extensions={"code": code.name, "retryable": code.retryable},
    )


def _of(schema: GraphQLSchema, text: str, document: DocumentNode) -> Prepared:
    asked = set(_asked(schema, document))
    query = schema.query_type
    names = {field for parent, field, _ in asked if parent is query}
    return Prepared(
        text=text,
        document=document,
        operations=tuple(each for each in document.definitions if isinstance(each, OperationDefinitionNode)),
        asks_schema=not names.isdisjoint(("__schema", "__type")),
        asks_service="_service" in names,
        asks_entities="_entities" in names,
        deprecated=tuple(sorted(f"{parent.name}.{field}" for parent, field, old in asked if old)),
    )


def _asked(schema: GraphQLSchema, document: DocumentNode) -> Iterator[tuple[Any, str, bool]]:
    """Yield each field that a valid document asks for: its type, its name, and whether it is deprecated."""
    stack = list(_begin(schema, document))
    while stack:
        parent, selected = stack.pop()
        for node in selected.selections:
            if isinstance(node, FieldNode):
                field: Any = schema.get_field(parent, node.name.value)
                yield parent, node.name.value, field.deprecation_reason is not None
                if node.selection_set is not None:
                    stack.append((get_named_type(field.type), node.selection_set))
            elif isinstance(node, InlineFragmentNode):
                on = node.type_condition
                stack.append((parent if on is None else schema.type_map[on.name.value], node.selection_set))


def _begin(schema: GraphQLSchema, document: DocumentNode) -> Iterator[tuple[Any, SelectionSetNode]]:
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            yield schema.get_root_type(definition.operation), definition.selection_set
        elif isinstance(definition, FragmentDefinitionNode):
            yield schema.type_map[definition.type_condition.name.value], definition.selection_set
