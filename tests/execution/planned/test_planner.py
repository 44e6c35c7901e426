"""What a planner leaves to graphql-core, and that a plan which fails has no say in the answer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

import pytest
import strawberry
from graphql import parse

from execution.planned.planner import Planner
from schema.column import COLUMN

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Mapping, Sequence

    from schema.column import At


class Short:
    """A field that is answered by columns, wrongly: of its last row it forgets the value."""

    questions: Sequence[str] = ()
    key = ""

    async def column(self, rows: Sequence[Any], at: At) -> list[Any]:
        """Return one value too few."""
        return [f"{at.field} {row.number}" for row in rows[1:]]


class Weighed:
    """A field that asks for its rows at once."""

    questions: Sequence[str] = ("weights",)
    key = "number"

    async def column(self, rows: Sequence[Any], at: At) -> list[Any]:
        """Return what is answered for each."""
        answers = await at.ask("weights", [row.number for row in rows])
        return [answers[row.number] for row in rows]


def _weight(self: Any) -> int | None:
    return cast("int | None", self.number)


def _short(self: Any) -> str:
    return f"short {self.number}"


@strawberry.type
class Thing:
    """A row."""

    number: int
    short: str = strawberry.field(resolver=_short, metadata={COLUMN: Short()})
    weight: int | None = strawberry.field(resolver=_weight, metadata={COLUMN: Weighed()})


async def _later(value: Any) -> Any:
    return value


@strawberry.type
class Late:
    """A row that does not hold its values yet."""

    number: int
    thing: Thing


@strawberry.type
class Query:
    """The root."""

    @strawberry.field
    def one_by_one(self) -> list[int]:
        async def numbers() -> AsyncIterator[int]:
            yield 1

        return numbers()  # type: ignore[return-value]  # as graphql-core allows

    @strawberry.field
    def late(self) -> Late:
        held: Any = {"number": _later(1), "thing": _later(Thing(number=1))}
        return Late(**held)

    @strawberry.field
    def things(self) -> list[Thing]:
        return [Thing(number=1), Thing(number=2)]


@strawberry.type
class Mutation:
    """What changes something."""

    @strawberry.mutation
    def change(self, number: int = 3) -> Thing:
        return Thing(number=number)

    @strawberry.mutation
    async def note(self, info: strawberry.Info, what: str) -> int:
        info.context.noted.append(what)
        await asyncio.sleep(0)
        if what == "wrong":
            raise ValueError("it is wrong")
        info.context.noted.append(f"{what} done")
        return len(info.context.noted)

    @strawberry.mutation
    def try_to_note(self, info: strawberry.Info, what: str) -> int | None:
        info.context.noted.append(what)
        raise ValueError("it cannot be")


SCHEMA = strawberry.Schema(Query, Mutation)


class Context:
    """A request that asks nobody, and notes what is done and what was asked for."""

    def __init__(self) -> None:
        self.noted: list[str] = []
        self.asked: list[list[Any]] = []

    async def load_all(self, _question: str, keys: Collection[Any]) -> Mapping[Any, Any]:
        """Return nothing for each key."""
        self.asked.append(list(keys))
        return dict.fromkeys(keys)


@pytest.fixture
def reasons() -> list[str]:
    """Why something was not planned."""
    return []


@pytest.fixture
def planner(reasons: list[str]) -> Planner:
    """A planner that tells its reasons."""
    return Planner(SCHEMA, reasons.append)


async def test_a_query_is_planned(planner: Planner, reasons: list[str]) -> None:
    """Its result is graphql-core's."""
    text = "{ things { number again: number __typename } }"
    result = await planner.execute(text, parse(text), None, {}, Context())
    assert result is not None
    rows = [{"number": number, "again": number, "__typename": "Thing"} for number in (1, 2)]
    assert (result.data, result.errors, reasons) == ({"things": rows}, None, [])


