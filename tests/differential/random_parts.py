"""What random schemas are made of: values and what may be wrong with them, rows, links, and what is asked for them."""

from __future__ import annotations

import asyncio
import math
from datetime import date
from decimal import Decimal
from enum import Enum
from types import GenericAlias
from typing import TYPE_CHECKING, Any, Optional

import msgspec
import strawberry

from schema.problems import Code, Problem

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Collection, Mapping, Sequence

    from schema.column import At

HALF = 0.5


@strawberry.enum
class Colour(Enum):
    """Three words."""

    RED = "r"
    GREEN = "g"
    BLUE = "b"


@strawberry.type
class Part:
    """A value object, which is no row."""

    amount: Decimal
    day: date | None
    word: Colour | None
    strict: str


def listed(item: Any) -> Any:
    """Return the type of lists of a type."""
    return GenericAlias(list, (item,))


def part(number: int, strict: Any) -> Part:
    """Return a value object."""
    return Part(amount=Decimal(number), day=None, word=list(Colour)[number % 3], strict=strict)


@strawberry.interface
class Named:
    """What some types have in common."""

    key: str
    title: str | None


@strawberry.input
class Wish:
    """What an argument may be."""

    words: list[Colour] | None = None
    limit: int = 2
    inner: Optional["Wish"] = None


PLAIN: list[tuple[Any, Callable[[random.Random], Any]]] = [
    (str, lambda draw: draw.choice(("a", "b\u00e9", "", "null"))),
    (int, lambda draw: draw.randint(-5, 5)),
    (float, lambda draw: draw.choice((0.5, 1.0, -2.25))),
    (bool, lambda draw: draw.random() < HALF),
    (strawberry.ID, lambda draw: f"id{draw.randint(0, 9)}"),
    (Decimal, lambda draw: Decimal(draw.randint(0, 999)).scaleb(-2)),
    (date, lambda draw: date(2026, 1, draw.randint(1, 28))),
    (Colour, lambda draw: draw.choice(list(Colour))),
    (Part, lambda draw: part(draw.randint(0, 9), draw.choice(("s", None)))),
]
# Values that are of no type, or of some.
WRONG: list[Any] = [2**40, math.nan, "word", b"bytes", [1], Decimal(1), True, Colour.RED, "RED"]


class Item(msgspec.Struct):
    """A row of any type: what it holds does not depend on its class."""

    key: str
    kind: str
    values: dict[str, Any]

    def __getattr__(self, name: str) -> Any:
        """Return what the row holds under a name."""
        try:
            return self.values[name]
        except KeyError:
            raise AttributeError(name) from None


class Kind:
    """Whether a row is of a type: by what it says of itself, or by its class alone."""

    def __init__(self, name: str, row: type) -> None:
        self._name, self._row = name, row
        self.by_class = row is not Item

    def __call__(self, value: Any, _info: object) -> bool:
        """Tell it."""
        return isinstance(value, self._row) if self.by_class else getattr(value, "kind", None) == self._name


class Link:
    """A field that asks a question: by the row's key, alone or for a column."""

    key = "key"

    def __init__(self, question: str, first: str | None) -> None:
        self._question, self._first = question, first
        self.questions: Sequence[str] = (question,) if first is None else (first, question)

    async def one(self, row: Any, context: World) -> Any:
        """Return the answer for a row."""
        key = row.key if self._first is None else await context.load(self._first, row.key)
        return key if key is None or isinstance(key, Exception) else await context.load(self._question, _key(key))

    async def column(self, rows: Sequence[Any], at: At, **_arguments: Any) -> list[Any]:
        """Return the answers for rows."""
        keys: list[Any] = [row.key for row in rows]
        if self._first is not None:
            found = await at.ask(self._first, set(keys))
            keys = [found[key] for key in keys]
        wanted = {_key(key) for key in keys if not (key is None or isinstance(key, Exception))}
        said = await at.ask(self._question, wanted) if wanted else {}
        return [key if key is None or isinstance(key, Exception) else said[_key(key)] for key in keys]


def _key(found: Any) -> str:
    return found if isinstance(found, str) else found.key


class World:
    """A request: what it asked for, once each, and what it changed, in order."""

    def __init__(self, answers: Mapping[str, Mapping[str, Any]]) -> None:
        self._answers = answers
        self._tasks: dict[tuple[str, str], asyncio.Task[Any]] = {}
        self._open: dict[str, tuple[list[str], asyncio.Task[Any]]] = {}
        self.calls: list[str] = []
        self.effects: list[str] = []

    async def load_all(self, question: str, keys: Collection[str]) -> Mapping[str, Any]:
        """Ask once for keys."""
        return dict(zip(keys, await asyncio.gather(*(self.load(question, key) for key in keys)), strict=True))

    async def load(self, question: str, key: str) -> Any:
        """Ask for a key, together with all who ask in this round."""
        task = self._tasks.get((question, key))
        if task is None:
            keys, task = self._open.get(question) or self._begin(question)
            keys.append(key)
            self._tasks[question, key] = task
        return (await asyncio.shield(task))[key]

    def _begin(self, question: str) -> tuple[list[str], asyncio.Task[Any]]:
        keys: list[str] = []
        self._open[question] = keys, asyncio.ensure_future(self._answer(question, keys))
        return self._open[question]

    async def _answer(self, question: str, keys: list[str]) -> Mapping[str, Any]:
        await asyncio.sleep(0)
        del self._open[question]
        self.calls.append(question)
        await asyncio.sleep(0)
        return {key: self._answers[question].get(key) for key in keys}


async def later(row: Any) -> Any:
    """Return a row, in a moment; one of them is gone by then."""
    await asyncio.sleep(0)
    if row.key.endswith("3"):
        raise Problem(Code.NOT_FOUND, "it is gone")
    return row


def alone(self: Any) -> str | None:
    """Tell something of a row alone."""
    if self.key.endswith("4"):
        raise ValueError("the function failed")
    return None if self.key.endswith("2") else f"told of {self.key}"


def said(self: Any, prefix: str = "x", wish: Wish | None = None) -> str:
    """Tell what a row and the arguments say."""
    if prefix == "fail" and self.key.endswith("1"):
        raise Problem(Code.BAD_INPUT, "not this one")
    words = "" if wish is None or wish.words is None else "".join(word.name for word in wish.words)
    return f"{prefix} {self.key} {words}"


def parts(self: Any) -> list[Part | None] | None:
    """Return value objects of a row."""
    number = int(self.key[-1])
    return [part(number, None if number == 1 else "strict"), None]


async def eventually(self: Any, info: strawberry.Info, times: int = 1) -> int:
    """Return a number in a moment; some are too large for GraphQL."""
    del info
    await asyncio.sleep(0)
    return int(self.key[-1]) * times * (2**30 if self.key.endswith("3") else 1)
