"""What a run writes down: the journal, the references that were made, exceptions, and the trail of all of it.

Each method is given the connection of the run's transaction: either all of it is written, or the run never was there.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from commands.command import Finding
from commands.machinery.carrying import Carried, Handed, Refused, Skipped, Unknown
from commands.machinery.raised import opened, raised
from commands.machinery.trail import entry
from commands.plan import Kind, of_write
from schema.command import CommandStatus, StepState
from schema.problems import Code
from schema.rows import Ref
from sources.writing import settled
from store import commands as rows
from store import reservations
from store.audit import Kind as Recorded
from store.audit import append
from store.commands import StepRow, Stored

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

    from commands.machinery.carrying import Outcome
    from commands.machinery.chains import Chain
    from commands.machinery.conclusion import Conclusion
    from commands.plan import Step
    from policies.tiers import Tiers
    from schema.context import Clock
    from store.audit import Entry
    from store.crossrefs import CrossReferences

    Taken = Sequence[tuple[Chain, Step]]


class Recorder:
    """Writes down what runs do. `seal` makes what a system said unreadable to whoever only has the store."""

    def __init__(
        self,
        tiers: Tiers,
        crossrefs: CrossReferences,
        clock: Clock,
        seal: Callable[[bytes], str],
        settle: Callable[[str], float],
    ) -> None:
        self._tiers, self._crossrefs, self._clock, self._seal, self._settle = tiers, crossrefs, clock, seal, settle

    async def begun(self, connection: AsyncConnection, stored: Stored, going: Taken, state: CommandStatus) -> None:
        """Write steps down as begun, with the state that the command has by that, and reserve what they make."""
        now = self._clock.now()
        made = [
            (chain.key(stored.id, step), Ref(step.write.makes, step.binding, "new"))
            for chain, step in going
            if step.write.makes
        ]
        await reservations.reserve(connection, made, now)
        for chain, step in going:
            chain.rows[step.name] = self._begun(stored, chain, step, now)
        await rows.write_steps(connection, [chain.rows[step.name] for chain, step in going])
        if stored.state != state.name:
            said = {"before": stored.state, "after": state.name}
            await append(connection, now, [entry(stored, Recorded.STATE, said)])

    def _begun(self, stored: Stored, chain: Chain, step: Step, now: datetime) -> StepRow:
        row, sent = chain.rows.get(step.name), chain.sent(step)
        before = None if row is None else row.unanswered_at
        return StepRow(
            command_id=stored.id,
            item=chain.item,
            name=step.name,
            position=chain.steps.index(step),
            state=StepState.RUNNING.name,
            attempts=1 if row is None else row.attempts + 1,
            # Until what was sent has settled the step is only looked up, and not sent again.
            attempted_at=now if sent is None or self._left(step, sent) == 0 else sent,
            unanswered_at=before if sent is None else sent,
        )

    def unsettled(self, chain: Chain, step: Step) -> float:
        """Return for how many seconds an attempt at a step that nobody answered may still take effect."""
        sent = chain.rows[step.name].unanswered_at
        return 0.0 if sent is None else self._left(step, sent)

    def _left(self, step: Step, sent: datetime) -> float:
        settled = sent + timedelta(seconds=self._settle(step.binding))
        return max(0.0, (settled - self._clock.now()).total_seconds())

    async def carried(
        self, connection: AsyncConnection, stored: Stored, going: Taken, outcomes: Sequence[Outcome]
    ) -> None:
        """Write down how steps ended."""
        entries: list[Entry] = []
        exceptions: list[dict[str, Any]] = []
        made: list[str] = []
        for (chain, step), outcome in zip(going, outcomes, strict=True):
            key = chain.key(stored.id, step)
            chain.rows[step.name] = self._ended(chain.rows[step.name], step, outcome)
            if isinstance(outcome, Carried):
                entries.append(entry(stored, Recorded.WRITE, _written(chain, step, key, outcome)))
                if outcome.record is not None:
                    canonical = outcome.canonical or outcome.record
                    made.append(canonical.encode())
                    await reservations.settle(connection, key, canonical, outcome.record)
            elif isinstance(outcome, Refused):
                await reservations.free(connection, key)
                exceptions.append(self._exception(stored, chain, step, outcome))
                entries.append(entry(stored, Recorded.EXCEPTION, _told(exceptions[-1])))
        await rows.write_steps(connection, [chain.rows[step.name] for chain, step in going])
        await rows.add_subjects(connection, stored.id, made)
        await rows.add_exceptions(connection, exceptions)
        await append(connection, self._clock.now(), entries)

    def _ended(self, row: StepRow, step: Step, outcome: Outcome) -> StepRow:
        now = self._clock.now()
        if isinstance(outcome, Carried):
            return _with(row, StepState.DONE, done_at=now, brought=outcome.values, found=outcome.found)
        if isinstance(outcome, Refused):
            state = StepState.REFUSED if step.optional is None else StepState.QUARANTINED
            return _with(row, state, done_at=now, code=(step.optional or outcome.code).name)
        if isinstance(outcome, Skipped):
            return _with(row, StepState.SKIPPED, done_at=now)
        return _with(row, StepState.UNKNOWN_OUTCOME if isinstance(outcome, Unknown | Handed) else StepState.PENDING)

    async def undone(
        self, connection: AsyncConnection, stored: Stored, undoing: Taken, outcomes: Sequence[Outcome]
    ) -> None:
        """Write down what was undone, and what could not be."""
        entries: list[Entry] = []
        exceptions: list[dict[str, Any]] = []
        for (chain, step), outcome in zip(undoing, outcomes, strict=True):
            key, row = chain.key(stored.id, step), chain.rows[step.name]
            if isinstance(outcome, Carried):
                chain.rows[step.name] = _with(row, StepState.COMPENSATED, done_at=self._clock.now())
                await self._retired(connection, step, row)
                if step.undo is not None:
                    entries.append(entry(stored, Recorded.WRITE, _written(chain, step, key, outcome, undone=True)))
            elif isinstance(outcome, Refused):
                failed = outcome._replace(code=Code.COMPENSATION_FAILED)
                chain.rows[step.name] = _with(row, StepState.COMPENSATION_FAILED, code=failed.code.name)
                exceptions.append(self._exception(stored, chain, step, failed))
                entries.append(entry(stored, Recorded.EXCEPTION, _told(exceptions[-1])))
        await rows.write_steps(connection, [chain.rows[step.name] for chain, step in undoing])
        await rows.add_exceptions(connection, exceptions)
        await append(connection, self._clock.now(), entries)

    async def _retired(self, connection: AsyncConnection, step: Step, row: StepRow) -> None:
        if step.write.makes and "id" in row.brought:
            made = Ref(step.write.makes, step.binding, row.brought["id"])
            await reservations.retire(connection, made, self._clock.now())

    async def concluded(self, connection: AsyncConnection, stored: Stored, found: Conclusion) -> None:
        """Write down what the command has come to."""
        said: dict[str, Any] = {"before": stored.state, "after": found.status.name}
        if found.status is CommandStatus.PARKED and found.waiting is not None:
            said |= {"waiting": found.waiting.name, "for": sorted(found.holds)}
        await append(connection, self._clock.now(), [entry(stored, Recorded.STATE, said)])

    async def broken(self, connection: AsyncConnection, stored: Stored) -> None:
        """Write down of a whole command that it cannot be carried out, by a fault of ours."""
        now, why = self._clock.now(), "it broke off for a reason that is in the log, under its correlation id"
        exception = opened(raised(self._tiers, stored.id, "", Finding(Code.INTERNAL_ERROR, why), now), self._tiers)
        said = {"before": stored.state, "after": CommandStatus.DEAD_LETTERED.name}
        await rows.add_exceptions(connection, [exception])
        told = [entry(stored, Recorded.EXCEPTION, _told(exception)), entry(stored, Recorded.STATE, said)]
        await append(connection, now, told)

    def forget(self) -> None:
        """Have references read anew: some may have been made."""
        self._crossrefs.forget()

    def _exception(self, stored: Stored, chain: Chain, step: Step, outcome: Refused) -> dict[str, Any]:
        code = outcome.code if step.optional is None else step.optional
        found = Finding(code, outcome.message, item=chain.item)
        exception = raised(self._tiers, stored.id, step.name, found, self._clock.now())
        dead = step.optional is None and (code is Code.COMPENSATION_FAILED or step.kind is Kind.RETRIABLE)
        if step.optional is None and not dead:
            return exception
        said = self._seal(outcome.said) if outcome.said else None
        return {**opened(exception, self._tiers), "said": said}


def _with(row: StepRow, state: StepState, **values: Any) -> StepRow:
    return rows.replaced(row, state=state.name, **values)


def _written(chain: Chain, step: Step, key: str, outcome: Carried, *, undone: bool = False) -> dict[str, Any]:
    more: dict[str, Any] = {"undone": True} if undone else {}
    if outcome.record is not None:
        more["record"] = outcome.record.encode()
    if outcome.found:
        more["found"] = True
    said = of_write(settled(step.undo if undone else step.write, chain.brought()))
    return {"step": step.name, "item": chain.item, "binding": step.binding, "key": key, "write": said, **more}


def _told(exception: dict[str, Any]) -> dict[str, Any]:
    return {name: exception[name] for name in ("id", "step", "item", "code", "tier", "message", "state")}
