"""The form of an answer: by Accept with its weights, and the status that each form has for what went wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

if TYPE_CHECKING:
    from tests.colonnade.edge.small import Small

MODERN = "application/graphql-response+json"
LEGACY = "application/json"
APOLLO = (
    'multipart/mixed;boundary="graphql";subscriptionSpec=1.0,application/graphql-response+json,application/json;q=0.9'
)


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (MODERN, MODERN),
        (LEGACY, LEGACY),
        ("*/*", LEGACY),
        ("application/*", LEGACY),
        ("", LEGACY),
        (f"{MODERN}, {LEGACY}", MODERN),
        (f"{LEGACY}, {MODERN}", MODERN),
        (f"{MODERN};q=0.5, {LEGACY}", LEGACY),
        (f"{MODERN};q=0.5, {LEGACY};q=0.4", MODERN),
        (f"{MODERN};q=0, */*", LEGACY),
        (f"{LEGACY};q=0, */*;q=0.1", MODERN),
        (f"{MODERN}; charset=utf-8; q=0.9, {LEGACY};q=0.8", MODERN),
        ("text/html, application/xhtml+xml, */*;q=0.8", LEGACY),
        (f"TEXT/HTML, {MODERN.upper()}", MODERN),
        (f'text/html;a="x,{LEGACY}", {MODERN}', MODERN),
        (f"{MODERN};q=7, {LEGACY};q=nonsense", MODERN),
        (APOLLO, MODERN),
    ],
)
def test_the_form_that_fits_best(graph: Small, accept: str, kind: str) -> None:
    """The heaviest; where both weigh the same, the new one only for whom names it."""
    response = graph.post({"query": "{ hello }"}, accept=accept)
    assert (response.status_code, response.headers["content-type"]) == (200, f"{kind}; charset=utf-8")
    assert (response.json(), response.headers["vary"]) == ({"data": {"hello": "hello world"}}, "Accept")


@pytest.mark.parametrize(
    "accept", ["text/html", "text/event-stream", "multipart/mixed", "*/*;q=0", f"{MODERN};q=0", "image/*", '"', ",,,"]
)
def test_no_form_that_fits(graph: Small, accept: str) -> None:
    """A query is answered in no other form, and not executed."""
    before = graph.told.executed
    response = graph.post({"query": "{ hello }"}, accept=accept)
    assert response.status_code == 406
    assert response.json()["errors"][0]["extensions"]["code"] == "NOT_ACCEPTABLE"
    assert graph.told.executed == before


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"query": "{"}, "GRAPHQL_PARSE_FAILED"),
        ({"query": "{ nothing }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "query A { hello } query B { hello }"}, "OPERATION_RESOLUTION_FAILURE"),
        ({"query": "query A { hello }", "operationName": "B"}, "OPERATION_RESOLUTION_FAILURE"),
        ({"query": "query($name: String!) { hello(name: $name) }"}, "BAD_INPUT"),
        ({"query": "query($name: String!) { hello(name: $name) }", "variables": {"name": 1}}, "BAD_INPUT"),
        ({"documentId": "nobody"}, "PERSISTED_QUERY_NOT_FOUND"),
    ],
)
def test_a_document_that_is_not_executed(graph: Small, body: dict[str, object], code: str) -> None:
    """No data in either form: 400 in the new one, and 200 in the old one, whose clients read no other."""
    before = graph.told.executed
    for kind, status in ((MODERN, 400), (LEGACY, 200)):
        response = graph.post(body, accept=kind)
        assert (response.status_code, list(response.json())) == (status, ["errors"])
        assert response.json()["errors"][0]["extensions"]["code"] == code
    assert graph.told.executed == before


def test_no_suggestions(graph: Small) -> None:
    """An error names what was sent and nothing that was not."""
    text = graph.post({"query": "{ helo }"}).text + graph.post({"query": "{ hello(nam: 1) }"}).text
    assert "hello" not in text.replace("Query.hello", "")
    assert "Did you mean" not in text


def test_an_error_beside_data_is_200(graph: Small) -> None:
    """What was executed has status 200 in both forms, and data; the cause is told to nobody."""
    for kind in (MODERN, LEGACY):
        with capture_logs():
            response = graph.post({"query": "{ broken }"}, accept=kind)
        assert (response.status_code, response.json()["data"]) == (200, None)
        (error,) = response.json()["errors"]
        assert (error["path"], error["extensions"]["code"]) == (["broken"], "INTERNAL_ERROR")
        assert "secret" not in response.text


@pytest.mark.parametrize("accept", ["*/*", LEGACY, MODERN])
def test_a_subscription_as_a_plain_request(graph: Small, accept: str) -> None:
    """It is told which transports there are."""
    response = graph.post({"query": "subscription { count }"}, accept=accept)
    assert response.status_code == 400
    message = response.json()["errors"][0]["message"]
    assert all(word in message for word in ("text/event-stream", "multipart/mixed", "graphql-transport-ws"))
    assert graph.told.streaming == 0
