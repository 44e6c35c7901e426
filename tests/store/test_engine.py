"""The durable engine in the test's own process: what is started, where it runs, and what stopping leaves."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias

import pytest
from dbos import DBOS
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from store import lease
from store.engine import Engine, EngineError, engine_url, executor_name

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

# What is the same whatever database the engine has.
sqlite = pytest.mark.parametrize("url", ["sqlite"], indirect=True)

Work: TypeAlias = "Callable[[str, int], Awaitable[None]]"


async def ended(engine: Engine) -> None:
    """Wait until nothing is pending."""
    async with asyncio.timeout(10):
        while await engine.pending():  # noqa: ASYNC110  the engine tells nobody
            await asyncio.sleep(0.02)


class Desk:
    """Notes the runs, and launches engines over one store, which are stopped after the test."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.runs: list[tuple[str, int]] = []
        self.launched: list[Engine] = []

    async def note(self, command_id: str, run: int) -> None:
        """Run a command."""
        self.runs.append((command_id, run))

    async def launch(
        self, work: Work | None = None, at_once: int = 8, registry: CollectorRegistry | None = None
    ) -> Engine:
        """Launch an engine."""
        engine = Engine(engine_url(self.url), executor_name(self.url), work or self.note, at_once, registry)
        await engine.launch()
        self.launched.append(engine)
        return engine


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody takes over here, and a machine that is busy with other tests beats late: that is test_engine_crash's."""
    monkeypatch.setattr(lease, "TTL", 60.0)


@pytest.fixture
async def desk(url: str) -> AsyncIterator[Desk]:
    """An engine's desk, over an empty store."""
    desk = Desk(url)
    yield desk
    for engine in desk.launched:
        await engine.stop(0)


async def test_a_run_is_started_once(desk: Desk) -> None:
    """The same run twice, at one time or later, is one; another number is another run."""
    engine = await desk.launch()
    await asyncio.gather(*(engine.start("c1", 1) for _ in range(4)), engine.start("c2", 1))
    await ended(engine)
    await engine.start("c1", 1)
    await engine.start("c1", 2)
    await ended(engine)
    assert sorted(desk.runs) == [("c1", 1), ("c1", 2), ("c2", 1)]


@sqlite
async def test_work_runs_on_the_loop_of_the_app(desk: Desk) -> None:
    """What a run touches, clients and pools, is the app's: it runs on the loop that launched the engine."""
    seen: list[object] = []

    async def work(_command_id: str, _run: int) -> None:
        seen.extend((asyncio.get_running_loop(), threading.current_thread()))

    engine = await desk.launch(work)
    await engine.start("c1", 1)
    await ended(engine)
    assert seen == [asyncio.get_running_loop(), threading.main_thread()]


@sqlite
async def test_so_many_run_at_once(desk: Desk) -> None:
    """No more than the configured number run at a time, however many are started; the others follow."""
    running: set[str] = set()
    most: list[int] = []

    async def work(command_id: str, _run: int) -> None:
        running.add(command_id)
        most.append(len(running))
        await asyncio.sleep(0.1)
        running.remove(command_id)

    engine = await desk.launch(work, at_once=2)
    for number in range(6):
        await engine.start(f"c{number}", 1)
    assert await engine.pending() == 6
    await ended(engine)
    assert (len(most), max(most)) == (6, 2)


@sqlite
async def test_a_run_may_start_another(desk: Desk) -> None:
    """A run that starts a run is not its parent: to the engine each is on its own."""

    async def work(command_id: str, run: int) -> None:
        await desk.note(command_id, run)
        if run == 1:
            await engine.start(command_id, 2)

    engine = await desk.launch(work, at_once=1)
    await engine.start("c1", 1)
    await ended(engine)
    assert desk.runs == [("c1", 1), ("c1", 2)]


@sqlite
async def test_a_run_that_raises(desk: Desk) -> None:
    """Its class is logged and it is counted; what it said reaches neither the log nor the engine's database."""

    async def work(command_id: str, run: int) -> None:
        await desk.note(command_id, run)
        raise ValueError("DE89 3704 0044 0532 0130 00")

    registry = CollectorRegistry()
    with capture_logs() as logs:
        engine = await desk.launch(work, registry=registry)
        await engine.start("c1", 1)
        await ended(engine)
        await engine.start("c1", 1)
        await ended(engine)
    assert logs == [{"log_level": "error", "event": "run failed", "command": "c1", "run": 1, "error": "ValueError"}]
    assert registry.get_sample_value("colonnade_command_runs_failed_total") == 1.0
    assert desk.runs == [("c1", 1)]
    kept = await asyncio.to_thread(DBOS.list_workflows)
    assert [(one.workflow_id, one.status, str(one.error)) for one in kept] == [("c1/1", "ERROR", "ValueError")]


