"""What a connection brings that is no whole answer to what was asked: it is never believed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
import time
from typing import TYPE_CHECKING, Any

import pytest

from schema.problems import Code
from sources.contract import Request, SourceFailure
from tests.sources.hostile import REST, ask, scope
from tests.sources.test_wire_breaker import TASKS as WELL

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from sources.source import Source
    from sources.wire.client import Wire

    Bound = Callable[..., Source]

LATE = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 4\r\n\r\nlate"
TASKS = json.dumps(WELL).encode()
STRAY = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nSTRAY"
WRITES = pytest.mark.parametrize("write", [False, True], ids=["read", "write"])


def whole(body: bytes, head: bytes = b"") -> bytes:
    """Return an answer."""
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%s\r\n%s" % (len(body), head, body)


class Echo:
    """A server that answers with the path; then, on some requests, something else comes."""

    def __init__(
        self, after: bytes = b"", instead: bytes | None = None, *, reset: bool = False, closes: bool = False
    ) -> None:
        self._after, self._instead, self._reset, self._closes = after, instead, reset, closes
        self.writers: list[asyncio.StreamWriter] = []
        self.asked: list[str] = []

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        self.writers.append(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                path = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1]
                self.asked.append(path.decode())
                writer.write(whole(path) if self._instead is None else self._instead)
                await writer.drain()
                if self._closes and not self._reset:
                    break
                if self._reset:
                    await asyncio.sleep(0.05)
                    raw: Any = writer.get_extra_info("socket")
                    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    writer.transport.abort()
                if self._after and len(self.asked) == 1:
                    await asyncio.sleep(0.02)
                    writer.write(self._after)
        writer.close()


@contextlib.asynccontextmanager
async def serving(echo: Echo) -> AsyncIterator[str]:
    """Serve it on loopback."""
    server = await asyncio.start_server(echo.answer, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()
    for writer in echo.writers:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def said(wire: Wire, path: str, *, write: bool = False) -> bytes | str:
    """Return what is answered, or the code of the failure."""
    try:
        if write:
            return bytes(await wire.write(Request(path, method="PUT"), scope(), "Task"))
        return bytes(await wire.send(Request(path), scope(), "Task"))
    except SourceFailure as failure:
        return failure.code.name


@WRITES
@pytest.mark.parametrize("stray", [LATE, STRAY], ids=["a proxy's 408", "another answer"])
async def test_nobody_is_given_an_answer_that_was_not_asked_for(bound: Bound, stray: bytes, *, write: bool) -> None:
    """Something comes on an idle connection: it is no answer to the next question, nor is that one's to the next."""
    async with serving(Echo(after=stray)) as url:
        wire = bound(REST, url=url).wire
        assert await said(wire, "/0", write=write) == b"/0"
        await asyncio.sleep(0.1)
        assert [await said(wire, f"/{number}", write=write) for number in range(1, 5)] == [b"/1", b"/2", b"/3", b"/4"]


@WRITES
@pytest.mark.parametrize("stray", [STRAY, b""], ids=["another answer", "the end"])
async def test_what_came_while_the_loop_was_busy(bound: Bound, stray: bytes, *, write: bool) -> None:
    """What the event loop had no time to read is found before the connection is used again."""
    echo = Echo()
    async with serving(echo) as url:
        wire = bound(REST, url=url).wire
        assert await said(wire, "/0", write=write) == b"/0"
        raw: Any = echo.writers[0].get_extra_info("socket")
        if stray:
            assert socket.socket.send(raw._sock, stray) == len(stray)  # noqa: SLF001  past the loop
        else:
            raw._sock.shutdown(socket.SHUT_WR)  # noqa: SLF001
        time.sleep(0.05)  # noqa: ASYNC251  the loop is busy
        assert await said(wire, "/1", write=write) == b"/1"
        assert echo.asked == ["/0", "/1"]


async def test_a_connection_without_news_is_kept(bound: Bound) -> None:
    """Twenty questions go by one connection."""
    echo = Echo()
    async with serving(echo) as url:
        wire = bound(REST, url=url).wire
        assert [await said(wire, f"/{number}") for number in range(20)] == [b"/%d" % number for number in range(20)]
        assert len(echo.writers) == 1


