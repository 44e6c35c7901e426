"""What a command holds, value by value: of its input and of its writes, each with its path and who may not read it.

A field that is annotated with a `Restriction`, on an input or on a write, is of that kind with all that it is made of.
"""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import msgspec
from strawberry.utils.str_converters import to_camel_case

from schema.restriction import Restriction
from schema.rows import Ref
from schema.values import Money
from sources.writes import Later

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Value(NamedTuple):
    """One value: where it stands, in the words of the graph, and as text. `amount` says that money hangs on it."""

    path: str
    text: str
    kind: Restriction | None = None
    amount: bool = False


def values(holder: Any) -> Iterator[Value]:
    """List what stands in an input, in a write, or in what a step brought. What is null is left out."""
    yield from _within(holder, "", None, amount=False)


def _within(value: Any, path: str, kind: Restriction | None, *, amount: bool) -> Iterator[Value]:
    if value is None:
        return
    parts = _parts(value)
    if parts is None:
        yield Value(path, _text(value), kind, amount or isinstance(value, Decimal))
        return
    of_money = amount or isinstance(value, Money)
    for name, part, own in parts:
        yield from _within(part, f"{path}.{name}" if path else name, kind or own, amount=of_money)


def _parts(value: Any) -> list[tuple[str, Any, Restriction | None]] | None:
    """Return what a value is made of, by name; None of one that is shown as a text."""
    if isinstance(value, Ref | Later):
        return None
    if isinstance(value, list | tuple):
        return [(str(index), item, None) for index, item in enumerate(value)]
    if isinstance(value, Mapping):
        return [(to_camel_case(name), part, None) for name, part in value.items()]
    if isinstance(value, msgspec.Struct) or dataclasses.is_dataclass(value):
        holder: Any = type(value)
        kinds = restrictions(holder)
        return [(to_camel_case(name), getattr(value, name), kind) for name, kind in kinds.items()]
    return None


@cache
def restrictions(holder: Any) -> Mapping[str, Restriction | None]:
    """Return the fields of an input or a write, each with its kind, None where everybody may read it."""
    hints = typing.get_type_hints(holder, include_extras=True)
    if issubclass(holder, msgspec.Struct):
        names: Iterable[str] = holder.__struct_fields__
    else:
        names = [field.name for field in dataclasses.fields(holder)]
    return {name: _kind(hints[name]) for name in names}


def _kind(hint: Any) -> Restriction | None:
    marks = [
        mark
        for one in (hint, *typing.get_args(hint))
        if typing.get_origin(one) is Annotated
        for mark in one.__metadata__
    ]
    return next((mark for mark in marks if isinstance(mark, Restriction)), None)


def _text(value: Any) -> str:
    if isinstance(value, Ref):
        return value.encode()
    if isinstance(value, Later):
        return f"{value.value} of {value.later}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Enum):
        return value.name
    return value.isoformat() if isinstance(value, date) else str(value)
