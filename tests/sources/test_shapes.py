"""Answers that are nonsense: always a typed code, never an unexpected error, never a value that is not true."""

from __future__ import annotations

import copy
import os
import random
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from schema.graph import HOMES
from schema.problems import Code, Problem
from schema.rows import Ref
from sources.batching import Desk
from sources.listing import Lists
from tests.sources.hostile import ODATA, REST, RPC, Hostile, NoReferences, ask, scope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sources.source import Source

    Bound: TypeAlias = Callable[..., Source]

pytestmark = pytest.mark.sweep

QUESTIONS = {ODATA: "invoices_by_id", RPC: "invoices_by_id", REST: "tasks_by_id"}
NAMES = {ODATA: "odata", RPC: "jsonrpc", REST: "rest"}
FAMILIES = pytest.mark.parametrize("manifest", [ODATA, RPC, REST], ids=[NAMES[manifest] for manifest in NAMES])
# What may stand in the place of a record: never INTERNAL_ERROR, and never another kind of exception.
TYPED = {Code.SOURCE_MISBEHAVED, Code.SOURCE_REFUSED, Code.TOO_MANY, Code.BAD_ROW, Code.UNMAPPED_VALUE}
MISBEHAVED, REFUSED = "SOURCE_MISBEHAVED", "SOURCE_REFUSED"


@FAMILIES
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"5",
        b'"text"',
        b"[]",
        b"{}",
        b"[1, 2]",
        b"<!DOCTYPE html><h1>Please sign in</h1>",
        b'{"value": [',
        b'{"a": "\xff\xfe"}',
        b'{"a": "\\ud800"}',
        b'{"a": NaN}',
        b'{"a": 1e99999999999999999999}',
        b"\xef\xbb\xbf{}",
        b"[" * 200_000,
        b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
        b"9" * 5_000,
    ],
    ids=lambda body: body[:16].decode("latin-1"),
)
async def test_a_body_that_is_no_answer(bound: Bound, server: Hostile, manifest: str, body: bytes) -> None:
    """Whatever comes with status 200, be it JSON or not: the source cannot be believed."""
    server.say = server.text(body, content_type="application/json")
    # To JSON-RPC, something without a result is a refusal where it is no object at all.
    allowed = {MISBEHAVED, REFUSED} if manifest == RPC else {MISBEHAVED}
    (code,) = (await ask(bound(manifest), QUESTIONS[manifest], "1")).values()
    assert code in allowed


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ({"value": None}, MISBEHAVED),
        ({"value": {}}, MISBEHAVED),
        ({"value": "rows"}, MISBEHAVED),
        ({"value": [None]}, MISBEHAVED),
        ({"value": [[], 1, "x", True]}, MISBEHAVED),
        ({"value": [{}]}, MISBEHAVED),
        ({"value": [{"Number": None}]}, MISBEHAVED),
        ({"value": [{"Number": ""}]}, MISBEHAVED),
        ({"value": [{"Number": True}]}, MISBEHAVED),
        ({"value": [{"Number": 1.5}]}, MISBEHAVED),
        ({"value": [{"Number": ["1"]}]}, MISBEHAVED),
        ({"value": [{"Number": "x" * 256}]}, MISBEHAVED),
        ({"value": [], "@odata.count": -1}, MISBEHAVED),
        ({"value": [], "@odata.count": "many"}, MISBEHAVED),
        ({"value": [], "@odata.count": True}, MISBEHAVED),
        ({"value": [], "@odata.count": 10**30}, MISBEHAVED),
        ({"value": [], "@odata.count": 1}, MISBEHAVED),
        ({"value": [], "@odata.count": 0}, None),
        ({"value": []}, None),
    ],
)
async def test_odata_of_the_wrong_shape(bound: Bound, server: Hostile, content: object, code: str | None) -> None:
    """Rows that are none, ids that are none, counts that count nothing: unknown; only an honest nothing is nothing."""
    server.say = server.json(content)
    assert await ask(bound(ODATA), "invoices_by_id", "1") == {"1": code}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ({"result": None}, MISBEHAVED),
        ({"result": {}}, MISBEHAVED),
        ({"result": [None]}, MISBEHAVED),
        ({"result": [[], 1, "x"]}, MISBEHAVED),
        ({"error": ["UserError", ["secret text", "", None]]}, REFUSED),
        ({"error": {"code": 1}, "result": [{"id": 1}]}, REFUSED),
        ({"result": [{"id": {"__class__": "Decimal", "decimal": "1"}}]}, MISBEHAVED),
        ({"result": [{"id": True}]}, MISBEHAVED),
        ({"result": []}, None),
        ({"result": [{"id": 1, "date": {"__class__": "date", "year": 2026, "month": 13, "day": 1}}]}, "BAD_ROW"),
        ({"result": [{"id": 1, "date": {"__class__": "date"}}]}, "BAD_ROW"),
        ({"result": [{"id": 1, "date": {"__class__": ["date"]}}]}, "BAD_ROW"),
        ({"result": [{"id": 1, "date": {"__class__": "timedelta", "seconds": "x"}}]}, "BAD_ROW"),
        ({"result": [{"id": 1, "date": {"__class__": "datetime", "year": 2026}}]}, "BAD_ROW"),
        ({"result": [{"id": 1, "net": {"__class__": "Decimal", "decimal": "ten"}}]}, "BAD_ROW"),
        ({"result": [{"id": 1, "net": {"__class__": "Decimal", "decimal": "NaN"}}]}, "BAD_ROW"),
        ({"result": [{"id": 1, "net": {"__class__": "Decimal", "decimal": "Infinity"}}]}, "BAD_ROW"),
        ({"result": [{"id": 1, "net": {"__class__": "Decimal"}}]}, "BAD_ROW"),
        ({"result": [{"id": 1, "net": {"__class__": "Money", "amount": "1"}}]}, "BAD_ROW"),
        ({"result": [{"id": 1, "number": [[[[[[]]]]]]}]}, "BAD_ROW"),
        ({"result": [{"id": 1, "net": {"__class__": "Decimal", "decimal": True}}]}, "BAD_ROW"),
        ({"result": [{"id": 1, "net": {"__class__": "Decimal", "decimal": [0, [1, 2], -1]}}]}, "BAD_ROW"),
        ({"result": [{"id": 1, "date": {"__class__": "date", "year": True, "month": 1, "day": 1}}]}, "BAD_ROW"),
    ],
)
async def test_json_rpc_of_the_wrong_shape(bound: Bound, server: Hostile, content: object, code: str | None) -> None:
    """A marked value that spells nothing costs its own row; an error is one although its status is 200."""
    server.say = server.json(content)
    answer = (await ask(bound(RPC), "invoices_by_id", "1"))["1"]
    assert getattr(answer, "number", answer) == code


