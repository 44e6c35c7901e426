"""A command judged once more, as the first step of its run: what was true when it was taken in may be so no more.

What was approved is what is done: if the plan is another one now, its approvals are void and are asked for anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from commands.asking import Unanswered
from commands.command import Finding
from commands.machinery.given import approved_digest, input_of
from commands.machinery.trail import entry
from commands.machinery.waiting import TARGET
from commands.plan import said
from schema.command import CommandStatus, WaitReason
from schema.problems import Code
from store import approvals
from store import commands as rows
from store.audit import Kind, append
from store.commands import ClaimedError
from store.transaction import snapshot, transaction

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from commands.machinery.accepting import Accepting
    from commands.machinery.judging import Judging, Verdict
    from policies.tiers import Tiers
    from schema.context import Clock
    from sources.contract import Scope
    from store.commands import Stored


class Rejudging:
    """Judges stored commands anew."""

    def __init__(self, store: AsyncEngine, judging: Judging, accepting: Accepting, tiers: Tiers, clock: Clock) -> None:
        self._store, self._judging, self._accepting, self._tiers, self._clock = (
            store,
            judging,
            accepting,
            tiers,
            clock,
        )

    async def again(self, stored: Stored, scope: Scope) -> Stored | None:
        """Return the command as it may go on, None where it does not: that is written down then."""
        try:
            verdict = await self._judging.judge(stored.name, input_of(stored.name, stored.input), scope)
        except Unanswered as away:
            binding = str(away.problem.extensions.get("system", "facade")).lower()
            await self._park(stored, WaitReason.TARGET_UNAVAILABLE, f"{TARGET}|{binding}")
            return None
        if verdict.dry:
            shut = Finding(Code.WRITES_OFF, "a system that it writes to has been bound for dry runs since")
            verdict = verdict._replace(findings=(*verdict.findings, shut))
        lacking = verdict.lacks(self._tiers)
        if lacking is not None:
            await self._park(stored, WaitReason.AWAITING_MASTER_DATA, lacking)
            return None
        if verdict.problems(self._tiers):
            await self._end(stored, verdict)
            return None
        try:
            return await self._going_on(stored, verdict)
        except ClaimedError as claimed:
            await self._end(stored, verdict.contested(claimed.kind))
            return None

    async def _going_on(self, stored: Stored, verdict: Verdict) -> Stored | None:
        """Return the command with the plan of now, None where that has to be approved first."""
        plan = said(verdict.judgement.plan)
        digested = approved_digest(stored.fingerprint, plan)
        roles = frozenset(one.role for one in verdict.decision.approvals)
        if roles and not await self._granted(stored, digested, roles):
            await self._ask_anew(stored, verdict, plan, digested)
            return None
        if digested == stored.plan_digest:
            return stored
        return await self._replan(stored, verdict, plan, digested)

    async def _granted(self, stored: Stored, digested: str, roles: frozenset[str]) -> bool:
        async with snapshot(self._store) as connection:
            return await approvals.granted(connection, stored.id, digested, roles)

    async def _ask_anew(self, stored: Stored, verdict: Verdict, plan: dict[str, Any], digested: str) -> None:
        """Void the approvals, for they were given to something else, and ask for new ones."""
        parties = {name: sorted(who) for name, who in verdict.judgement.parties.items()}
        state = CommandStatus.AWAITING_APPROVAL.name
        changed = {"plan": plan, "plan_digest": digested, "parties": parties, "state": state}
        async with transaction(self._store) as connection:
            await self._change(connection, stored, **changed)
            await self._claim(connection, stored, verdict)
            # Whoever waits for a person must not be first among those that wait for a system: none would be looked at.
            await rows.hold(connection, stored, (), self._clock.now())
            await approvals.void(connection, stored.id)
            await rows.add_approvals(connection, self._accepting.approvals(stored.id, verdict, digested))
            body = {"before": stored.state, "after": state, "plan": digested, "void": stored.plan_digest}
            await append(connection, self._clock.now(), [entry(stored, Kind.STATE, body)])

    async def _replan(self, stored: Stored, verdict: Verdict, plan: dict[str, Any], digested: str) -> Stored:
        async with transaction(self._store) as connection:
            await self._change(connection, stored, plan=plan, plan_digest=digested)
            await self._claim(connection, stored, verdict)
            body = {"plan": digested, "instead": stored.plan_digest}
            await append(connection, self._clock.now(), [entry(stored, Kind.DECISION, body)])
        return msgspec.structs.replace(stored, plan=plan, plan_digest=digested)

    async def _park(self, stored: Stored, waiting: WaitReason, hold: str) -> None:
        now = self._clock.now()
        async with transaction(self._store) as connection:
            await self._change(connection, stored, state=CommandStatus.PARKED.name, waiting=waiting.name)
            await rows.hold(connection, stored, [hold], now)
            body = {"before": stored.state, "after": "PARKED", "waiting": waiting.name, "for": [hold]}
            await append(connection, now, [entry(stored, Kind.STATE, body)])

    async def _end(self, stored: Stored, verdict: Verdict) -> None:
        now = self._clock.now()
        status = CommandStatus.FAILED if verdict.blocked(self._tiers) else CommandStatus.REFUSED
        async with transaction(self._store) as connection:
            await self._change(connection, stored, state=status.name, ended_at=now)
            await approvals.close(connection, stored.id, "VOID")
            await rows.release(connection, stored.id)
            await rows.add_exceptions(connection, self._accepting.exceptions(stored.id, verdict, []))
            codes = [one.code.name for one in verdict.problems(self._tiers)]
            body = {"before": stored.state, "after": status.name, "problems": codes}
            await append(connection, now, [entry(stored, Kind.STATE, body)])

    async def _claim(self, connection: AsyncConnection, stored: Stored, verdict: Verdict) -> None:
        """Claim what the plan of now needs for itself: one that lacked master data had nothing to claim."""
        await rows.claim(connection, stored.id, [(one.kind, one.key) for one in verdict.judgement.claims])

    async def _change(self, connection: AsyncConnection, stored: Stored, **values: Any) -> None:
        await rows.change(connection, stored.id, stored.run, self._clock.now(), **values)
