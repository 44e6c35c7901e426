"""The HTTP face: health, correlation from the edge to every system and back, requests that are none, and the logs."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from colonnade.demo import configure
from colonnade.edge.correlation import Correlation
from colonnade.http import create
from colonnade.settings import Settings
from colonnade.wiring import Application
from demo.systems import CLIENT_SECRET, KANTATA_TOKEN, Bound
from tests.terminal import invoke

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.requests import Request

    from tests.conftest import House

HEADER = "X-Correlation-ID"
LOGIN = "/oauth2/v2.0/token"
MADE_HERE = re.compile(r"[0-9a-f]{32}")
CUSTOMER = "{ customers(first: 1) { edges { node { displayName } } } }"
ALDERMOOR = {"customers": {"edges": [{"node": {"displayName": "Aldermoor Rail"}}]}}
# One question to each system, none of which needs a cross-reference.
EVERYBODY = """{
  engagements(first: 2) { edges { node { code } } }
  invoices(first: 2) { edges { node { number } } }
  customers(first: 2) { edges { node { displayName } } }
  resources(first: 2) { edges { node { displayName } } }
}"""


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    """One client for the whole file: making one reads all certificates of the machine."""
    with httpx.Client(trust_env=False) as client:
        yield client


def upstream(http: httpx.Client, house: House, correlation_id: str) -> list[str]:
    """Return what the systems were asked for under a correlation id, without the queries and without logins."""
    return sorted(
        line["path"].partition("?")[0]
        for address in dict.fromkeys(house.address.values())
        for line in http.get(f"{address}/_control/log").json()
        if line["headers"].get("x-correlation-id") == correlation_id and line["path"] != LOGIN
    )


def base(house: House) -> str:
    """Return the address of the graph's server."""
    return house.url.removesuffix("/graphql")


def bindings(house: House) -> list[Bound]:
    """Return the running systems as a configuration binds them."""
    return house.bound


@pytest.mark.parametrize(("path", "status"), [("/livez", "alive"), ("/readyz", "ready")])
def test_health(http: httpx.Client, running: House, path: str, status: str) -> None:
    """A server that is well says so, and to whom it said so can be found in its log."""
    response = http.get(base(running) + path)
    assert (response.status_code, response.json()) == (200, {"status": status})
    assert MADE_HERE.fullmatch(response.headers[HEADER])


async def test_not_ready_without_its_store(running: House, tmp_path: Path) -> None:
    """A server whose store is gone is alive, but not ready: it is to be sent no requests."""
    folder = tmp_path / "store"
    folder.mkdir()
    path = configure(tmp_path, bindings(running))
    path.write_text(path.read_text(encoding="utf-8").replace(f"{tmp_path}/colonnade.db", f"{folder}/colonnade.db"))
    application = Application(Settings.read(path), role="api")
    shutil.rmtree(folder)
    transport = httpx.ASGITransport(create(application))
    async with httpx.AsyncClient(transport=transport, base_url="http://house") as client:
        ready, alive = await client.get("/readyz"), await client.get("/livez")
    await application.stop()
    assert (ready.status_code, ready.json()) == (503, {"status": "the store does not answer"})
    assert (alive.status_code, alive.json()) == (200, {"status": "alive"})


async def test_a_worker_answers_no_questions(running: House, tmp_path: Path) -> None:
    """Whoever runs commands alone tells how it is doing, and has no graph."""
    application = Application(Settings.read(configure(tmp_path, bindings(running))), role="worker")
    transport = httpx.ASGITransport(create(application))
    async with httpx.AsyncClient(transport=transport, base_url="http://house") as client:
        paths = ["/livez", "/metrics", "/graphql", "/graphiql", "/graphql/stream"]
        statuses = {path: (await client.get(path)).status_code for path in paths}
    await application.stop()
    assert statuses == {"/livez": 200, "/metrics": 200, "/graphql": 404, "/graphiql": 404, "/graphql/stream": 404}
    assert (application.engine_runs, application.serves_graph) == (True, False)


