"""The breaker: when it opens and closes, by its own clock; and that a system it guards is left alone."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest
from starlette.responses import JSONResponse, Response

from sources.wire.breaker import Breaker
from tests.sources.hostile import ODATA, REST, SECRETS, ask

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from sources.source import Source
    from tests.sources.hostile import Hostile

    Bound = Callable[..., Source]

TASK = {"id": "1", "title": "Survey"}
TASKS = {"results": [{"key": "tasks", "id": "1"}], "tasks": {"1": TASK}, "count": 1, "meta": {"pages": 1, "size": 100}}

BUSY = ODATA.replace("[limits]", '[[errors]]\nstatus = 503\nheader = "Retry-After"\nmeans = "throttled"\n\n[limits]', 1)
SECRETS[BUSY] = SECRETS[ODATA]


def calls(breaker: Breaker, now: float, outcomes: str) -> None:
    """Make calls at one instant: `+` is answered, `-` is not."""
    for outcome in outcomes:
        era = breaker.admit(now)
        assert era is not None
        breaker.record(era, now, good=outcome == "+")


@pytest.mark.parametrize(
    ("outcomes", "is_open"),
    [
        ("-" * 9, False),
        ("-" * 10, True),
        ("+++++-----", True),
        ("++++++-----", False),
        ("+++++-----+", True),
        ("-+" * 4 + "++", False),
        ("+" * 100 + "-" * 49, False),
        ("+" * 100 + "-" * 50, True),
    ],
)
def test_it_opens_when_half_of_the_last_hundred_calls_failed(outcomes: str, *, is_open: bool) -> None:
    """Ten calls are the least that says anything; of more than a hundred the oldest are forgotten."""
    breaker = Breaker(5.0)
    for outcome in outcomes:
        if not breaker.is_open:
            calls(breaker, 0.0, outcome)
    assert breaker.is_open is is_open


def test_what_is_longer_ago_than_the_window_is_forgotten() -> None:
    """Nine failures, and thirty seconds later nine others: nine in the window."""
    breaker = Breaker(5.0)
    calls(breaker, 0.0, "-" * 9)
    calls(breaker, 30.0, "-" * 9)
    assert not breaker.is_open
    calls(breaker, 30.1, "-")
    assert breaker.is_open


def test_open_it_admits_one_probe_an_interval() -> None:
    """Nobody before the interval has passed, then one, whatever becomes of it, and then nobody for another one."""
    breaker = Breaker(5.0)
    calls(breaker, 0.0, "-" * 10)
    assert [now / 10 for now in range(200) if breaker.admit(now / 10) is not None] == [5.0, 10.0, 15.0]


def test_a_probe_that_fails_keeps_it_open_and_one_that_is_answered_closes_it() -> None:
    """After it has closed, ten calls are needed again before it can open."""
    breaker = Breaker(5.0)
    calls(breaker, 0.0, "-" * 10)
    calls(breaker, 5.0, "-")
    assert breaker.is_open
    calls(breaker, 10.0, "+")
    assert not breaker.is_open
    calls(breaker, 10.0, "-" * 9)
    assert not breaker.is_open


def test_a_call_from_before_says_nothing_of_now() -> None:
    """What was sent before it opened neither closes it nor, ending after it has closed, counts against the system."""
    breaker = Breaker(5.0)
    early = [breaker.admit(0.0) for _ in range(12)]
    calls(breaker, 1.0, "-" * 10)
    breaker.record(early[0] or 0, 2.0, good=True)
    assert breaker.is_open
    calls(breaker, 6.0, "+")
    for era in early[1:]:
        breaker.record(era or 0, 7.0, good=False)
    assert not breaker.is_open


async def test_while_it_is_open_one_call_an_interval_is_made(bound: Bound, server: Hostile) -> None:
    """Ten crowds of questions within some intervals: no more calls than intervals, and the others fail at once."""
    server.say = server.text(b"", 500)
    source = bound(REST, probe_interval=0.4)
    for number in range(20):
        assert await ask(source, "tasks_by_id", str(number)) == {str(number): "SOURCE_UNAVAILABLE"}
    assert len(server.calls) == 10
    began = time.monotonic()
    for _ in range(10):
        crowd = await asyncio.gather(*(ask(source, "tasks_by_id", "1") for _ in range(20)))
        assert [answer["1"] for answer in crowd] == ["SOURCE_UNAVAILABLE"] * 20
        await asyncio.sleep(0.1)
    assert 1 <= len(server.calls) - 10 <= (time.monotonic() - began) / 0.4


async def test_a_crowd_at_an_open_breaker_sends_one_probe_and_it_closes(bound: Bound, server: Hostile) -> None:
    """When the system is back, the first of a crowd finds out, and everybody after it is answered."""
    server.say = server.text(b"", 500)
    source = bound(REST, probe_interval=0.2)
    for number in range(10):
        await ask(source, "tasks_by_id", str(number))
    assert source.wire.breaker.is_open
    server.say = server.json(TASKS)
    before = len(server.calls)
    await asyncio.sleep(0.2)
    answers = await asyncio.gather(*(ask(source, "tasks_by_id", "1") for _ in range(20)))
    said = [answer["1"] if isinstance(answer["1"], str) else answer["1"].name for answer in answers]
    assert sorted(set(said)) == ["SOURCE_UNAVAILABLE", "Survey"]
    assert (said.count("Survey"), len(server.calls) - before) == (1, 1)
    assert not source.wire.breaker.is_open
    assert (await ask(source, "tasks_by_id", "1"))["1"].name == "Survey"


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (401, b"", "SOURCE_DENIED"),
        (403, b"", "SOURCE_DENIED"),
        (404, b"", "SOURCE_REFUSED"),
        (400, b"", "SOURCE_REFUSED"),
        (302, b"", "SOURCE_MISBEHAVED"),
        (200, b"<html>Please sign in</html>", "SOURCE_MISBEHAVED"),
    ],
)
async def test_an_answer_that_helps_nobody_does_not_open_it(
    bound: Bound, server: Hostile, status: int, body: bytes, code: str
) -> None:
    """Whoever refuses, denies or talks nonsense is there: every question is asked, and told what was wrong with it."""
    server.say = server.text(body, status)
    source = bound(REST)
    for number in range(20):
        assert await ask(source, "tasks_by_id", str(number)) == {str(number): code}
    assert len(server.calls) == 20
    assert not source.wire.breaker.is_open


@pytest.mark.parametrize(
    ("headers", "code", "is_open"),
    [({}, "SOURCE_UNAVAILABLE", True), ({"Retry_After": "0"}, "SOURCE_THROTTLED", False)],
    ids=["away", "busy"],
)
async def test_where_both_have_one_status_a_header_tells(
    bound: Bound,
    server: Hostile,
    headers: dict[str, str],
    code: str,
    is_open: bool,  # noqa: FBT001  a case
) -> None:
    """Some answer too many calls like a server that is down, and say how long to wait: that opens nothing."""
    server.say = server.text(b"", 503, **headers)
    source = bound(BUSY)
    for number in range(12):
        assert await ask(source, "invoices_by_id", str(number)) == {str(number): code}
    assert source.wire.breaker.is_open is is_open


async def test_a_wrong_password_does_not_open_it(bound: Bound, server: Hostile) -> None:
    """The operator is told of the credential, not that the system is away."""
    server.enter = server.text(b"", 401)
    source = bound(ODATA)
    for number in range(15):
        assert await ask(source, "legal_entities_by_id", str(number)) == {str(number): "SOURCE_DENIED"}
    assert not source.wire.breaker.is_open


async def test_a_login_that_is_away_opens_it(bound: Bound, server: Hostile) -> None:
    """Where nobody gets in, nobody tries: ten logins, and then none."""
    server.enter = server.text(b"", 500)
    source = bound(ODATA)
    for number in range(20):
        assert await ask(source, "legal_entities_by_id", str(number)) == {str(number): "SOURCE_UNAVAILABLE"}
    assert (len(server.logins), len(server.calls)) == (10, 0)


async def test_a_login_that_works_does_not_close_it(bound: Bound, server: Hostile) -> None:
    """Who lets us in may be another house: only an answer of the system itself says that it is back."""

    async def short(_request: Request) -> Response:
        return JSONResponse({"access_token": "t", "expires_in": 0})

    server.enter = short
    server.say = server.text(b"", 500)
    source = bound(ODATA, probe_interval=0.05)
    for number in range(10):
        await ask(source, "legal_entities_by_id", str(number))
    assert source.wire.breaker.is_open
    logins = len(server.logins)
    await asyncio.sleep(0.05)
    assert await ask(source, "legal_entities_by_id", "1") == {"1": "SOURCE_UNAVAILABLE"}
    assert len(server.logins) == logins + 1
    assert source.wire.breaker.is_open


async def test_silence_opens_it(bound: Bound, server: Hostile) -> None:
    """A system that never answers is given its time ten times; then it costs nobody any."""

    async def silent(_request: Request) -> Response:
        await asyncio.sleep(1.5)
        return JSONResponse({})

    server.say = silent
    source = bound(REST, "seconds = 0.8\nat_once = 20")
    answers = await asyncio.gather(*(ask(source, "tasks_by_id", str(number)) for number in range(10)))
    assert {code for answer in answers for code in answer.values()} == {"SOURCE_TIMEOUT"}
    assert await ask(source, "tasks_by_id", "1") == {"1": "SOURCE_UNAVAILABLE"}
    assert len(server.calls) == 10


async def test_who_had_hardly_any_time_left_says_nothing_of_the_system(bound: Bound, server: Hostile) -> None:
    """Where another system has used up a request's time, this one is not the one that was slow."""

    async def leisurely(_request: Request) -> Response:
        await asyncio.sleep(0.2)
        return JSONResponse(TASKS)

    server.say = leisurely
    source = bound(REST, "at_once = 20")
    hurried = (ask(source, "tasks_by_id", str(number), seconds=0.05) for number in range(15))
    assert {code for answer in await asyncio.gather(*hurried) for code in answer.values()} == {"SOURCE_TIMEOUT"}
    assert (await ask(source, "tasks_by_id", "1"))["1"].name == "Survey"


async def test_a_caller_who_leaves_says_nothing_of_the_system(bound: Bound, server: Hostile) -> None:
    """Fifteen callers hang up before their answers come: that is no failure of whoever was about to answer."""

    async def leisurely(_request: Request) -> Response:
        await asyncio.sleep(0.2)
        return JSONResponse(TASKS)

    server.say = leisurely
    source = bound(REST, "at_once = 20")
    callers = [asyncio.create_task(ask(source, "tasks_by_id", str(number))) for number in range(15)]
    while len(server.calls) < 15:  # noqa: ASYNC110  the server is in another thread
        await asyncio.sleep(0.01)
    for caller in callers:
        caller.cancel()
    assert {type(ended) for ended in await asyncio.gather(*callers, return_exceptions=True)} == {asyncio.CancelledError}
    assert (await ask(source, "tasks_by_id", "1"))["1"].name == "Survey"
    assert source.wire.vitals().error_rate == 0
