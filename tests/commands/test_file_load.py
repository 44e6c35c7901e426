"""Ten thousand postings that wait for a file, and two who look after the files of one system at a time."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, insert, select

from colonnade.wiring import SystemClock
from commands.machinery.exchange import Exchange
from demo.heritage.bound import free_port, heritage
from demo.heritage.ledger import DRAFTS
from demo.heritage.sftp import USER
from demo.heritage.sftp import Road as Folder
from demo.systems import HTTP
from sources.registry import Binding, connect
from sources.wire.metrics import Metrics
from sources.wire.sftp import Road
from store import database
from store.file_tables import FILE_LINES, FILES
from tests.commands.rig import store_on
from tests.journeys.test_two_erps import LEGACY
from tests.sources.hostile import ask

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.ext.asyncio import AsyncEngine

    from demo.firm.model import Firm
    from demo.systems import Bound
    from sources.source import Source

LINES, A_FILE = 10_000, 500
SECONDS = 60.0
CAME = datetime(2026, 4, 8, 9, tzinfo=UTC)

pytestmark = pytest.mark.timeout(180)


class Ledger:
    """The legacy ERP, which takes files, and what came there."""

    def __init__(self, bound: Bound, road: Folder) -> None:
        self.bound, self.road = bound, road

    def told(self, what: str) -> list[str]:
        """Return what it tells of itself."""
        told: list[str] = HTTP.get(f"{self.bound.address}/_control/{what}").json()
        return told

    def taken(self) -> list[list[str]]:
        """Return the keys of each file that it has taken."""
        done = sorted((self.road.folder / "files" / "done").iterdir())
        lines = ([line.split("|") for line in path.read_text("ascii").splitlines()] for path in done)
        return [[fields[1] for fields in one if fields[0] == "L"] for one in lines]


@pytest.fixture
def ledger(firm: Firm, tmp_path: Path) -> Iterator[Ledger]:
    """It, in the morning."""
    road = Folder.make(tmp_path, free_port())
    with heritage(firm, LEGACY, road) as bound:
        yield Ledger(bound, road)


async def collected(store: AsyncEngine, source: Source) -> None:
    """Have postings wait for a file: of the drafts that there are, and of documents that there are not."""
    drafts = {id_: str(row.total.amount) for id_, row in (await ask(source, "invoices_by_id", *DRAFTS)).items()}
    nobodys = (f"H-X-{number:05}" for number in range(LINES - len(DRAFTS)))
    lines = [
        {
            "key": f"key-{number}",
            "round": 1,
            "binding": LEGACY,
            "command_id": f"command-{number}",
            "gate": "",
            "fields": [number, "2026-04-08", total, "EUR"],
            "state": "COLLECTED",
            "collected_at": CAME,
        }
        for number, total in (drafts | dict.fromkeys(nobodys, "1.00")).items()
    ]
    async with store.begin() as connection:
        await connection.execute(insert(FILE_LINES), lines)


def exchange(ledger: Ledger, source: Source, store: AsyncEngine, go_on: Any) -> Exchange:
    """Return somebody who looks after the files by a connection of their own to the store."""
    said = ledger.road.said
    key = Path(said["key"].removeprefix("file:")).read_text("ascii")
    road = Road(said["address"], USER, key, Path(said["known_hosts"]), 0.05)
    return Exchange(source, road, store, SystemClock(), Metrics(), passes=_always, answered=go_on)


async def _always(_gate: Any) -> bool:
    return True


async def _looking(one: Exchange, store: AsyncEngine) -> None:
    """Look again and again until every file is answered, and every line is in one."""
    waits = select(func.count()).where(FILE_LINES.c.state.in_(["COLLECTED", "FILED"]))
    until = time.monotonic() + SECONDS
    while True:
        await one.look()
        async with store.connect() as connection:
            left = await connection.scalar(waits)
        if not left:
            return
        assert time.monotonic() < until, f"{left} lines wait"


@pytest.mark.parametrize(("kind", "lookers"), [("sqlite", 1), ("postgresql", 2)])
async def test_ten_thousand_lines_go_once(ledger: Ledger, tmp_path: Path, kind: str, lookers: int) -> None:
    """Each stands in one file of five hundred, each file comes once, and each command goes on once."""
    gone_on = Counter[str]()

    async def go_on(command: str) -> None:
        gone_on[command] += 1

    with ExitStack() as stack:
        url = stack.enter_context(store_on(kind)) or f"sqlite+aiosqlite:///{tmp_path}/store.db"
        stores = [database.connect(url) for _ in range(lookers)]
        await database.migrate(stores[0])
        bound = ledger.bound
        source = connect(Binding(LEGACY, "heritage", bound.address, bound.credentials, by_files=True), SystemClock())
        await collected(stores[0], source)
        began = time.monotonic()
        await asyncio.gather(*(_looking(exchange(ledger, source, store, go_on), store) for store in stores))
        spent = time.monotonic() - began
        async with stores[0].connect() as connection:
            counted = await connection.execute(select(FILE_LINES.c.state, func.count()).group_by("state"))
            states = {row[0]: row[1] for row in counted}
            names = list((await connection.execute(select(FILES.c.name).order_by(FILES.c.sequence))).scalars())
        await source.wire.aclose()
        for store in stores:
            await store.dispose()
    print(f"FIGURE {LINES} lines by file on {kind}, {lookers} at it: {spent:.1f} s")  # noqa: T201
    files = ledger.taken()
    assert [len(keys) for keys in files] == [A_FILE] * (LINES // A_FILE)
    assert len({key for keys in files for key in keys}) == LINES
    assert names == [f"COL{number:06}" for number in range(1, LINES // A_FILE + 1)] == sorted(ledger.told("files"))
    assert states == {"ACKNOWLEDGED": len(DRAFTS), "REJECTED": LINES - len(DRAFTS)}
    assert sorted(ledger.told("posted")) == sorted(DRAFTS)
    assert len(gone_on) == LINES == gone_on.total()
