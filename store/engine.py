"""The durable engine: it runs a command to its end, and again after a crash. What was done is the journal's to know.

The one module that knows DBOS. Its workflow holds nothing but a command's id and the number of the run: no steps, no
results, so that nothing has to be replayed in the same order (docs/decisions/0028).
"""

from __future__ import annotations

import asyncio
import logging
import socket
import sqlite3
import threading
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextvars import Context
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar
from uuid import uuid4

import structlog
from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetWorkflowID
from prometheus_client import Counter
from sqlalchemy import make_url

from store.lease import TTL, Lease

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from prometheus_client import CollectorRegistry

T = TypeVar("T")

log = structlog.get_logger("colonnade.engine")

# What every release calls it: a command that one began, the next one ends.
NAME: Final = "command"
VERSION: Final = "1"
# How often a command may take its process with it before it is given up.
ATTEMPTS: Final = 100
KEPT: Final = timedelta(days=7)
SWEEP_SECONDS: Final = 3600.0
SWEPT_AT_ONCE: Final = 500
UNFINISHED: Final = ["PENDING", "ENQUEUED"]
FINISHED: Final = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]

# DBOS is one in a process, with its workflows and its executor's name.
_ONE: Final = threading.Lock()


class EngineError(Exception):
    """The engine cannot be used so; the message says why, and the cure."""


class RunFailedError(Exception):
    """A command's run raised: all that the engine's database learns of it."""


class _LeftError(BaseException):
    """A run that is not at its end. No Exception, which DBOS would take for the end."""


def engine_url(store_url: str) -> str:
    """Return the address of the engine's own database: a file beside the store's, or the same PostgreSQL.

    Sharing a file with the store stalls both for half a minute at sixty commands at once.
    """
    url = make_url(store_url)
    if url.get_backend_name() != "sqlite":
        return store_url
    if not url.database or url.database == ":memory:":
        raise EngineError("the store is in memory, where no command outlives a crash; name a file (store.url)")
    path = Path(url.database)
    return url.set(drivername="sqlite", database=str(path.with_stem(f"{path.stem}.engine"))).render_as_string(
        hide_password=False
    )


def executor_name(store_url: str) -> str:
    """Return what this process is called in the engine.

    On SQLite the next process must be called the same, to begin again what this one leaves; on PostgreSQL no other one
    may, for it would begin again what this one is at.
    """
    return "serve" if store_url.startswith("sqlite") else f"{socket.gethostname()[:60]}-{uuid4().hex}"


