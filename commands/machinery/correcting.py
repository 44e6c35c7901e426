"""A write corrected by a person: values set by their paths, each held against what its field may be.

A wrong type, a field that there is not and a record of another type are refused; nothing of a write is free text that a
system would take for more.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Sequence
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, TypeVar

import msgspec
from strawberry.utils.str_converters import to_camel_case

from commands.machinery.values import restrictions
from schema.problems import Problem
from schema.rows import Ref
from schema.values import DIGITS, Money
from sources.writes import Later, Write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schema.restriction import Restriction

W = TypeVar("W", bound=Write)


class Edit(NamedTuple):
    """A value to be set: its path as it is shown, and the text; None clears it."""

    path: str
    value: str | None


class CorrectionError(Exception):
    """A value that cannot be set: the path, and why."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(message)
        self.path = path


class Corrected(NamedTuple):
    """A write as it is to be. `amount` says that money or hours were changed, `kinds` which restricted values."""

    write: Write
    amount: bool
    kinds: frozenset[Restriction]


class _Place(NamedTuple):
    """Where a value stands: what holds it, under which name, and what it may be."""

    holder: Any
    name: Any
    hint: Any
    amount: bool
    kind: Restriction | None


def corrected(write: Write, edits: Sequence[Edit]) -> Corrected:
    """Return a write with other values, or raise CorrectionError."""
    kinds: set[Restriction] = set()
    tree, amount = msgspec.json.decode(msgspec.json.encode(write)), False
    for edit in edits:
        place = _place(type(write), tree, edit.path)
        place.holder[place.name] = _said(place, edit)
        amount = amount or place.amount
        kinds |= {place.kind} if place.kind else set()
    try:
        made = msgspec.convert(tree, type(write))
    except msgspec.ValidationError as error:
        raise CorrectionError(edits[-1].path, f"with this the write is not whole: {error}") from error
    return Corrected(made, amount, frozenset(kinds))


def _place(hint: Any, tree: Any, path: str) -> _Place:
    """Find a place in a write that was said as JSON. What was null until now begins to be with its first part."""
    holder, name, amount, kind = {"": tree}, "", False, None
    for part in path.split("."):
        if holder[name] is None:
            holder[name] = dict.fromkeys(own for own, *_ in _fields(hint, None).values())
        holder, known = holder[name], _fields(hint, holder[name])
        if part not in known:
            raise CorrectionError(path, "there is no such value; name it by a path that is shown")
        amount = amount or Money in _kinds(hint)
        name, hint, own = known[part]
        kind = kind or own
    return _Place(holder, name, hint, amount or Decimal in _kinds(hint) or Money in _kinds(hint), kind)


def _fields(hint: Any, node: Any) -> dict[str, tuple[Any, Any, Restriction | None]]:
    """Return what a value is made of, by the names of the graph: the name in JSON, what it may be, and its kind."""
    for one in _kinds(hint):
        if isinstance(one, type) and one is not Later and (issubclass(one, Write) or dataclasses.is_dataclass(one)):
            hints = typing.get_type_hints(one, include_extras=True)
            return {to_camel_case(name): (name, hints[name], kind) for name, kind in restrictions(one).items()}
        if typing.get_origin(one) is tuple and isinstance(node, Sequence):
            return {str(index): (index, typing.get_args(one)[0], None) for index in range(len(node))}
    return {}


def _said(place: _Place, edit: Edit) -> Any:
    """Return a text as the value that it means, as JSON."""
    kinds = list(_kinds(place.hint))
    if edit.value is None:
        if type(None) not in kinds:
            raise CorrectionError(edit.path, "it must not be null")
        return None
    if Ref in kinds:
        return _record(place.holder[place.name], edit.path, edit.value)
    for one in kinds:
        if isinstance(one, type) and issubclass(one, Enum):
            if edit.value not in one.__members__:
                raise CorrectionError(edit.path, f"it is one of {', '.join(one.__members__)}")
            return one[edit.value].value
    if Decimal in kinds and not DIGITS.fullmatch(edit.value):
        raise CorrectionError(edit.path, "it is written in digits")
    if _fields(place.hint, place.holder[place.name]):
        raise CorrectionError(edit.path, "it is made of parts: set one of them")
    try:
        return msgspec.to_builtins(msgspec.convert(edit.value, place.hint, strict=False))
    except msgspec.ValidationError as error:
        raise CorrectionError(edit.path, f"it has another type: {error}") from error


def _record(before: Any, path: str, text: str) -> list[str]:
    ref = Ref.decode(text)
    # Of what was not named before, or comes of an earlier step, nothing tells which type it may have.
    if isinstance(ref, Problem) or not isinstance(before, Sequence) or ref.type != before[0]:
        raise CorrectionError(path, "it is the id of a record of the same type as before")
    return [ref.type, ref.binding, ref.id]


def _kinds(hint: Any) -> Iterator[Any]:
    """List what a value may be, without what is only said about it."""
    if typing.get_origin(hint) is Annotated:
        yield from _kinds(typing.get_args(hint)[0])
    elif typing.get_origin(hint) in {typing.Union, types.UnionType}:
        for one in typing.get_args(hint):
            yield from _kinds(one)
    else:
        yield hint
