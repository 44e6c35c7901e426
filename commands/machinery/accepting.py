"""A command taken in: judged, and stored with its audit record in one transaction, before anything is done.

The idempotency key belongs to the actor and the command. Our table is its judge: the same key with the same input is
answered with what was answered first, with another input it is refused. What the policies or the systems forbid is
stored and recorded as well, so that it is answered the same again.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from commands.asking import Unanswered
from commands.command import Finding
from commands.machinery.given import approved_digest, fingerprint, scoped, stored_input
from commands.machinery.judging import unanswered
from commands.machinery.raised import raised
from commands.machinery.trail import entry, tried
from commands.machinery.view import View, planned
from commands.plan import Plan, said
from schema.command import ApprovalState, CommandStatus, WaitReason
from schema.problems import Code, Problem
from store import commands as rows
from store.audit import Kind, append
from store.commands import ClaimedError, KeyTakenError, Stored
from store.transaction import StoreUnavailableError, snapshot, transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from commands.machinery.given import Given
    from commands.machinery.judging import Judging, Verdict
    from policies.authority import Required
    from policies.tiers import Tiers
    from schema.context import Clock

# How long a decision may take before what was judged is too old to be done.
DECIDED_WITHIN = timedelta(days=7)


class Accepted(NamedTuple):
    """The answer to a command: how it stood when it was taken in, or why there is none.

    A dry run has a plan alone, and tells what it is about.
    """

    view: View | None
    problems: Sequence[Finding]
    plan: Plan | None = None
    subjects: Sequence[str] = ()
    replayed: bool = False
    started: tuple[str, int] | None = None

    @property
    def outcome(self) -> str:
        """In one word, as it is counted: how the command stands, or the code of why there is none."""
        if self.replayed:
            return "REPLAYED"
        if self.view is not None:
            return self.view.status
        return "PLANNED" if self.plan is not None else self.problems[0].code.name


class Accepting:
    """Takes commands in. `versions` are those of the policies and rules in force."""

    def __init__(
        self,
        store: AsyncEngine,
        judging: Judging,
        tiers: Tiers,
        clock: Clock,
        versions: Callable[[], Mapping[str, str]],
    ) -> None:
        self._store, self._judging, self._tiers, self._clock, self._versions = store, judging, tiers, clock, versions

    async def take(self, given: Given) -> Accepted:
        """Judge a command and store it; raise Problem for what is wrong with its key, which is about the request."""
        key, print_ = None if given.input.dry_run else scoped(given), fingerprint(given.input)
        try:
            known = None if key is None else await self._known(key, print_)
            if known is not None:
                return known
            verdict = await self._judging.judge(given.name, given.input, given.scope)
            if key is None or (verdict.dry and not verdict.problems(self._tiers)):
                return await self._tried(given, verdict)
            return await self._store_it(given, key, print_, verdict)
        except Unanswered as away:
            return Accepted(None, [unanswered(away.problem)])
        except StoreUnavailableError as away:
            return Accepted(None, [Finding(Code.STORE_UNAVAILABLE, f"the command was not taken in: {away}")])

    async def _tried(self, given: Given, verdict: Verdict) -> Accepted:
        """Answer with what would be done, or why nothing would, and record that it was asked."""
        problems = verdict.problems(self._tiers)
        body = {"dry_run": True, "input": stored_input(given.input), **self._judged(verdict)}
        async with transaction(self._store) as connection:
            await append(connection, self._clock.now(), [tried(given.name, given.scope, self._versions(), body)])
        plan = None if problems else verdict.judgement.plan
        found = [*problems, *_noted(verdict, problems)]
        return Accepted(None, found, plan, [ref.encode() for ref in verdict.judgement.subjects])

    def _judged(self, verdict: Verdict) -> dict[str, Any]:
        """Return what is recorded of a judgement: by which rules it was decided, and what was wrong."""
        codes = [one.code.name for one in verdict.problems(self._tiers)]
        return {"rules": list(verdict.decision.rules), "problems": codes}

    async def _known(self, key: str, print_: str) -> Accepted | None:
        async with snapshot(self._store) as connection:
            known = await rows.by_key(connection, key)
        if known is None:
            return None
        if known.fingerprint != print_:
            raise Problem(Code.IDEMPOTENCY_CONFLICT, "this idempotency key was used for another input")
        return Accepted(*_told(known.snapshot), replayed=True)

    async def _store_it(self, given: Given, key: str, print_: str, verdict: Verdict) -> Accepted:
        row, approvals, exceptions = self._row(given, key, print_, verdict)
        stored = msgspec.convert({**row, "sequence": 0}, Stored)
        over = row["ended_at"] is not None
        judgement = verdict.judgement
        claims = [] if over else [(one.kind, one.key) for one in judgement.claims]
        try:
            async with transaction(self._store) as connection:
                await rows.add(connection, row, [ref.encode() for ref in judgement.subjects], claims)
                await rows.add_approvals(connection, approvals)
                await rows.add_exceptions(connection, exceptions)
                await self._hold(connection, stored.id, verdict)
                reason = {"reason": given.input.reason} if given.input.reason else {}
                kind = Kind.REFUSED if over else Kind.ACCEPTED
                body = {
                    "state": row["state"],
                    # Why is free text: it stands beside the chain, where it can be erased.
                    "input": {name: value for name, value in row["input"].items() if name != "reason"},
                    "plan": row["plan_digest"],
                    **self._judged(verdict),
                }
                await append(connection, self._clock.now(), [entry(stored, kind, body, reason)])
        except KeyTakenError:
            known = await self._known(key, print_)
            assert known is not None, "the key was taken by a command that is stored"  # noqa: S101
            return known
        except ClaimedError as claimed:
            return await self._store_it(given, key, print_, verdict.contested(claimed.kind))
        started = (stored.id, stored.run) if stored.state == CommandStatus.ACCEPTED.name else None
        return Accepted(*_told(row["snapshot"]), started=started)

    async def _hold(self, connection: AsyncConnection, id_: str, verdict: Verdict) -> None:
        """Write down what a command waits for that nothing but master data keeps from being done."""
        hold, stored = verdict.lacks(self._tiers), await rows.by_id(connection, id_)
        if hold is not None and stored is not None:
            await rows.hold(connection, stored, [hold], self._clock.now())

    def _row(
        self, given: Given, key: str, print_: str, verdict: Verdict
    ) -> tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, Any]]]:
        now, id_ = self._clock.now(), uuid.uuid4().hex
        problems = verdict.problems(self._tiers)
        state = self._state(verdict, problems)
        plan = said(verdict.judgement.plan if not problems else Plan())
        digested = approved_digest(print_, plan)
        approvals = [] if problems else self.approvals(id_, verdict, digested)
        exceptions = self.exceptions(id_, verdict, problems)
        principal = given.scope.principal
        row = {
            "id": id_,
            "name": given.name,
            "key": key,
            "fingerprint": print_,
            "actor": principal.subject,
            "acting_key": given.acting_key,
            "person": verdict.actor.person.encode() if verdict.actor.person else None,
            "roles": sorted(principal.grants.roles),
            "entities": sorted(principal.grants.entities),
            "entity": verdict.judgement.entity,
            "correlation_id": given.scope.correlation_id,
            "input": stored_input(given.input),
            "plan": plan,
            "plan_digest": digested,
            "parties": {name: sorted(who) for name, who in verdict.judgement.parties.items()},
            "state": state.name,
            "waiting": WaitReason.AWAITING_MASTER_DATA.name if state is CommandStatus.PARKED else None,
            "run": 1,
            "versions": dict(self._versions()),
            "accepted_at": now,
            "changed_at": now,
            "ended_at": now if problems and state is not CommandStatus.PARKED else None,
        }
        view = planned(row, approvals, exceptions, verdict.judgement)
        shown = [msgspec.to_builtins(one) for one in problems]
        for one, code in zip(shown, problems, strict=True):
            one["code"] = code.code.name
        return {**row, "snapshot": {"view": msgspec.to_builtins(view), "problems": shown}}, approvals, exceptions

    def _state(self, verdict: Verdict, problems: Sequence[Finding]) -> CommandStatus:
        if verdict.lacks(self._tiers):
            return CommandStatus.PARKED
        if problems:
            return CommandStatus.FAILED if verdict.blocked(self._tiers) else CommandStatus.REFUSED
        return CommandStatus.AWAITING_APPROVAL if verdict.decision.approvals else CommandStatus.ACCEPTED

    def approvals(self, id_: str, verdict: Verdict, digested: str) -> list[dict[str, Any]]:
        """Return the requests for approval that a command takes, as rows."""
        return requests(id_, verdict.decision.approvals, digested, self._clock.now())

    def exceptions(self, id_: str, verdict: Verdict, problems: Sequence[Finding]) -> list[dict[str, Any]]:
        """Return what the judgement found beside refusals, as rows: warnings, what blocks, and items left out."""
        now = self._clock.now()
        found = []
        for one in verdict.findings:
            handling = self._tiers.of(one.code)
            if handling is None and one in problems and one.code is not Code.AWAITING_MASTER_DATA:
                continue
            found.append(raised(self._tiers, id_, "judgement", one, now))
        return found


def requests(id_: str, required: Iterable[Required], digested: str, now: datetime) -> list[dict[str, Any]]:
    """Return requests for approval of a plan, as rows."""
    return [
        {
            "id": uuid.uuid4().hex,
            "command_id": id_,
            "plan_digest": digested,
            "rule": one.rule,
            "role": one.role,
            "entity": one.entity,
            "state": ApprovalState.PENDING.name,
            "requested_at": now,
            "expires_at": now + DECIDED_WITHIN,
        }
        for one in required
    ]


def _told(answered: dict[str, Any]) -> tuple[View, list[Finding]]:
    view = msgspec.convert(answered["view"], View)
    problems = [
        Finding(Code[one["code"]], one["message"], tuple(one["path"]), one["item"]) for one in answered["problems"]
    ]
    return view, problems


def _noted(verdict: Verdict, problems: Sequence[Finding]) -> list[Finding]:
    return [one for one in verdict.findings if one not in problems]
