"""Sources that know no `in`: ids in a chain of `or`, or each by a read of its own, all in one batch."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from starlette.responses import JSONResponse
from structlog.testing import capture_logs

from colonnade.demo import over
from colonnade.wiring import SystemClock
from demo.systems import Bound, Emulated
from schema.tomlfile import FileError
from sources.registry import Binding, connect
from tests.conftest import House
from tests.sources.hostile import ODATA, SECRETS, ask

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.requests import Request
    from starlette.responses import Response

    from sources.source import Source
    from tests.sources.hostile import Hostile

    BoundTo = Callable[..., Source]

IDS = 7
CHAIN, BATCH = 'ids = "or"', 'ids = "batch"\nbatch = "/data/$batch"'
GOES_ON = 'headers = { Prefer = "continue-on-error" }\n'
QUERY = """{ engagements(first: 20) { edges { node { code erpStatus contractValue { amount currency }
    contractingEntity { code } contract { code lines { description amount { amount } } }
    customer { legalName } invoices { number net { amount } lines { description net { amount } } } } } } }"""
PARTS = ODATA.replace('family = "odata"', 'family = "odata", ids = "batch", batch = "/data/$batch"')
SECRETS[PARTS] = SECRETS[ODATA]


def graph(stack: ExitStack, bound: list[Bound], folder: Path, option: str) -> House:
    """Run the graph over the running systems, the ERP by a copy of its manifest with another way to ask for ids."""
    vendor = folder / "erp" / "dynamics"
    vendor.mkdir(parents=True)
    text = Path("sources/erp/dynamics/source.toml").read_text(encoding="utf-8")
    text = text.replace('family = "odata"', f'family = "odata"\n{option}').replace("ids = 200", f"ids = {IDS}")
    (vendor / "source.toml").write_text(text.replace("[quality]", f"{GOES_ON}\n[quality]", 1), encoding="utf-8")
    translate = Path("sources/erp/dynamics/translate.py")
    if translate.exists():
        (vendor / translate.name).write_text(translate.read_text(encoding="utf-8"), encoding="utf-8")
    systems = [replace(system, vendor=str(vendor)) if system.role == "erp" else system for system in bound]
    return House(stack.enter_context(over(systems)))


@pytest.fixture(scope="module")
def chained(running: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The graph that asks the ERP in chains."""
    with ExitStack() as stack:
        yield graph(stack, running.bound, tmp_path_factory.mktemp("chained"), CHAIN)


