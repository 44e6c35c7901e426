"""The wire against a server that means harm: in time, within its cap, at its own address, and always with a code."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse

from colonnade.principals import Acting
from policies.access import everything
from schema.rows import Ref
from sources.batching import Desk
from sources.bonds import Bonds
from sources.listing import Lists
from sources.loaders import Loaders
from sources.screening import Screen
from store import database
from store.subjects import Subjects
from tests.sources.hostile import ODATA, REST, RPC, Hostile, NoReferences, ask, coded, hostile, scope

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence

    from starlette.requests import Request

    from schema.problems import Problem
    from sources.source import Source

    Bound = Callable[..., Source]

ENTITY = {"Id": "nbus", "Code": "NB-US", "Name": "Northbeam Inc", "Currency": "USD", "Country": "US"}
QUESTIONS = {ODATA: "legal_entities_by_id", RPC: "invoices_by_id", REST: "tasks_by_id"}
FAMILIES = pytest.mark.parametrize("manifest", [ODATA, RPC, REST], ids=["odata", "jsonrpc", "rest"])


async def unmoved(_refs: Sequence[Ref]) -> dict[Ref, Ref | Problem]:
    """Nothing was ever re-keyed."""
    return {}


async def drip(body: bytes, pause: float) -> AsyncIterator[bytes]:
    """Send a body byte by byte."""
    for byte in body:
        yield bytes([byte])
        await asyncio.sleep(pause)


@pytest.mark.parametrize("entering", [False, True], ids=["answer", "login"])
async def test_one_deadline_beats_a_slow_drip(bound: Bound, server: Hostile, *, entering: bool) -> None:
    """A byte every tenth of a second resets every read's timeout, but not the call's: it ends within 10 % of it."""
    body = json.dumps({"value": [ENTITY], "access_token": "t", "expires_in": 3600}).encode()

    async def dripping(_request: Request) -> Response:
        return StreamingResponse(drip(body, 0.1))

    if entering:
        server.enter = dripping
    else:
        server.say = dripping
    source = bound(ODATA, "seconds = 1.5")
    began = time.monotonic()
    assert await ask(source, "legal_entities_by_id", "nbus") == {"nbus": "SOURCE_TIMEOUT"}
    assert 1.5 <= time.monotonic() - began <= 1.65


async def test_the_requests_own_deadline_comes_first(bound: Bound, server: Hostile) -> None:
    """Whoever has less time left than the source's limit does not wait for the limit; without any, nobody is asked."""

    async def dripping(_request: Request) -> Response:
        return StreamingResponse(drip(b" " * 100, 0.1))

    server.say = dripping
    source = bound(ODATA, "seconds = 9")
    began = time.monotonic()
    assert await ask(source, "legal_entities_by_id", "nbus", seconds=0.3) == {"nbus": "SOURCE_TIMEOUT"}
    assert time.monotonic() - began < 1
    asked = len(server.calls)
    assert await ask(source, "legal_entities_by_id", "nbus", seconds=-1) == {"nbus": "SOURCE_TIMEOUT"}
    assert len(server.calls) == asked


async def test_waiting_for_a_turn_counts(bound: Bound, server: Hostile) -> None:
    """Where one call at once is allowed, a second one that waits behind a stuck first one keeps its own deadline."""

    async def stuck(_request: Request) -> Response:
        await asyncio.sleep(1)
        return JSONResponse({})

    server.say = stuck
    source = bound(ODATA, "seconds = 5\nat_once = 1")
    first = asyncio.create_task(ask(source, "legal_entities_by_id", "a", seconds=0.9))
    await asyncio.sleep(0.1)
    began = time.monotonic()
    assert await ask(source, "legal_entities_by_id", "b", seconds=0.2) == {"b": "SOURCE_TIMEOUT"}
    assert time.monotonic() - began < 0.5
    assert await first == {"a": "SOURCE_TIMEOUT"}
    assert len(server.calls) == 1


@pytest.mark.parametrize("entering", [False, True], ids=["answer", "login"])
async def test_an_endless_answer_is_cut_at_its_cap(bound: Bound, server: Hostile, *, entering: bool) -> None:
    """At the first byte too many nobody waits for the rest, of a login neither."""

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(50):
            yield b" " * 10_000
        await asyncio.sleep(3)

    async def flood(_request: Request) -> Response:
        return StreamingResponse(endless())

    if entering:
        server.enter = flood
    else:
        server.say = flood
    source = bound(ODATA, "answer_bytes = 100_000")
    began = time.monotonic()
    assert await ask(source, "legal_entities_by_id", "nbus") == {"nbus": "SOURCE_MISBEHAVED"}
    assert time.monotonic() - began < 2


