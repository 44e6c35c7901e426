"""Runs a command: chain by chain through its plan, every change of state with its audit records in one transaction.

A run is begun by the engine, ends when nothing can be done any more now, and is begun anew when a wait is over or the
process died. It reads the journal, does what is not done, and writes that down. Branches go side by side, wave by wave:
the next step of each is written down as begun, carried out, and written down as it ended.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import msgspec
import structlog

from commands.machinery.carrying import Again, Handed, Unknown, Waits, pause
from commands.machinery.chains import Chain, Standing, chains
from commands.machinery.conclusion import Conclusion, concluded
from commands.plan import read
from schema.command import ENDED, CommandStatus, WaitReason
from store import commands as rows
from store.commands import Fenced, Stored
from store.transaction import StoreUnavailableError, snapshot, transaction

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from commands.machinery.carrying import Carrier, Outcome
    from commands.machinery.recording import Recorder
    from commands.plan import Gate, Step
    from schema.context import Clock
    from sources.contract import Scope
    from store.commands import StepRow

log = structlog.get_logger("colonnade.commands")

BEGUN = frozenset({CommandStatus.ACCEPTED.name, CommandStatus.RUNNING.name, CommandStatus.COMPENSATING.name})
# How many branches go side by side, and how often a step is tried in one run before its command is parked.
SIDE_BY_SIDE = 25
TRIES = 5
# How often a run may break for a reason that nobody foresaw.
FAULTS = 3
AWAY_SECONDS = 1.0


class Periods(Protocol):
    """Whether what waits for a period may go on."""

    async def closed(self, gate: Gate, stored: Stored) -> tuple[WaitReason, str] | None:
        """Return for what a step has to wait before its gate, None if it may pass."""
        ...

    async def hold(self, gate: Gate) -> str:
        """Return by what those that wait for a gate's period are found."""
        ...


class Services(NamedTuple):
    """What a run leans on.

    `judge` judges a command anew before its first step, and tells whether it goes on. `hold` stops a run of a process
    that another one has taken over from: it is called before each effect, and before each change of the journal. The
    `scope` of a run calls it too, right before anything is sent.
    """

    store: AsyncEngine
    carrier: Carrier
    recorder: Recorder
    periods: Periods
    judge: Callable[[Stored, Scope], Awaitable[Stored | None]]
    scope: Callable[[Stored], Scope]
    clock: Clock
    changed: Callable[[str], None]
    rested: Callable[[str], None]
    hold: Callable[[], None]


