"""What is kept, for how long, and for whom: never longer than the domain allows, and nothing that is in doubt."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from starlette.responses import JSONResponse

from schema.problems import Code, Problem
from schema.rows import Ref
from sources.batching import Desk
from sources.cache import ROWS, Cache, Told, Topic
from sources.contract import CallBudget
from tests.sources.hostile import ODATA, SECRETS, NoReferences, coded, scope

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from sources.source import Source
    from tests.sources.hostile import Hostile

    Bound = Callable[..., Source]

PERIODS = (
    ODATA
    + """
[entities.FiscalPeriod]
path = "/data/Periods"
id = "PeriodId"
ask = { LegalEntity = "Entity" }
[entities.FiscalPeriod.fields]
code = "PeriodName"
module_status = [{ module = { constant = "AR" }, status = { at = "State", codes = "state" } }]
"""
).replace("[limits]", 'codes.state = { Open = "OPEN" }\n[limits]')
SECRETS[PERIODS] = SECRETS[ODATA]
TYPES = {
    "legal_entities_by_id": "LegalEntity",
    "invoices_by_id": "Invoice",
    "fiscal_periods_by_legal_entity": "LegalEntity",
}


class Ahead:
    """The machine's clock, so many seconds ahead."""

    seconds = 0.0

    def now(self) -> datetime:
        """Return its instant."""
        return datetime.now(UTC) + timedelta(seconds=self.seconds)


class Asking:
    """Requests that share a cache over the hostile server."""

    def __init__(self, source: Source, server: Hostile, most: float = 300.0) -> None:
        self.clock, self.server = Ahead(), server
        self.desk = Desk([source], NoReferences(), Cache(timedelta(seconds=most), self.clock))

    async def ask(
        self, *ids: str, question: str = "legal_entities_by_id", seconds: float = 20.0, calls: int = 200
    ) -> dict[str, Any]:
        """Ask as a request of its own, which may cause so many calls."""
        refs = [Ref(TYPES[question], "erp", id_) for id_ in ids]
        request = msgspec.structs.replace(scope(seconds), calls=CallBudget(calls))
        answer = await self.desk.answer(question, refs, request)
        return {ref.id: getattr(value, "name", coded(value)) for ref, value in answer.items()}

    def asked(self) -> list[str]:
        """Return the filters that reached the server since the last time."""
        filters = [call.query["$filter"].partition(" in ")[2] for call in self.server.calls]
        self.server.calls.clear()
        return filters


@pytest.fixture
def asking(bound: Bound, server: Hostile) -> Asking:
    """Requests over a source with entities, periods and invoices."""
    server.say = server.rows(*(entity(number) for number in range(1, 4)))
    return Asking(bound(PERIODS), server)


def entity(number: int, **other: object) -> dict[str, object]:
    """Return a row of a legal entity."""
    return {"Id": str(number), "Code": f"N{number}", "Name": f"North {number}", "Currency": "EUR", **other}


def slow(server: Hostile, *rows: object, seconds: float = 0.2) -> None:
    """Answer with these rows, after a while."""

    async def say(_request: Request) -> Response:
        await asyncio.sleep(seconds)
        return JSONResponse({"value": list(rows)})

    server.say = say


async def test_only_what_is_not_known_is_asked(asking: Asking) -> None:
    """The second request costs nothing, a third one the one id that nobody asked before."""
    asking.server.say = asking.server.rows(entity(1), entity(2))
    assert await asking.ask("1", "2") == {"1": "North 1", "2": "North 2"}
    assert await asking.ask("2", "1") == {"2": "North 2", "1": "North 1"}
    assert asking.asked() == ["('1','2')"]
    asking.server.say = asking.server.rows(entity(3))
    assert await asking.ask("1", "3", "2") == {"1": "North 1", "3": "North 3", "2": "North 2"}
    assert asking.asked() == ["('3')"]


async def test_the_house_caps_what_the_domain_grants(asking: Asking) -> None:
    """An entity may be a day old, but this house keeps nothing longer than five minutes."""
    asking.server.say = asking.server.rows(entity(1))
    await asking.ask("1")
    asking.clock.seconds = 298
    await asking.ask("1")
    assert len(asking.asked()) == 1
    asking.clock.seconds = 301
    await asking.ask("1")
    assert len(asking.asked()) == 1


