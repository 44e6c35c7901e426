"""The gate: rights, demand, rates and the deadline, the same for everybody who comes in."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from colonnade.settings import Demand
from tests.colonnade.edge.small import small

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from tests.colonnade.edge.small import Small


@pytest.fixture(scope="module")
def frugal() -> Iterator[Small]:
    """A graph of which a caller gets five of cost a minute."""
    with small(Demand(per_minute=5)) as running:
        yield running


def code(response: httpx.Response) -> tuple[int, str]:
    """Return the status and the first error's code."""
    return response.status_code, response.json()["errors"][0]["extensions"]["code"]


def test_who_is_not_known(graph: Small) -> None:
    """A wrong token is 401 with the scheme to use; without one no document but a registered one is executed."""
    before = graph.told.executed
    for token in ("forged", None):
        response = graph.post({"query": "{ hello }"}, token)
        assert code(response) == (401, "UNAUTHENTICATED")
        assert response.headers["www-authenticate"] == "Bearer"
    assert code(graph.post({"documentId": "unknown"}, None)) == (401, "UNAUTHENTICATED")
    assert graph.told.executed == before


def test_a_wrong_token_is_refused_before_the_body_is_read(graph: Small) -> None:
    """Whoever is not let in is not listened to."""
    headers = {"Content-Type": "application/json", "Authorization": "Bearer forged"}
    assert code(graph.http.post(graph.url, content=b"{", headers=headers)) == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize(
    "query",
    [
        "{ __schema { types { name } } }",
        '{ hello __type(name: "Query") { name } }',
        "{ ...F } fragment F on Query { s: __schema { description } }",
        "{ ... on Query { ... @include(if: true) { __schema { description } } } }",
        "{ _service { sdl } }",
    ],
)
def test_the_schema_is_shown_by_right(graph: Small, query: str) -> None:
    """Who may not see it is refused as a whole; who may, sees it."""
    before = graph.told.executed
    assert code(graph.post({"query": query}, "plain")) == (403, "FORBIDDEN")
    assert graph.told.executed == before
    assert "errors" not in graph.post({"query": query}, "open").json()


ENTITIES = "query ($of: [_Any!]!) { _entities(representations: $of) { ... on Thing { id } } }"
THING = {"__typename": "Thing", "id": "7"}


def entities(graph: Small, *of: object, query: str = ENTITIES) -> Any:
    """Ask as the router of a supergraph does, beside its user."""
    return graph.post({"query": query, "variables": {"of": of}}, "plain", Router_Authorization="Bearer router").json()


def test_only_a_router_asks_for_entities(graph: Small) -> None:
    """A user without a router's credential, or with another one, is refused."""
    body = {"query": ENTITIES, "variables": {"of": [THING]}}
    for shown in ({}, {"Router_Authorization": "Bearer forged"}):
        assert code(graph.post(body, "open", **shown)) == (403, "FORBIDDEN")
    assert entities(graph, THING) == {"data": {"_entities": [{"id": "7"}]}}
    twice = """query ($of: [_Any!]!) {
        a: _entities(representations: $of) { ... on Thing { id } } b: _entities(representations: $of) { __typename }
    }"""
    assert entities(graph, THING, query=twice)["data"] == {"a": [{"id": "7"}], "b": [{"__typename": "Thing"}]}


@pytest.mark.parametrize(
    "wrong",
    [1, "x", [], {}, {"id": "7"}, {"__typename": 1}, {"__typename": ["Thing"]}, {"__typename": "Nothing"},
     {"__typename": "Query"}, {"__typename": "__Type"}, {"__typename": "Thing"}, {**THING, "more": 1}],
)  # fmt: skip
def test_a_representation_that_is_none(graph: Small, wrong: object) -> None:
    """It is null with its error, beside those that are well-formed; nothing unexpected happens."""
    with capture_logs() as lines:
        body = entities(graph, wrong, THING)
    assert body["data"] == {"_entities": [None, {"id": "7"}]}
    assert [error["extensions"]["code"] for error in body["errors"]] == ["BAD_INPUT"]
    assert [line for line in lines if line["log_level"] == "error"] == []


def test_so_many_representations(graph: Small) -> None:
    """A thousand are answered, one more is not."""
    assert len(entities(graph, *[THING] * 1_000)["data"]["_entities"]) == 1_000
    body = entities(graph, *[THING] * 1_001)
    assert body["errors"][0]["extensions"]["code"] in ("TOO_MANY", "COST_EXCEEDED")