@pytest.mark.parametrize("given", ["desk-7", "a", "A.b_c:d-9", "00-4bf92f3577b34da6a3ce929d0e0e4736-01", "x" * 128])
def test_a_given_correlation_id_reaches_every_system(http: httpx.Client, running: House, given: str) -> None:
    """The caller's correlation id goes with each call to each system, and comes back with the answer."""
    answer = running.ask(EVERYBODY, headers={HEADER: given})
    assert answer.errors == []
    assert answer.headers.get_list(HEADER) == [given]
    assert upstream(http, running, given) == [
        "/api/v1/workspaces.json",
        "/data/CustomersV3",
        "/data/NBProjectInvoices",
        "/data/Workers",
    ]


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(b"two words", id="a space"),
        pytest.param(b"a\tb", id="a control character"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"x" * 129, id="too long"),
        pytest.param(b'{"level":"error"}', id="a line of a log"),
        pytest.param(b"a/../b", id="a path"),
        pytest.param("brüh".encode(), id="beyond ASCII"),
        pytest.param(b"\xff", id="no text"),
    ],
)
def test_an_illegal_correlation_id_is_replaced(http: httpx.Client, running: House, given: bytes) -> None:
    """What could forge a log line or a header is neither returned nor sent on; the request is answered all the same."""
    signed = [(name.encode(), value.encode()) for name, value in running.signed.items()]
    response = http.post(running.url, json={"query": CUSTOMER}, headers=[*signed, (HEADER.encode(), given)])
    made = response.headers[HEADER]
    assert MADE_HERE.fullmatch(made)
    assert response.json() == {"data": ALDERMOOR}
    assert upstream(http, running, made) == ["/data/CustomersV3"]


@pytest.mark.parametrize("given", [b"a\r\nSet-Cookie: b", b"a\x00b", b"a\x1b[2Jb", b"a\x7fb", b"a\n"])
async def test_control_characters_that_no_client_sends(running: House, tmp_path: Path, given: bytes) -> None:
    """Should a proxy ever hand on a control character in an id, the edge itself replaces it."""
    application = Application(Settings.read(configure(tmp_path, bindings(running))), role="api")
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(HEADER.lower().encode(), given)]
    scope = {"type": "http", "method": "GET", "path": "/livez", "query_string": b"", "headers": headers}
    await create(application)(scope, receive, send)
    await application.stop()
    assert sent[0]["status"] == 200
    (made,) = (value for name, value in sent[0]["headers"] if name == HEADER.lower().encode())
    assert MADE_HERE.fullmatch(made.decode())


def test_each_request_without_one_gets_its_own(http: httpx.Client, running: House) -> None:
    """A correlation id is made where none was given, another one for each request, and reaches the systems."""
    made = [running.ask(CUSTOMER).headers[HEADER] for _ in range(2)]
    assert len(set(made)) == 2
    assert [bool(MADE_HERE.fullmatch(id_)) for id_ in made] == [True, True]
    assert [upstream(http, running, id_) for id_ in made] == [["/data/CustomersV3"], ["/data/CustomersV3"]]


def test_errors_carry_the_correlation_id(house: House) -> None:
    """Each error says under which correlation id an operator finds its cause."""
    house.misbehave("erp", "status_503", entity="NBProjectInvoices")
    answer = house.ask(EVERYBODY, headers={HEADER: "ticket-4711"})
    assert answer.codes == [("SOURCE_UNAVAILABLE", ["invoices"])]
    assert answer.errors[0]["extensions"] == {
        "code": "SOURCE_UNAVAILABLE",
        "retryable": True,
        "system": "ERP",
        "question": "list of Invoice",
        "correlationId": "ticket-4711",
    }
    assert answer.data["invoices"] is None
    assert [len(answer.data[name]["edges"]) for name in ("engagements", "customers", "resources")] == [2, 2, 2]


