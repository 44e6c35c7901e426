"""Approvals decided: by somebody who may, who is not the one who asked, once, in time, and for this very plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from commands.asking import Asking, Unanswered
from commands.command import Finding
from commands.machinery.judging import STRANGER, Actor, holds, unanswered
from commands.machinery.mending import retry, withhold
from commands.machinery.trail import by, entry
from policies.authority import Approver, Required
from schema.access import Bond
from schema.command import ApprovalState, CommandStatus
from schema.graph import HOMES
from schema.problems import Code, Problem
from schema.rows import Ref, Row
from sources.screening import Screen
from store import approvals
from store import commands as rows
from store.audit import Kind, append
from store.transaction import snapshot, transaction

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from commands.asking import Live
    from policies.authority import Authority
    from schema.context import Clock
    from sources.contract import Scope
    from store.approvals import ApprovalRow
    from store.commands import Stored


# The party of whoever corrected a command: like the one who gave it, they do not approve it.
CORRECTOR = "corrector"


class Decided(NamedTuple):
    """What came of an act: the command, None where there is none of that id, and why nothing was done."""

    command_id: str | None
    problems: Sequence[Finding] = ()


class Deciding:
    """Takes decisions on approvals. `start` has the engine carry a run out."""

    def __init__(
        self,
        store: AsyncEngine,
        live: Live,
        authority: Authority,
        clock: Clock,
        start: Callable[[str, int], Awaitable[None]],
    ) -> None:
        self._store, self._live, self._authority, self._clock, self._start = store, live, authority, clock, start

    async def decide(self, id_: str, scope: Scope, *, approve: bool, reason: str | None) -> Decided:
        """Write a decision, and let the command go on or end by it."""
        found = await self._found(id_)
        if found is None:
            return Decided(None, [Finding(Code.NOT_FOUND, "there is no such request for approval", ("id",))])
        row, stored = found
        try:
            refused = await self.refusal(row, stored, scope)
        except Unanswered as away:
            return Decided(stored.id, [unanswered(away.problem)])
        if refused is not None:
            await self._record_refusal(row, stored, scope, refused)
            return Decided(stored.id, [refused])
        run = await self._write(row, stored, scope, approve=approve, reason=reason)
        if isinstance(run, Finding):
            return Decided(stored.id, [run])
        if run:
            await self._start(stored.id, run)
        return Decided(stored.id)

    async def refusal(self, row: ApprovalRow, stored: Stored, scope: Scope) -> Finding | None:
        """Return why somebody may not decide on this, None if they may; or raise Unanswered."""
        ask = Asking(self._live, scope)
        actor = Actor(scope.principal.subject, await ask.person())
        roles = scope.principal.grants.roles
        # Of whom every row may be approved, no row is asked for.
        held = {role: bond for role, bond in self._authority.approvers(row.role).items() if role in roles}
        wanted = {role: bond for role, bond in held.items() if bond is not Bond.ALL}
        screen = Screen(self._live.desk, self._live.bonds, scope)
        subjects = await self._rows(ask, stored) if wanted else []
        decision = self._authority.may_approve(
            Required(stored.name, row.rule, row.role, row.entity),
            Approver(
                roles=roles,
                actor=actor.told_apart,
                bonds={role: await holds(screen, bond, subjects) for role, bond in wanted.items()},
            ),
            _requester(stored),
            {name: frozenset(who) for name, who in stored.parties.items()},
            self._clock.now().date(),
        )
        if decision.allowed:
            return None
        if decision.code is Code.SOD_VIOLATION:
            part = "you have a part in this command: somebody else must decide on it"
            return Finding(Code.SOD_VIOLATION, part if actor.told_apart else STRANGER)
        return Finding(Code.FORBIDDEN, "your roles do not let you decide on this")

    async def _rows(self, ask: Asking, stored: Stored) -> list[Row]:
        """Return the records that a command is about, by whose scope an approver's is told."""
        async with snapshot(self._store) as connection:
            refs = [Ref.decode(one) for one in await rows.subjects(connection, stored.id)]
        known = [ref for ref in refs if not isinstance(ref, Problem) and ref.role == HOMES[ref.type].system.value]
        found = [await ask.maybe(HOMES[ref.type].question, ref, row=Row) for ref in known]
        return [row for row in found if row is not None and row.type == "Engagement"]

    async def _write(
        self, row: ApprovalRow, stored: Stored, scope: Scope, *, approve: bool, reason: str | None
    ) -> int | Finding:
        """Write the decision and what follows from it; return the run that it begins, 0 for none."""
        now = self._clock.now()
        state = ApprovalState.APPROVED if approve else ApprovalState.REJECTED
        async with transaction(self._store) as connection:
            held = await rows.held(connection, stored.id)
            assert held is not None, "an approval is of a command"  # noqa: S101
            by = {"decided_by": scope.principal.subject}
            if not await approvals.decide(connection, row.id, state.name, now, **by):
                late = _late(await approvals.by_id(connection, row.id), now)
                await append(connection, now, [_told(stored, row, scope, f"REFUSED: {late.code.name}", reason)])
                return late
            run = await self._follow(connection, row, held, scope, approve=approve)
            told = _told(stored, row, scope, state.name, reason)
            await append(connection, now, [told])
        return run

    async def _follow(
        self, connection: AsyncConnection, row: ApprovalRow, stored: Stored, scope: Scope, *, approve: bool
    ) -> int:
        now = self._clock.now()
        if not approve:
            await withhold(connection, stored, CommandStatus.REJECTED, now)
            return 0
        if not await approvals.granted(connection, stored.id, row.plan_digest):
            return 0
        # Of a command that was corrected, what was set aside is tried once more.
        await retry(connection, stored, scope.principal.subject, now)
        waiting = (CommandStatus.AWAITING_APPROVAL.name,)
        return await rows.move(connection, stored.id, waiting, now, state=CommandStatus.ACCEPTED.name) or 0

    async def _found(self, id_: str) -> tuple[ApprovalRow, Stored] | None:
        async with snapshot(self._store) as connection:
            row = await approvals.by_id(connection, id_)
            stored = None if row is None else await rows.by_id(connection, row.command_id)
        return None if row is None or stored is None else (row, stored)

    async def _record_refusal(self, row: ApprovalRow, stored: Stored, scope: Scope, refused: Finding) -> None:
        async with transaction(self._store) as connection:
            told = _told(stored, row, scope, f"REFUSED: {refused.code.name}", None)
            await append(connection, self._clock.now(), [told])


def _requester(stored: Stored) -> frozenset[str]:
    """Return the identities of who gave a command and who corrected it; none, if the former cannot be told apart."""
    if stored.person is None:
        return frozenset()
    return frozenset({stored.actor, stored.person, *stored.parties.get(CORRECTOR, ())})


def _late(row: ApprovalRow | None, now: datetime) -> Finding:
    """Return why a request cannot be decided on any more."""
    if row is not None and row.state == ApprovalState.VOID.name:
        return Finding(Code.APPROVAL_VOID, "nothing is to be decided here any more: the command has ended or changed")
    if row is not None and row.decided_at is None and row.expires_at <= now:
        return Finding(Code.APPROVAL_EXPIRED, "the time to decide is over")
    return Finding(Code.ALREADY_DONE, "this was decided already")


def _told(stored: Stored, row: ApprovalRow, scope: Scope, outcome: str, reason: str | None) -> Any:
    body = {"approval": row.id, "rule": row.rule, "role": row.role, "outcome": outcome, "plan": row.plan_digest}
    said = entry(stored, Kind.APPROVAL, body, {"reason": reason} if reason else {})
    return by(said, scope)
