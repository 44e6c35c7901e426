"""Schemas made by a seed: types over msgspec rows, of which some values are missing, wrong, or Problems.

Fields are of every kind that a plan knows: what a row holds, what is told of it alone, what is asked for whole columns,
and resolvers with arguments, which may wait. What each says depends on the row alone: both executions hear the same.
But for mutations: their payloads tell how much was done by then, which the order of the roots decides.
"""

from __future__ import annotations

import asyncio
import functools
import operator
import random
from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import strawberry
from graphql import parse

from execution.planned import library
from execution.planned.planner import Planner
from execution.slices import SlicedExecutor
from schema.column import COLUMN
from schema.problems import Code, Problem
from tests.differential import random_parts as parts
from tests.differential.comparing import Answer, Told
from tests.differential.random_changes import WAYS, changing, counted
from tests.differential.random_parts import HALF, PLAIN, WRONG, Item, Kind, Link, Named, Wish, World, later, listed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphql import GraphQLError

    from schema.column import Columnar

TYPES = 4
ROWS = 5
ROOTS = 6
CHANCE_STRICT = 0.3
CODES = (Code.NOT_FOUND, Code.SOURCE_TIMEOUT, Code.UNMAPPED_VALUE, Code.FORBIDDEN)


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
        """Return the answer, what was asked for it, and what is changed by it, be it later."""
        world = World(self.answers)
        result: Any = (
            await self.planner.execute(text, parse(text), None, variables, world)
            if planned
            else await self.schema.execute(text, variable_values=variables, context_value=world)
        )
        return Answer(result.data, list(map(_told_of, result.errors or ())), Counter(world.calls), world.effects)

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
        return Quiet(query, self._mutation(either), types=types, execution_context_class=SlicedExecutor)

    def _mutation(self, either: Any) -> type:
        every = [row for rows in self._rows.values() for row in rows]
        receipts = self._receipts(every)
        payloads = [(self._types[name], rows) for name, rows in self._rows.items()]
        payloads += [(Named, every), (either, every), receipts, (int, [1, 2, 2**31])]
        # A receipt is always among them: none but it tells of the order.
        drawn = [receipts, *(self._draw.choice(payloads) for _ in range(ROOTS - 1))]
        roots = {f"do{number}": self._changing(f"do{number}", *payload) for number, payload in enumerate(drawn)}
        return strawberry.type(type("Mutation", (), roots))

    def _receipts(self, every: list[Any]) -> tuple[type, list[Any]]:
        """Make a payload of more than a row: rows, links, and how much was done; of no class of its own."""
        row = self._types["T1"] if self._draw.random() < HALF else self._types["T1"] | None
        shown = {"row": row, "rows": listed(Named | None) | None}
        asked = {"l0": self._link("T1"), "l1": self._link("T1"), "counted": strawberry.field(resolver=counted)}
        made = strawberry.type(type("Receipt", (), {"__annotations__": shown, **asked}))
        rows = self._draw.sample(every, 3)
        held = [(row.key, {"row": self._missing(row), "rows": rows}) for row in self._rows["T1"]]
        return made, [Item(key, "Receipt", values) for key, values in held]

    def _changing(self, name: str, kind: Any, values: list[Any]) -> Any:
        draw = self._draw
        many, strict = draw.random() < 1 / 4, draw.random() < CHANCE_STRICT
        drawn = [[draw.choice(values), self._spoiled(draw.choice(values))] for _ in range(WAYS - 1)]
        outcomes = [self._missing(pair if many else pair[0]) for pair in drawn]
        shown = listed(kind | None) if many else kind
        outcomes.append(ValueError("it cannot be done"))
        return changing(name, shown if strict else shown | None, outcomes, draw.randint(0, 3))

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
        body["told"] = strawberry.field(resolver=parts.alone)
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
                return [later(row) for row in rows[: 2 if wish is None else wish.limit] if row is not self]

            return strawberry.field(resolver=waiting, graphql_type=listed(target | None) | None)
        return strawberry.field(
            resolver=parts.said if choice == 1 else parts.parts if choice == 2 else parts.eventually
        )


def _asked(link: Link, kind: Any) -> Any:
    async def resolve(self: Any, info: strawberry.Info[World, None]) -> Any:
        return await link.one(self, info.context)

    columnar: Columnar = link
    return strawberry.field(resolver=resolve, graphql_type=kind, metadata={COLUMN: columnar})


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
    "way": list(range(WAYS)),
    "limit": [0, 1, 5],
    "first": [0, 2, 10],
    "String": ["a"],
    "Int": [1],
}
"""What arguments of these schemas may be."""
