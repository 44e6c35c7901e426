"""What people do with commands: withdraw one, let one go on, correct, repeat or give up what was set aside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from commands.asking import Asking
from commands.command import Finding
from commands.machinery.accepting import requests
from commands.machinery.chains import Chain, Standing, chains
from commands.machinery.conclusion import WITHDRAWN
from commands.machinery.correcting import CorrectionError, corrected
from commands.machinery.deciding import CORRECTOR, Decided
from commands.machinery.judging import STRANGER, Actor
from commands.machinery.mending import retry
from commands.machinery.trail import by, entry
from commands.plan import Branch, Kind, Plan, Step, digest, of_write, read, said
from policies.authority import Required
from policies.authority_file import Act
from schema.command import CommandStatus, ExceptionState, StepState
from schema.problems import Code
from schema.rows import System
from store import approvals, exceptions, reservations
from store import commands as rows
from store.audit import Kind as Recorded
from store.audit import append
from store.commands import StepRow, Stored
from store.transaction import snapshot, transaction

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from commands.asking import Live
    from commands.machinery.correcting import Edit
    from policies.authority import Authority
    from schema.context import Clock
    from schema.restriction import Restriction
    from sources.contract import Scope
    from sources.writes import Write
    from store.exceptions import ExceptionRow

# A command that has come to an end for now, with something that waits for a person.
LEFT = (CommandStatus.SUCCEEDED_WITH_EXCEPTIONS.name, CommandStatus.DEAD_LETTERED.name)
# Whatever these two keep may end on an invoice: whose time it was, in which role, and whether it is billed at all.
MONEY = frozenset({System.ERP, System.PSA})


class Opened(NamedTuple):
    """A command that somebody acts on, as it is within the transaction. What is put into `told` is recorded too."""

    stored: Stored
    whole: list[Chain]
    told: dict[str, Any]


class Repairing:
    """Acts on commands in the name of people. `start` has the engine carry a run out."""

    def __init__(
        self,
        store: AsyncEngine,
        live: Live,
        authority: Authority,
        clock: Clock,
        start: Callable[[str, int], Awaitable[None]],
    ) -> None:
        self._store, self._live, self._authority, self._clock, self._start = store, live, authority, clock, start

    async def cancel(self, id_: str, scope: Scope, reason: str) -> Decided:
        """Withdraw a command before its point of no return; what was done is undone."""

        async def act(connection: AsyncConnection, opened: Opened) -> int | Finding:
            stored, now = opened.stored, self._clock.now()
            if stored.state not in {CommandStatus.AWAITING_APPROVAL.name, CommandStatus.PARKED.name}:
                return Finding(Code.INVALID_TRANSITION, "only a command that waits can be withdrawn")
            begun = any(chain.rows for chain in opened.whole)
            stops = [(chain, step) for chain in opened.whole if (step := _stop(chain)) is not None]
            if begun and not stops:
                return Finding(Code.INVALID_TRANSITION, "the point of no return is behind it: credit or correct it")
            await approvals.close(connection, stored.id, "VOID")
            if not begun:
                ended = {"state": WITHDRAWN, "waiting": None, "ended_at": now}
                await rows.move(connection, stored.id, (stored.state,), now, **ended)
                await rows.release(connection, stored.id)
                return 0
            await rows.write_steps(connection, [_withdrawn(stored, *stop, now) for stop in stops])
            for chain, step in stops:
                await reservations.free(connection, chain.key(stored.id, step))
            state = {"state": CommandStatus.COMPENSATING.name, "waiting": None}
            return await rows.move(connection, stored.id, (stored.state,), now, **state) or 0

        return await self._act(Act.CANCEL, id_, scope, reason, act)

    async def release(self, id_: str, scope: Scope, reason: str) -> Decided:
        """Let a parked command go on now; what it waits for is looked at again."""

        async def act(connection: AsyncConnection, opened: Opened) -> int | Finding:
            parked = (CommandStatus.PARKED.name,)
            running = {"state": CommandStatus.RUNNING.name}
            run = await rows.move(connection, opened.stored.id, parked, self._clock.now(), **running)
            return run or Finding(Code.INVALID_TRANSITION, "only a parked command can be released")

        return await self._act(Act.RELEASE, id_, scope, reason, act)

    async def replay(self, id_: str, scope: Scope, reason: str) -> Decided:
        """Repeat what was set aside or given up, from the failed step on."""

        async def act(connection: AsyncConnection, opened: Opened) -> int | Finding:
            stored, now = opened.stored, self._clock.now()
            if await approvals.withheld(connection, stored.id, stored.plan_digest):
                return Finding(Code.APPROVAL_VOID, "its correction was not approved: correct it anew, or give it up")
            if stored.state not in LEFT or not await retry(connection, stored, scope.principal.subject, now):
                return Finding(Code.INVALID_TRANSITION, "nothing of this command was set aside")
            return await self._again(connection, stored)

        return await self._act(Act.REPLAY, id_, scope, reason, act)

    async def discard(self, exception_id: str, scope: Scope, reason: str) -> Decided:
        """Give up what was set aside: the command ends without it, and says so."""
        found = await self._exception(exception_id)
        if found is None:
            return _nothing()

        async def act(connection: AsyncConnection, opened: Opened) -> int | Finding:
            if opened.stored.state == CommandStatus.AWAITING_APPROVAL.name:
                return Finding(Code.INVALID_TRANSITION, "its correction waits for approval: have it decided on first")
            if not found.step:
                return Finding(Code.INVALID_TRANSITION, "nothing of it was refused: replay it when the fault is mended")
            by_whom = {"resolved_by": scope.principal.subject, "resolved_at": self._clock.now()}
            discarded = ExceptionState.DISCARDED.name
            if not await exceptions.resolve(connection, opened.stored.id, discarded, by_whom, only=found.id):
                return Finding(Code.ALREADY_DONE, "this exception is no longer open")
            if opened.stored.state != CommandStatus.DEAD_LETTERED.name:
                return 0
            await rows.write_steps(connection, [_given_up(row) for row in _rows(opened, found)])
            return await self._again(connection, opened.stored)

        return await self._act(Act.DISCARD, found.command_id, scope, reason, act, exception=found.id)

    async def repair(
        self, exception_id: str, edits: Sequence[Edit], hidden: frozenset[Restriction], scope: Scope, reason: str
    ) -> Decided:
        """Correct what a step writes that was set aside, and repeat it: at once, or once it is approved.

        Where an amount changes, or what is billed may, whoever approved the command approves it anew. `hidden` are the
        kinds of values that the actor may not read.
        """
        found = await self._exception(exception_id)
        if found is None:
            return _nothing()
        person = await Asking(self._live, scope).person()

        async def act(connection: AsyncConnection, opened: Opened) -> int | Finding:
            stored, now = opened.stored, self._clock.now()
            step, present = _step(opened, found), await exceptions.by_id(connection, found.id)
            open_ = present is not None and present.state == ExceptionState.OPEN.name
            if stored.state not in LEFT or not open_ or step is None:
                return Finding(Code.INVALID_TRANSITION, "only what was set aside, and is still open, can be corrected")
            try:
                made = corrected(step.write, edits)
            except CorrectionError as error:
                return Finding(Code.BAD_INPUT, f"{error.path}: {error}", ("values", error.path))
            if made.kinds & hidden:
                return Finding(Code.FORBIDDEN, "a value that you may not read is not yours to correct", ("values",))
            opened.told.update(before_values=of_write(step.write), after_values=of_write(made.write))
            plan = said(_replaced(read(stored.plan), found, made.write))
            digested = digest(stored.fingerprint, plan, stored.run)
            changed = {"plan": plan, "plan_digest": digested, "ended_at": None}
            if made.amount or step.write.system in MONEY:
                by_whom = Actor(scope.principal.subject, person)
                if not by_whom.told_apart:
                    return Finding(Code.SOD_VIOLATION, STRANGER)
                parties = {**stored.parties, CORRECTOR: sorted(by_whom.identities)}
                await approvals.void(connection, stored.id)
                await rows.add_approvals(connection, await self._asked_anew(connection, stored, digested))
                state = CommandStatus.AWAITING_APPROVAL.name
                await rows.move(connection, stored.id, LEFT, now, state=state, parties=parties, **changed)
                return 0
            await retry(connection, stored, scope.principal.subject, now)
            return await self._again(connection, stored, **changed)

        return await self._act(Act.REPAIR, found.command_id, scope, reason, act, exception=found.id)

    async def _asked_anew(self, connection: AsyncConnection, stored: Stored, digested: str) -> list[dict[str, Any]]:
        """Return requests for approval by all who were asked before, by whom the policy says if nobody was."""
        before = await approvals.of_command(connection, stored.id)
        rules = dict.fromkeys(Required(stored.name, one.rule, one.role, one.entity) for one in before)
        wanted = list(rules) or [self._authority.correcting(stored.name, stored.entity)]
        return requests(stored.id, wanted, digested, self._clock.now())

    async def _exception(self, id_: str) -> ExceptionRow | None:
        async with snapshot(self._store) as connection:
            return await exceptions.by_id(connection, id_)

    async def _again(self, connection: AsyncConnection, stored: Stored, **changed: Any) -> int:
        going = {"state": CommandStatus.RUNNING.name, "ended_at": None, **changed}
        return await rows.move(connection, stored.id, LEFT, self._clock.now(), **going) or 0

    async def _act(
        self,
        act: Act,
        id_: str,
        scope: Scope,
        reason: str,
        do: Callable[[AsyncConnection, Opened], Awaitable[int | Finding]],
        **more: str,
    ) -> Decided:
        """Do something to a command in one transaction with its record, if the actor may; refusals are recorded too."""
        principal = scope.principal
        recorded: dict[str, Any] = dict(more)
        async with transaction(self._store) as connection:
            stored = await rows.held(connection, id_)
            if stored is None:
                return _nothing()
            decision = self._authority.may(act, principal.grants.roles, own=stored.actor == principal.subject)
            if decision.allowed:
                whole = chains(read(stored.plan), await rows.steps(connection, id_))
                outcome = await do(connection, Opened(stored, whole, recorded))
            else:
                outcome = Finding(Code.FORBIDDEN, "your roles do not let you do this with the command")
            refused = {"refused": outcome.code.name} if isinstance(outcome, Finding) else {}
            body = {"act": act.name, "before": stored.state, "rules": list(decision.rules), **refused, **recorded}
            told = entry(stored, Recorded.REPAIR, body, {"reason": reason})
            await append(connection, self._clock.now(), [by(told, scope)])
        if isinstance(outcome, Finding):
            return Decided(id_, [outcome])
        if outcome:
            await self._start(id_, outcome)
        return Decided(id_)


def _nothing() -> Decided:
    return Decided(None, [Finding(Code.NOT_FOUND, "there is no such command", ("id",))])


def _stop(chain: Chain) -> Step | None:
    """Return the step before which a chain can be stopped: none, if it is at the pivot, behind it, or stopped already.

    What was sent and is not known to be done comes before that: it is found out, and undone.
    """
    if chain.standing is not Standing.GOING or chain.stopped is not None:
        return None
    step = next((step for step in chain.steps if chain.state(step) is StepState.PENDING), None)
    return None if step is None or step.kind is Kind.RETRIABLE else step


def _withdrawn(stored: Stored, chain: Chain, step: Step, now: datetime) -> StepRow:
    """Return the row that stops a chain at a step, and has what was done before it undone."""
    return StepRow(
        command_id=stored.id,
        item=chain.item,
        name=step.name,
        position=chain.steps.index(step),
        state=StepState.REFUSED.name,
        attempts=0,
        attempted_at=now,
        code=WITHDRAWN,
    )


def _rows(opened: Opened, found: ExceptionRow) -> list[StepRow]:
    return [chain.rows[found.step] for chain in opened.whole if chain.item == found.item and found.step in chain.rows]


def _given_up(row: StepRow) -> StepRow:
    undone = row.state == StepState.COMPENSATION_FAILED.name
    return msgspec.structs.replace(row, state=(StepState.COMPENSATED if undone else StepState.SKIPPED).name)


def _step(opened: Opened, found: ExceptionRow) -> Step | None:
    """Return the step that an exception is of, None where it was its undoing that failed: no value is wrong then."""
    steps = (step for chain in opened.whole if chain.item == found.item for step in chain.steps)
    undoing = found.code == Code.COMPENSATION_FAILED.name
    return None if undoing else next((step for step in steps if step.name == found.step), None)


def _replaced(plan: Plan, found: ExceptionRow, write: Write) -> Plan:
    def anew(item: str, steps: Sequence[Step]) -> tuple[Step, ...]:
        meant = (item, found.step) if item == found.item else None
        return tuple(
            msgspec.structs.replace(step, write=write) if meant == (item, step.name) else step for step in steps
        )

    branches = tuple(Branch(branch.item, anew(branch.item, branch.steps)) for branch in plan.branches)
    return Plan(anew("", plan.first), branches)
