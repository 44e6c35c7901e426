"""A command judged: what it finds in the systems, what the policies say to that, and whether it may be done.

no problem                a plan, and the approvals that it takes
a BLOCK exception         the command has failed before anything was written
everything else           a refusal
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from commands.asking import Asking
from commands.command import COMMANDS, CommandInput, Finding, Judgement, Stop
from commands.machinery.waiting import DATA
from commands.plan import Plan
from policies.authority import Decision, Effect, Facts
from schema.access import Bond, Grant, either, keys
from schema.graph import HOMES
from schema.problems import Code, Problem
from schema.rows import Row
from schema.tier import Tier
from sources.screening import Screen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from commands.asking import Live
    from commands.plan import Step
    from policies.authority import Authority
    from policies.tiers import Tiers
    from schema.rows import Ref
    from sources.contract import Scope

NOTHING = Judgement(plan=Plan(), subjects=())
ALLOWED = Decision(Effect.ALLOW)
STRANGER = "nobody can tell whether you have a part in this: have a steward link your sign-in to your person"


class Actor(NamedTuple):
    """Who gives a command: the identities by which segregation knows them, and their person, if they are linked."""

    subject: str
    person: Ref | None

    @property
    def identities(self) -> frozenset[str]:
        """The subject, and the person."""
        return frozenset({self.subject} if self.person is None else {self.subject, self.person.encode()})

    @property
    def told_apart(self) -> frozenset[str]:
        """The identities; none of whoever is not linked to a person, of whom nobody can tell who they are besides."""
        return frozenset() if self.person is None else self.identities


class Verdict(NamedTuple):
    """What came of a judgement. `dry` says that a system that it writes to is bound for dry runs."""

    judgement: Judgement
    findings: tuple[Finding, ...]
    decision: Decision
    actor: Actor
    dry: bool = False

    def problems(self, tiers: Tiers) -> list[Finding]:
        """Return what forbids the command: of an item alone, only if nothing else is left to do."""
        grave = [one for one in self.findings if _tier(tiers, one) not in {Tier.WARN, Tier.QUARANTINE_AND_CONTINUE}]
        return [one for one in grave if not one.item or not self.judgement.plan.chains]

    def lacks(self, tiers: Tiers) -> str | None:
        """Return by what it waits for master data, if that is all that is missing; else None."""
        codes = {one.code for one in self.problems(tiers)}
        if codes != {Code.AWAITING_MASTER_DATA} or not self.judgement.subjects:
            return None
        return f"{DATA}|{self.judgement.subjects[0].encode()}"

    def contested(self, kind: str) -> Verdict:
        """Return the verdict where another command claims what this one would."""
        said = f"another command is at this {kind} already"
        return self._replace(
            judgement=msgspec.structs.replace(self.judgement, claims=()),
            findings=(*self.findings, Finding(Code.DUPLICATE_COMMAND, said)),
        )

    def blocked(self, tiers: Tiers) -> bool:
        """Tell whether an exception blocks it: it has failed, and was not merely refused."""
        return any(_tier(tiers, one) is Tier.BLOCK for one in self.problems(tiers))


def _tier(tiers: Tiers, finding: Finding) -> Tier | None:
    handling = tiers.of(finding.code)
    return None if handling is None else handling.tier


class Judging:
    """Judges commands over the bound systems; `writes` is by binding whether anything may be changed there."""

    def __init__(self, live: Live, authority: Authority, writes: Mapping[str, str]) -> None:
        self._live, self._authority, self._writes = live, authority, writes

    async def judge(self, name: str, said: CommandInput, scope: Scope) -> Verdict:
        """Judge a command, or raise Unanswered where the systems do not say enough."""
        ask = Asking(self._live, scope)
        actor = Actor(scope.principal.subject, await ask.person())
        if not self._may_ever(name, scope):
            return _denied(NOTHING, Decision(Effect.DENY, code=Code.FORBIDDEN), actor)
        try:
            found = await COMMANDS[name].judge(ask, said)
        except Stop as stop:
            found = Judgement(plan=Plan(), subjects=stop.subjects)
            if stop.subjects and not await self._known(name, stop.subjects, ask, scope):
                return _denied(found, Decision(Effect.DENY, code=Code.FORBIDDEN), actor)
            return Verdict(found, stop.findings, ALLOWED, actor)
        decision = self._authority.decide(await self._facts(name, found, actor, scope))
        if decision.approvals and not actor.told_apart:
            # Whoever approves it may be the same person.
            decision = Decision(Effect.DENY, decision.rules, code=Code.SOD_VIOLATION)
        if not decision.allowed:
            return _denied(found, decision, actor)
        lacking = [
            Finding(Code.NOT_OFFERED, f"binding {step.binding!r} does not take {type(step.write).__name__}")
            for step in self._lacking(found.plan)
        ]
        off = [binding for binding in found.plan.bindings if self._writes.get(binding, "on") == "off"]
        shut = [Finding(Code.WRITES_OFF, f"binding {binding!r} is read only: its writes are off") for binding in off]
        dry = any(self._writes.get(binding) == "dry_run" for binding in found.plan.bindings)
        return Verdict(found, (*found.findings, *lacking, *shut), decision, actor, dry)

    def _lacking(self, plan: Plan) -> Iterator[Step]:
        """List the steps that a bound system does not take: nothing is begun that cannot be ended."""
        for chain in plan.chains:
            for step in chain.steps:
                source = self._live.desk.sources.get(step.binding)
                if source is not None and step.optional is None and not source.takes(type(step.write)):
                    yield step

    def _may_ever(self, name: str, scope: Scope) -> bool:
        """Tell whether any role of the actor runs this command at all: nothing is looked up for whoever never may."""
        return not scope.principal.grants.roles.isdisjoint(self._authority.asks(name).bonds)

    async def _known(self, name: str, subjects: Sequence[Ref], ask: Asking, scope: Scope) -> bool:
        """Tell whether the actor may run this on one of these records: nobody else is told what is wrong with them."""
        roles = scope.principal.grants.roles
        bonds = {bond for role, bond in self._authority.asks(name).bonds.items() if role in roles}
        if Bond.ALL in bonds:
            return True
        screen = Screen(self._live.desk, self._live.bonds, scope)
        homes = [ref for ref in subjects if ref.role == HOMES[ref.type].system.value]
        for ref in homes:
            row = await ask.maybe(HOMES[ref.type].question, ref, row=Row)
            if row is not None and any([await holds(screen, bond, [row]) for bond in bonds]):
                return True
        return False

    async def _facts(self, name: str, found: Judgement, actor: Actor, scope: Scope) -> Facts:
        roles = scope.principal.grants.roles
        screen = Screen(self._live.desk, self._live.bonds, scope)
        wanted = {role: bond for role, bond in self._authority.asks(name).bonds.items() if role in roles}
        return Facts(
            command=name,
            roles=roles,
            actor=actor.identities,
            bonds={role: await holds(screen, bond, found.scope) for role, bond in wanted.items()},
            parties=found.parties if actor.told_apart else {},
            entity=found.entity,
            facts=found.facts,
        )


async def holds(screen: Screen, bond: Bond, rows: Sequence[Any]) -> bool:
    """Tell whether a caller holds every one of these rows by a bond; none at all is not held."""
    for row in rows:
        if not isinstance(row, Row):
            return False
        decided = [(Grant(bond), key) for key in keys(bond, HOMES[row.type].scope)]
        verdict = either(claim.admits(row) for claim in await screen.claims(decided, row.ref.role))
        if verdict is not True:
            return False
    return bool(rows)


def _denied(found: Judgement, decision: Decision, actor: Actor) -> Verdict:
    code = decision.code or Code.FORBIDDEN
    said = "your roles do not let you run this command on these records"
    if code is Code.SOD_VIOLATION:
        part = "you have a part in what this command is about: somebody else must run it"
        said = part if actor.told_apart else STRANGER
    # What else was found is nothing for whoever may not run it.
    return Verdict(found, (Finding(code, said),), decision, actor)


def unanswered(problem: Problem) -> Finding:
    """Return what is said where the systems do not say enough: nothing was decided, and it may be tried again."""
    return Finding(problem.code, str(problem))
