"""Schemas made by a seed: types over msgspec rows, of which some values are missing, wrong, or Problems.

Fields are of every kind that a plan knows: what a row holds, what is told of it alone, what is asked for whole columns,
and resolvers with arguments, which may wait. What each says depends on the row alone: both executions hear the same.
"""

from __future__ import annotations

import asyncio
import functools
import math
import operator
import random
from collections import Counter
from datetime import date
from decimal import Decimal
from enum import Enum
from types import GenericAlias
from typing import TYPE_CHECKING, Annotated, Any, Optional

import msgspec
import strawberry
from graphql import parse

from execution.planned import library
from execution.planned.planner import Planner
from execution.slices import SlicedExecutor
from schema.column import COLUMN
from schema.problems import Code, Problem
from tests.differential.comparing import Answer, Told

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from graphql import GraphQLError

    from schema.column import At

TYPES = 4
ROWS = 5
HALF = 0.5
CHANCE_STRICT = 0.3
CODES = (Code.NOT_FOUND, Code.SOURCE_TIMEOUT, Code.UNMAPPED_VALUE, Code.FORBIDDEN)


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


def _part(number: int, strict: Any) -> Part:
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
    (Part, lambda draw: _part(draw.randint(0, 9), draw.choice(("s", None)))),
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

    def __init__(self, question: str, first: str | None) -> None:
        self._question, self._first = question, first
        self.questions: Sequence[str] = (question,) if first is None else (first, question)

    async def one(self, row: Any, context: World) -> Any:
        """Return the answer for a row."""
        key = row.key if self._first is None else await context.load(self._first, row.key)
        return key if key is None or isinstance(key, Exception) else await context.load(self._question, _key(key))

    async def column(self, rows: Sequence[Any], at: At) -> list[Any]:
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
    """A request: what it asked for, once each."""

    def __init__(self, answers: Mapping[str, Mapping[str, Any]]) -> None:
        self._answers = answers
        self._tasks: dict[tuple[str, str], asyncio.Task[Any]] = {}
        self._open: dict[str, tuple[list[str], asyncio.Task[Any]]] = {}
        self.calls: list[str] = []

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


class Quiet(strawberry.Schema):
    """Strawberry logs every error."""

    def process_errors(self, errors: Any, execution_context: Any = None) -> None:
        """Stay silent."""


