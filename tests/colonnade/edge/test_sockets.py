"""Sockets: the protocol graphql-transport-ws, who may open one and for how long, and what passes through."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.colonnade.edge.small import RIGHTS, small

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from websockets.asyncio.client import ClientConnection

    from tests.colonnade.edge.small import Small

PROTOCOL: Any = "graphql-transport-ws"
ENDLESS = {"query": "subscription { count(to: 100000, pause: 0.02) }"}


@asynccontextmanager
async def opened(graph: Small, token: str | None = "open", **options: Any) -> AsyncIterator[ClientConnection]:  # noqa: S107
    """Open a socket and let the caller in; without a token only open it."""
    options = {"subprotocols": [PROTOCOL], "proxy": None} | options
    async with connect(graph.url.replace("http", "ws"), **options) as socket:
        if token is not None:
            await say(socket, type="connection_init", payload={"Authorization": f"Bearer {token}"})
            assert await heard(socket) == {"type": "connection_ack"}
        yield socket


async def say(socket: ClientConnection, **message: Any) -> None:
    """Send a message."""
    await socket.send(json.dumps(message))


async def heard(socket: ClientConnection) -> Any:
    """Return the next message."""
    return json.loads(await asyncio.wait_for(socket.recv(), 5))


async def closed(socket: ClientConnection) -> tuple[int, str]:
    """Return with which code and for which reason the socket is closed, whatever is told before."""
    async with asyncio.timeout(5):
        with suppress(ConnectionClosed):
            async for _ in socket:
                pass
        await socket.wait_closed()
    assert socket.close_code is not None
    return socket.close_code, socket.close_reason or ""


async def test_operations_of_every_kind(graph: Small) -> None:
    """A query, a mutation and a subscription go over one socket at the same time, each under its own id."""
    before = graph.told.executed
    async with opened(graph) as socket:
        await say(socket, type="subscribe", id="a", payload={"query": "subscription { count(to: 2) }"})
        await say(socket, type="subscribe", id="b", payload={"query": "mutation { add }"})
        query = {"query": "query A($n: String!) { hello(name: $n) }", "variables": {"n": "x"}, "operationName": "A"}
        await say(socket, type="subscribe", id="c", payload=query)
        messages = [await heard(socket) for _ in range(7)]
    told: dict[str, list[Any]] = {"a": [], "b": [], "c": []}
    for message in messages:
        told[message["id"]].append(message.get("payload", message["type"]))
    assert told == {
        "a": [{"data": {"count": 1}}, {"data": {"count": 2}}, "complete"],
        "b": [{"data": {"add": before + 1}}, "complete"],
        "c": [{"data": {"hello": "hello x"}}, "complete"],
    }


async def test_a_refused_operation(graph: Small) -> None:
    """It gets its errors, with their codes; the socket stays."""
    async with opened(graph, "plain") as socket:
        for query, code in (
            ("{", "GRAPHQL_PARSE_FAILED"),
            ("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
            ("{ __schema { description } }", "FORBIDDEN"),
            ("subscription($to: Int!) { count(to: $to) }", None),
        ):
            await say(socket, type="subscribe", id="a", payload={"query": query})
            message = await heard(socket)
            if code is None:
                assert message["payload"]["errors"][0]["extensions"]["code"] == "BAD_INPUT"
                continue
            assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", code)
        assert graph.told.streaming == 0


async def test_an_unexpected_error_is_masked(graph: Small) -> None:
    """Nothing of the inside goes over a socket either."""
    async with opened(graph) as socket:
        with capture_logs() as lines:
            await say(socket, type="subscribe", id="a", payload={"query": "{ odd }"})
            message = await heard(socket)
    assert [line["count"] for line in lines if line["event"] == "unexpected error"] == [1]
    assert message["payload"]["data"] == {"odd": None}
    assert message["payload"]["errors"][0]["extensions"]["code"] == "INTERNAL_ERROR"
    assert "secret" not in json.dumps(message)


@pytest.mark.parametrize(
    "sent",
    ["", "{", "1", "[]", "null", '"x"', "{}", '{"type": 1}', '{"type": "other"}', '{"type": "subscribe", "id": 1}',
     '{"type": "subscribe", "id": "a"}', '{"type": "subscribe", "id": "a", "payload": []}',
     '{"type": "subscribe", "id": "a", "payload": {"query": 1}}', '{"type": "subscribe", "payload": {"query": "{a}"}}',
     '{"type": "complete"}', '{"id": {}, "type": "complete"}', b"{}", "[" * 50_000],
)  # fmt: skip
async def test_a_message_that_is_none(graph: Small, sent: str | bytes) -> None:
    """The socket is closed with 4400, and the server lives."""
    async with opened(graph) as socket:
        await socket.send(sent)
        assert (await closed(socket))[0] == 4400
    assert graph.http.get(graph.url.replace("graphql", "livez")).status_code == 200


async def test_a_message_beyond_the_bound(graph: Small) -> None:
    """It is not even read to its end; nor is one that is small only while it is packed."""
    for compression in (None, "deflate"):
        async with opened(graph, compression=compression) as socket:
            await socket.send(json.dumps({"type": "ping", "payload": {"a": "x" * 500_000}}))
            assert (await closed(socket))[0] in (1009, 4400)


async def test_who_may_not_come_in(graph: Small) -> None:
    """A wrong token is 4403, asking before coming in 4401, coming in twice 4429."""
    async with opened(graph, None) as socket:
        await say(socket, type="connection_init", payload={"Authorization": "Bearer forged"})
        assert await closed(socket) == (4403, "Forbidden")
    async with opened(graph, None) as socket:
        await say(socket, type="subscribe", id="a", payload=ENDLESS)
        assert await closed(socket) == (4401, "Unauthorized")
    async with opened(graph) as socket:
        await say(socket, type="connection_init")
        assert (await closed(socket))[0] == 4429
    async with opened(graph, None) as socket:
        await say(socket, type="connection_init", payload=["Authorization"])
        assert (await closed(socket))[0] == 4400


async def test_the_token_of_the_upgrade(graph: Small) -> None:
    """A client that can set headers may show its token there; the payload's goes before."""
    headers = {"Authorization": "Bearer plain"}
    async with opened(graph, None, additional_headers=headers) as socket:
        await say(socket, type="connection_init")
        assert (await heard(socket))["type"] == "connection_ack"
        await say(socket, type="subscribe", id="a", payload={"query": "{ hello }"})
        assert (await heard(socket))["payload"] == {"data": {"hello": "hello world"}}