def test_a_query_by_get(http: httpx.Client, running: House) -> None:
    """A query may travel in the URL, with variables; the answer is the same."""
    params = {
        "query": "query First($n: Int!) { customers(first: $n) { edges { node { displayName } } } }",
        "variables": json.dumps({"n": 1}),
    }
    response = http.get(running.url, params=params, headers=running.signed | {HEADER: "by-get"})
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json; charset=utf-8")
    assert response.json() == {"data": ALDERMOOR}
    assert upstream(http, running, "by-get") == ["/data/CustomersV3"]


@pytest.mark.parametrize(
    ("query", "variables", "message", "code"),
    [
        pytest.param(
            "{ customers(first: 1) { ",
            {},
            "Syntax Error: Expected Name, found <EOF>.",
            "GRAPHQL_PARSE_FAILED",
            id="syntax",
        ),
        pytest.param(
            "{ custommers { totalCount } }",
            {},
            "Cannot query field 'custommers' on type 'Query'.",
            "GRAPHQL_VALIDATION_FAILED",
            id="a field that is none",
        ),
        pytest.param(
            '{ customers(first: "1") { totalCount } }',
            {},
            'Int cannot represent non-integer value: "1"',
            "GRAPHQL_VALIDATION_FAILED",
            id="an argument of another type",
        ),
        pytest.param(
            "query($id: ID!) { node(id: $id) { id } }",
            {},
            "Variable '$id' has invalid value: Expected a value of non-null type 'ID!' to be provided.",
            "BAD_INPUT",
            id="a variable that is missing",
        ),
        pytest.param(
            "query($n: Int!) { customers(first: $n) { totalCount } }",
            {"n": "one"},
            "Variable '$n' has invalid value: Int cannot represent non-integer value: 'one'",
            "BAD_INPUT",
            id="a variable of another type",
        ),
        pytest.param(
            "mutation { customers { totalCount } }",
            {},
            "Cannot query field 'customers' on type 'Mutation'.",
            "GRAPHQL_VALIDATION_FAILED",
            id="a mutation that there is not",
        ),
    ],
)
def test_a_document_that_cannot_be_executed(
    http: httpx.Client, running: House, query: str, variables: dict[str, Any], *, message: str, code: str
) -> None:
    """What is wrong with a document is the caller's to mend: it has a code and the correlation id like every error."""
    answer = running.ask(query, variables, headers={HEADER: "mistyped"})
    assert answer.data is None
    assert [(error["message"], error["extensions"]) for error in answer.errors] == [
        (message, {"code": code, "retryable": False, "correlationId": "mistyped"})
    ]
    assert upstream(http, running, "mistyped") == []


