"""Subscriptions over HTTP: event streams and multipart parts, how they begin, end and are counted."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.colonnade.edge.small import RIGHTS

if TYPE_CHECKING:
    from tests.colonnade.edge.small import Small

EVENTS = "text/event-stream"
PARTS = 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0'
COUNT = {"query": "subscription { count(to: 2) }"}
ENDLESS = {"query": "subscription { count(to: 100000, pause: 0.02) }"}


def bodies(text: str) -> list[Any]:
    """Return what an event stream told."""
    return [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: {")]


@pytest.mark.parametrize("path", ["", "/stream"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_event_stream(graph: Small, path: str, method: str) -> None:
    """Each answer is an event, and so is the end."""
    headers = {"Authorization": "Bearer open", "Accept": EVENTS}
    asked: Any = {"params": COUNT} if method == "GET" else {"json": COUNT}
    response = graph.http.request(method, graph.url + path, headers=headers, **asked)
    assert (response.status_code, response.headers["content-type"]) == (200, EVENTS)
    assert response.text.replace("\r\n", "\n") == (
        ':\n\nevent: next\ndata: {"data":{"count":1}}\n\nevent: next\ndata: {"data":{"count":2}}\n\n'
        "event: complete\ndata: \n\n"
    )
    assert response.headers["vary"] == "Accept"
    assert "no-cache" in response.headers["cache-control"]


@pytest.mark.parametrize("accept", [None, "*/*", "application/json"])
def test_the_address_of_streams_needs_no_negotiation(graph: Small, accept: str | None) -> None:
    """There an event stream is all there is; a query is not answered there."""
    headers = {"Authorization": "Bearer open", **({"Accept": accept} if accept else {})}
    response = graph.http.post(f"{graph.url}/stream", json=COUNT, headers=headers)
    assert [body["data"]["count"] for body in bodies(response.text)] == [1, 2]
    refused = graph.http.post(f"{graph.url}/stream", json={"query": "{ hello }"}, headers=headers)
    assert (refused.status_code, refused.json()["errors"][0]["extensions"]["code"]) == (406, "NOT_ACCEPTABLE")


def test_multipart_parts(graph: Small) -> None:
    """Each answer is a part between boundaries, its length is right, and the last boundary ends it."""
    response = graph.post(COUNT, accept=f"{PARTS},application/graphql-response+json,application/json;q=0.9")
    assert response.headers["content-type"].startswith("multipart/mixed;boundary=graphql")
    assert response.text.endswith("\r\n--graphql--\r\n")
    parts = response.text.removesuffix("--\r\n").split("--graphql")[1:-1]
    heads, payloads = zip(*(part.strip("\r\n").split("\r\n\r\n") for part in parts), strict=True)
    assert [json.loads(payload) for payload in payloads] == [{"payload": {"data": {"count": n}}} for n in (1, 2)]
    assert [f"Content-Length: {len(payload)}" in head for head, payload in zip(heads, payloads, strict=True)] == [
        True
    ] * 2


def test_what_is_wrong_with_a_document_is_told_in_the_stream(graph: Small) -> None:
    """Whoever reads events alone reads there what is wrong; who they are is a matter of the status."""
    wrong = graph.post({"query": "subscription { nothing }"}, accept=EVENTS)
    assert wrong.status_code == 200
    (told,) = bodies(wrong.text)
    assert told["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    variable = graph.post({"query": "subscription($to: Int!) { count(to: $to) }"}, accept=EVENTS)
    (told,) = bodies(variable.text)
    assert told["errors"][0]["extensions"]["code"] == "BAD_INPUT"
    nobody = graph.post(COUNT, None, accept=EVENTS)
    assert (nobody.status_code, nobody.json()["errors"][0]["extensions"]["code"]) == (401, "UNAUTHENTICATED")
    assert graph.told.streaming == 0


def test_a_stream_ends_with_its_reader(graph: Small) -> None:
    """Whoever goes leaves nothing running."""
    headers = {"Authorization": "Bearer open", "Accept": EVENTS}
    with graph.http.stream("POST", graph.url, json=ENDLESS, headers=headers) as response:
        # Held: a generator that is let go of closes the connection.
        texts = response.iter_text()
        next(texts)
        graph.until(lambda: graph.told.streaming == 1)
        assert 'colonnade_graphql_streams_open{transport="stream"} 1.0' in graph.metrics()
    graph.until(lambda: graph.told.streaming == 0, seconds=1)
    graph.until(lambda: 'colonnade_graphql_streams_open{transport="stream"} 0.0' in graph.metrics())


def test_a_stream_ends_with_the_proof(graph: Small) -> None:
    """A token that expires is no token for what comes after."""
    began = time.monotonic()
    response = graph.post(ENDLESS, "brief", accept=EVENTS)
    assert 0.5 < time.monotonic() - began < 4
    assert response.text.endswith("event: complete\ndata: \n\n")
    assert graph.told.streaming == 0


def test_a_stream_ends_with_a_key_that_is_taken_back(graph: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was shown at the beginning is looked at again, for as long as the stream lasts."""
    monkeypatch.setattr("colonnade.edge.standing.SECONDS", 0.1)
    monkeypatch.setitem(RIGHTS, "tool", RIGHTS["open"])
    headers = {"Authorization": "Bearer tool", "Accept": EVENTS}
    with graph.http.stream("POST", graph.url, json=ENDLESS, headers=headers) as response:
        texts = response.iter_text()
        next(texts)
        graph.until(lambda: graph.told.streaming == 1)
        monkeypatch.delitem(RIGHTS, "tool")
        assert "".join(texts).endswith("event: complete\ndata: \n\n")
    graph.until(lambda: graph.told.streaming == 0)


def test_a_caller_holds_so_many_streams(graph: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    """One more is refused, and another caller's is not."""
    monkeypatch.setattr("colonnade.edge.seats.EACH", 1)
    headers = {"Authorization": "Bearer open", "Accept": EVENTS}
    with httpx.Client(trust_env=False) as http, http.stream("POST", graph.url, json=ENDLESS, headers=headers) as first:
        texts = first.iter_text()
        next(texts)
        refused = graph.post(ENDLESS, accept=EVENTS)
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "10")
        assert graph.post(COUNT, "plain", accept=EVENTS).status_code == 200
    graph.until(lambda: graph.told.streaming == 0)