async def test_the_domain_caps_what_the_house_grants(asking: Asking) -> None:
    """A period's state is never older than thirty seconds, whatever the house allows."""
    asking.server.say = asking.server.rows({"PeriodId": "P1", "PeriodName": "2026-P01", "Entity": "1", "State": "Open"})
    periods = "fiscal_periods_by_legal_entity"
    for seconds, calls in ((0, 1), (28, 0), (31, 1)):
        asking.clock.seconds = seconds
        (period,) = (await asking.ask("1", question=periods))["1"]
        assert period.code == "2026-P01"
        assert len(asking.asked()) == calls


async def test_what_is_live_is_never_kept(asking: Asking) -> None:
    """An invoice is read from its owner every time."""
    asking.server.say = asking.server.rows({"Number": "1", "Net": "1.00", "Currency": "EUR"})
    for _ in range(2):
        assert (await asking.ask("1", question="invoices_by_id"))["1"].number == "1"
        assert asking.asked() == ["('1')"]


async def test_a_crowd_asks_each_id_once(asking: Asking) -> None:
    """Thirty requests at one time for overlapping ids: each id travels once, and everybody has all of theirs."""

    async def say(request: Request) -> Response:
        await asyncio.sleep(0.1)
        wanted = [int(part) for part in request.query_params["$filter"].split("'")[1::2]]
        return JSONResponse({"value": [entity(number) for number in wanted]})

    asking.server.say = say
    crowd = [[str(number % 7), str((number + 1) % 7), "9"] for number in range(30)]
    answers = await asyncio.gather(*(asking.ask(*ids) for ids in crowd))
    assert answers == [{id_: f"North {id_}" for id_ in ids} for ids in crowd]
    travelled = [id_ for asked in asking.asked() for id_ in asked.split("'")[1::2]]
    assert sorted(travelled) == ["0", "1", "2", "3", "4", "5", "6", "9"]


async def test_whoever_gives_up_leaves_the_call_to_the_others(asking: Asking) -> None:
    """The request that began a call is cancelled; those who wait for it are answered by that one call."""
    slow(asking.server, entity(1))
    first = asyncio.create_task(asking.ask("1"))
    await asyncio.sleep(0.05)
    others = [asyncio.create_task(asking.ask("1")) for _ in range(3)]
    await asyncio.sleep(0.05)
    first.cancel()
    others[0].cancel()
    assert await asyncio.gather(*others[1:]) == [{"1": "North 1"}] * 2
    assert asking.asked() == ["('1')"]


async def test_a_late_waiter_is_late_alone(asking: Asking) -> None:
    """A request whose time is up goes without the answer; the call goes on, for whoever has more time."""
    slow(asking.server, entity(1))
    patient = asyncio.create_task(asking.ask("1"))
    await asyncio.sleep(0.05)
    assert await asking.ask("1", seconds=0.05) == {"1": "SOURCE_TIMEOUT"}
    assert await patient == {"1": "North 1"}
    assert asking.asked() == ["('1')"]


async def test_the_time_of_whoever_began_is_not_everybodys() -> None:
    """A call that ended with the deadline of its request is made again for those who still have time: once for all."""
    calls: list[Sequence[str]] = []
    soon = asyncio.get_running_loop().time() + 0.05

    async def ask(ids: Sequence[str]) -> Told:
        calls.append(ids)
        if len(calls) == 1:
            await asyncio.sleep(soon - asyncio.get_running_loop().time() + 0.01)
            return Told({"1": Problem(Code.SOURCE_TIMEOUT, "late")}, ())
        return Told({"1": None}, ["1"])

    cache, topic = Cache(timedelta(minutes=5), Ahead()), Topic("", "erp", "legal_entities_by_id")
    deadlines = [soon, soon + 20, soon + 20, soon + 20]
    hurried, *patient = await asyncio.gather(
        *(cache.answer(topic, ["1"], timedelta(days=1), deadline, ask) for deadline in deadlines)
    )
    assert coded(hurried["1"]) == "SOURCE_TIMEOUT"
    assert patient == [{"1": None}] * 3
    assert calls == [["1"], ["1"]]


async def test_whoever_asked_too_much_costs_nobody_else(asking: Asking) -> None:
    """A request that may cause no more calls is refused; the ones that waited for its call make one of their own."""
    asking.server.say = asking.server.rows(entity(1))
    greedy, *others = await asyncio.gather(asking.ask("1", calls=0), asking.ask("1"), asking.ask("1"))
    assert (greedy, others) == ({"1": "CALL_BUDGET"}, [{"1": "North 1"}] * 2)
    assert asking.asked() == ["('1')"]


