"""Joins that go wrong in the field: ids written in two ways, lists that move while they are read, two ERPs."""

from __future__ import annotations

import json
from collections import Counter
from itertools import permutations
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
from msgspec import structs
from starlette.responses import JSONResponse, Response

from schema.graph import HOMES
from schema.problems import Code, Problem
from schema.rows import Ref
from sources.batching import Desk
from sources.listing import Lists
from sources.source import SLICE
from tests.sources.hostile import HEAD, ODATA, REST, RPC, SECRETS, Hostile, NoReferences, ask, coded, scope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from starlette.requests import Request

    from sources.source import Source

    Bound: TypeAlias = Callable[..., Source]

SCAN = (
    HEAD
    + """
role = "hr"
auth = { kind = "bearer" }
dialect = { family = "scan", seconds = 60, rows = "people", next = "next", cursor = "from" }

[entities.Resource]
path = "/people"
id = "id"
[entities.Resource.fields]
display_name = "name"
"""
)
SECRETS[SCAN] = {"token": "s3cret"}
ONE_CUSTOMER = ODATA.replace('Customer = "Account"', 'Customer = { at = "Account", ids = 1 }')
SECRETS[ONE_CUSTOMER] = SECRETS[ODATA]
MISBEHAVED = "SOURCE_MISBEHAVED"


def invoice(number: str, account: str, net: object = 10) -> dict[str, Any]:
    """Return an invoice as OData writes it."""
    return {"Number": number, "Account": account, "Net": net, "Currency": "USD"}


class Known:
    """Cross-references that a test makes up."""

    def __init__(self, words: Mapping[Ref, Sequence[Ref]]) -> None:
        """Know these."""
        self.known = words

    async def words(self, refs: Iterable[Ref], role: str) -> Mapping[Ref, Sequence[Ref]]:
        """Return what is known of the role."""
        return {ref: [word for word in self.known.get(ref, ()) if word.role == role] for ref in refs}


@pytest.mark.parametrize("written", ["c-1", "C-1 ", " C-1", "00C-1"])
async def test_an_id_in_another_writing_is_no_absence(bound: Bound, server: Hostile, written: str) -> None:
    """Rows under an id that differs in case, blanks or zeros may be meant: what is missing is unknown, not empty."""
    server.say = server.rows(invoice("1", "C-2"), invoice("2", written))
    answer = await ask(bound(ODATA), "invoices_by_customer", "C-1", "C-2", "C-3", by="Customer")
    assert answer["C-1"] == MISBEHAVED
    assert [row.number for row in answer["C-2"]] == ["1"]
    assert answer["C-3"] == []


async def test_a_list_of_two_writings_is_not_taken_for_whole(bound: Bound, server: Hostile) -> None:
    """Half of a customer's invoices under one writing of its account, half under another: no half of a list."""
    server.say = server.rows(invoice("1", "C-1"), invoice("2", "c-1"))
    assert await ask(bound(ODATA), "invoices_by_customer", "C-1", by="Customer") == {"C-1": MISBEHAVED}


async def test_by_id_the_very_row_is_enough(bound: Bound, server: Hostile) -> None:
    """Two records whose ids differ in case alone are two records; each key has its own."""
    server.say = server.rows(invoice("a-1", "x", 1), invoice("A-1", "x", 2))
    answer = await ask(bound(ODATA), "invoices_by_id", "A-1", "a-1")
    assert {id_: row.net.amount for id_, row in answer.items()} == {"A-1": 2, "a-1": 1}
    server.say = server.rows(invoice("a-1", "x", 1))
    answer = await ask(bound(ODATA), "invoices_by_id", "A-1", "a-1")
    assert (answer["A-1"], answer["a-1"].net.amount) == (None, 1)


async def test_strangers_are_dropped(bound: Bound, server: Hostile) -> None:
    """A server that forgets its filter answers with everybody: each key has its own rows, and nobody else's."""
    server.say = server.rows(*(invoice(str(n), f"C-{n % 5}") for n in range(20)))
    answer = await ask(bound(ODATA), "invoices_by_customer", "C-3", "C-9", by="Customer")
    assert [row.number for row in answer["C-3"]] == ["3", "8", "13", "18"]
    assert answer["C-9"] == []