async def test_a_plan_that_fails_says_nothing(planner: Planner, reasons: list[str]) -> None:
    """Values that are too few are shown in nobody's row: graphql-core executes the query."""
    text = "{ things { number short } }"
    assert await planner.execute(text, parse(text), None, {}, Context()) is None
    assert reasons == ["failed"]


@pytest.mark.parametrize(
    "text",
    [
        'mutation { a: note(what: "a") b: tryToNote(what: "b") __typename c: note(what: "c") }',
        'mutation { a: note(what: "a") b: note(what: "wrong") c: note(what: "c") d: tryToNote(what: "d") }',
    ],
)
async def test_changes_are_made_one_after_another(planner: Planner, text: str) -> None:
    """As graphql-core does it: in order, and none behind one that has made the whole answer null."""
    planned, ordinary = Context(), Context()
    result = await planner.execute(text, parse(text), None, {}, planned)
    expected = await SCHEMA.execute(text, context_value=ordinary)
    assert result is not None
    assert (result.data, planned.noted) == (expected.data, ordinary.noted)
    assert [error.path for error in result.errors or ()] == [error.path for error in expected.errors or ()]


async def test_each_change_asks_for_its_payload_alone(planner: Planner) -> None:
    """What two payloads ask is asked twice, the second time for the second alone: nobody waits for who comes later."""
    text = "mutation { a: change(number: 1) { weight } b: change(number: 2) { weight } }"
    context = Context()
    result = await planner.execute(text, parse(text), None, {}, context)
    assert result is not None
    assert (result.data, result.errors) == ({"a": {"weight": None}, "b": {"weight": None}}, None)
    assert context.asked == [[1], [2]]


async def test_whatever_changes_something_is_called_in_its_turn(planner: Planner) -> None:
    """A resolver that needs nothing but itself is told at the end of a query, and in its place of a mutation."""
    text = 'mutation { a: note(what: "a") b: change { number } c: note(what: "c") }'
    assert [(step.place, step.level) for step in planner.explained(text, parse(text), None, {}).steps] == [
        ("a", 0),
        ("b", 0),
        ("c", 0),
    ]


@pytest.mark.parametrize("text", ["{ oneByOne }", "{ late { number thing { number } } }"])
@pytest.mark.filterwarnings("ignore:coroutine '_later' was never awaited:RuntimeWarning")
async def test_what_no_plan_foresees(planner: Planner, reasons: list[str], text: str) -> None:
    """A list that comes one by one, attributes that have to be waited for: graphql-core knows how."""
    assert await planner.execute(text, parse(text), None, {}, Context()) is None
    assert reasons == ["failed"]


async def test_a_mutation_is_never_executed_again(planner: Planner, reasons: list[str]) -> None:
    """It has changed something already: that its payload cannot be told is an error."""
    text = "mutation { change { short } }"
    with pytest.raises(RuntimeError, match=r"^0 values for 1 rows of Thing\.short$"):
        await planner.execute(text, parse(text), None, {}, Context())
    assert reasons == []


@pytest.mark.parametrize(
    ("text", "name", "reason"),
    [
        ("{ __schema { queryType { name } } }", None, "introspection"),
        ("query A { things { number } } query B { things { number } }", None, "operation"),
        ("query A { things { number } }", "B", "operation"),
        ("subscription { things }", None, "subscription"),
        ("query @experimental_disableErrorPropagation { things { number } }", None, "directive"),
        ("{ things @defer { number } }", None, "directive"),
        ("query ($n: Int!) { things { number @skip(if: $n) } }", None, "variables"),
        ("{" + " ".join(f"a{number}: things {{ number }}" for number in range(6_000)) + "}", None, "size"),
    ],
)
async def test_what_is_left_to_graphql_core(
    planner: Planner, reasons: list[str], text: str, name: str | None, reason: str
) -> None:
    """Each for its own reason, told once an operation; it does not matter whether it was asked before."""
    for times in (1, 2):
        assert await planner.execute(text, parse(text), name, {}, Context()) is None
        assert reasons == [reason] * times