async def test_an_answer_of_just_the_cap_is_taken(bound: Bound, server: Hostile) -> None:
    """The limit is the most that is read, not one byte less."""
    body = json.dumps({"value": [ENTITY]}).encode().ljust(2000)
    server.say = server.text(body)
    row = (await ask(bound(ODATA, "answer_bytes = 2000"), "legal_entities_by_id", "nbus"))["nbus"]
    assert row.code == "NB-US"
    server.say = server.text(body + b" ")
    assert await ask(bound(ODATA, "answer_bytes = 2000"), "legal_entities_by_id", "nbus") == {
        "nbus": "SOURCE_MISBEHAVED"
    }


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_not_followed(bound: Bound, server: Hostile, other: Hostile, status: int) -> None:
    """Neither a call nor a login leaves the bound address: the other server is never spoken to."""
    server.say = server.always(lambda: RedirectResponse(f"{other.url}/data/Entities", status))
    source = bound(ODATA)
    assert await ask(source, "legal_entities_by_id", "nbus") == {"nbus": "SOURCE_MISBEHAVED"}
    server.enter = server.always(lambda: RedirectResponse(f"{other.url}/token", status))
    assert await ask(bound(ODATA), "legal_entities_by_id", "nbus") == {"nbus": "SOURCE_MISBEHAVED"}
    assert (other.calls, other.logins) == ([], [])


@pytest.fixture(scope="module")
def other() -> Iterator[Hostile]:
    """Another host, that must never be called."""
    with hostile() as elsewhere:
        yield elsewhere


def paged(link: object) -> Callable[[Request], Any]:
    """Answer with a first page that links to the next, and with a second one to whoever asks for it."""
    second = {**ENTITY, "Id": "nbuk", "Code": "NB-UK"}

    async def say(request: Request) -> Response:
        if "$skip" in request.query_params:
            return JSONResponse({"value": [second]})
        return JSONResponse({"value": [ENTITY], "@odata.nextLink": link})

    return say


@pytest.mark.parametrize(
    "link",
    [
        "/data/Entities?$skip=1",
        "Entities?$skip=1",
        "?$skip=1",
        "{own}/data/Entities?$skip=1",
        "{other}/data/Entities?$skip=1",
        "//{bare}/prefix/data/Entities?$skip=1",
    ],
)
async def test_a_next_link_is_followed_at_our_own_address(
    bound: Bound, server: Hostile, other: Hostile, link: str
) -> None:
    """Relative or absolute, even with another host's name (a proxy's, an enemy's), it leads to the bound list alone."""
    bare = other.url.removeprefix("http://")
    server.say = paged(link.format(own=server.url, other=other.url, bare=bare))
    found = await ask(bound(ODATA), "legal_entities_by_id", "nbus", "nbuk")
    assert {id_: row.code for id_, row in found.items()} == {"nbus": "NB-US", "nbuk": "NB-UK"}
    assert [call.path for call in server.calls] == ["/data/Entities"] * 2
    assert {call.authorization for call in server.calls} == {"Bearer t1"}
    assert (other.calls, other.logins) == ([], [])


@pytest.mark.parametrize(
    "link", ["/data/Secrets?$skip=1", "{own}/token?$skip=1", "http://[half?$skip=1", 7, {"href": "/"}, [""], "../x"]
)
async def test_a_next_link_out_of_the_list_is_refused(bound: Bound, server: Hostile, link: object) -> None:
    """A link to another entity, or one that is none, ends the answer: nothing is asked there."""
    server.say = paged(link.format(own=server.url) if isinstance(link, str) else link)
    assert await ask(bound(ODATA), "legal_entities_by_id", "nbus") == {"nbus": "SOURCE_MISBEHAVED"}
    assert [call.path for call in server.calls] == ["/data/Entities"]


async def test_a_next_link_that_leads_in_circles_is_left(bound: Bound, server: Hostile) -> None:
    """After the most pages that the manifest allows the answer is given up, and nothing of it is believed."""
    server.say = server.rows(ENTITY, **{"@odata.nextLink": "/data/Entities?$skip=0"})
    assert await ask(bound(ODATA), "legal_entities_by_id", "nbus") == {"nbus": "TOO_MANY"}
    assert len(server.calls) == 5


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (gzip.compress(b"[" + b" " * 64_000_000, compresslevel=1), "gzip"),
        (b"no gzip at all", "gzip"),
        (gzip.compress(json.dumps({"value": [ENTITY]}).encode())[:-20], "gzip"),
        (b"no deflate either", "deflate"),
    ],
    ids=["bomb", "broken", "cut", "deflate"],
)
async def test_compression_is_no_way_around_the_cap(bound: Bound, server: Hostile, body: bytes, encoding: str) -> None:
    """What a few bytes would become is counted as it comes out; what is no such stream is misbehaviour."""
    server.say = server.text(body, content_encoding=encoding)
    source = bound(ODATA, "answer_bytes = 1_000_000")
    began = time.monotonic()
    assert await ask(source, "legal_entities_by_id", "nbus") == {"nbus": "SOURCE_MISBEHAVED"}
    assert time.monotonic() - began < 2