@pytest.mark.parametrize("numbers", list(permutations(("11", "12", "13"))), ids=" ".join)
@pytest.mark.parametrize("more", [(), ("8", "10"), ("10", "8")], ids=["of one length", "of two", "as texts are"])
async def test_a_list_is_in_the_order_of_its_ids(
    bound: Bound, server: Hostile, numbers: tuple[str, ...], more: tuple[str, ...]
) -> None:
    """In whatever order its rows come, and whether they stand together; a shorter id comes before a longer one."""
    accounts = {"11": "C-1", "12": "C-1", "13": "C-2"}
    server.say = server.rows(*(invoice(number, accounts.get(number, "C-3")) for number in (*numbers, *more)))
    answer = await ask(bound(ODATA), "invoices_by_customer", "C-1", "C-2", "C-3", by="Customer")
    listed = {id_: [row.number for row in rows] for id_, rows in answer.items()}
    assert listed == {"C-1": ["11", "12"], "C-2": ["13"], "C-3": sorted(more, key=int)}


async def test_what_is_no_number_is_never_asked_of_a_system_of_numbers(bound: Bound, server: Hostile) -> None:
    """An id that no record of it can have is absent, and does not cost the others their answer."""
    server.say = server.json({"result": [{"id": 7, "number": "seven"}]})
    odd = ["007", "7.0", "-7", " 7", "\u0667", "7" * 30, "seven", "7\0"]
    answer = await ask(bound(RPC), "invoices_by_id", "7", *odd)
    assert answer.pop("7").number == "seven"
    assert answer == dict.fromkeys(odd)
    (call,) = server.calls
    assert json.loads(call.body)["params"][0] == [["id", "in", [7]]]


async def test_two_records_of_one_id_are_none(bound: Bound, server: Hostile) -> None:
    """The same row twice is one; two that differ are neither."""
    server.say = server.rows(invoice("1", "C-1"), invoice("1", "C-1"), invoice("2", "C-1", 5), invoice("2", "C-1", 6))
    source = bound(ODATA)
    answer = await ask(source, "invoices_by_customer", "C-1", by="Customer")
    one, two = answer["C-1"]
    assert (one.number, two) == ("1", "BAD_ROW")
    assert (await ask(source, "invoices_by_id", "1", "2"))["2"] == "BAD_ROW"


async def test_a_long_answer_is_joined_like_a_short_one(bound: Bound, server: Hostile) -> None:
    """Read part by part, a row that comes again far behind is still one, and two that differ are neither."""
    many = 2 * SLICE + 100
    rows = [invoice(str(n), f"C-{n % 2}", n) for n in range(many)]
    server.say = server.rows(*rows, rows[0], invoice("1", "C-1", "another"))
    answer = await ask(bound(ODATA), "invoices_by_customer", "C-0", "C-1", by="Customer")
    assert [row.net.amount for row in answer["C-0"]] == list(range(0, many, 2))
    assert answer["C-1"][0] == "BAD_ROW"
    assert [row.number for row in answer["C-1"][1:]] == [str(n) for n in range(3, many, 2)]


async def test_one_where_there_are_two_is_not_picked(bound: Bound, server: Hostile) -> None:
    """A question for one record that has two answers is answered by neither."""
    manifest = ODATA.replace("[entities.Invoice]", CONTRACT + "[entities.Invoice]")
    SECRETS[manifest] = SECRETS[ODATA]
    rows = [{"Id": "PC-1", "Project": "P-1"}, {"Id": "PC-2", "Project": "P-1"}, {"Id": "PC-3", "Project": "P-3"}]
    server.say = server.rows(*rows)
    answer = await ask(bound(manifest), "contracts_by_engagement", "P-1", "P-3", by="Engagement")
    assert (answer["P-1"], answer["P-3"].code) == ("REFERENCE_AMBIGUOUS", "PC-3")


CONTRACT = """
[entities.Contract]
path = "/data/Contracts"
id = "Id"
ask = { Engagement = "Project" }
[entities.Contract.fields]
code = "Id"

"""


def pages(*contents: Any) -> Callable[[Request], Any]:
    """Answer the first request with the first content, and so on; the last one again and again."""
    asked = iter(contents)
    last: list[Any] = []

    async def say(_request: Request) -> Response:
        last[:] = [next(asked, *last)] if last else [next(asked)]
        return JSONResponse(last[0])

    return say


async def test_a_row_that_moves_between_pages_may_hide_another(bound: Bound, server: Hostile) -> None:
    """Page 2 begins with a row of page 1: the count fits, but another row slipped by unseen. Nothing is absent."""

    def page(number: int, *ids: str) -> dict[str, Any]:
        rows = {id_: {"id": id_, "title": f"Task {id_}"} for id_ in ids}
        listed = [{"key": "tasks", "id": id_} for id_ in ids]
        return {"count": 4, "results": listed, "tasks": rows, "meta": {"pages": 2, "size": 2, "page": number}}

    server.say = pages(page(1, "1", "2"), page(2, "2", "4"))
    answer = await ask(bound(REST), "tasks_by_id", "1", "2", "3", "4")
    assert {id_: getattr(row, "name", row) for id_, row in answer.items()} == {
        "1": "Task 1",
        "2": "Task 2",
        "3": MISBEHAVED,
        "4": "Task 4",
    }


