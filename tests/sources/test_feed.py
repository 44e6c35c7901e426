"""What was changed behind our back is told: none is missed, however coarse the instants and late the transactions."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from starlette.responses import JSONResponse

from colonnade.following import Following
from colonnade.principals import Facade
from colonnade.wiring import SystemClock
from schema.invoice import InvoiceRow
from schema.legal_entity import LegalEntityRow
from schema.rows import Origin, Ref, System
from schema.tomlfile import FileError
from schema.values import CurrencyCode
from sources.batching import Desk
from sources.cache import Cache, Told, Topic
from sources.contract import SourceFailure
from sources.feed import Feed
from sources.registry import Binding, connect
from sources.wire.metrics import Metrics
from tests.sources.hostile import ODATA, RPC, SECRETS, NoReferences, scope

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from sources.source import Source
    from tests.sources.hostile import Hostile

FED = ODATA.replace('id = "Number"', 'id = "Number"\nchanged = "Modified"')
FED_RPC = RPC.replace('id = "id"', 'id = "id"\nchanged = { at = "write_date", made = "create_date" }')
FED_ENTITY = ODATA.replace('id = "Id"', 'id = "Id"\nchanged = "Modified"')
SECRETS |= {FED_ENTITY: SECRETS[ODATA], FED: SECRETS[ODATA], FED_RPC: SECRETS[RPC]}
NOON = datetime(2026, 4, 8, 12, tzinfo=UTC)


class Clock:
    """Our clock, set by hand."""

    def __init__(self) -> None:
        """Begin at noon."""
        self.passed = 0.0

    def now(self) -> datetime:
        """Return the instant."""
        return NOON + timedelta(seconds=self.passed)


def stamp(second: float) -> str:
    """Return an instant of the source, so many seconds after noon."""
    return (NOON + timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%SZ")


class Ledger:
    """A system that answers by its records' instants, as OData does; whole seconds alone."""

    def __init__(self, server: Hostile) -> None:
        """Have no record yet."""
        self.changed: dict[str, float] = {}
        self.asked: list[str] = []
        server.say = self.answer

    async def answer(self, request: Request) -> Response:
        """Answer what bears an instant not before the one that is asked for."""
        asked = request.query_params["$filter"]
        self.asked.append(asked)
        since = asked.partition("Modified ge ")[2].rstrip(")")
        rows = [
            {"Number": number, "Modified": stamp(at)}
            for number, at in sorted(self.changed.items())
            if stamp(at) >= since
        ]
        return JSONResponse({"value": rows, "@odata.count": len(rows)})


@pytest.fixture
def ledger(server: Hostile) -> Ledger:
    """The system."""
    return Ledger(server)


async def told(feed: Feed) -> list[str]:
    """Look, and return the ids that were told."""
    return [ref.id for ref in await feed.look(Facade())]


async def test_each_change_is_told(bound: Callable[..., Source], ledger: Ledger) -> None:
    """A record is told when it is made and when it is changed, and no more when its instant is long known."""
    clock = Clock()
    feed = Feed(bound(FED), InvoiceRow, clock)
    assert await told(feed) == []
    ledger.changed["1"] = 0
    assert await told(feed) == ["1"]
    clock.passed = 40
    assert await told(feed) == []
    ledger.changed["2"] = 41
    clock.passed = 45
    assert await told(feed) == ["2"]
    ledger.changed["1"] = 50
    clock.passed = 51
    assert sorted(await told(feed)) == ["1", "2"]


async def test_two_changes_in_one_second(bound: Callable[..., Source], ledger: Ledger) -> None:
    """Who looks between two changes of a record that bear the same second hears of the second one, too."""
    clock = Clock()
    feed = Feed(bound(FED), InvoiceRow, clock)
    ledger.changed["1"] = 0.2
    assert await told(feed) == ["1"]
    ledger.changed["1"] = 0.9
    clock.passed = 1
    assert await told(feed) == ["1"]


async def test_a_transaction_that_ends_late(bound: Callable[..., Source], ledger: Ledger) -> None:
    """A change that is seen after another one with a later instant is told all the same."""
    clock = Clock()
    feed = Feed(bound(FED), InvoiceRow, clock)
    ledger.changed["1"] = 20
    clock.passed = 20
    assert await told(feed) == ["1"]
    ledger.changed["2"] = 5
    clock.passed = 25
    assert sorted(await told(feed)) == ["1", "2"]


async def test_a_clock_that_is_behind(bound: Callable[..., Source], ledger: Ledger) -> None:
    """A system's clock may be minutes behind ours when the feed begins."""
    feed = Feed(bound(FED), InvoiceRow, Clock())
    ledger.changed["1"] = -240
    assert await told(feed) == ["1"]


async def test_what_is_long_known_is_not_asked_for_again(bound: Callable[..., Source], ledger: Ledger) -> None:
    """A thousand records that were changed in one second are read again for a while, and then no more."""
    clock = Clock()
    feed = Feed(bound(FED, "rows = 100"), InvoiceRow, clock)
    ledger.changed = {f"{number:04}": 0 for number in range(50)}
    assert len(await told(feed)) == 50
    clock.passed = 31
    assert await told(feed) == []
    await told(feed)
    assert ledger.asked[-2:] == [f"(Modified ge {stamp(-30)})", f"(Modified ge {stamp(1)})"]


