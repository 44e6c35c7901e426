"""Requests that are none: each is refused with its status, a code and a JSON body, and nothing is executed."""

from __future__ import annotations

import gzip
import json
import socket
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

if TYPE_CHECKING:
    import httpx

    from tests.colonnade.edge.small import Small

HELLO = {"query": "{ hello }"}
JSON = "application/json"


def refusal(response: httpx.Response) -> tuple[int, str]:
    """Return the status and the one error's code of a refusal, whose every part is there."""
    body = response.json()
    assert set(body) == {"errors"}
    (error,) = body["errors"]
    assert error["message"]
    assert error["extensions"]["correlationId"] == response.headers["x-correlation-id"]
    assert isinstance(error["extensions"]["retryable"], bool)
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    return response.status_code, error["extensions"]["code"]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"{", id="half an object"),
        pytest.param(b"null", id="null"),
        pytest.param(b"1", id="a number"),
        pytest.param(b'"{ hello }"', id="a text"),
        pytest.param(b"{}", id="no document"),
        pytest.param(b'{"query": ""}', id="an empty document"),
        pytest.param(b'{"query": null}', id="null for a document"),
        pytest.param(b"\xff", id="no UTF-8"),
        pytest.param(b'\xef\xbb\xbf{"query": "{ hello }"}', id="a byte order mark"),
        pytest.param('{"query": "{ hello }"}'.encode("utf-16"), id="UTF-16"),
        pytest.param(b'{"query": "{ hello }", "variables": {"a": NaN}}', id="NaN"),
        pytest.param(b'{"query": "{ hello }", "variables": {"a": 1e999}}', id="infinity"),
        pytest.param(b'{"query": "{ hello }", "variables": {"a": ' + b"9" * 5000 + b"}}", id="a number like a book"),
        pytest.param(b'{"query": "{ hello }", "operationName": "\\ud800"}', id="half a character"),
        pytest.param(b'{"query": "{ hello }", "query": "{ hello }"}', id="a name twice"),
        pytest.param(b'{"query": "{ hello }", "variables": {"a": 1, "a": 1}}', id="a name twice within"),
        pytest.param(b"[" * 50_000, id="nesting"),
        pytest.param(b'{"a":' * 20_000, id="nested objects"),
        pytest.param(b"[]", id="an empty batch"),
        pytest.param(b"[1]", id="a batch of numbers"),
        pytest.param(json.dumps([HELLO] * 11).encode(), id="a batch too long"),
        pytest.param(b'{"query": "{ hello }", "documentId": "x"}', id="two documents"),
        pytest.param(b'{"query": "{ hello }", "extensions": {"persistedQuery": 1}}', id="a wrong extension"),
        pytest.param(b'{"extensions": {"persistedQuery": {"version": 2, "sha256Hash": "x"}}}', id="another version"),
        *(
            pytest.param(json.dumps({**HELLO, name: wrong}).encode(), id=f"{name} {wrong!r}")
            for name in ("query", "operationName", "documentId", "variables", "extensions")
            for wrong in (0, False, ["a"], {"a": 1} if name in ("query", "operationName", "documentId") else "text")
        ),
    ],
)
def test_a_body_that_is_no_request(graph: Small, body: bytes) -> None:
    """It is the caller's mistake whatever it holds, and said in JSON."""
    before = graph.told.executed
    response = graph.http.post(graph.url, content=body, headers={"Content-Type": JSON, "Authorization": "Bearer open"})
    assert refusal(response) == (400, "BAD_REQUEST")
    assert graph.told.executed == before


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "multipart/form-data; boundary=a"},
        {"Content-Type": "application/graphql"},
        {"Content-Type": "application/jsonp"},
        {"Content-Type": "text/plain; application/json"},
        {"Content-Type": "application/json; charset=utf-16"},
        {"Content-Type": "application/json; charset=latin-1"},
        {"Content-Type": JSON, "Content-Encoding": "gzip"},
        {"Content-Type": JSON, "Content-Encoding": "br, identity"},
    ],
)
def test_a_body_of_another_type(graph: Small, headers: dict[str, str]) -> None:
    """Only JSON in UTF-8, not compressed, is read: 415."""
    before = graph.told.executed
    content = gzip.compress(b"{}") if "Content-Encoding" in headers else json.dumps(HELLO).encode()
    response = graph.http.post(graph.url, content=content, headers={**headers, "Authorization": "Bearer open"})
    assert refusal(response) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert graph.told.executed == before


@pytest.mark.parametrize("kind", [JSON, "application/json;charset=utf-8", 'Application/JSON; charset="UTF-8"'])
def test_a_body_of_the_right_type(graph: Small, kind: str) -> None:
    """The type's parameters and its case are no matter."""
    headers = {"Content-Type": kind, "Authorization": "Bearer open", "Content-Encoding": "identity"}
    response = graph.http.post(graph.url, content=json.dumps(HELLO), headers=headers)
    assert response.json() == {"data": {"hello": "hello world"}}


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD", "TRACE", "QUERY"])
def test_another_method(graph: Small, method: str) -> None:
    """It says which ones there are."""
    response = graph.http.request(method, graph.url, headers={"Authorization": "Bearer open"})
    assert (response.status_code, response.headers["allow"]) == (405, "GET, POST, OPTIONS")
    if method != "HEAD":
        assert refusal(response) == (405, "METHOD_NOT_ALLOWED")


