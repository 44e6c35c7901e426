"""What an operation may ask for at most: Federation's rule, on schemas of a few lines and on the firm's own."""

from __future__ import annotations

from typing import Any

import pytest
import strawberry
from strawberry.federation.schema_directives import Cost, ListSize

from colonnade.wiring import graph
from execution.demand import Demand, Reckoning, demand
from execution.documents import Documents, Prepared
from execution.limits import Limits
from execution.sizes import CAP


def sized(**said: Any) -> ListSize:
    """Return @listSize with what is said and nothing else."""
    rest = {
        "assumed_size": None,
        "slicing_arguments": None,
        "sized_fields": None,
        "require_one_slicing_argument": False,
    }
    return ListSize(**{**rest, **said})


@strawberry.interface
class Being:
    """Anything."""

    name: str


@strawberry.type
class Leaf(Being):
    """A record without lists."""

    dear: str = strawberry.field(default="", directives=[Cost(weight=7)])


@strawberry.type
class Tree(Being):
    """A record with lists of each kind."""

    short: list[Leaf]
    words: list[str] = strawberry.field(default_factory=list, directives=[sized(assumed_size=4)])
    about: list[Leaf] = strawberry.field(default_factory=list, directives=[sized(assumed_size=3)])
    trees: list[Tree] = strawberry.field(default_factory=list, directives=[sized(assumed_size=100)])


@strawberry.type
class Page:
    """A page of trees."""

    edges: list[Tree]
    total: int


@strawberry.type
class Query:
    """The roots."""

    tree: Tree
    being: Being

    @strawberry.field(
        directives=[Cost(weight=5), sized(assumed_size=8, slicing_arguments=["first"], sized_fields=["edges"])]
    )
    def page(self, first: int | None = 20) -> Page:
        raise NotImplementedError(first)

    @strawberry.field(directives=[sized(assumed_size=9, slicing_arguments=["first", "last"])])
    def trees(self, first: int | None = None, last: int | None = None) -> list[Tree]:
        raise NotImplementedError(first, last)

    @strawberry.field(metadata={"sized_by": "ids"}, directives=[sized(assumed_size=50)])
    def beings(self, ids: list[str]) -> list[Being | None]:
        raise NotImplementedError(ids)

    @strawberry.field(metadata={"sized_by": "of"}, directives=[sized(assumed_size=50)])
    def things(self, of: list[strawberry.ID]) -> list[Being | None]:
        raise NotImplementedError(of)


SCHEMA = strawberry.Schema(Query, types=[Leaf, Tree])._schema  # noqa: SLF001
WIDE = Limits(**dict.fromkeys(Limits.__struct_fields__, 10**9))
DOCUMENTS = Documents(SCHEMA, WIDE)


def reckoned(text: str, **variables: Any) -> Demand:
    """Return a document's demand."""
    prepared = DOCUMENTS.prepare(text)
    assert isinstance(prepared, Prepared), prepared
    operation = prepared.operation(None)
    assert operation is not None
    return demand(SCHEMA, prepared, operation, variables)


@pytest.mark.parametrize(
    ("text", "cost", "values"),
    [
        ("{ __typename }", 0, 1),
        ("{ tree { name } }", 1, 2),
        ("{ a: tree { name } b: tree { name } }", 2, 4),
        ("{ tree { words } }", 1, 5),
        ("{ tree { short { name } } }", 11, 21),
        ("{ tree { about { name dear } } }", 1 + 3 * (1 + 7), 1 + 3 * 3),
        ("{ tree { trees { trees { name } } } }", 1 + 100 * (1 + 100), 1 + 100 * (1 + 100 * 2)),
        ("{ page { total } }", 5, 2),
        ("{ page { edges { name } } }", 5 + 20, 1 + 20 * 2),
        ("{ page(first: 3) { total edges { name } more: edges { name } } }", 5 + 3 + 3, 2 + 3 * 2 + 3 * 2),
        ("{ page(first: null) { edges { name } } }", 5 + 8, 1 + 8 * 2),
        ("{ page(first: -5) { edges { name } } }", 5, 1),
        ("{ trees { name } }", 9, 18),
        ("{ trees(first: 2, last: 6) { name } }", 6, 12),
        ('{ beings(ids: ["a", "b", "c"]) { name } }', 3, 6),
        ('{ beings(ids: "a") { name } }', 1, 2),
        ("{ beings(ids: []) { name } }", 0, 0),
    ],
)
def test_sizes_and_weights(text: str, cost: int, values: int) -> None:
    """Objects weigh one, leaves nothing, lists their size times an item, and what is declared counts instead."""
    assert reckoned(text) == (cost, values)


