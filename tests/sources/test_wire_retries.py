"""What is tried again, how often, and when; and a system that says when it wants to be called."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING

import pytest
from starlette.responses import JSONResponse, Response

from schema.problems import Code
from schema.tomlfile import load
from sources.contract import CallBudget, Request, Scope, SourceFailure
from sources.manifest import Manifest
from sources.wire.endings import Endings
from sources.wire.http import HttpTransport
from sources.wire.metrics import Metrics
from sources.wire.retries import RetryBudget, pause
from tests.sources.hostile import ODATA, REST, ask, scope
from tests.sources.test_wire_breaker import TASKS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from starlette.requests import Request as Asked

    from sources.source import Source
    from tests.sources.hostile import Hostile, Say

    Bound = Callable[..., Source]


def at_times(server: Hostile, *answers: Response, then: Say | None = None) -> list[float]:
    """Answer with each of these once, then well; return the list in which the instants of the calls will stand."""
    rest, times = list(answers), list[float]()

    async def say(request: Asked) -> Response:
        times.append(time.monotonic())
        return rest.pop(0) if rest else await (then or server.json(TASKS))(request)

    server.say = say
    return times


@pytest.mark.parametrize("status", [500, 502, 503, 504, 429])
async def test_what_passes_by_itself_is_not_seen(bound: Bound, server: Hostile, status: int) -> None:
    """One failure is followed by one more call, and its answer is the answer."""
    at_times(server, Response(status_code=status))
    assert (await ask(bound(REST), "tasks_by_id", "1"))["1"].name == "Survey"
    assert len(server.calls) == 2


async def test_a_connection_that_is_cut_is_opened_again(bound: Bound) -> None:
    """Whether nobody has answered, or half an answer has come: the question is asked again, and once only."""
    for said in (b"", b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{}"):
        async with cutting(said) as (url, opened):
            assert await ask(bound(REST, url=url), "tasks_by_id", "1") == {"1": "SOURCE_UNAVAILABLE"}
            assert len(opened) == 2


class cutting:  # noqa: N801  used as a function
    """A server that hangs up after these bytes, and the connections that were opened to it.

    So many requests of a connection are answered with the bytes before the one that is hung up on.
    """

    def __init__(self, said: bytes, answers: int = 0) -> None:
        self._said, self._answers, self._opened = said, answers, list[None]()

    async def __aenter__(self) -> tuple[str, list[None]]:
        self._server = await asyncio.start_server(self._say, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}", self._opened

    async def __aexit__(self, *_raised: object) -> None:
        self._server.close()

    async def _say(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._opened.append(None)
        for _ in range(self._answers):
            await reader.readuntil(b"\r\n\r\n{}")
            writer.write(self._said)
        await reader.readuntil(b"\r\n\r\n")
        if not self._answers:
            writer.write(self._said)
        await writer.drain()
        writer.close()


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "POST"])
async def test_no_write_is_sent_again_by_itself(bound: Bound, method: str) -> None:
    """A kept connection that ends under a write leaves its outcome unknown: the client sends nothing a second time."""
    async with cutting(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", answers=1) as (url, opened):
        wire = bound(REST, url=url).wire
        await wire.write(Request("/first", body={}), scope(), "Task")
        with pytest.raises(SourceFailure) as lost:
            await wire.write(Request("/second", method=method), scope(), "Task")
        assert (lost.value.code, lost.value.unsent) == (Code.SOURCE_UNAVAILABLE, False)
        await asyncio.sleep(0.05)
        assert len(opened) == 1


@pytest.mark.parametrize(
    "answer",
    [
        Response(status_code=400),
        Response(status_code=401),
        Response(status_code=403),
        Response(status_code=404),
        Response(status_code=408),
        Response(status_code=302),
        Response(b"x" * 2_000),
        Response(b"no gzip", headers={"Content-Encoding": "gzip"}),
        Response(b"<html></html>"),
    ],
    ids=["400", "401", "403", "404", "408", "302", "too long", "broken gzip", "no JSON"],
)
async def test_what_stays_as_it_is_is_not_asked_again(bound: Bound, server: Hostile, answer: Response) -> None:
    """A refusal, and an answer that cannot be trusted, are no better the second time."""
    at_times(server, answer)
    assert isinstance((await ask(bound(REST, "answer_bytes = 1_000"), "tasks_by_id", "1"))["1"], str)
    assert len(server.calls) == 1


def test_the_budget_is_a_tenth_of_the_first_attempts_and_one() -> None:
    """However long all was well, and however often a retry is wanted then: 1.2 calls each from the fifth attempt on."""
    budget = RetryBudget()
    for _ in range(1_000):
        budget.earn()
    spent = 0
    for attempts in range(1, 200):
        budget.earn()
        while budget.spend():
            spent += 1
        assert spent == 1 + (attempts - 1) // 10
        assert attempts < 5 or (attempts + spent) / attempts <= 1.2


def test_pauses_grow_and_are_never_alike() -> None:
    """Between half of a bound and the bound, which doubles: whoever failed together does not come back together."""
    for attempt, bound in enumerate([0.2, 0.4, 0.8]):
        pauses = [pause(attempt) for _ in range(100)]
        assert bound / 2 <= min(pauses) < max(pauses) <= bound
        assert len(set(pauses)) > 90


async def test_steady_trouble_costs_hardly_more_calls(bound: Bound, server: Hostile) -> None:
    """Every third question fails, for good: sixty of them make 65 calls, while the breaker stays closed."""

    async def say(request: Asked) -> Response:
        failing = int(request.query_params["only"]) % 3 == 0
        return Response(status_code=500) if failing else JSONResponse({**TASKS, "results": [], "count": 0})

    server.say = say
    source = bound(REST)
    answers = [await ask(source, "tasks_by_id", str(number)) for number in range(1, 61)]
    assert sum(list(answer.values()) == ["SOURCE_UNAVAILABLE"] for answer in answers) == 20
    assert not source.wire.breaker.is_open
    assert len(server.calls) == 65


@pytest.mark.parametrize("answer", [Response(status_code=500), Response(status_code=503)], ids=["500", "503"])
async def test_a_crowd_in_trouble_costs_hardly_more_calls(bound: Bound, server: Hostile, answer: Response) -> None:
    """Forty questions at one time: ten calls open the breaker, and only those that were on their way come behind."""
    server.say = server.always(lambda: answer)
    source = bound(REST, "at_once = 5")
    answers = await asyncio.gather(*(ask(source, "tasks_by_id", str(number)) for number in range(40)))
    assert {code for answer in answers for code in answer.values()} == {"SOURCE_UNAVAILABLE"}
    assert source.wire.breaker.is_open
    assert 10 <= len(server.calls) <= 14


async def test_nothing_is_sent_before_the_instant_that_the_system_names(bound: Bound, server: Hostile) -> None:
    """One was told to come back in a second: so do all others of that binding, who are answered then."""
    times = at_times(server, Response(status_code=503, headers={"Retry-After": "1"}))
    source = bound(REST)
    first = asyncio.create_task(ask(source, "tasks_by_id", "1"))
    await asyncio.sleep(0.1)
    others = await asyncio.gather(*(ask(source, "tasks_by_id", "1") for _ in range(5)))
    assert [answer["1"].name for answer in (await first, *others)] == ["Survey"] * 6
    assert len(times) == 7
    assert min(times[1:]) - times[0] >= 1.0


@pytest.mark.parametrize(
    ("status", "told", "code"),
    [
        (429, "60", "SOURCE_THROTTLED"),
        (503, "60", "SOURCE_UNAVAILABLE"),
        (429, format_datetime(datetime.now(UTC) + timedelta(hours=2), usegmt=True), "SOURCE_THROTTLED"),
    ],
    ids=["throttled", "unavailable", "a date"],
)
async def test_who_cannot_wait_so_long_is_told_at_once(
    bound: Bound, server: Hostile, status: int, told: str, code: str
) -> None:
    """Where the instant lies behind the deadline, nobody waits and nobody asks: each is told the reason."""
    at_times(server, Response(status_code=status, headers={"Retry-After": told}))
    source = bound(REST)
    began = time.monotonic()
    for _ in range(5):
        assert await ask(source, "tasks_by_id", "1") == {"1": code}
    assert time.monotonic() - began < 0.5
    assert len(server.calls) == 1


async def test_a_login_that_wants_to_be_left_alone_is(bound: Bound, server: Hostile) -> None:
    """Its word, too, is the binding's: no other question tries to log in meanwhile."""
    server.enter = server.text(b"", 429, Retry_After="60")
    source = bound(ODATA)
    for number in range(5):
        assert await ask(source, "legal_entities_by_id", str(number)) == {str(number): "SOURCE_THROTTLED"}
    assert (len(server.logins), len(server.calls)) == (1, 0)