async def test_a_failure_is_shared_by_those_who_waited_and_by_nobody_else(asking: Asking) -> None:
    """Twenty requests meet a server that is down with one call and its retry; the next one asks anew."""
    asking.server.say = asking.server.text(b"", 500)
    answers = await asyncio.gather(*(asking.ask("1") for _ in range(20)))
    assert answers == [{"1": "SOURCE_UNAVAILABLE"}] * 20
    assert len(asking.asked()) == 2
    asking.server.say = asking.server.rows(entity(1))
    assert await asking.ask("1") == {"1": "North 1"}


async def test_absence_is_known_for_a_short_while(asking: Asking) -> None:
    """Who is not there is not asked for again for ten seconds, and appears soon after they came."""
    asking.server.say = asking.server.rows()
    periods = "fiscal_periods_by_legal_entity"
    for seconds, calls in ((0, 1), (9, 0), (11, 1)):
        asking.clock.seconds = seconds
        assert await asking.ask("1") == {"1": None}
        assert len(asking.asked()) == calls
    for seconds, calls in ((20, 1), (29, 0), (31, 1)):
        asking.clock.seconds = seconds
        assert await asking.ask("1", question=periods) == {"1": []}
        assert len(asking.asked()) == calls


@pytest.mark.parametrize(
    ("rows", "beside", "first"),
    [
        pytest.param([entity(1)], {"@odata.count": 2}, {"1": "North 1", "2": "SOURCE_MISBEHAVED"}, id="short"),
        pytest.param([entity(1), entity(9)], {}, {"1": "North 1", "2": None}, id="a stranger"),
        pytest.param([entity(1), {"Name": "?"}], {}, {"1": "North 1", "2": "SOURCE_MISBEHAVED"}, id="nobody's row"),
    ],
)
async def test_an_answer_in_doubt_is_not_kept(
    asking: Asking, rows: list[Any], beside: dict[str, Any], first: dict[str, Any]
) -> None:
    """What came with rows missing, strange or unreadable is shown as far as it can be believed, and asked again."""
    asking.server.say = asking.server.rows(*rows, **beside)
    assert await asking.ask("1", "2") == first
    asking.server.say = asking.server.rows(entity(1, Name="New 1"), entity(2))
    assert await asking.ask("1", "2") == {"1": "New 1", "2": "North 2"}
    assert asking.asked() == ["('1','2')"] * 2


async def test_a_bad_row_costs_its_own_key_alone(asking: Asking) -> None:
    """The row that cannot be read is asked again, and so is one with a code that no rule maps; the others are kept."""
    asking.server.say = asking.server.rows(entity(1, Currency="?"), entity(2, WeekStart="Someday"), entity(3))
    assert await asking.ask("1", "2", "3") == {"1": "BAD_ROW", "2": "North 2", "3": "North 3"}
    asking.server.say = asking.server.rows(entity(1), entity(2))
    assert await asking.ask("1", "2", "3") == {"1": "North 1", "2": "North 2", "3": "North 3"}
    assert asking.asked() == ["('1','2','3')", "('1','2')"]


async def test_a_code_deep_in_a_row_is_looked_for_too(asking: Asking) -> None:
    """A list is not kept while a part of one of its rows says what no rule maps."""
    periods = "fiscal_periods_by_legal_entity"
    odd = {"PeriodId": "P1", "PeriodName": "2026-P01", "Entity": "1", "State": "Ajar"}
    asking.server.say = asking.server.rows(odd)
    for _ in range(2):
        (period,) = (await asking.ask("1", question=periods))["1"]
        assert coded(period.module_status[0].status) == "UNMAPPED_VALUE"
    assert len(asking.asked()) == 2


async def test_the_cache_is_bounded() -> None:
    """Behind its last place the answer that was used the longest ago is given up."""
    told: list[str] = []

    async def ask(ids: Sequence[str]) -> Told:
        told.extend(ids)
        return Told(dict.fromkeys(ids), ids)

    cache, topic = Cache(timedelta(minutes=5), Ahead()), Topic("", "erp", "legal_entities_by_id")

    async def answer(*ids: str) -> None:
        told.clear()
        late = asyncio.get_running_loop().time() + 20
        assert await cache.answer(topic, ids, timedelta(days=1), late, ask) == dict.fromkeys(ids)

    await answer(*map(str, range(ROWS)))
    await answer("0")
    await answer("one more")
    await answer("0", "1", "2")
    assert told == ["1"]