async def test_a_compressed_answer_is_read(bound: Bound, server: Hostile) -> None:
    """Compression is asked for, and understood."""
    server.say = server.text(gzip.compress(json.dumps({"value": [ENTITY]}).encode()), content_encoding="gzip")
    assert (await ask(bound(ODATA), "legal_entities_by_id", "nbus"))["nbus"].name == "Northbeam Inc"


@asynccontextmanager
async def speaking(said: bytes) -> AsyncIterator[str]:
    """Run a server that says these bytes to whoever connects, and hangs up."""

    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(said)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(say, "127.0.0.1", 0) as listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X-Filler: 0123456789\r\n" * 20_000,
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    ],
    ids=["hangup", "other protocol", "cut short", "broken chunk", "endless head", "two lengths"],
)
async def test_what_is_no_http_is_unavailable(bound: Bound, said: bytes) -> None:
    """A connection that breaks, or that speaks something else, is a source that does not answer."""
    async with speaking(said) as url:
        assert await ask(bound(REST, url=url), "tasks_by_id", "1") == {"1": "SOURCE_UNAVAILABLE"}


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (204, "SOURCE_MISBEHAVED"),
        (304, "SOURCE_MISBEHAVED"),
        (400, "SOURCE_REFUSED"),
        (403, "SOURCE_DENIED"),
        (404, "SOURCE_REFUSED"),
        (408, "SOURCE_TIMEOUT"),
        (414, "SOURCE_REFUSED"),
        (429, "SOURCE_THROTTLED"),
        (500, "SOURCE_UNAVAILABLE"),
        (502, "SOURCE_UNAVAILABLE"),
        (503, "SOURCE_UNAVAILABLE"),
    ],
)
@FAMILIES
async def test_every_status_has_its_code(bound: Bound, server: Hostile, manifest: str, status: int, code: str) -> None:
    """What a status means is the same for every family, whatever stands in the body."""
    server.say = server.text(b"" if status in (204, 304) else b"<p>no</p>", status)
    assert await ask(bound(manifest), QUESTIONS[manifest], "1") == {"1": code}


async def test_an_id_as_long_as_a_book_is_one_refused_question(bound: Bound, server: Hostile) -> None:
    """An id that no URL can hold costs itself; the ids beside it are asked in a call of their own."""
    server.say = server.rows(ENTITY)
    long = "x" * 70_000
    found = await ask(bound(ODATA), "legal_entities_by_id", "nbus", long)
    assert found["nbus"].code == "NB-US"
    assert found[long] == "SOURCE_REFUSED"


async def test_proxies_of_the_environment_are_ignored(
    bound: Bound, server: Hostile, other: Hostile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Credentials go to the bound address alone, whatever the environment says."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, other.url)
        monkeypatch.setenv(name.lower(), other.url)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    server.say = server.rows(ENTITY)
    assert (await ask(bound(ODATA), "legal_entities_by_id", "nbus"))["nbus"].code == "NB-US"
    assert (other.calls, other.logins) == ([], [])
    assert (len(server.calls), len(server.logins)) == (1, 1)


async def test_a_caller_who_leaves_takes_nobody_along(bound: Bound, server: Hostile) -> None:
    """Two wait for one key, the first is cancelled: the second gets its row from the same single call."""

    async def slowly(_request: Request) -> Response:
        await asyncio.sleep(0.2)
        return JSONResponse({"value": [ENTITY]})

    server.say = slowly
    lists = Lists(Desk([bound(ODATA)], NoReferences()), b"")
    reader = Acting(subject="reader", grants=everything())
    links = Subjects(database.connect("sqlite+aiosqlite://"))
    screen = Screen(
        lists.desk,
        Bonds(lists.desk, lists, links, seconds=1, calls=1),
        msgspec.structs.replace(scope(), principal=reader),
    )
    loaders = Loaders(screen, unmoved)
    ref = Ref("LegalEntity", "erp", "nbus")
    first = asyncio.create_task(loaders.load("legal_entities_by_id", ref))
    second = asyncio.create_task(loaders.load("legal_entities_by_id", ref))
    await asyncio.sleep(0.05)
    first.cancel()
    assert (await second).code == "NB-US"
    assert coded(await loaders.load("legal_entities_by_id", ref)).name == "Northbeam Inc"
    assert first.cancelled()
    assert len(server.calls) == 1


async def test_a_blank_is_written_as_what_it_is(bound: Callable[..., Source], server: Hostile) -> None:
    """A plus is a blank in forms alone: some engines refuse it. One that is meant stays one."""
    asked: list[bytes] = []

    async def say(request: Request) -> Response:
        asked.append(request.scope["query_string"])
        return JSONResponse({"value": []})

    server.say = say
    assert await ask(bound(ODATA), "invoices_by_id", "a+b c") == {"a+b c": None}
    (query,) = asked
    assert b"Number%20in%20('a%2Bb%20c')" in query
    assert b"+" not in query