@pytest.fixture(scope="module")
def batched(running: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The graph that asks the ERP in batches."""
    with ExitStack() as stack:
        yield graph(stack, running.bound, tmp_path_factory.mktemp("batched"), BATCH)


def asked(house: House) -> Counter[str]:
    """Count the calls at the ERP by what is asked for, without logins."""
    calls = Emulated(house.address["erp"]).calls()
    return Counter(call.partition("/data/")[2].partition("?")[0] for call in calls if "/data/" in call)


# Of 20 engagements, 19 contracts and their lines, 14 customers, 20 lists of invoices, 36 invoices, 4 entities.
COUNTS = {
    "ProjectsV2": 3,
    "ProjectContractHeaders": 3,
    "ProjectContractLines": 3,
    "CustomersV3": 2,
    "NBProjectInvoices": 3,
    "NBProjectInvoiceLines": 6,
    "LegalEntities": 1,
}


@pytest.mark.parametrize(("way", "counts"), [("chained", COUNTS), ("batched", {"$batch": sum(COUNTS.values())})])
def test_every_way_says_the_same(
    request: pytest.FixtureRequest, house: House, way: str, counts: dict[str, int]
) -> None:
    """Whichever way ids are asked for, the answer is that of `in`, in ceil(ids / limit) calls of each question."""
    other = request.getfixturevalue(way)
    truth = house.ask(QUERY)
    assert truth.errors == []
    house.calm()
    answer = other.ask(QUERY)
    assert (answer.data, answer.errors) == (truth.data, [])
    assert asked(other) == counts


@pytest.mark.parametrize("quirk", ["reverse", "duplicates", "strangers"])
def test_disorder_among_the_parts_changes_nothing(house: House, batched: House, quirk: str) -> None:
    """Parts in reverse, twice, or with one that nobody asked for: each id has its own answer."""
    truth = house.ask(QUERY)
    house.misbehave("erp", quirk, entity="$batch")
    answer = batched.ask(QUERY)
    assert (answer.data, answer.errors) == (truth.data, [])


def test_reads_that_fail_below_an_outer_200(house: House, batched: House) -> None:
    """Invoices that the system cannot show are null with its trouble, and everything else is there."""
    truth = house.ask(QUERY)
    house.misbehave("erp", "status_503", entity="NBProjectInvoices")
    answer = batched.ask(QUERY)
    assert {code for code, _ in answer.codes} == {"SOURCE_UNAVAILABLE"}
    told = [{**edge["node"], "invoices": None} for edge in truth.data["engagements"]["edges"]]
    assert [edge["node"] for edge in answer.data["engagements"]["edges"]] == told


def entity(number: str) -> dict[str, str]:
    """Return a legal entity."""
    return {"Id": number, "Code": f"N{number}", "Name": f"North {number}", "Currency": "EUR"}


def part(place: int, *rows: Any, status: Any = 200, **beside: Any) -> dict[str, Any]:
    """Return the answer of a part."""
    return {"id": str(place), "status": status, "body": {"value": list(rows), **beside}}


def responses(server: Hostile, *batches: list[Any]) -> None:
    """Answer one call after the other with these parts."""
    following = iter(batches)

    async def say(_request: Request) -> Response:
        return JSONResponse({"responses": next(following)})

    server.say = say


async def named(source: Source, *ids: str) -> dict[str, Any]:
    """Ask for entities, and return their names or what went wrong."""
    answer = await ask(source, "legal_entities_by_id", *ids)
    return {id_: getattr(value, "name", value) for id_, value in answer.items()}


async def test_what_a_batch_says(bound: BoundTo, server: Hostile) -> None:
    """Each id is a read of its own below the service's root, escaped for OData and for the URL."""
    responses(server, [part(0, entity("1")), part(1)])
    assert await named(bound(PARTS), "1", "O'Hare & Co") == {"1": "North 1", "O'Hare & Co": None}
    (call,) = server.calls
    assert (call.method, call.path, dict(call.query)) == ("POST", "/data/$batch", {})
    asked = "Entities?$select=Id,Code,Name,Currency,Country,WeekStart&$filter=Id%20eq%20{}&$count=true"
    assert json.loads(call.body) == {
        "requests": [
            {"id": "0", "method": "GET", "url": asked.format("%271%27")},
            {"id": "1", "method": "GET", "url": asked.format("%27O%27%27Hare%20%26%20Co%27")},
        ]
    }


ONE, THREE = part(0, entity("1")), part(2, entity("3"))


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        pytest.param([ONE, part(1, status=503), THREE], "SOURCE_UNAVAILABLE", id="down"),
        pytest.param([ONE, part(1, status=429), THREE], "SOURCE_THROTTLED", id="throttled"),
        pytest.param([ONE, part(1, status=403), THREE], "SOURCE_DENIED", id="forbidden"),
        pytest.param([ONE, part(1, status=424), THREE], "SOURCE_REFUSED", id="not tried"),
        pytest.param([THREE, part(1, status=500), ONE], "SOURCE_UNAVAILABLE", id="in another order"),
        pytest.param([ONE, THREE], "SOURCE_MISBEHAVED", id="missing"),
        pytest.param([ONE, part(7, entity("2")), THREE], "SOURCE_MISBEHAVED", id="a stranger in its place"),
        pytest.param([ONE, part(1), part(1, entity("2")), THREE], "SOURCE_MISBEHAVED", id="two that differ"),
        pytest.param([ONE, part(1, **{"@odata.count": 1}), THREE], "SOURCE_MISBEHAVED", id="short of its count"),
        pytest.param([ONE, part(1, entity("2"), status="200"), THREE], "SOURCE_MISBEHAVED", id="no status"),
        pytest.param([ONE, {"id": "1", "status": 200, "body": "<html>"}, THREE], "SOURCE_MISBEHAVED", id="a page"),
        pytest.param([ONE, {"id": "1", "status": 200}, THREE], "SOURCE_MISBEHAVED", id="no body"),
    ],
)
async def test_a_part_fails_its_own_id_alone(bound: BoundTo, server: Hostile, parts: list[Any], code: str) -> None:
    """Whatever is wrong with one part, the ids of the others have their answers."""
    responses(server, parts)
    assert await named(bound(PARTS), "1", "2", "3") == {"1": "North 1", "2": code, "3": "North 3"}
    assert len(server.calls) == 1