class Made:
    """A schema, its data, and both ways to execute over it."""

    def __init__(self, seed: int) -> None:
        self._draw = random.Random(seed)  # noqa: S311  no secret
        self.answers: dict[str, dict[str, Any]] = {}
        self._types: dict[str, Any] = {}
        self._rows: dict[str, list[Any]] = {}
        self.unplanned: list[str] = []
        self.schema = self._schema()
        self.core = library.core(self.schema)
        self.planner = Planner(self.schema, self.unplanned.append)

    async def execute(self, text: str, variables: dict[str, Any], *, planned: bool) -> Answer:
        """Return the answer, and what was asked for it."""
        world = World(self.answers)
        result: Any = (
            await self.planner.execute(text, parse(text), None, variables, world)
            if planned
            else await self.schema.execute(text, variable_values=variables, context_value=world)
        )
        return Answer(result.data, list(map(_told_of, result.errors or ())), Counter(world.calls))

    def _schema(self) -> strawberry.Schema:
        for number in range(TYPES):
            self._type(f"T{number}")
        named = [name for name, made in self._types.items() if issubclass(made, Named)]
        either: Any = Annotated[
            functools.reduce(operator.or_, list(self._types.values())[:2]), strawberry.union("Either")
        ]
        roots: dict[str, Any] = {}
        for name, made in self._types.items():
            strict = self._draw.random() < CHANCE_STRICT
            roots[f"all_{name}"] = _root(listed(made) if strict else listed(made | None) | None, self._rows[name])
        roots["either"] = _root(listed(either | None) | None, [*self._rows["T0"], *self._rows["T1"]])
        roots["named"] = _root(listed(Named | None) | None, [row for name in named for row in self._rows[name]])
        roots["one"] = _root(self._types[f"T{TYPES - 1}"] | None, self._rows[f"T{TYPES - 1}"][0])
        query = strawberry.type(type("Query", (), roots))
        types = list(self._types.values())
        return Quiet(query, types=types, execution_context_class=SlicedExecutor)

    def _type(self, name: str) -> None:
        draw = self._draw
        plain = {f"f{number}": self._plain() for number in range(draw.randint(2, 4))}
        row = msgspec.defstruct(f"{name}Row", ["key", "kind", "title", *plain]) if draw.random() < HALF else Item
        bases = (Named,) if name == "T0" or draw.random() < HALF else ()
        body: dict[str, Any] = {
            "__annotations__": {key: kind for key, (kind, _) in plain.items()},
            "is_type_of": Kind(name, row),
        }
        if not bases:
            body["__annotations__"]["key"] = str
        for number in range(draw.randint(1, 3)):
            body[f"l{number}"] = self._link(name)
        for number in range(draw.randint(0, 2)):
            body[f"r{number}"] = self._called()
        body["told"] = strawberry.field(resolver=_told)
        self._types[name] = strawberry.type(type(name, bases, body))
        self._rows[name] = [self._row(name, row, number, plain) for number in range(ROWS)]

    def _row(self, name: str, row: type, number: int, plain: Mapping[str, Any]) -> Any:
        values = {key: self._spoiled(self._parts(make(self._draw))) for key, (_, make) in plain.items()}
        title = self._spoiled(f"title {number}")
        key = f"{name}-{number}"
        if row is Item:
            return Item(key, name, {"title": title, **values})
        return row(key=key, kind=name, title=title, **values)

    def _spoiled(self, value: Any) -> Any:
        """Spoil one value in eight."""
        drawn = self._draw.random()
        if drawn < 1 / 16:
            return None
        if drawn < 1 / 10:
            return self._problem()
        return self._draw.choice(WRONG) if drawn < 1 / 8 else value

    def _parts(self, value: Any) -> Any:
        return [self._spoiled(each) for each in value] if isinstance(value, list) else value

    def _problem(self) -> Problem:
        return Problem(self._draw.choice(CODES), f"problem {self._draw.randint(0, 5)}")

    def _plain(self) -> tuple[Any, Any]:
        kind, make = self._draw.choice(PLAIN)
        drawn = self._draw.random()
        if drawn < 1 / 4:
            return listed(kind | None) | None, lambda draw: [make(draw) for _ in range(draw.randint(0, 3))]
        if drawn < 1 / 3:
            return listed(kind), lambda draw: [make(draw) for _ in range(draw.randint(0, 3))]
        return (kind if drawn < HALF else kind | None), make

    def _target(self) -> tuple[Any, list[Any]]:
        """Choose to what a link leads: to a type that is made already, or to what some have in common."""
        made = list(self._types)
        if not made or self._draw.random() < 1 / 4:
            return Named, self._rows.get("T0", [])
        name = self._draw.choice(made)
        return self._types[name], self._rows[name]

    def _link(self, name: str) -> Any:
        draw = self._draw
        target, rows = self._target()
        many = draw.random() < 1 / 3
        # Two types may ask the same question.
        question = f"{'many' if many else 'one'} {getattr(target, '__name__', '')} {draw.randint(0, 1)}"
        first = f"first {name}" if draw.random() < 1 / 4 else None
        answers = self.answers.setdefault(question, {})
        for key in (f"T{kind}-{row}" for kind in range(TYPES) for row in range(ROWS)):
            picked = [self._spoiled(draw.choice(rows)) if rows else None for _ in range(draw.randint(0, 3))]
            answers.setdefault(key, self._missing(picked if many else next(iter(picked), None)))
        if first is not None:
            keys = [f"{name}-{row}" for row in range(ROWS)]
            self.answers[first] = {key: self._missing(draw.choice(keys)) for key in keys}
        kind = (listed(target | None) | None) if many else (target if draw.random() < 1 / 5 else target | None)
        return _asked(Link(question, first), kind)

    def _missing(self, value: Any) -> Any:
        drawn = self._draw.random()
        return None if drawn < 1 / 12 else self._problem() if drawn < 1 / 6 else value

    def _called(self) -> Any:
        choice = self._draw.randint(0, 3)
        target = self._types.get("T0")
        if choice == 0 and target is not None:
            rows = self._rows["T0"]

            async def waiting(self: Any, wish: Wish | None = None) -> Any:
                await asyncio.sleep(0)
                return [_later(row) for row in rows[: 2 if wish is None else wish.limit] if row is not self]

            return strawberry.field(resolver=waiting, graphql_type=listed(target | None) | None)
        return strawberry.field(resolver=_said if choice == 1 else _parts if choice == 2 else _eventually)


async def _later(row: Any) -> Any:
    await asyncio.sleep(0)
    if row.key.endswith("3"):
        raise Problem(Code.NOT_FOUND, "it is gone")
    return row


def _told(self: Any) -> str | None:
    if self.key.endswith("4"):
        raise ValueError("the function failed")
    return None if self.key.endswith("2") else f"told of {self.key}"


def _said(self: Any, prefix: str = "x", wish: Wish | None = None) -> str:
    if prefix == "fail" and self.key.endswith("1"):
        raise Problem(Code.BAD_INPUT, "not this one")
    words = "" if wish is None or wish.words is None else "".join(word.name for word in wish.words)
    return f"{prefix} {self.key} {words}"


def _parts(self: Any) -> list[Part | None] | None:
    number = int(self.key[-1])
    return [_part(number, None if number == 1 else "strict"), None]


async def _eventually(self: Any, info: strawberry.Info, times: int = 1) -> int:
    del info
    await asyncio.sleep(0)
    return int(self.key[-1]) * times * (2**30 if self.key.endswith("3") else 1)


def _asked(link: Link, kind: Any) -> Any:
    async def resolve(self: Any, info: strawberry.Info[World, None]) -> Any:
        return await link.one(self, info.context)

    return strawberry.field(resolver=resolve, graphql_type=kind, metadata={COLUMN: link})


def _root(kind: Any, rows: Any) -> Any:
    async def resolve(first: int | None = None) -> Any:
        await asyncio.sleep(0)
        return rows[:first] if isinstance(rows, list) else rows

    return strawberry.field(resolver=resolve, graphql_type=kind)


def _told_of(error: GraphQLError) -> Told:
    cause = error.original_error
    return Told(cause.code.name if isinstance(cause, Problem) else "INTERNAL_ERROR", [error.path or []])


VALUES: dict[str, list[Any]] = {
    "prefix": ["x", "y", "fail"],
    "times": [0, 1, 3, 2**31 - 1],
    "limit": [0, 1, 5],
    "first": [0, 2, 10],
    "String": ["a"],
    "Int": [1],
}
"""What arguments of these schemas may be."""