@pytest.mark.parametrize(
    ("text", "cost"),
    [
        ("{ being { name ...on Leaf { dear } ...on Tree { short { name } } } }", 1 + 10),
        ("{ being { ...on Leaf { dear } ...on Tree { about { name } } } }", 1 + 7),
        ("{ being { ...on Leaf { dear } ...on Being { ...on Leaf { again: dear } } } }", 1 + 14),
        ("{ tree { ...on Being { name ...on Leaf { dear } } } }", 1),
        ("{ being { ...a ...b } } fragment a on Leaf { dear } fragment b on Tree { about { dear } }", 1 + 24),
    ],
)
def test_the_dearest_of_what_may_be_answered(text: str, cost: int) -> None:
    """Of an abstract type the dearest possibility counts, and what does not apply to it does not."""
    assert reckoned(text).cost == cost


@pytest.mark.parametrize(
    ("declared", "variables", "cost"),
    [
        ("$n: Int", {"n": 7}, 12),
        ("$n: Int = 4", {}, 9),
        ("$n: Int = 4", {"n": None}, 13),
        ("$n: Int", {}, 25),
        ("$n: Int", {"n": "seven"}, 13),
        ("$n: Int", {"n": True}, 13),
        ("$n: Int", {"n": 10**30}, CAP),
    ],
)
def test_variables_tell_sizes(declared: str, variables: dict[str, Any], cost: int) -> None:
    """A variable counts as sent, then its default, then the argument's; what is no number is refused elsewhere."""
    assert reckoned(f"query({declared}) {{ page(first: $n) {{ edges {{ name }} }} }}", **variables).cost == cost


def test_a_number_is_a_number_in_every_spelling() -> None:
    """What graphql-core takes for 30 counts as 30, what it refuses as nothing; endless digits are one thing."""
    text = "query($n: Int) { page(first: $n) { edges { name } } }"
    assert reckoned(text, n=30.0) == reckoned(text, n=30) == Demand(5 + 30, 1 + 30 * 2)
    assert reckoned(text, n=30.5) == reckoned(text, n=True) == reckoned(text, n="30") == Demand(5 + 8, 1 + 8 * 2)
    assert reckoned(f"{{ things(of: {'1' * 5_000}) {{ name }} }}").cost == 1


def test_lists_of_ids_in_variables() -> None:
    """As many as are sent are answered."""
    text = "query($ids: [String!]!) { beings(ids: $ids) { name } }"
    assert reckoned(text, ids=["x"] * 40).cost == 40
    assert reckoned(text, ids="x").cost == 1
    assert reckoned(text).cost == 0


def test_what_is_remembered_is_what_would_be_reckoned() -> None:
    """Whatever a variable was before: a number is no flag, one more item is another list, and nothing is not a word."""
    text = (
        "query($n: Int, $s: Boolean!, $of: [ID!]!) { trees(first: $n) @skip(if: $s) { name } things(of: $of) { name } }"
    )
    ids: list[Any] = [[], ["1"], ["2"], ["1", "2"], None, "1", {}]
    asked = [{"n": n, "s": s, "of": of} for n in (1, 1.0, 2, True, None, "1") for s in (True, False, 1) for of in ids]
    documents = Documents(SCHEMA, WIDE)
    prepared = documents.prepare(text)
    assert isinstance(prepared, Prepared), prepared
    for variables in [*asked, *reversed(asked), {}, {"s": True}]:
        fresh = Reckoning(SCHEMA, prepared, prepared.operations[0], variables).total()
        assert demand(SCHEMA, prepared, prepared.operations[0], variables) == fresh, variables


