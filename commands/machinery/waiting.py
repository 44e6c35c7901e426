"""What parked commands wait for: whether a period is open, whether a system is back, and whose turn it is.

Ten thousand may wait at no cost: once in a while the first that waits for each thing is looked at, and nobody else.
Order is kept for each period of a legal entity's module: while an earlier command waits, a later one waits behind it.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from commands.asking import Asking, Unanswered
from commands.machinery.handing import FILE, answered
from commands.own import FACADE
from commands.plan import Gate
from schema.command import WaitReason
from schema.fiscal_period import PeriodStatus
from schema.problems import Problem
from schema.rows import Ref
from sources.contract import SourceFailure
from store import commands as rows
from store import files
from store.transaction import snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.ext.asyncio import AsyncEngine

    from commands.asking import Live
    from sources.contract import Scope
    from store.commands import Stored

PERIOD, TARGET, DATA = "period", "target", "data"


class Waiting:
    """Tells whether what is waited for has come. `scope` is in the facade's own name."""

    def __init__(self, store: AsyncEngine, live: Live, scope: Callable[[], Scope]) -> None:
        self._store, self._live, self._scope = store, live, scope

    async def closed(self, gate: Gate, stored: Stored) -> tuple[WaitReason, str] | None:
        """Return for what a step has to wait before its gate, None if it may pass."""
        try:
            hold = await self.hold(gate)
            async with snapshot(self._store) as connection:
                behind = await rows.earlier(connection, hold, stored.sequence)
            if not behind and await self._open(gate):
                return None
        except Unanswered:
            return WaitReason.TARGET_UNAVAILABLE, f"{TARGET}|{gate.entity.binding}"
        return WaitReason.PERIOD_CLOSED, hold

    async def hold(self, gate: Gate) -> str:
        """Return by what those that wait for a gate's period are found: the entity, the module, and its first day."""
        period = await Asking(self._live, self._scope()).period(gate)
        first = period.range.start if period is not None and period.range is not None else gate.on
        return f"{PERIOD}|{gate.entity.encode()}|{gate.module}|{first.isoformat()}"

    async def over(self, hold: str) -> bool:
        """Tell whether what is waited for has come."""
        kind, _, rest = hold.partition("|")
        if kind == DATA:
            # Only a judgement can tell.
            return True
        if kind == TARGET:
            return await self._back(rest)
        if kind == FILE:
            async with snapshot(self._store) as connection:
                return answered(await files.newest(connection, rest))
        entity, module, first = rest.split("|")
        ref = Ref.decode(entity)
        if isinstance(ref, Problem):
            return False
        return await self.passes(Gate(module, ref, date.fromisoformat(first)))

    async def passes(self, gate: Gate) -> bool:
        """Tell whether a gate's period is known to be open."""
        try:
            return await self._open(gate)
        except Unanswered:
            return False

    async def _open(self, gate: Gate) -> bool:
        return await Asking(self._live, self._scope()).status(gate) is PeriodStatus.OPEN

    async def _back(self, binding: str) -> bool:
        """Tell whether a system answers: where its breaker is open, by a small question, for nobody else asks one."""
        source = self._live.desk.sources.get(binding)
        if source is None:
            return binding == FACADE
        if not source.wire.breaker.is_open:
            return True
        try:
            # One call alone is admitted: it logs in by itself.
            row = next(iter(source.known()))
            await source.page(row, None, 1, self._scope())
        except SourceFailure:
            return False
        return not source.wire.breaker.is_open