async def test_a_filter_that_takes_one_value_is_asked_once_for_each(bound: Bound, server: Hostile) -> None:
    """Where one way of asking takes fewer ids than the system, that way alone is cut finer."""
    server.say = server.rows()
    source = bound(ONE_CUSTOMER)
    assert await ask(source, "invoices_by_customer", "A", "B", "C", by="Customer") == {"A": [], "B": [], "C": []}
    assert sorted(call.query["$filter"] for call in server.calls) == [f"Account in ('{id_}')" for id_ in "ABC"]
    server.calls.clear()
    await ask(source, "invoices_by_id", "1", "2")
    assert len(server.calls) == 1


async def test_each_chunk_has_its_own_outcome(bound: Bound, server: Hostile) -> None:
    """Of three calls one fails: its ids alone have the error."""

    async def say(request: Request) -> Response:
        (number,) = request.query_params["$filter"].removeprefix("Number in ('").removesuffix("')").split("','")
        return Response(status_code=503) if number == "2" else JSONResponse({"value": [invoice(number, "C-1")]})

    server.say = say
    answer = await ask(bound(ODATA, "ids = 1"), "invoices_by_id", "1", "2", "3")
    assert {id_: getattr(row, "number", row) for id_, row in answer.items()} == {
        "1": "1",
        "2": "SOURCE_UNAVAILABLE",
        "3": "3",
    }


@pytest.mark.parametrize("id_", ["{:03}", "\u00fc{:03}", "it's {:03}", "a,b({:03})", "100%/{:03}?x=1&y#z"])
async def test_ids_are_cut_by_bytes_and_asked_once_each(bound: Bound, server: Hostile, id_: str) -> None:
    """Whatever stands in an id, no call's list is longer than the limit, and each id reaches the source as it is."""
    ids = [id_.format(n) for n in range(60)]

    async def say(request: Request) -> Response:
        listed = request.query_params["$filter"].removeprefix("Number in ('").removesuffix("')").split("','")
        return JSONResponse({"value": [invoice(one.replace("''", "'"), "C-1") for one in listed]})

    server.say = say
    answer = await ask(bound(ODATA, "url_bytes = 500"), "invoices_by_id", *ids)
    assert {one: row.number for one, row in answer.items()} == {one: one for one in ids}
    filters = [call.query["$filter"] for call in server.calls]
    assert Counter(one for text in filters for one in ids if one.replace("'", "''") in text) == Counter(ids)
    assert max(len(text.encode()) for text in filters) <= 500 + len("Number in ()")
    assert len(filters) > 1


def numbered() -> Callable[[Request], Any]:
    """Answer a list of seven invoices by number, as OData or JSON-RPC, never with more rows than asked."""
    rows: list[dict[str, Any]] = [
        {"Number": str(n), "id": n, "number": str(n), "Net": n, "Currency": "USD"} for n in range(1, 8)
    ]

    async def say(request: Request) -> Response:
        body = await request.body()
        if body:
            domain, _, limit, *_ = json.loads(body)["params"]
            after = next((term[2] for term in domain if term[1] == ">"), 0)
            return JSONResponse({"result": [row for row in rows if row["id"] > after][:limit]})
        query = request.query_params
        after = query.get("$filter", "Number gt '0'").removeprefix("Number gt '").removesuffix("'")
        behind = [row for row in rows if str(row["Number"]) > after]
        return JSONResponse({"value": behind[: int(query["$top"])], "@odata.count": len(behind)})

    return say


@pytest.mark.parametrize("manifest", [ODATA, RPC], ids=["odata", "jsonrpc"])
@pytest.mark.parametrize("rows", [1, 2, 3, 100])
async def test_a_limit_of_rows_cuts_calls_not_lists(bound: Bound, server: Hostile, manifest: str, rows: int) -> None:
    """A source that gives fewer rows a call than a page has is asked again: no list ends early."""
    server.say = numbered()
    lists = Lists(Desk([bound(manifest, f"rows = {rows}")], NoReferences()), b"key")
    shown: list[Any] = []
    after = None
    while True:
        page = await lists.page(HOMES["Invoice"], 3, after, scope())
        assert not isinstance(page, Problem)
        shown += [coded(row) for _, row in page.rows]
        assert page.has_next == (len(shown) < 7)
        assert page.total == (7 if manifest == ODATA else None)
        if not page.has_next:
            break
        after = page.rows[-1][0]()
    assert [row.number for row in shown] == list("1234567")