async def test_nobody_over_a_socket(graph: Small) -> None:
    """Without a token only registered documents are executed here, too."""
    async with opened(graph, None) as socket:
        await say(socket, type="connection_init")
        assert (await heard(socket))["type"] == "connection_ack"
        await say(socket, type="subscribe", id="a", payload={"query": "{ hello }"})
        assert (await heard(socket))["payload"][0]["extensions"]["code"] == "UNAUTHENTICATED"


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1.evil.example", "http://127.0.0.1:1"]
)
async def test_a_page_of_another_origin(graph: Small, origin: str) -> None:
    """Its socket is not opened."""
    with pytest.raises(InvalidStatus) as caught:
        async with opened(graph, additional_headers={"Origin": origin}):
            pass
    assert caught.value.response.status_code == 403


async def test_a_page_of_an_origin_that_is_named(graph: Small) -> None:
    """The graph's own pages, and those of the configuration, may open sockets."""
    async with opened(graph, additional_headers={"Origin": graph.url.removesuffix("/graphql")}):
        pass
    with small(origins=["https://app.example"]) as named:
        async with opened(named, additional_headers={"Origin": "https://app.example"}):
            pass


@pytest.mark.parametrize("protocols", [None, ["graphql-ws"], ["chat", "soap"]])
async def test_another_protocol(graph: Small, protocols: Any) -> None:
    """Nothing else is spoken."""
    async with connect(graph.url.replace("http", "ws"), subprotocols=protocols, proxy=None) as socket:
        assert await closed(socket) == (4406, "Subprotocol not acceptable")