class Noon:
    """A clock that stands still."""

    def now(self) -> datetime:
        """Return noon."""
        return datetime(2026, 3, 2, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("0", 0.0),
        ("7", 7.0),
        ("0120", 120.0),
        ("3601", 3600.0),
        ("9" * 400, 3600.0),
        ("Mon, 02 Mar 2026 12:00:09 GMT", 9.0),
        ("Mon, 02 Mar 2026 13:00:09 +0100", 9.0),
        ("Mon, 02 Mar 2026 12:00:09", 9.0),
        ("Mon, 02 Mar 2026 11:59:00 GMT", 0.0),
        ("Tue, 02 Mar 2027 12:00:00 GMT", 3600.0),
        ("soon", None),
        ("-1", None),
        ("1.5", None),
        ("", None),
        ("Mon, 99 Mar 2026 12:00:00 GMT", None),
        ("Mon, 02 Mar 99999999999999999999 12:00:00 GMT", None),
    ],
)
async def test_an_instant_is_given_in_seconds_or_as_a_date(
    server: Hostile, tmp_path: Path, told: str, seconds: float | None
) -> None:
    """An hour is the most that is believed; what is no instant says nothing."""
    (tmp_path / "source.toml").write_text(REST, encoding="utf-8")
    server.say = server.text(b"", 503, Retry_After=told)
    manifest, endings = load(tmp_path / "source.toml", Manifest), Endings(("psa", "psa"), Metrics())
    transport = HttpTransport(server.url, manifest, Noon(), endings)
    with pytest.raises(SourceFailure) as failure:
        await transport.exchange(Request("/tasks"), None, {})
    await transport.aclose()
    assert (failure.value.code, failure.value.retry_after) == (Code.SOURCE_UNAVAILABLE, seconds)


async def test_an_operation_has_so_many_calls_for_each_system(bound: Bound, server: Hostile) -> None:
    """Pages and retries count; beyond the budget there is a Problem, and the next operation has a budget of its own."""
    server.say = server.rows({"Id": "a"}, **{"@odata.nextLink": "/data/Entities?$skip=0"})
    source = bound(ODATA)
    thrifty = limited(3)
    assert await ask(source, "legal_entities_by_id", "a", within=thrifty) == {"a": "CALL_BUDGET"}
    assert await ask(source, "legal_entities_by_id", "b", within=thrifty) == {"b": "CALL_BUDGET"}
    assert (len(server.calls), len(server.logins)) == (3, 1)
    server.say = server.text(b"", 500)
    assert await ask(source, "legal_entities_by_id", "a", within=limited(1)) == {"a": "CALL_BUDGET"}
    assert await ask(source, "legal_entities_by_id", "a", within=limited(9)) == {"a": "SOURCE_UNAVAILABLE"}
    assert len(server.calls) == 5


def limited(calls: int) -> Scope:
    """Return a scope with so many calls."""
    free = scope()
    return Scope(free.principal, free.correlation_id, free.deadline, calls=CallBudget(calls))
