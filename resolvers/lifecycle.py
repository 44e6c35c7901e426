"""How the contract changes: nothing goes that was not deprecated, and a deprecation names the day of removal."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from graphql import REMOVE, build_ast_schema, parse, visit
from graphql.language import Visitor
from graphql.type import is_enum_type, is_input_object_type, is_interface_type, is_object_type
from graphql.utilities import find_schema_changes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from graphql import DocumentNode, GraphQLSchema

REMOVAL: Final = re.compile(r"Removal: (\d{4}-\d{2}-\d{2})$")


class LifecycleError(ValueError):
    """Something is deprecated without a day on which it goes; one finding a line."""


class Change(NamedTuple):
    """A difference from the released contract. `grade` is BREAKING, DANGEROUS, SAFE, or OVERDUE: it should be gone."""

    grade: str
    description: str


def removal(reason: str | None) -> date | None:
    """Return the day of removal that a deprecation's reason ends with, None where it names none."""
    found = REMOVAL.search(reason or "")
    try:
        return date.fromisoformat(found[1]) if found else None
    except ValueError:
        return None


def deprecations(schema: GraphQLSchema) -> Iterator[tuple[str, str]]:
    """List what is deprecated, as `Type.field`, `Type.field(argument)` or `Enum.VALUE`, with its reason."""
    for name, type_ in schema.type_map.items():
        members: dict[str, Any] = {}
        if is_object_type(type_) or is_interface_type(type_) or is_input_object_type(type_):
            members = type_.fields
        elif is_enum_type(type_):
            members = type_.values
        for member, element in members.items():
            if element.deprecation_reason is not None:
                yield f"{name}.{member}", element.deprecation_reason
            for argument, said in getattr(element, "args", {}).items():
                if said.deprecation_reason is not None:
                    yield f"{name}.{member}({argument})", said.deprecation_reason


def dated(schema: GraphQLSchema) -> None:
    """Raise LifecycleError where something is deprecated without a day of removal."""
    undated = [where for where, reason in deprecations(schema) if not where.startswith("__") and not removal(reason)]
    if undated:
        cure = "end its reason with 'Removal: YYYY-MM-DD'"
        raise LifecycleError("\n".join(f"{where} is deprecated without a date: {cure}" for where in undated))


def compare(released: str, present: str, today: date) -> list[Change]:
    """Return how a contract differs from the released one, the worst first.

    What was released as deprecated may go from its day of removal on; what is still there on that day is OVERDUE.
    """
    old, new = _built(_without_gone(parse(released), today)), contract_of(present)
    changes = [
        Change(change.type.__class__.__name__.removesuffix("ChangeType").upper(), change.description)
        for change in find_schema_changes(old, new)
    ]
    late = [where for where, reason in deprecations(new) if (day := removal(reason)) is not None and day <= today]
    order = ["BREAKING", "DANGEROUS", "OVERDUE", "SAFE"]
    overdue = [Change("OVERDUE", f"{where} should have been removed by now") for where in late]
    return sorted(changes + overdue, key=lambda change: (order.index(change.grade), change.description))


def contract_of(printed: str) -> GraphQLSchema:
    """Read a printed contract, or raise GraphQLError."""
    return _built(parse(printed))


def _built(document: DocumentNode) -> GraphQLSchema:
    # Federation's own directives are imported by @link and defined nowhere.
    return build_ast_schema(document, assume_valid=True, assume_valid_sdl=True)


class _Gone(Visitor):
    """Takes out of a released contract whatever has had its day."""

    def __init__(self, today: date) -> None:
        super().__init__()
        self._today = today

    def enter(self, node: Any, *_: Any) -> Any:
        for directive in getattr(node, "directives", None) or ():
            if directive.name.value == "deprecated" and directive.arguments:
                day = removal(directive.arguments[0].value.value)
                if day is not None and day <= self._today:
                    return REMOVE
        return None


def _without_gone(document: DocumentNode, today: date) -> DocumentNode:
    return visit(document, _Gone(today))  # type: ignore[no-any-return]