async def test_two_systems_of_a_role_are_walked_one_after_the_other(bound: Bound, server: Hostile) -> None:
    """The second list begins where the first one ends, also within a page; nobody knows how many there are in all."""
    server.say = numbered()
    lists = Lists(Desk([bound(ODATA), bound(RPC, name="erp.legacy")], NoReferences()), b"key")
    shown: list[Ref] = []
    after = None
    while True:
        page = await lists.page(HOMES["Invoice"], 4, after, scope())
        assert not isinstance(page, Problem)
        shown += [coded(row).ref for _, row in page.rows]
        assert (len(page.rows), page.total) == (4 if page.has_next else 2, None)
        if not page.has_next:
            break
        after = page.rows[-1][0]()
    assert shown == [Ref("Invoice", name, str(n)) for name in ("erp", "erp.legacy") for n in range(1, 8)]


async def test_each_key_goes_to_the_binding_that_knows_it(bound: Bound, server: Hostile) -> None:
    """Two ERPs with the same numbers: each key is asked where it is known, and never answered by the other."""

    async def say(request: Request) -> Response:
        body = await request.body()
        if body:
            return JSONResponse({"result": [{"id": 1, "number": "legacy", "party": 7, "company": 3}]})
        return JSONResponse({"value": [{**invoice("cloud", "7"), "Company": "3"}]})

    server.say = say
    cloud, legacy, both, nobody, same, twice = (Ref("Customer", "crm", id_) for id_ in "123456")
    here, there = Ref("Customer", "erp", "7"), Ref("Customer", "erp.legacy", "7")
    words = {
        cloud: [here],
        legacy: [there],
        both: [there, here],
        same: [here],
        twice: [here, structs.replace(here, id="8")],
    }
    desk = Desk([bound(ODATA), bound(RPC, name="erp.legacy")], Known(words))
    asked = [cloud, legacy, both, nobody, same, twice, Ref("Customer", "erp.gone", "7")]
    answer = await desk.answer("invoices_by_customer", asked, scope())
    (modern,), (old,) = answer[cloud], answer[legacy]
    assert (modern.number, modern.legal_entity) == ("cloud", Ref("LegalEntity", "erp", "3"))
    assert (old.number, old.legal_entity) == ("legacy", Ref("LegalEntity", "erp.legacy", "3"))
    assert answer[both] == [modern, old]
    assert (answer[twice].code, answer[nobody].code) == (Code.REFERENCE_AMBIGUOUS, Code.REFERENCE_UNKNOWN)
    assert answer[same] == answer[cloud]
    assert answer[asked[-1]].code is Code.NOT_OFFERED
    assert Counter(call.path for call in server.calls) == {"/data/Invoices": 1, "/rpc/": 1}


def people(*ids: object, beyond: str | None = None) -> dict[str, Any]:
    """Return a page of a list that is read whole."""
    return {"people": [{"id": id_, "name": f"N{id_}"} for id_ in ids], "next": beyond}


async def test_a_scan_is_joined_by_the_same_law(bound: Bound, server: Hostile) -> None:
    """Of a list that is read whole each key has its own row; what is written otherwise is unknown, the rest absent."""
    server.say = pages(people("1", "2", beyond="x"), people("007", "4"))
    source = bound(SCAN)
    answer = await ask(source, "resources_by_id", "2", "7", "9", by="Resource")
    assert (answer["2"].display_name, answer["7"], answer["9"]) == ("N2", MISBEHAVED, None)
    assert [call.query for call in server.calls] == [{}, {"from": "x"}]


async def test_a_scan_of_a_list_that_moves_knows_of_no_absence(bound: Bound, server: Hostile) -> None:
    """A row that comes on two pages tells that another may have been passed over."""
    server.say = pages(people("1", "2", beyond="x"), people("2", "4"))
    source = bound(SCAN)
    answer = await ask(source, "resources_by_id", "1", "3", by="Resource")
    assert (answer["1"].display_name, answer["3"]) == ("N1", MISBEHAVED)
    page = await Lists(Desk([source], NoReferences()), b"key").page(HOMES["Resource"], 5, None, scope())
    assert coded(page) == MISBEHAVED  # type: ignore[arg-type]


async def test_a_scanned_list_is_paged_in_memory(bound: Bound, server: Hostile) -> None:
    """Pages of a list that is read whole are in the order of its ids, whatever order it came in, and cost one scan."""
    server.say = server.json(people("10", "9", "2", "1", "9"))
    lists = Lists(Desk([bound(SCAN)], NoReferences()), b"key")
    shown: list[str] = []
    after = None
    while True:
        page = await lists.page(HOMES["Resource"], 2, after, scope())
        assert not isinstance(page, Problem)
        shown += [coded(row).ref.id for _, row in page.rows]
        if not page.has_next:
            break
        after = page.rows[-1][0]()
    assert shown == ["1", "2", "9", "10"]
    assert len(server.calls) == 1