def test_which_methods_there_are(graph: Small) -> None:
    """OPTIONS says so, to anybody and in no body."""
    response = graph.http.options(graph.url)
    assert (response.status_code, response.headers["allow"], response.content) == (204, "GET, POST, OPTIONS", b"")


@pytest.mark.parametrize(
    "query",
    [
        "",
        "query=",
        "variables={}",
        "query={hello}&query={hello}",
        "query={hello}&variables={}&variables={}",
        "query=%ff",
        "query={hello}&variables=[]",
        "query={hello}&variables=1",
        "query={hello}&variables={",
        "query={hello}&variables=%22%22",
        "query={hello}&extensions=null1",
        "query={hello}&operationName=a&operationName=b",
        "&".join(f"a{number}=1" for number in range(60)),
    ],
)
def test_a_query_string_that_is_no_request(graph: Small, query: str) -> None:
    """What is missing, double, ill-encoded or of a wrong type is refused."""
    before = graph.told.executed
    response = graph.http.get(f"{graph.url}?{query}", headers={"Authorization": "Bearer open"})
    assert refusal(response) == (400, "BAD_REQUEST")
    assert graph.told.executed == before


def test_a_query_by_get(graph: Small) -> None:
    """A query may travel in the URL with all its parameters; a mutation may not."""
    document = "query A($name: String!) { hello(name: $name) } query B { hello }"
    params = {"query": document, "variables": '{"name": "you"}', "operationName": "A", "extensions": "{}"}
    assert graph.get(params).json() == {"data": {"hello": "hello you"}}
    before = graph.told.executed
    response = graph.get({"query": "mutation { add }"})
    assert refusal(response) == (405, "METHOD_NOT_ALLOWED")
    assert (response.headers["allow"], graph.told.executed) == ("POST, OPTIONS", before)
    assert graph.post({"query": "mutation { add }"}).json() == {"data": {"add": before + 1}}


def test_a_body_beyond_the_bound(graph: Small) -> None:
    """It is refused, whether it is announced, streamed or lied about; just below the bound it is read."""
    assert refusal(graph.post({**HELLO, "variables": {"a": "x" * 110_000}})) == (413, "TOO_LARGE")

    def endless() -> Any:
        while True:
            yield b" " * 10_000

    headers = {"Content-Type": JSON, "Authorization": "Bearer open"}
    assert refusal(graph.http.post(graph.url, content=endless(), headers=headers)) == (413, "TOO_LARGE")
    head = f"GET /graphql?query={{hello}}&a={'x' * 52_000} HTTP/1.1\nHost: here\nAuthorization: Bearer open\n\n"
    assert raw(graph, head).startswith(b"HTTP/1.1 413 ")
    assert graph.post({**HELLO, "variables": {"a": "x" * 102_000}}).json() == {"data": {"hello": "hello world"}}


def raw(graph: Small, head: str, body: bytes = b"") -> bytes:
    """Send bytes that no client would, and return the answer."""
    with socket.create_connection(("127.0.0.1", graph.port), timeout=5) as connection:
        connection.sendall(head.replace("\n", "\r\n").encode() + body)
        answered = b""
        while b"\r\n\r\n" not in answered and (chunk := connection.recv(65_536)):
            answered += chunk
        return answered


HEAD = "POST /graphql HTTP/1.1\nHost: here\nContent-Type: application/json\nAuthorization: Bearer open\n"


def test_a_content_length_that_lies(graph: Small) -> None:
    """A great one is refused before anything is read; one that is none is the HTTP parser's business, and no 500."""
    assert raw(graph, HEAD + "Content-Length: 999999999999999999\n\n").startswith(b"HTTP/1.1 413 ")
    for wrong in ("-1", "1e3", "abc", "9" * 400):
        answered = raw(graph, HEAD + f"Content-Length: {wrong}\n\n")
        assert answered[9:12] in (b"400", b"413")


def test_two_content_types(graph: Small) -> None:
    """Who says two things means neither."""
    body = json.dumps(HELLO).encode()
    answered = raw(graph, HEAD + f"Content-Type: text/plain\nContent-Length: {len(body)}\n\n", body)
    assert answered.startswith(b"HTTP/1.1 415 ")


def test_a_body_that_never_comes(graph: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever does not send what was announced is not waited for."""
    monkeypatch.setattr("colonnade.edge.reading.BODY_SECONDS", 0.2)
    began = time.monotonic()
    assert raw(graph, HEAD + "Content-Length: 30\n\n", b"{").startswith(b"HTTP/1.1 400 ")
    assert time.monotonic() - began < 3


def test_no_name_is_too_odd_to_be_answered(graph: Small) -> None:
    """Names that no document has come back in no error as a fault of ours."""
    for name in ("\u0000", "\U0001f3ca", "x" * 90_000, quote("\ud800", errors="replace")):
        response = graph.post({"query": "query A { hello }", "operationName": name})
        assert response.json()["errors"][0]["extensions"]["code"] == "OPERATION_RESOLUTION_FAILURE"


def test_a_batch(graph: Small) -> None:
    """Each operation has its own answer, in its own place, and one that fails takes no other along."""
    body = [
        {"query": "{ hello }"},
        {"query": "{ nothing }"},
        {"query": "subscription { count }"},
        {"query": "{ a: hello }"},
    ]
    response = graph.post(body)
    first, second, third, fourth = response.json()
    assert (response.status_code, first, fourth) == (
        200,
        {"data": {"hello": "hello world"}},
        {"data": {"a": "hello world"}},
    )
    assert second["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert third["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