@pytest.mark.parametrize(("skip", "include", "cost"), [(True, True, 0), (False, True, 1), (False, False, 0)])
def test_what_is_skipped_costs_nothing(*, skip: bool, include: bool, cost: int) -> None:
    """A selection that the variables leave out is not asked for."""
    text = "query($s: Boolean!, $i: Boolean!) { __typename ...@skip(if: $s) { tree @include(if: $i) { name } } }"
    assert reckoned(text, s=skip, i=include).cost == cost


def test_numbers_are_capped() -> None:
    """However deep lists nest, the numbers stay small enough to add."""
    assert reckoned("{ tree {" + "trees {" * 60 + "name" + "}" * 62) == (CAP, CAP)


def steps(text: str) -> int:
    """Return how many nodes a reckoning looks at."""
    prepared = DOCUMENTS.prepare(text)
    assert isinstance(prepared, Prepared), prepared
    operation = prepared.operation(None)
    assert operation is not None
    reckoning = Reckoning(SCHEMA, prepared, operation, {})
    reckoning.total()
    return reckoning.steps


def bomb(size: int) -> str:
    """Fragments that each spread the next one twice: 2 to the power of `size` fields, if they were written out."""
    inner = "".join(
        f"fragment f{i} on Tree {{ trees {{ ...f{i + 1} }} b: trees {{ ...f{i + 1} }} }}" for i in range(size)
    )
    return f"{{ tree {{ ...f0 }} }} {inner} fragment f{size} on Tree {{ name }}"


def abstract(size: int) -> str:
    """Inline fragments within each other, on an interface."""
    return "{ being {" + "...on Being { name " * size + "}" * (size + 2)


def pages(size: int) -> str:
    """One fragment of many fields in pages of all sizes."""
    many = " ".join(f"e{i}: edges {{ name }}" for i in range(size))
    asked = " ".join(f"p{i}: page(first: {i}) {{ ...f }}" for i in range(size))
    return f"{{ {asked} }} fragment f on Page {{ {many} }}"


@pytest.mark.parametrize("made", [bomb, abstract, pages])
def test_linear_in_the_document(made: Any) -> None:
    """A document twice as long takes twice as many steps, whatever would come of it if it were written out."""
    small, large = steps(made(10)), steps(made(20))
    assert large <= 2 * small + 5, (small, large)
    assert steps(made(40)) <= 2 * large + 5


def test_the_firms_own_lists() -> None:
    """A page counts its rows, a list below what it holds as a rule, nodes their ids, and introspection asks nobody."""
    schema = graph()._schema  # noqa: SLF001
    documents = Documents(schema, Limits())

    def cost(text: str, **variables: Any) -> int:
        prepared = documents.prepare(text)
        assert isinstance(prepared, Prepared), prepared
        operation = prepared.operation(None)
        assert operation is not None
        return demand(schema, prepared, operation, variables).cost

    assert cost("{ engagements { edges { node { name } } } }") == 1 + 20 * 2
    assert cost("{ engagements(first: 200) { edges { node { tasks { name } } } } }") == 1 + 200 * (2 + 20)
    assert cost("{ engagements(first: 1) { edges { node { timeEntries { edges { node { id } } } } } } }") == 3 + 20 + 40
    assert cost("{ engagements(first: 1) { edges { node { erpStatus contractValue { amount } } } } }") == 3 + 1 + 1
    assert (
        cost("query($i: [ID!]!) { nodes(ids: $i) { id ...on Engagement { customer { id } } } }", i=["a"] * 200) == 400
    )
    assert cost("query($r: [_Any!]!) { _entities(representations: $r) { __typename } }", r=[{}] * 30) == 30
    assert cost("{ __schema { types { name fields { name } } } }") == 0