ROW = {"id": "1", "title": "Build", "parent_id": "7", "done": 50, "minutes": 440}
SOUND: dict[str, Any] = {
    "count": 1,
    "results": [{"key": "tasks", "id": "1"}],
    "tasks": {"1": ROW},
    "meta": {"pages": 1, "size": 100},
}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, "Build"),
        ({"results": {"1": ROW}}, MISBEHAVED),
        ({"results": None}, MISBEHAVED),
        ({"results": [None]}, MISBEHAVED),
        ({"results": [1, "1", [], {}]}, MISBEHAVED),
        ({"results": [{"key": ["tasks"], "id": "1"}]}, MISBEHAVED),
        ({"results": [{"key": "tasks", "id": {"1": 1}}]}, MISBEHAVED),
        ({"results": [{"key": "count", "id": "1"}]}, MISBEHAVED),
        ({"results": [{"key": "people", "id": "1"}]}, MISBEHAVED),
        ({"tasks": [ROW]}, MISBEHAVED),
        ({"tasks": None}, MISBEHAVED),
        ({"tasks": {"1": None}}, MISBEHAVED),
        ({"tasks": {"1": [ROW]}}, MISBEHAVED),
        ({"count": None}, MISBEHAVED),
        ({"count": -1}, MISBEHAVED),
        ({"count": "1"}, MISBEHAVED),
        ({"count": 2}, "Build"),
        ({"meta": None}, MISBEHAVED),
        ({"meta": {"pages": True, "size": 100}}, MISBEHAVED),
        ({"meta": {"pages": 1, "size": -100}}, MISBEHAVED),
        ({"meta": {"pages": 10**9, "size": 1}}, "TOO_MANY"),
        ({"meta": {"pages": 10**9, "size": 1}, "results": []}, MISBEHAVED),
        ({"results": [], "count": 0}, None),
        ({"results": [], "count": 1}, MISBEHAVED),
    ],
)
async def test_rest_of_the_wrong_shape(bound: Bound, server: Hostile, change: dict[str, Any], code: str | None) -> None:
    """Results that list what is not there, and pages that cannot be counted."""
    server.say = server.json({**SOUND, **change})
    answer = (await ask(bound(REST), "tasks_by_id", "1"))["1"]
    assert getattr(answer, "name", answer) == code