@sqlite
async def test_stopping_lets_runs_end(desk: Desk) -> None:
    """What comes to its end in time has ended: the next launch has nothing to do."""
    begun = asyncio.Event()

    async def work(command_id: str, run: int) -> None:
        begun.set()
        await asyncio.sleep(0.2)
        await desk.note(command_id, run)

    engine = await desk.launch(work)
    await engine.start("c1", 1)
    await begun.wait()
    await engine.stop(5)
    assert desk.runs == [("c1", 1)]
    assert await (await desk.launch()).pending() == 0


async def test_stopping_leaves_the_rest_to_the_next_launch(desk: Desk) -> None:
    """What does not end in time, or waits for its turn, is broken off, and run again from its start."""
    begun, broken = asyncio.Event(), list[str]()

    async def work(command_id: str, _run: int) -> None:
        begun.set()
        try:
            await asyncio.sleep(60)
        finally:
            broken.append(command_id)

    engine = await desk.launch(work, at_once=1)
    await engine.start("c1", 1)
    await engine.start("c2", 1)
    await begun.wait()
    await engine.stop(0.1)
    with pytest.raises(EngineError, match=r"^the engine is not open; the sweeper starts the command when it is$"):
        await engine.start("c3", 1)
    assert (broken, desk.runs) == (["c1"], [])
    engine = await desk.launch()
    async with asyncio.timeout(10):
        await ended(engine)
    assert sorted(desk.runs) == [("c1", 1), ("c2", 1)]


@sqlite
async def test_one_engine_a_process(desk: Desk) -> None:
    """A second engine in the process is refused, and the first goes on."""
    engine = await desk.launch()
    second = Engine(engine_url(desk.url), "another", desk.note)
    said = r"^this process has an engine already; stop it before another one is launched$"
    with pytest.raises(EngineError, match=said):
        await second.launch()
    await engine.start("c1", 1)
    await ended(engine)
    assert desk.runs == [("c1", 1)]


async def test_what_is_forgotten(desk: Desk) -> None:
    """Runs that ended long ago are deleted, and no others; the engine would run them again, were it asked to."""
    engine = await desk.launch()
    await engine.start("c1", 1)
    await ended(engine)
    await engine.forget(datetime.now(UTC) - timedelta(days=7))
    await engine.start("c1", 1)
    await ended(engine)
    assert desk.runs == [("c1", 1)]
    await engine.forget(datetime.now(UTC) + timedelta(minutes=1))
    await engine.start("c1", 1)
    await ended(engine)
    assert desk.runs == [("c1", 1), ("c1", 1)]


async def test_an_engine_without_its_database() -> None:
    """It does not launch; and the process may launch one when the database is there."""
    engine = Engine("postgresql+psycopg://nobody@127.0.0.1:9/none", "one", _nothing)
    with pytest.raises(Exception, match="connection"):
        await engine.launch()
    with pytest.raises(Exception, match="connection"):
        await engine.launch()


async def _nothing(_command_id: str, _run: int) -> None:
    raise AssertionError


@sqlite
async def test_its_file_is_written_ahead(desk: Desk) -> None:
    """Whoever reads the engine's file does not wait for whoever writes it."""
    await desk.launch()
    with closing(sqlite3.connect(engine_url(desk.url).removeprefix("sqlite:///"))) as file:
        assert file.execute("PRAGMA journal_mode").fetchone() == ("wal",)


@pytest.mark.parametrize(
    ("store", "own"),
    [
        ("sqlite+aiosqlite:////var/colonnade.db", "sqlite:////var/colonnade.engine.db"),
        ("sqlite+aiosqlite:///store", "sqlite:///store.engine"),
        ("postgresql+psycopg://u:p%40@db/firm?sslmode=require", "postgresql+psycopg://u:p%40@db/firm?sslmode=require"),
    ],
)
def test_where_its_database_is(store: str, own: str) -> None:
    """An SQLite store has the engine's file beside it; PostgreSQL has both, in two schemas."""
    assert engine_url(store) == own


@pytest.mark.parametrize("store", ["sqlite+aiosqlite://", "sqlite+aiosqlite:///:memory:"])
def test_a_store_in_memory(store: str) -> None:
    """What is gone with its process can make nothing durable."""
    with pytest.raises(EngineError, match=r"^the store is in memory, .*; name a file \(store\.url\)$"):
        engine_url(store)


def test_what_a_process_is_called() -> None:
    """On SQLite the next process has the same name; on PostgreSQL no two have."""
    assert executor_name("sqlite+aiosqlite:////var/a.db") == executor_name("sqlite+aiosqlite:////var/a.db")
    address = "postgresql+psycopg://db/firm"
    assert executor_name(address) != executor_name(address)
    assert len(executor_name(address)) <= 100


def test_the_private_call_of_dbos() -> None:
    """Taking over a dead executor rests on DBOS._recover_pending_workflows, which a release may take away."""
    assert callable(DBOS._recover_pending_workflows)  # noqa: SLF001