def test_a_number_without_an_end(graph: Small) -> None:
    """Digits by the thousand where a list's size is told are no representation, and not the server's mistake."""
    query = "{ _entities(representations: DIGITS) { __typename } }".replace("DIGITS", "1" * 5_000)
    response = graph.post({"query": query}, "plain", Router_Authorization="Bearer router")
    assert response.status_code < 500
    assert response.json()["errors"][0]["extensions"]["code"] != "INTERNAL_ERROR"


def test_a_type_name_is_no_introspection(graph: Small) -> None:
    """Every client asks for it."""
    assert graph.post({"query": "{ __typename }"}, "plain").json() == {"data": {"__typename": "Query"}}


def test_too_much_for_a_minute(frugal: Small) -> None:
    """429 with the seconds after which it is answered; another caller has a minute of their own."""
    answered = [frugal.post({"query": "{ hello }"}, "spender").status_code for _ in range(6)]
    assert answered == [200] * 5 + [429]
    response = frugal.post({"query": "{ hello }"}, "spender")
    assert code(response) == (429, "RATE_LIMITED")
    assert 1 <= int(response.headers["retry-after"]) <= 120
    assert response.json()["errors"][0]["extensions"]["retryable"] is True
    assert frugal.post({"query": "{ hello }"}, "open").status_code == 200


def test_what_is_no_document_counts_too(frugal: Small) -> None:
    """Reading it costs time as well."""
    answered = [frugal.post({"query": "{"}, "plain").status_code for _ in range(6)]
    assert answered == [200] * 5 + [429]


def test_a_batch_spends_for_all_its_operations(frugal: Small) -> None:
    """What is too much is refused as a whole, and nothing of it is executed."""
    assert len(frugal.post([{"query": "{ hello }"}] * 3, "brief").json()) == 3
    before = frugal.told.executed
    assert code(frugal.post([{"query": "{ hello }"}] * 3, "brief")) == (429, "RATE_LIMITED")
    assert frugal.told.executed == before


def test_where_nothing_is_enforced() -> None:
    """It is answered however dear it is, and the answer tells what it cost."""
    with small(Demand(cost=1, values=1, per_minute=1, enforce=False)) as lenient:
        for _ in range(3):
            body = lenient.post({"query": "{ a: hello b: hello }"}).json()
            assert body["data"] == {"a": "hello world", "b": "hello world"}
            assert body["extensions"]["cost"]["values"] > 1


def test_values_beyond_the_maximum() -> None:
    """Refused before anything is executed, with the figure and the maximum."""
    with small(Demand(values=1)) as strict:
        response = strict.post({"query": "{ a: hello b: hello }"})
        assert response.json()["errors"][0]["extensions"]["code"] == "COST_EXCEEDED"
        assert strict.told.executed == 0


def test_an_execution_that_takes_too_long() -> None:
    """It is cut shortly behind the deadline: 503, and nothing of it goes on."""
    with small(deadline=0.5) as hasty:
        began = time.monotonic()
        response = hasty.post({"query": "{ sleep(seconds: 20) }"})
        assert time.monotonic() - began < 2
        assert code(response) == (503, "DEADLINE_EXCEEDED")
        hasty.until(lambda: hasty.told.running == 0)
        assert hasty.told.cut == 1


def test_an_error_is_logged_once_for_each_cause(graph: Small) -> None:
    """A document that breaks a hundred times writes one line with a count."""
    with capture_logs() as lines:
        body = graph.post({"query": "{" + " ".join(f"a{number}: odd" for number in range(20)) + "}"}).json()
    assert [error["extensions"]["code"] for error in body["errors"]] == ["INTERNAL_ERROR"] * 20
    logged = [line for line in lines if line["event"] == "unexpected error"]
    assert [(line["count"], line["path"], type(line["exc_info"])) for line in logged] == [(20, ["a0"], KeyError)]


def test_what_is_counted(graph: Small) -> None:
    """Refusals by their codes, costs, and streams that are open."""
    graph.post({"query": "{"})
    text = graph.metrics()
    assert 'colonnade_graphql_refusals_total{code="GRAPHQL_PARSE_FAILED"}' in text
    assert "colonnade_graphql_cost_bucket" in text