@WRITES
@pytest.mark.parametrize("reset", [False, True])
async def test_nothing_may_be_a_cut_answer(bound: Bound, *, reset: bool, write: bool) -> None:
    """An answer that ends with its connection before anything came is none: a write is not done by it."""
    async with serving(Echo(instead=b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", reset=reset, closes=True)) as url:
        assert await said(bound(REST, url=url).wire, "/", write=write) == Code.SOURCE_MISBEHAVED.name


@pytest.mark.parametrize("reset", [False, True])
@pytest.mark.parametrize(("body", "name"), [(TASKS, "Survey"), (TASKS[:-1], "SOURCE_MISBEHAVED")], ids=["whole", "cut"])
async def test_an_answer_that_ends_with_its_connection(bound: Bound, body: bytes, name: str, *, reset: bool) -> None:
    """Simple servers close the connection behind an answer: what was cut off cannot be read, and is not believed."""
    async with serving(Echo(instead=b"HTTP/1.0 200 OK\r\n\r\n" + body, reset=reset, closes=True)) as url:
        found = (await ask(bound(REST, url=url), "tasks_by_id", "1"))["1"]
        assert (found if isinstance(found, str) else found.name) == name


async def test_an_answer_without_a_body_needs_no_length(bound: Bound) -> None:
    """204 says that there is nothing."""
    async with serving(Echo(instead=b"HTTP/1.1 204 No Content\r\n\r\n")) as url:
        assert await said(bound(REST, url=url).wire, "/", write=True) == b""


@pytest.mark.parametrize("head", [b"Link: %s\r\n" % (b"x" * 60_000), b"X-A: b\r\n" * 900], ids=["long", "many"])
async def test_long_heads(bound: Bound, head: bytes) -> None:
    """What some gateways write above an answer does not cost the answer."""
    async with serving(Echo(instead=whole(b"{}", head))) as url:
        assert await said(bound(REST, url=url).wire, "/") == b"{}"


@pytest.mark.parametrize("head", [b"Link: %s\r\n" % (b"x" * 70_000), b"X-A: b\r\n" * 1_100], ids=["long", "many"])
async def test_heads_without_end(bound: Bound, head: bytes) -> None:
    """A head that does not end is not read for ever."""
    async with serving(Echo(instead=whole(b"{}", head))) as url:
        assert await said(bound(REST, url=url).wire, "/") == Code.SOURCE_UNAVAILABLE.name


@pytest.mark.parametrize("encoding", [b"br", b"gzip", b"zstd"])
async def test_an_encoding_that_cannot_be_read(bound: Bound, encoding: bytes) -> None:
    """A body in an encoding that nobody asked for, or that is none, is the system's mistake: it is not asked again."""
    echo = Echo(instead=whole(b"no such thing", b"Content-Encoding: %s\r\n" % encoding))
    async with serving(echo) as url:
        assert await said(bound(REST, url=url).wire, "/") == Code.SOURCE_MISBEHAVED.name
        assert len(echo.asked) == 1


@WRITES
async def test_no_error_tells_what_was_asked(bound: Bound, *, write: bool) -> None:
    """Neither the failure nor what it comes from holds the address, the question, the answer or a credential."""
    async with serving(Echo(instead=b"nonsense" * 10 + b"\r\n\r\n")) as url:
        wire = bound(REST, url=url).wire
        request = Request("/quiet", (("q", "hidden"),), method="PUT" if write else "")
        with pytest.raises(SourceFailure) as failure:
            await (wire.write if write else wire.send)(request, scope(), "Task")
        assert failure.value.__cause__ is None
        assert failure.value.__suppress_context__
        assert all(word not in str(failure.value) for word in ("127.0.0.1", "quiet", "hidden", "nonsense", "s3cret"))


@pytest.mark.parametrize("path", ["/\ud800", "/" + "x" * 70_000])
async def test_a_question_that_no_url_holds(bound: Bound, path: str) -> None:
    """It is refused, and nobody is asked."""
    echo = Echo()
    async with serving(echo) as url:
        assert await said(bound(REST, url=url).wire, path, write=True) == Code.SOURCE_REFUSED.name
        assert echo.asked == []
