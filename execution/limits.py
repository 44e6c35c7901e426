"""What a document may be made of: linear bounds that keep all that is done with it afterwards short.

Checking a document against the schema costs most: about 30 us a token, and what is quadratic in it (fields and
fragments that might conflict) has a budget of steps in graphql-core, which is made smaller here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableDefinitionNode,
)
from graphql.language.ast import QUERY_DOCUMENT_KEYS
from graphql.validation import OverlappingFieldsCanBeMergedRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from graphql import Node
    from graphql.validation import ASTValidationRule, ValidationContext

CAP = 10**9


class Limits(msgspec.Struct, frozen=True):
    """How much one document may hold. The reasons stand in decision 0024."""

    characters: int = 30_000
    tokens: int = 2_000
    comments: int = 1_000
    depth: int = 30
    """Selection sets and literals within each other, fragments expanded."""
    aliases: int = 200
    directives: int = 100
    roots: int = 50
    """Root fields of an operation, fragments expanded."""
    operations: int = 20
    fragments: int = 100
    variables: int = 100
    literals: int = 500
    inputs: int = 5_000
    """Values in an operation's variables: to coerce each takes 5 us."""
    comparisons: int = 10_000
    """Steps of looking for fields that conflict."""
    errors: int = 5
    """What is wrong with a document, told at once: to print a wrong literal takes as long as it is."""


class Size(msgspec.Struct):
    """How much one document holds: what Limits limits, by the same names; `steps` is what it took to count."""

    depth: int = 0
    aliases: int = 0
    directives: int = 0
    roots: int = 0
    operations: int = 0
    fragments: int = 0
    variables: int = 0
    literals: int = 0
    steps: int = 0


class _Part(msgspec.Struct):
    """A definition by itself, and the fragments that it spreads: name, at which depth, whether at its root."""

    depth: int = 0
    roots: int = 0
    spreads: list[tuple[str, int, bool]] = []


def exceeded(document: DocumentNode, limits: Limits) -> str | None:
    """Say which limit a document exceeds; None if none."""
    size = measure(document, limits.fragments)
    for name in Size.__struct_fields__:
        most = getattr(limits, name, None)
        if most is not None and (held := getattr(size, name)) > most:
            return f"the document has {name} of {held}; it may have {most}"
    return None


def measure(document: DocumentNode, most: int) -> Size:
    """Measure a document, each of its nodes once; what more than `most` fragments add up to is not looked at."""
    size, fragments, operations = Size(), {}, []
    for definition in document.definitions:
        part = _part(definition, size)
        if isinstance(definition, FragmentDefinitionNode):
            size.fragments += 1
            fragments[definition.name.value] = part
        elif isinstance(definition, OperationDefinitionNode):
            size.operations += 1
            operations.append(part)
    # A fragment leads to the next one by recursion.
    if size.fragments <= most:
        _expand(size, fragments, operations)
    return size


def _part(definition: Node, size: Size) -> _Part:
    part = _Part()
    stack: list[tuple[Any, int, bool]] = [(definition, 0, True)]
    while stack:
        node, depth, root = stack.pop()
        size.steps += 1
        if isinstance(node, SelectionSetNode | ListValueNode | ObjectValueNode):
            depth += 1
            part.depth = max(part.depth, depth)
        _count(node, size)
        if isinstance(node, FieldNode):
            part.roots += root
        elif isinstance(node, FragmentSpreadNode):
            part.spreads.append((node.name.value, depth, root))
        inside = root and not isinstance(node, FieldNode)
        stack.extend((child, depth, inside) for child in _children(node))
    return part


def _count(node: Node, size: Size) -> None:
    if isinstance(node, FieldNode):
        size.aliases += node.alias is not None
    elif isinstance(node, DirectiveNode):
        size.directives += 1
    elif isinstance(node, VariableDefinitionNode):
        size.variables += 1
    elif isinstance(node, ValueNode):
        size.literals += 1


def _children(node: Node) -> Iterator[Node]:
    for key in QUERY_DOCUMENT_KEYS.get(node.kind, ()):
        child = getattr(node, key)
        if isinstance(child, tuple | list):
            yield from child
        elif child is not None:
            yield child


def _expand(size: Size, fragments: dict[str, _Part], operations: list[_Part]) -> None:
    known: dict[str, tuple[int, int]] = {}

    def whole(part: _Part) -> tuple[int, int]:
        depth, roots = part.depth, part.roots
        for name, at, root in part.spreads:
            size.steps += 1
            if name not in known:
                # Within itself a fragment adds nothing; that it must not stand there is said by the validation.
                known[name] = (0, 0)
                known[name] = whole(fragments[name]) if name in fragments else (0, 0)
            below, more = known[name]
            depth, roots = max(depth, at + below), min(CAP, roots + more * root)
        return depth, roots

    for part in operations:
        depth, roots = whole(part)
        size.depth, size.roots = max(size.depth, depth), max(size.roots, roots)
    size.depth = max([size.depth, *(whole(part)[0] for part in fragments.values())])


def crowded(variables: Any, limits: Limits) -> str | None:
    """Say that variables hold too many values, which are counted no further than that; None if they do not."""
    stack, held = [variables], 0
    while stack:
        value = stack.pop()
        inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        held += len(inside)
        if held > limits.inputs:
            return f"the variables hold more than {limits.inputs} values"
        stack.extend(inside)
    return None


def comparing(most: int) -> type[ASTValidationRule]:
    """Return the rule that no two fields conflict, giving up after so many steps."""

    class Comparing(OverlappingFieldsCanBeMergedRule):
        def __init__(self, context: ValidationContext) -> None:
            super().__init__(context)
            self.rule_context.remaining_complexity_budget = most

    return Comparing