class Engine:
    """Runs `work(command_id, run)` on the loop that launched it, at most `at_once` at a time, each to its end.

    `url` is that of `engine_url`, `executor` that of `executor_name`.
    """

    def __init__(
        self,
        url: str,
        executor: str,
        work: Callable[[str, int], Awaitable[None]],
        at_once: int = 8,
        registry: CollectorRegistry | None = None,
    ) -> None:
        self._url, self._executor, self._work, self._at_once = url, executor, work, at_once
        self._running: set[asyncio.Task[None]] = set()
        self._chores: list[asyncio.Task[None]] = []
        self._lease: Lease | None = None
        self._open = False
        self._failed = Counter(
            "colonnade_command_runs_failed_total", "Runs of commands that ended in a fault.", registry=registry
        )

    async def launch(self) -> None:
        """Bring the engine's database up to date, begin again what this executor left, and be open for more.

        Raises EngineError if this process has an engine that is not stopped.
        """
        if not _ONE.acquire(blocking=False):
            raise EngineError("this process has an engine already; stop it before another one is launched")
        self._loop = asyncio.get_running_loop()
        # Threads of its own: while its database is away DBOS keeps them, and the loop's are wanted by name look-ups.
        self._threads = ThreadPoolExecutor(4, thread_name_prefix="engine")
        # One alone begins and ends: an end that overtakes its beginning would leave it there.
        self._porter = ThreadPoolExecutor(1, thread_name_prefix="engine-porter")
        try:
            if not self._url.startswith("sqlite"):
                self._lease = await Lease.over(self._url, self._executor, self._recover)
            await self._begin()
        except BaseException:
            await self._close()
            raise
        chores = [self._sweep()]
        if self._lease is not None:
            chores += [self._lease.watch(), self._guard(self._lease)]
        self._chores = [asyncio.create_task(chore) for chore in chores]

    async def start(self, command_id: str, run: int) -> None:
        """Have a run of a command carried out; return when nothing but the engine's database can lose it.

        The same run twice is one. Raises EngineError if the engine is not open. While its database is away this waits.
        """
        if not self._open:
            raise EngineError("the engine is not open; the sweeper starts the command when it is")
        await self._call(self._start, command_id, run)

    def hold(self) -> None:
        """Break off the run that asks, where another executor may have it: before each of its effects.

        Raises CancelledError, which a run lets through.
        """
        if self._lease is not None and not self._lease.held():
            raise asyncio.CancelledError

    async def pending(self) -> int:
        """Return how many runs are not at their end, of all executors."""
        return len(await self._call(_listed, UNFINISHED))

    async def forget(self, before: datetime) -> None:
        """Delete the runs that ended before this instant: the commands themselves stay in the store."""
        while ended := await self._call(_listed, FINISHED, completed_before=before.isoformat(), limit=SWEPT_AT_ONCE):
            await self._call(DBOS.delete_workflows, ended)

    async def stop(self, seconds: float) -> None:
        """Let what runs come to its end for so many seconds; what does not is begun again by the next launch."""
        if not self._chores:
            return
        self._open = False
        # An end is still to be written when the run is at it; DBOS has patience in whole seconds.
        patience = int(bool(self._running))
        if self._running:
            await asyncio.wait(self._running, timeout=seconds)
        await self._close(patience)

    async def _begin(self) -> None:
        self._open = True
        if self._lease is not None:
            await self._lease.begin()
        await self._loop.run_in_executor(self._porter, self._launch_dbos)

    async def _break_off(self, patience: int = 0) -> None:
        """End DBOS, and every run here where it stands. The order matters: a run's next effect may be at the door."""
        self._open = False
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        end = partial(DBOS.destroy, destroy_registry=True, workflow_completion_timeout_sec=patience)
        await self._loop.run_in_executor(self._porter, end)

    async def _close(self, patience: int = 0) -> None:
        for chore in self._chores:
            chore.cancel()
        await asyncio.gather(*self._chores, return_exceptions=True)
        await self._break_off(patience)
        if self._lease is not None:
            await self._lease.end()
        self._chores, self._lease = [], None
        self._threads.shutdown(wait=False)
        self._porter.shutdown(wait=False)
        _ONE.release()

    async def _guard(self, lease: Lease) -> None:
        """Begin anew whenever this executor may have been taken for dead: others may be at what it was at."""
        while True:
            await lease.keep()
            log.warning("fenced")
            await self._break_off()
            while not self._open:
                try:
                    await self._begin()
                except Exception as error:  # noqa: BLE001  whatever DBOS makes of its database's absence
                    log.warning("not begun anew", error=type(error).__name__)
                    await self._break_off()
                    await asyncio.sleep(TTL / 3)

    async def _sweep(self) -> None:
        while True:
            try:
                await self.forget(datetime.now(UTC) - KEPT)
            except Exception as error:  # noqa: BLE001  whatever DBOS makes of its database's absence
                log.warning("nothing forgotten", error=type(error).__name__)
            await asyncio.sleep(SWEEP_SECONDS)

    async def _call(self, act: Callable[..., T], *args: Any, **named: Any) -> T:
        return await self._loop.run_in_executor(self._threads, partial(act, *args, **named))

    def _launch_dbos(self) -> None:
        if self._lease is None:
            _write_ahead(self._url)
        _speak_our_words()

        @DBOS.workflow(name=NAME, max_recovery_attempts=ATTEMPTS)
        def workflow(command_id: str, run: int) -> None:
            self._carry_out(command_id, run)

        self._workflow = workflow
        DBOS(config=self._config())
        DBOS.launch()

    def _config(self) -> DBOSConfig:
        return {
            "name": "colonnade",
            "system_database_url": self._url,
            "dbos_system_schema": self._lease.schema if self._lease else None,
            "application_version": VERSION,
            "executor_id": self._executor,
            "serializer": DBOSPortableJSONSerializer(),
            # A thread for each run and none for those that wait: this is what bounds them.
            "max_executor_threads": self._at_once,
            "log_level": "WARNING",
            "enable_otlp": False,
            # Nothing is sent to a running command; stopping waits for this poll to wake up.
            "use_listen_notify": False,
            "notification_listener_polling_interval_sec": 0.2,
        }

    def _start(self, command_id: str, run: int) -> None:
        with SetWorkflowID(f"{command_id}/{run}"):
            DBOS.start_workflow(self._workflow, command_id, run)

    def _carry_out(self, command_id: str, run: int) -> None:
        """Wait, in one of DBOS's threads, for a run on the app's loop."""
        # Without the thread's context, in which everything that is started is DBOS's child.
        begin = partial(asyncio.run_coroutine_threadsafe, self._run(command_id, run), self._loop)
        try:
            Context().run(begin).result()
        except CancelledError:
            raise _LeftError from None

    async def _run(self, command_id: str, run: int) -> None:
        if not self._open:
            raise asyncio.CancelledError
        task = self._loop.create_task(self._judged(command_id, run))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        await task

    async def _judged(self, command_id: str, run: int) -> None:
        try:
            await self._work(command_id, run)
        except Exception as error:  # noqa: BLE001  whatever it is, it must not reach a log or the database
            self._failed.inc()
            log.error("run failed", command=command_id, run=run, error=type(error).__name__)  # noqa: TRY400
            raise RunFailedError(type(error).__name__) from None

    async def _recover(self, executor: str) -> int:
        return await self._call(_recover, executor)


def _write_ahead(url: str) -> None:
    """Set an SQLite file to write-ahead logging, so that its readers never wait for its writer; DBOS does not."""
    connection = sqlite3.connect(make_url(url).database or "")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()


def _listed(status: list[str], **wanted: Any) -> list[str]:
    found = DBOS.list_workflows(status=status, load_input=False, load_output=False, **wanted)
    return [one.workflow_id for one in found]


def _recover(executor: str) -> int:
    """Start again what an executor left, and return how many could not be.

    The one private call of DBOS: none that is public takes over from a dead executor, for its vendor sells that.
    """
    DBOS._recover_pending_workflows([executor])  # noqa: SLF001
    return len(_listed(["PENDING"], executor_id=executor))


class _Complaints(logging.Handler):
    """What DBOS complains of, without its words: they hold addresses, SQL and what a run raised."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if not isinstance(error, RunFailedError):
            kind = type(error).__name__ if error else None
            log.warning("engine complains", where=f"{record.module}.{record.funcName}:{record.lineno}", error=kind)


def _speak_our_words() -> None:
    """Be its only handler: it adds one of its own only to a logger that has none."""
    logger = logging.getLogger("dbos")
    logger.handlers = [_Complaints()]
    logger.propagate = False