async def test_a_page_count_beyond_measure_is_not_followed(bound: Bound, server: Hostile) -> None:
    """A source that claims a billion pages is asked for as many as its manifest allows."""
    server.say = server.json({**SOUND, "meta": {"pages": 10**9, "size": 1}})
    await ask(bound(REST), "tasks_by_id", "1")
    assert [call.query["page"] for call in server.calls] == ["1", "2", "3", "4", "5"]


async def test_a_row_that_is_lost_does_not_cost_the_others(bound: Bound, server: Hostile) -> None:
    """Of two listed rows one is not there: the other one stands, and the missing one is unknown, not absent."""
    listed = [{"key": "tasks", "id": "1"}, {"key": "tasks", "id": "2"}]
    server.say = server.json({**SOUND, "count": 2, "results": listed})
    answer = await ask(bound(REST), "tasks_by_id", "1", "2", "3")
    assert answer["1"].name == "Build"
    assert (answer["2"], answer["3"]) == (MISBEHAVED, MISBEHAVED)


# Real answers, of three records each.
TRUTH: dict[str, dict[str, Any]] = {
    ODATA: {
        "@odata.count": 3,
        "value": [
            {
                "Number": f"INV-{n}",
                "Company": "nbus",
                "Date": f"2026-03-0{n}T12:00:00Z",
                "Net": 10.5 * n,
                "Currency": "USD",
            }
            for n in (1, 2, 3)
        ],
    },
    RPC: {
        "id": 1,
        "result": [
            {
                "id": n,
                "number": f"INV-{n}",
                "company": 4,
                "date": {"__class__": "date", "year": 2026, "month": 3, "day": n},
                "net": {"__class__": "Decimal", "decimal": f"{n}.50"},
                "currency.": {"id": 2, "code": "USD"},
            }
            for n in (1, 2, 3)
        ],
    },
    REST: {
        "count": 3,
        "results": [{"key": "tasks", "id": str(n)} for n in (1, 2, 3)],
        "tasks": {str(n): {**ROW, "id": str(n), "title": f"Task {n}", "parent_id": f"7{n}"} for n in (1, 2, 3)},
        "meta": {"pages": 1, "size": 100},
    },
}
IDS = {ODATA: ("INV-1", "INV-2", "INV-3"), RPC: ("1", "2", "3"), REST: ("1", "2", "3")}
# None of them is a value that could be true: that a source says another number than before can't be seen.
NONSENSE: tuple[Any, ...] = (None, True, False, [], {}, [[]], {"a": {"b": []}}, -1.5e300, [None], {"id": None})
SEED = int(os.environ.get("FUZZ_SEED", "20261123"))
ROUNDS = 100


def places(tree: Any) -> Iterator[tuple[Any, Any]]:
    """List every place of a tree: its holder, and its key or index there."""
    for key in list(tree) if isinstance(tree, dict) else range(len(tree)) if isinstance(tree, list) else ():
        yield tree, key
        yield from places(tree[key])