async def test_a_stamp_that_is_empty_until_the_first_change(bound: Callable[..., Source], server: Hostile) -> None:
    """JSON-RPC is asked for both instants, and a record without the one bears the other."""

    def written(second: int) -> dict[str, Any]:
        return {"__class__": "datetime", "year": 2026, "month": 4, "day": 8, "hour": 12, "minute": 0, "second": second}

    server.say = server.json({"result": [{"id": 7, "write_date": None, "create_date": written(3)}]})
    feed = Feed(bound(FED_RPC), InvoiceRow, Clock())
    assert await told(feed) == ["7"]
    since = {**written(0), "hour": 11, "minute": 55, "microsecond": 0}
    (domain, *_), body = json.loads(server.calls[0].body)["params"], server.calls[0].body
    assert domain == [["OR", ["write_date", ">=", since], [["write_date", "=", None], ["create_date", ">=", since]]]]
    assert b"create_date" in body


@pytest.mark.parametrize(
    "row", [{"Number": "1"}, {"Modified": "2026-04-08T12:00:00Z"}, {"Number": "1", "Modified": "now"}]
)
async def test_a_change_that_cannot_be_told(bound: Callable[..., Source], server: Hostile, row: dict[str, str]) -> None:
    """Without an id or an instant it may be any record's: the look fails, and nothing is taken for seen."""
    server.say = server.rows(row)
    feed = Feed(bound(FED), InvoiceRow, Clock())
    with pytest.raises(SourceFailure, match="a changed row has no id, or no instant"):
        await told(feed)
    server.say = server.rows({"Number": "1", "Modified": "2026-04-08T12:00:00Z"})
    assert await told(feed) == ["1"]


def test_a_protocol_without_changes(tmp_path: Path) -> None:
    """Of tables nobody can ask what was changed, and a manifest that says so is refused."""
    manifest = Path("sources/warehouse/reporting_views/source.toml").read_text(encoding="utf-8")
    fed = re.sub(r"(\[entities\.[A-Za-z]+\]\n)", r'\1changed = "copied_at"\n', manifest, count=1)
    (tmp_path / "source.toml").write_text(fed, encoding="utf-8")
    binding = Binding("warehouse", str(tmp_path), "sqlite+aiosqlite:////nowhere", {})
    with pytest.raises(FileError, match="in this protocol nobody can ask what was changed"):
        connect(binding, Clock())


async def test_what_is_kept_is_forgotten(bound: Callable[..., Source], server: Hostile) -> None:
    """A change makes the kept answers of its type be asked anew; one on its way meanwhile is not kept."""
    source, clock = bound(FED_ENTITY), SystemClock()
    desk = Desk([source], NoReferences(), Cache(timedelta(minutes=5), clock))
    following = Following(source, desk, Metrics(), clock)

    async def name() -> Any:
        answer = await desk.answer("legal_entities_by_id", [Ref("LegalEntity", "erp", "1")], scope())
        return next(iter(answer.values())).name

    def says(said: str) -> None:
        modified = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        server.say = server.rows({"Id": "1", "Code": "N1", "Name": said, "Currency": "EUR", "Modified": modified})

    says("before")
    assert await name() == "before"
    says("after")
    assert await name() == "before"
    await following.look()
    assert await name() == "after"
    asked = len(server.calls)
    assert await name() == "after"
    assert len(server.calls) == asked
    server.say = server.text(b"", 500)
    await following.look()
    says("restored")
    assert await name() == "restored"


async def test_an_answer_on_its_way_is_not_kept() -> None:
    """What was asked before a change was told may be the state before it."""
    cache = Cache(timedelta(minutes=5), SystemClock())
    going, said = asyncio.Event(), iter(["before", "after", "nothing more"])
    topic = Topic("", "erp", "legal_entities_by_id")

    async def ask(ids: Sequence[str]) -> Told:
        value = _entity(next(said))
        if value.name == "before":
            await going.wait()
        return Told(dict.fromkeys(ids, value), list(ids))

    async def name() -> str:
        found = await cache.answer(topic, ["1"], timedelta(days=1), asyncio.get_running_loop().time() + 5, ask)
        return str(found["1"].name)

    first = asyncio.create_task(name())
    await asyncio.sleep(0.01)
    cache.forget("erp", {"legal_entities_by_id"})
    second = asyncio.create_task(name())
    await asyncio.sleep(0.01)
    going.set()
    assert [await first, await second, await name()] == ["before", "after", "after"]


def _entity(name: str) -> LegalEntityRow:
    origin = Origin(System.ERP, "erp", datetime.now(UTC))
    ref = Ref("LegalEntity", "erp", "1")
    return LegalEntityRow(
        ref=ref, origin=origin, code="N1", name=name, functional_currency=CurrencyCode("EUR"), country=None
    )