async def test_who_never_comes_in(graph: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever opens a socket and says nothing is not waited for."""
    monkeypatch.setattr("colonnade.edge.sockets.INIT_WAIT", timedelta(seconds=0.2))
    async with opened(graph, None) as socket:
        assert (await closed(socket))[0] == 4408


async def test_a_socket_ends_with_the_proof(graph: Small) -> None:
    """At that code clients fetch a new token and come again; the subscription has ended."""
    async with opened(graph, "brief") as socket:
        await say(socket, type="subscribe", id="a", payload=ENDLESS)
        assert await closed(socket) == (4403, "Token expired")
    await asyncio.to_thread(graph.until, lambda: graph.told.streaming == 0)


async def test_a_socket_ends_with_a_key_that_is_taken_back(graph: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was shown at the beginning is looked at again: once it is no longer good the socket is closed."""
    monkeypatch.setattr("colonnade.edge.standing.SECONDS", 0.1)
    monkeypatch.setitem(RIGHTS, "tool", RIGHTS["open"])
    async with opened(graph, "tool") as socket:
        await say(socket, type="subscribe", id="a", payload=ENDLESS)
        await heard(socket)
        monkeypatch.delitem(RIGHTS, "tool")
        assert await closed(socket) == (4403, "Token expired")
    graph.until(lambda: graph.told.streaming == 0)


async def test_a_long_reason_closes_as_well(graph: Small) -> None:
    """The frame that closes a socket has room for so much: a reason that is longer is cut."""
    async with opened(graph) as socket:
        await say(socket, type="x" * 5_000)
        code, reason = await closed(socket)
    assert (code, len(reason)) == (4400, 120)


async def test_what_is_completed_or_left_ends(graph: Small) -> None:
    """A client that completes an operation, or just goes, leaves nothing running."""
    async with opened(graph) as socket:
        await say(socket, type="subscribe", id="a", payload=ENDLESS)
        await say(socket, type="subscribe", id="b", payload=ENDLESS)
        await asyncio.to_thread(graph.until, lambda: graph.told.streaming == 2)
        await say(socket, type="complete", id="a")
        await asyncio.to_thread(graph.until, lambda: graph.told.streaming == 1)
        await say(socket, type="subscribe", id="c", payload={"query": "{ sleep(seconds: 50) }"})
        await asyncio.to_thread(graph.until, lambda: graph.told.running == 1)
        assert 'colonnade_graphql_streams_open{transport="socket"} 1.0' in graph.metrics()
        socket.transport.abort()
    await asyncio.to_thread(graph.until, lambda: graph.told.streaming + graph.told.running == 0, 2)
    await asyncio.to_thread(
        graph.until, lambda: 'colonnade_graphql_streams_open{transport="socket"} 0.0' in graph.metrics()
    )


async def test_how_much_one_caller_may_hold(graph: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many operations a socket, so many sockets a caller."""
    monkeypatch.setattr("colonnade.edge.sockets.OPERATIONS", 2)
    monkeypatch.setattr("colonnade.edge.seats.EACH", 1)
    async with opened(graph) as socket:
        for id_ in ("a", "b", "c"):
            await say(socket, type="subscribe", id=id_, payload=ENDLESS)
        while (message := await heard(socket))["type"] == "next":
            pass
        assert (message["id"], message["type"]) == ("c", "error")
        async with opened(graph, None) as second:
            await say(second, type="connection_init", payload={"Authorization": "Bearer open"})
            assert (await closed(second))[0] == 1013
        async with opened(graph, "plain"):
            pass
    await asyncio.to_thread(graph.until, lambda: graph.told.streaming == 0)


async def test_pings(graph: Small) -> None:
    """They are answered, before coming in too."""
    async with opened(graph, None) as socket:
        await say(socket, type="ping")
        assert await heard(socket) == {"type": "pong"}
        await say(socket, type="pong")
        await say(socket, type="connection_init")
        assert (await heard(socket))["type"] == "connection_ack"
