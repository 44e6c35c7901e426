"""By what a list can be chosen and ordered: input types made of what the manifests of its owner's role offer.

All manifests of this house together: the contract is the same whichever of them a firm binds. What a bound system
lacks is refused when it is asked for.
"""

from __future__ import annotations

from datetime import date
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import strawberry
from strawberry.types.base import get_object_definition

from schema.connection import Days, Wanted
from schema.graph import HOMES
from schema.rows import Ref
from sources.registry import offered
from sources.selection import TEXTS, kind_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from schema.graph import Home

SEARCH = "Each word stands in the code or the name, as far as the owner searches them; letter case does not matter."


class Choices(NamedTuple):
    """A list's arguments: their types by name, and how what they were given becomes a wish."""

    arguments: Mapping[str, Any]
    filters: Mapping[str, str]

    def wanted(self, filter: Any = None, order: Any = None, search: str | None = None) -> Wanted:  # noqa: A002  GraphQL's word
        """Return the wish. A filter that is null is none."""
        given = {name: getattr(filter, attribute) for attribute, name in self.filters.items()} if filter else {}
        by, descending = order.value if order else (None, False)
        return Wanted({name: value for name, value in given.items() if value is not None}, search, by, descending)


def choices(type_: type) -> Choices:
    """Make the arguments of a type's list."""
    home = HOMES[type_.__name__]
    filters, orders, searched = offered(home)
    for name in (*filters, *orders):
        _readable(type_, name)
    shown = {field.python_name: field.graphql_name for field in get_object_definition(type_, strict=True).fields}
    arguments: dict[str, Any] = {}
    if filters:
        arguments["filter"] = _filter(home, filters, shown) | None
    if orders:
        arguments["order"] = _order(home, orders, shown) | None
    if searched:
        arguments["search"] = Annotated[str | None, strawberry.argument(description=SEARCH)]
    return Choices(arguments, {_flat(name): name for name in filters})


def _readable(type_: type, name: str) -> None:
    """Refuse a restricted field: what may be compared may be found out."""
    fields = get_object_definition(type_, strict=True).fields
    field = next((field for field in fields if field.python_name == name.partition(".")[0]), None)
    if field is not None and field.metadata.get("restricted") is not None:
        raise ValueError(f"{type_.__name__}.{name} is restricted: no list may be chosen or ordered by it")


def _filter(home: Home, names: tuple[str, ...], shown: Mapping[str, str | None]) -> Any:
    fields = {_flat(name): strawberry.field(default=None, name=shown.get(name)) for name in names}
    annotations = {_flat(name): _type(home, name) | None for name in names}
    made = type(f"{home.name}Filter", (), {**fields, "__annotations__": annotations})
    return strawberry.input(made, description="All of these hold. Of a list of values, the field has one.")


def _type(home: Home, name: str) -> Any:
    core, _ = kind_of(home.row, name)
    if core is date:
        return Days
    if core is bool:
        return bool
    member: Any = strawberry.ID if core is Ref else str if core in TEXTS else core
    return list[member]


def _order(home: Home, names: tuple[str, ...], shown: Mapping[str, str | None]) -> Any:
    ways = (("ASC", False), ("DESC", True))
    words = {name: (shown.get(name) or _flat(name)).upper() for name in names}
    members = {f"{words[name]}_{way}": (name, down) for name in names for way, down in ways}
    # Enum's own way to make one has no types that a checker can follow.
    made: Any = Enum(f"{home.name}Order", members)  # type: ignore[misc]
    return strawberry.enum(made, description="Equal ones stand in the order of the owner's ids.")


def _flat(name: str) -> str:
    return name.replace(".", "_")
