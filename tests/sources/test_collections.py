"""Records that are read by a list of their ids in a body: null is nobody, and one that is too short tells of nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from starlette.responses import JSONResponse

from tests.sources.hostile import HEAD, SECRETS, ask

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from sources.source import Source
    from tests.sources.hostile import Hostile

    Bound = Callable[..., Source]

SOQL = (
    HEAD
    + """
role = "erp"
auth = { kind = "bearer" }

[dialect]
family = "query"
path = "/query"
collection = "/records"
rows = "records"
next = "next"
total = "total"

[limits]
ids = 500
url_bytes = 500

[entities.Invoice]
path = "Bill"
id = "Id"
ask = { Customer = { at = "Account", ids = 2 } }
[entities.Invoice.fields]
number = "Number"

[entities.LegalEntity]
path = "Entity"
id = "Id"
[entities.LegalEntity.fields]
code = "Owner.Code"
name = "Name"
functional_currency = "Currency"
"""
)
SECRETS[SOQL] = {"token": "s3cret"}
BILLS = {id_: {"Id": id_, "Number": f"No. {id_}", "Account": "A"} for id_ in ("1", "2", "3")}


def records(server: Hostile, *answer: Any) -> None:
    """Answer every question so."""
    server.say = server.json(list(answer))


async def test_a_list_of_ids_is_one_call_however_long_it_is(bound: Bound, server: Hostile) -> None:
    """They stand in the body, which no URL bounds; whoever is not there is null, and absent."""

    async def say(request: Request) -> Response:
        wanted = msgspec.json.decode(await request.body())
        return JSONResponse([BILLS.get(id_) for id_ in wanted["ids"]])

    server.say = say
    ids = [str(number) for number in range(1, 500)]
    answer = await ask(bound(SOQL), "invoices_by_id", *ids)
    assert {id_: row and row.number for id_, row in answer.items()} == dict.fromkeys(ids) | {
        id_: f"No. {id_}" for id_ in BILLS
    }
    (call,) = server.calls
    assert (call.method, call.path) == ("POST", "/records/Bill")
    assert msgspec.json.decode(call.body) == {"ids": ids, "fields": ["Id", "Number"]}


@pytest.mark.parametrize(
    ("answer", "missing"),
    [([BILLS["1"]], "SOURCE_MISBEHAVED"), ([BILLS["1"], None], None)],
    ids=["too short", "null"],
)
async def test_what_is_not_in_a_list_that_is_too_short_may_be_there(
    bound: Bound, server: Hostile, answer: list[Any], missing: str | None
) -> None:
    """As many must come as were asked for: only then is nobody where nothing stands."""
    records(server, *answer)
    found = await ask(bound(SOQL), "invoices_by_id", "1", "2")
    assert (found["1"].number, found["2"]) == ("No. 1", missing)


async def test_an_id_that_is_answered_in_a_longer_form_is_no_absence(bound: Bound, server: Hostile) -> None:
    """Some ids have a short form and a long one: who is asked for by one and comes by the other is not nobody."""
    records(server, BILLS["1"] | {"Id": "0015e00000AbCdEAAV"})
    assert await ask(bound(SOQL), "invoices_by_id", "0015e00000AbCdE") == {"0015e00000AbCdE": "SOURCE_MISBEHAVED"}


async def test_each_record_is_told_by_its_own_id(bound: Bound, server: Hostile) -> None:
    """In another order, each has its own."""
    records(server, BILLS["2"], BILLS["1"])
    found = await ask(bound(SOQL), "invoices_by_id", "1", "2")
    assert {id_: row.number for id_, row in found.items()} == {"1": "No. 1", "2": "No. 2"}


async def test_what_is_no_list_is_believed_of_nobody(bound: Bound, server: Hostile) -> None:
    """An object is no list of records."""
    server.say = server.json({"records": []})
    assert await ask(bound(SOQL), "invoices_by_id", "1") == {"1": "SOURCE_MISBEHAVED"}


async def test_what_belongs_to_others_and_what_others_say_is_asked_in_statements(bound: Bound, server: Hostile) -> None:
    """A collection takes a record's own columns by its own id: all else is a statement, within the limit of its URL."""
    server.say = server.json({"records": [BILLS["1"]], "total": 1})
    source = bound(SOQL)
    await ask(source, "invoices_by_customer", "A", "B", "C", by="Customer")
    await ask(source, "legal_entities_by_id", "nbus")
    assert sorted((call.method, call.query["q"]) for call in server.calls) == [
        ("GET", "SELECT Id, Number, Account FROM Bill WHERE Account IN ('A', 'B')"),
        ("GET", "SELECT Id, Number, Account FROM Bill WHERE Account IN ('C')"),
        ("GET", "SELECT Id, Owner.Code, Name, Currency FROM Entity WHERE Id IN ('nbus')"),
    ]
