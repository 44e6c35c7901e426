"""How old an answer is: what is kept is told with its age, and what the domain wants live is never kept."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from colonnade.demo import over
from demo.systems import forecast
from tests.conftest import House

if TYPE_CHECKING:
    from collections.abc import Iterator

    from demo.firm.model import Firm

ORIGIN = "provenance { system asOf stale }"
ENTITIES = f"{{ engagements(first: 5) {{ edges {{ node {{ erpStatus contractingEntity {{ code {ORIGIN} }} }} }} }} }}"
DEMANDS = f"{{ engagements(first: 50) {{ edges {{ node {{ demands {{ code {ORIGIN} }} }} }} }} }}"


@pytest.fixture(scope="module")
def kept_by(running: House, firm: Firm) -> Iterator[House]:
    """A graph over the running servers and a forecasting tool, with the cache that a firm has by default."""
    with forecast(firm) as planning:
        bound = [*running.bound, planning]
        with over(bound, cached=True) as graph:
            yield House(graph)


@pytest.fixture
def keeping(kept_by: House) -> Iterator[House]:
    """The same, calm before and after the test. Each test asks for what no other one does."""
    kept_by.calm()
    yield kept_by
    kept_by.calm()


def nodes(answer: Any, field: str) -> list[Any]:
    """Return a field of all engagements of an answer, which must have no errors."""
    assert answer.errors == []
    return [edge["node"][field] for edge in answer.data["engagements"]["edges"]]


def test_what_is_kept_costs_no_call_and_tells_its_age(keeping: House) -> None:
    """Legal entities may be a day old: the second request has the same ones, read as long ago; what is live is read."""
    first = nodes(keeping.ask(ENTITIES), "contractingEntity")
    assert {call.partition("?")[0] for call in keeping.calls("erp")} == {
        "GET /data/ProjectsV2",
        "GET /data/LegalEntities",
    }
    keeping.calm()
    assert nodes(keeping.ask(ENTITIES), "contractingEntity") == first
    assert {call.partition("?")[0] for call in keeping.calls("erp")} == {"GET /data/ProjectsV2"}
    assert {origin["stale"] for entity in first for origin in entity["provenance"]} == {False}


def test_a_live_record_from_a_kept_list_is_stale(keeping: House) -> None:
    """Demand is live, but this tool's list is read once a window: within it, the answer says that it is older."""
    read, kept = (
        [demand for demands in nodes(keeping.ask(DEMANDS), "demands") for demand in demands] for _ in range(2)
    )
    assert [demand["code"] for demand in kept] == [demand["code"] for demand in read] != []
    assert {origin["stale"] for demand in read for origin in demand["provenance"]} == {False}
    assert {origin["stale"] for demand in kept for origin in demand["provenance"]} == {True}
    (instant,) = {origin["asOf"] for demand in read + kept for origin in demand["provenance"]}
    assert datetime.fromisoformat(instant).tzinfo is not None


def test_what_is_kept_outlives_an_outage(keeping: House) -> None:
    """Roles that are known are answered while their owner is away, each with its own values."""
    codes = "{ roles(first: 20) { edges { node { id code } } } }"
    found = [edge["node"] for edge in keeping.ask(codes).data["roles"]["edges"]]
    query = "query ($id: ID!) { node(id: $id) { ... on Role { code } } }"
    for role in found:
        assert keeping.ask(query, {"id": role["id"]}).data == {"node": {"code": role["code"]}}
    keeping.misbehave("psa", "status_503")
    for role in found:
        answer = keeping.ask(query, {"id": role["id"]})
        assert (answer.data, answer.errors) == ({"node": {"code": role["code"]}}, [])