def mutated(truth: Any, chance: random.Random) -> Any:
    """Return the answer with one to three places deleted, doubled, shuffled, or filled with nonsense."""
    answer = copy.deepcopy(truth)
    for _ in range(chance.randint(1, 3)):
        holder, key = chance.choice(list(places(answer)) or [({"": answer}, "")])
        match chance.choice(("delete", "double", "shuffle", "nonsense", "nonsense")):
            case "delete":
                del holder[key]
            case "double" if isinstance(holder, list):
                holder.insert(0, holder[key])
            case "shuffle" if isinstance(holder, list):
                chance.shuffle(holder)
            case _:
                holder[key] = copy.deepcopy(chance.choice(NONSENSE))
    return answer


def untrue(given: Any, calm: Any) -> list[str]:
    """Name the fields of a record that are neither the calm ones, nor absent, nor a typed Problem."""
    if given is None:
        return []
    if isinstance(given, Problem):
        return [] if given.code in TYPED else [given.code.name]
    fields = {name: getattr(given, name) for name in calm.__struct_fields__ if name != "origin"}
    return [
        name
        for name, value in fields.items()
        if value is not None and value != getattr(calm, name)
        if not (isinstance(value, Problem) and value.code in TYPED)
    ]


def refs(manifest: str) -> list[Ref]:
    """Return the references to the three records."""
    home = "Task" if manifest == REST else "Invoice"
    return [Ref(home, HOMES[home].system.value, id_) for id_ in IDS[manifest]]


@FAMILIES
async def test_no_mutation_of_an_answer_makes_a_wrong_value(bound: Bound, server: Hostile, manifest: str) -> None:
    """Some hundred seeded mutations of a real answer: every field is the true one, or null, or a typed Problem."""
    print(f"FUZZ_SEED={SEED}")  # noqa: T201  pytest shows it when the test fails
    chance = random.Random(f"{SEED}{NAMES[manifest]}")  # noqa: S311  no secret hangs on it
    desk, asked = Desk([bound(manifest)], NoReferences()), refs(manifest)
    server.say = server.json(TRUTH[manifest])
    calm = await desk.answer(QUESTIONS[manifest], asked, scope())
    assert [calm[ref].ref for ref in asked] == asked
    failed = 0
    for number in range(ROUNDS):
        answer = mutated(TRUTH[manifest], chance)
        server.say = server.json(answer)
        given = await desk.answer(QUESTIONS[manifest], asked, scope())
        assert {ref: untrue(given[ref], calm[ref]) for ref in asked} == {ref: [] for ref in asked}, (number, answer)
        failed += any(isinstance(value, Problem) for value in given.values())
    # Enough of them did harm, and not all: the test is about both.
    assert ROUNDS / 4 < failed < ROUNDS


@FAMILIES
async def test_no_mutation_of_a_list_makes_a_wrong_value(bound: Bound, server: Hostile, manifest: str) -> None:
    """The same of a page of a list: true records, each once, or a typed Problem in its place or for the whole page."""
    print(f"FUZZ_SEED={SEED}")  # noqa: T201  pytest shows it when the test fails
    chance = random.Random(f"{SEED}{NAMES[manifest]} list")  # noqa: S311  no secret hangs on it
    desk = Desk([bound(manifest)], NoReferences())
    lists, home = Lists(desk, b"key"), HOMES[refs(manifest)[0].type]
    server.say = server.json(TRUTH[manifest])
    calm = await desk.answer(QUESTIONS[manifest], refs(manifest), scope())
    failed = 0
    for number in range(ROUNDS):
        answer = mutated(TRUTH[manifest], chance)
        server.say = server.json(answer)
        page = await lists.page(home, 10, None, scope())
        if isinstance(page, Problem):
            assert page.code in TYPED, (number, answer)
            failed += 1
            continue
        shown = [row.ref for _, row in page.rows if not isinstance(row, Problem)]
        assert len(set(shown)) == len(shown), (number, answer)
        assert [untrue(row, calm[row.ref]) for _, row in page.rows if not isinstance(row, Problem)] == [
            [] for _ in shown
        ], (number, answer)
        assert {row.code for _, row in page.rows if isinstance(row, Problem)} <= TYPED
    assert ROUNDS / 10 < failed < ROUNDS