async def test_what_the_manifest_says_of_refusals_holds_for_parts(bound: BoundTo, server: Hostile) -> None:
    """A status that this system means otherwise means it in a part, too."""
    told = '[[errors]]\nstatus = 403\nhas = "REQUEST_LIMIT"\nmeans = "throttled"\n'
    manifest = PARTS.replace("[limits]", f"{told}[limits]")
    SECRETS[manifest] = SECRETS[ODATA]
    responses(server, [{"id": "0", "status": 403, "body": {"error": {"code": "REQUEST_LIMIT"}}}])
    assert await named(bound(manifest), "1") == {"1": "SOURCE_THROTTLED"}


@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"responses": {}}', b'{"responses": [1]}', b"<html>", b""])
async def test_what_is_no_batch_is_no_answer(bound: BoundTo, server: Hostile, body: bytes) -> None:
    """An outer 200 over something else fails every id, and makes nobody absent."""
    server.say = server.text(body)
    assert await named(bound(PARTS), "1", "2") == dict.fromkeys("12", "SOURCE_MISBEHAVED")


async def test_pages_of_parts_are_followed_together(bound: BoundTo, server: Hostile) -> None:
    """Parts with more rows go on in one further call; each is held against its own count, wherever it ends."""

    def invoices(*numbers: str, account: str) -> list[dict[str, str]]:
        return [{"Number": number, "Account": account} for number in numbers]

    link = "http://elsewhere.invalid/data/Invoices?$skiptoken="
    first = [
        part(0, *invoices("1", "2", account="A"), **{"@odata.count": 3, "@odata.nextLink": f"{link}a"}),
        part(1, *invoices("4", account="B"), **{"@odata.count": 3, "@odata.nextLink": f"{link}b"}),
        part(2, *invoices("7", account="C"), **{"@odata.count": 1}),
        part(3, *invoices("8", account="D"), **{"@odata.count": 2, "@odata.nextLink": f"{link}d"}),
    ]
    second = [part(3, status=500), part(1, *invoices("5", account="B")), part(0, *invoices("3", account="A"))]
    responses(server, first, second)
    with capture_logs() as lines:
        answer = await ask(bound(PARTS), "invoices_by_customer", "A", "B", "C", "D", by="Customer")
    # What came for D before it failed is not taken for a stranger's.
    assert [line for line in lines if line["event"] == "contract alarm"] == []
    assert {id_: [row.number for row in rows] for id_, rows in answer.items() if isinstance(rows, list)} == {
        "A": ["1", "2", "3"],
        "C": ["7"],
    }
    assert (answer["B"], answer["D"]) == ("SOURCE_MISBEHAVED", "SOURCE_UNAVAILABLE")
    assert [request["url"] for request in json.loads(server.calls[1].body)["requests"]] == [
        "Invoices?$skiptoken=a",
        "Invoices?$skiptoken=b",
        "Invoices?$skiptoken=d",
    ]


async def test_a_chain_keeps_to_the_bytes_of_a_url(bound: BoundTo, server: Hostile) -> None:
    """In a chain the column comes with every id: fewer fit, each id is asked once, and no filter is longer."""
    manifest = ODATA.replace('family = "odata"', 'family = "odata", ids = "or"')
    SECRETS[manifest] = SECRETS[ODATA]
    ids = [f"entity {number:03}" for number in range(60)]
    assert await named(bound(manifest, "url_bytes = 500"), *ids) == dict.fromkeys(ids)
    filters = [call.query["$filter"] for call in server.calls]
    assert sorted(id_ for asked in filters for id_ in asked.split("'")[1::2]) == ids
    assert max(len(quote(asked, safe=",()")) for asked in filters) <= 500
    # "entity%20000" with two quotes, the column and the words between them: 36 bytes.
    assert len(filters) == 5


def test_a_batch_needs_its_path(tmp_path: Path) -> None:
    """A manifest that asks in batches says where, and no other does."""
    for option in ('ids = "batch"', 'batch = "/data/$batch"'):
        text = ODATA.replace('family = "odata"', f'family = "odata", {option}')
        (tmp_path / "source.toml").write_text(text, encoding="utf-8")
        with pytest.raises(FileError, match="'batch' is the path for ids = 'batch', and for nothing else"):
            connect(Binding("erp", str(tmp_path), "http://127.0.0.1:9", SECRETS[ODATA]), SystemClock())