class Machine:
    """What the engine runs."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def work(self, id_: str, run: int) -> None:
        """Go on with a command as far as it goes now. While the store is away it waits, as after a crash.

        Raises what nobody foresaw, as soon as trying again is in vain: then the command is a person's.
        """
        faults = 0
        while True:
            try:
                return await self._work(id_, run)
            except StoreUnavailableError as error:
                log.warning("the store is away", command_id=id_, error=str(error))
                await asyncio.sleep(AWAY_SECONDS)
            except Exception as error:
                faults += 1
                log.warning("a run broke", command_id=id_, error=type(error).__name__, times=faults)
                if faults == FAULTS:
                    await self._give_up(id_, run)
                    raise
                await pause(faults)

    async def _give_up(self, id_: str, run: int) -> None:
        services = self._services
        services.hold()
        async with transaction(services.store) as connection:
            stored = await rows.held(connection, id_)
            if stored is not None and stored.run == run and stored.state in BEGUN:
                dead = {"state": CommandStatus.DEAD_LETTERED.name, "waiting": None}
                await rows.change(connection, id_, run, services.clock.now(), **dead)
                await services.recorder.broken(connection, stored)
        services.rested(id_)

    async def _work(self, id_: str, run: int) -> None:
        services = self._services
        async with snapshot(services.store) as connection:
            stored = await rows.by_id(connection, id_)
            journal = await rows.steps(connection, id_)
        if stored is None or stored.run != run or stored.state not in BEGUN:
            return
        with structlog.contextvars.bound_contextvars(correlation_id=stored.correlation_id, command=stored.name):
            try:
                await _Run(services, stored, journal).go()
            except Fenced:
                log.warning("another run has taken over", command_id=id_)
        services.rested(id_)


class _Run:
    """One run of one command."""

    def __init__(self, services: Services, stored: Stored, journal: Mapping[tuple[str, str], StepRow]) -> None:
        self._services, self._stored, self._journal = services, stored, journal

    async def go(self) -> None:
        if not self._journal:
            judged = await self._services.judge(self._stored, self._scope())
            if judged is None:
                return
            self._stored = judged
        whole = chains(read(self._stored.plan), self._journal)
        first, branches = [one for one in whole if not one.item], [one for one in whole if one.item]
        await self._through(first)
        if all(chain.standing is Standing.DONE for chain in first):
            for start in range(0, len(branches), SIDE_BY_SIDE):
                await self._through(branches[start : start + SIDE_BY_SIDE])
        await self._end(concluded(whole))

    def _scope(self) -> Scope:
        """Return for whom the systems are asked; each wave has its own time and its own calls."""
        return self._services.scope(self._stored)

    async def _through(self, whole: Sequence[Chain]) -> None:
        while wave := [chain for chain in whole if chain.standing in {Standing.GOING, Standing.UNDOING}]:
            await self._wave(wave)

    async def _wave(self, wave: Sequence[Chain]) -> None:
        """Carry out the next step of each chain, or undo its last one."""
        undoing = [(chain, step) for chain in wave if (step := _undone(chain)) is not None]
        going = [(chain, step) for chain in wave if (step := _going(chain)) is not None]
        stopped = await self._stopped([step for chain, step in going if not self._handed(chain, step)])
        going = [(chain, step) for chain, step in going if not _waits(chain, stopped.get((step.name, step.gate)))]
        await self._line_up(wave)
        sent = [chain.sent(step) for chain, step in going]
        await self._begin(going, undoing=bool(undoing))
        outcomes = await _together(
            *(self._carry(*one, when) for one, when in zip(going, sent, strict=True)),
            *(self._undo(*one) for one in undoing),
        )
        carried, undone = outcomes[: len(going)], outcomes[len(going) :]
        async with self._change() as connection:
            await self._services.recorder.carried(connection, self._stored, going, carried)
            await self._services.recorder.undone(connection, self._stored, undoing, undone)
        self._services.recorder.forget()
        self._services.changed(self._stored.id)
        await self._again([*going, *undoing], outcomes)

    async def _begin(self, going: Sequence[tuple[Chain, Step]], *, undoing: bool) -> None:
        if not going and not undoing:
            return
        state = CommandStatus.COMPENSATING if undoing else CommandStatus.RUNNING
        async with self._change(state=state.name, waiting=None) as connection:
            await self._services.recorder.begun(connection, self._stored, going, state)
        self._stored = msgspec.structs.replace(self._stored, state=state.name)

    async def _line_up(self, wave: Sequence[Chain]) -> None:
        """Write down at once what chains wait for: whoever comes later waits behind them, though this run goes on."""
        holds = {chain.hold for chain in wave if chain.waits is not None}
        if holds:
            async with self._change() as connection:
                await rows.line_up(connection, self._stored, holds, self._services.clock.now())

    async def _stopped(self, steps: Sequence[Step]) -> dict[tuple[str, Gate | None], tuple[WaitReason, str] | None]:
        """Return for what steps have to wait, each kind of step and each gate looked at once."""
        found: dict[tuple[str, Gate | None], tuple[WaitReason, str] | None] = {}
        for step in steps:
            if (step.name, step.gate) in found:
                continue
            if self._services.carrier.away(step.binding):
                found[step.name, step.gate] = (
                    WaitReason.TARGET_UNAVAILABLE,
                    self._services.carrier.hold(step.binding),
                )
            else:
                closed = None if step.gate is None else await self._services.periods.closed(step.gate, self._stored)
                found[step.name, step.gate] = closed
        return found

    def _handed(self, chain: Chain, step: Step) -> bool:
        """Tell whether a step was handed over: whatever the period is by now, what was answered is read."""
        return chain.sent(step) is not None and self._services.carrier.by_file(step)

    async def _carry(self, chain: Chain, step: Step, sent: datetime | None) -> Outcome:
        self._services.hold()
        key = chain.key(self._stored.id, step)
        return await self._services.carrier.carry(step, key, chain.brought(), self._scope(), sent)

    async def _undo(self, chain: Chain, step: Step) -> Outcome:
        # What is undone before all of it has come is there in the end.
        await asyncio.sleep(self._services.recorder.unsettled(chain, step))
        self._services.hold()
        key = chain.key(self._stored.id, step)
        return await self._services.carrier.undo(step, key, chain.brought(), self._scope())

    async def _again(self, tried: Sequence[tuple[Chain, Step]], outcomes: Sequence[Outcome]) -> None:
        """Let those wait that a period stopped or a system failed too often; pause before the others try again."""
        hold, periods = self._services.carrier.hold, self._services.periods
        often = 0
        for (chain, step), outcome in zip(tried, outcomes, strict=True):
            if isinstance(outcome, Waits):
                chain.wait(outcome.reason, await periods.hold(step.gate) if step.gate else hold(step.binding))
            elif isinstance(outcome, Handed):
                chain.wait(WaitReason.FILE_ANSWER, outcome.hold)
            elif isinstance(outcome, Again | Unknown):
                chain.tried += 1
                if chain.tried >= TRIES or self._services.carrier.away(step.binding):
                    chain.wait(WaitReason.TARGET_UNAVAILABLE, hold(step.binding))
                else:
                    often = max(often, chain.tried)
            else:
                chain.tried = 0
        if often:
            await pause(often)

    async def _end(self, found: Conclusion) -> None:
        over = found.status in ENDED
        values: dict[str, Any] = {"state": found.status.name, "waiting": found.waiting.name if found.waiting else None}
        if over:
            values["ended_at"] = self._services.clock.now()
        async with self._change(**values) as connection:
            if over:
                await rows.release(connection, self._stored.id)
            else:
                await rows.hold(connection, self._stored, found.holds, self._services.clock.now())
            await self._services.recorder.concluded(connection, self._stored, found)

    @asynccontextmanager
    async def _change(self, **values: Any) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that writes as this run, or not at all."""
        # Whoever took over goes on under the same number: it is not the number that tells the two apart.
        self._services.hold()
        async with transaction(self._services.store) as connection:
            stored, now = self._stored, self._services.clock.now()
            await rows.change(connection, stored.id, stored.run, now, **values)
            yield connection


async def _together(*coroutines: Coroutine[Any, Any, Outcome]) -> list[Outcome]:
    """Return what they come to, in their order. Where one breaks off, none goes on by itself."""
    tasks = [asyncio.create_task(one) for one in coroutines]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _going(chain: Chain) -> Step | None:
    return chain.next if chain.standing is Standing.GOING else None


def _undone(chain: Chain) -> Step | None:
    return chain.to_undo if chain.standing is Standing.UNDOING else None


def _waits(chain: Chain, stopped: tuple[WaitReason, str] | None) -> bool:
    """Let a chain wait whose next step cannot be carried out now."""
    if stopped is not None:
        chain.wait(*stopped)
    return stopped is not None
