"""One deadline for everything that a question waits for: it is met within a tenth, whatever takes the time."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest
from starlette.responses import JSONResponse, Response, StreamingResponse

from sources.wire import retries
from tests.sources.hostile import ODATA, REST, ask, scope

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from starlette.requests import Request

    from sources.source import Source
    from tests.sources.hostile import Hostile

    Bound = Callable[..., Source]

SECONDS = 1.5


async def timed(asked: Awaitable[dict[str, object]]) -> tuple[dict[str, object], float]:
    """Return an answer and how long it took."""
    began = time.monotonic()
    return await asked, time.monotonic() - began


async def slow(_request: Request) -> Response:
    """Answer after the deadline."""
    await asyncio.sleep(3 * SECONDS)
    return JSONResponse({})


async def dripping(_request: Request) -> Response:
    """Send a byte now and then."""

    async def drops() -> AsyncIterator[bytes]:
        for _ in range(60):
            yield b" "
            await asyncio.sleep(0.05)

    return StreamingResponse(drops())


async def stuck(_request: Request) -> Response:
    """Begin an answer, and send nothing more."""

    async def nothing() -> AsyncIterator[bytes]:
        yield b"["
        await asyncio.sleep(2 * SECONDS)

    return StreamingResponse(nothing())


@pytest.mark.parametrize("say", [slow, dripping, stuck])
@pytest.mark.parametrize("entering", [False, True], ids=["answer", "login"])
async def test_an_answer_that_does_not_come(
    bound: Bound, server: Hostile, say: Callable[[Request], Awaitable[Response]], *, entering: bool
) -> None:
    """Whether it begins late, goes on for ever or stops in the middle, of a question or of the login before it."""
    if entering:
        server.enter = say
    else:
        server.say = say
    answer, seconds = await timed(ask(bound(ODATA, f"seconds = {SECONDS}"), "legal_entities_by_id", "1"))
    assert answer == {"1": "SOURCE_TIMEOUT"}
    assert SECONDS <= seconds <= 1.1 * SECONDS


async def test_a_queue_for_turns(bound: Bound, server: Hostile) -> None:
    """Of twelve that wait for one turn, no one waits longer than their request's time, asked or not."""
    server.say = slow
    source = bound(REST, "at_once = 1")
    # Of one request: with a deadline each, the second has some milliseconds left when the first one's time is up.
    one = scope(SECONDS)
    asked = (ask(source, "tasks_by_id", str(number), within=one) for number in range(12))
    answers = await asyncio.gather(*map(timed, asked))
    assert {code for answer, _ in answers for code in answer.values()} == {"SOURCE_TIMEOUT"}
    assert max(seconds for _, seconds in answers) <= 1.1 * SECONDS
    assert len(server.calls) == 1


async def test_a_retry_that_is_slow(bound: Bound, server: Hostile) -> None:
    """The second attempt has what the first one has left."""

    async def say(request: Request) -> Response:
        return Response(status_code=500) if len(server.calls) == 1 else await slow(request)

    server.say = say
    answer, seconds = await timed(ask(bound(REST, f"seconds = {SECONDS}"), "tasks_by_id", "1"))
    assert answer == {"1": "SOURCE_TIMEOUT"}
    assert SECONDS <= seconds <= 1.1 * SECONDS
    assert len(server.calls) == 2


async def test_a_wait_that_leaves_too_little(bound: Bound, server: Hostile) -> None:
    """The system wants a second, and is slow then: the two together have no more time than one."""

    async def say(request: Request) -> Response:
        return (
            Response(status_code=503, headers={"Retry-After": "1"}) if len(server.calls) == 1 else await slow(request)
        )

    server.say = say
    answer, seconds = await timed(ask(bound(REST, "seconds = 2.5"), "tasks_by_id", "1"))
    assert answer == {"1": "SOURCE_TIMEOUT"}
    assert 2.5 <= seconds <= 2.75
    assert len(server.calls) == 2


async def test_a_retry_that_could_not_be_in_time_is_not_waited_for(
    bound: Bound, server: Hostile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has less time than a pause is told at once why there is no answer."""
    monkeypatch.setattr(retries, "FIRST_PAUSE", 60.0)
    server.say = server.text(b"", 500)
    answer, seconds = await timed(ask(bound(REST), "tasks_by_id", "1"))
    assert answer == {"1": "SOURCE_UNAVAILABLE"}
    assert seconds < 5
    assert len(server.calls) == 1