@pytest.mark.parametrize("body", [b"{", b"", b"[]", b"{}", b"null", b"1", b'"{ __typename }"', b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_request(http: httpx.Client, running: House, body: bytes) -> None:
    """A body without a query is the caller's fault, never the server's, and was refused under a correlation id."""
    headers = running.signed | {"Content-Type": "application/json", HEADER: "no-request"}
    response = http.post(running.url, content=body, headers=headers)
    assert (response.status_code, response.headers[HEADER]) == (400, "no-request")


@pytest.mark.parametrize("path", ["/", "/graphiql/x", "/_control/log", "/livez/x"])
def test_there_is_nothing_else(http: httpx.Client, running: House, path: str) -> None:
    """What the server does not offer is not found, under a correlation id too."""
    response = http.get(base(running) + path, headers={HEADER: "lost"})
    assert (response.status_code, response.headers[HEADER]) == (404, "lost")


async def test_a_fault_of_the_server_is_logged_under_its_request() -> None:
    """A fault that nobody foresaw is a plain 500 to the caller, and a line with its id and traceback to us."""

    async def broken(_request: Request) -> None:
        raise ZeroDivisionError("a secret of the inside")

    transport = httpx.ASGITransport(Correlation(Starlette(routes=[Route("/", broken)])))
    with capture_logs(processors=[merge_contextvars]) as lines:
        async with httpx.AsyncClient(transport=transport, base_url="http://house") as client:
            response = await client.get("/", headers={HEADER: "fault-1"})
    assert (response.status_code, response.text) == (500, "Internal Server Error")
    assert response.headers[HEADER] == "fault-1"
    assert [(line["event"], line["log_level"], line["correlation_id"]) for line in lines] == [
        ("unexpected error", "error", "fault-1"),
        ("request", "info", "fault-1"),
    ]
    assert (lines[0]["exc_info"], lines[1]["status"]) == (True, 500)


@contextmanager
def served(http: httpx.Client, folder: Path, house: House) -> Iterator[str]:
    """Run `colonnade serve` as a firm does; its log is in the folder, in `log`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    path = configure(folder, bindings(house))
    text = path.read_text(encoding="utf-8").replace("[server]", f"[server]\nport = {port}")
    path.write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "colonnade", "serve", "--config", str(path)]
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log, cwd=folder) as server:
        try:
            address = f"http://127.0.0.1:{port}"
            _await_ready(http, address, server)
            yield address
        finally:
            server.terminate()
            server.wait(10)


def _await_ready(http: httpx.Client, address: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 45
    while time.monotonic() < deadline and server.poll() is None:
        try:
            if http.get(f"{address}/readyz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    pytest.fail("the server did not come up")


def test_the_logs_of_a_server(http: httpx.Client, house: House, tmp_path: Path) -> None:
    """Each line is one JSON object; a request's lines, from the edge to each system, carry its id, and no secret."""
    with served(http, tmp_path, house) as address:
        # The identity provider of this configuration does not exist: internal tools go on without it.
        key = invoke(
            "token", "create", "night", "--role", "integration-steward", "--config", tmp_path / "colonnade.toml"
        ).stdout
        key = key.partition("\n")[0]
        house.misbehave("psa", "status_503", entity="workspaces")
        headers = {HEADER: "night-run", "Authorization": f"Bearer {key}"}
        answer = http.post(f"{address}/graphql", json={"query": EVERYBODY}, headers=headers)
        assert (answer.status_code, answer.headers[HEADER]) == (200, "night-run")
    text = (tmp_path / "log").read_text(encoding="utf-8")
    lines = [json.loads(line) for line in text.splitlines()]
    mine = [line for line in lines if line.get("correlation_id") == "night-run"]
    asked = [line for line in mine if line["event"] == "source asked"]
    assert sorted((line["binding"], line["path"], line["outcome"]) for line in asked) == [
        ("crm", "/data/CustomersV3", "OK"),
        ("crm", LOGIN, "OK"),
        ("erp", "/data/NBProjectInvoices", "OK"),
        ("erp", LOGIN, "OK"),
        ("hr", "/data/Workers", "OK"),
        ("hr", LOGIN, "OK"),
        # Once more after the second that the PSA wants to be left alone.
        *[("psa", "/api/v1/workspaces.json", "SOURCE_UNAVAILABLE")] * 2,
    ]
    (failed,) = (line for line in mine if line["event"] == "source failed")
    assert (failed["level"], failed["binding"], failed["reason"]) == ("warning", "psa", "status 503")
    (last,) = (line for line in mine if line["event"] == "request")
    assert mine[-1] == last
    assert (last["method"], last["path"], last["status"], last["level"]) == ("POST", "/graphql", 200, "info")
    # No line of the log belongs to nobody: what is not this request's is the health check's.
    assert {line["event"] for line in lines if line not in mine} == {"request"}
    assert [line for line in lines if not {"timestamp", "level", "correlation_id"} <= line.keys()] == []
    cursors = (tmp_path / "cursors.secret").read_text(encoding="utf-8")
    assert [
        word for word in (KANTATA_TOKEN, CLIENT_SECRET, cursors, key, "Bearer", "Authorization") if word in text
    ] == []
