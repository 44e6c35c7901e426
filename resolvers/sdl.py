"""The contract in print: sorted by name, so that a diff shows a change and nothing else."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from graphql import DocumentNode, parse, print_ast

if TYPE_CHECKING:
    from resolvers.graph import Schema

PARTS = ("fields", "arguments", "values")


def sdl(schema: Schema) -> str:
    """Print the schema. Strawberry's own `sort_schema` prints a composed directive twice, which is no valid SDL."""
    definitions = [_sorted(definition) for definition in parse(schema.as_str(), no_location=True).definitions]
    return print_ast(DocumentNode(definitions=tuple(sorted(definitions, key=_by_kind)))) + "\n"


def _sorted(node: Any) -> Any:
    lists = {part: items for part in PARTS if isinstance(items := getattr(node, part, None), tuple) and items}
    return dataclasses.replace(
        node, **{part: tuple(sorted(map(_sorted, items), key=_by_name)) for part, items in lists.items()}
    )


def _by_name(node: Any) -> str:
    return node.name.value  # type: ignore[no-any-return]


def _by_kind(node: Any) -> tuple[bool, bool, str]:
    """Put the schema first, directives next, then the types by name."""
    name = getattr(node, "name", None)
    return name is not None, node.kind != "directive_definition", name.value if name else ""
