"""Who may run a command, who has to approve it, and who may not do both: facts in, a decision out.

    Facts      who runs what, which bonds they hold, who else has a part in it, and what its conditions name
    Decision   allowed or denied, by which rules, and which approvals it takes
    Required   one approval, of one role

Here is no clock, no file but the one that is read at start, and no question to any system. What no rule grants is
denied, what is not known denies, and an approval whose condition is not known is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, unique
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from policies.authority_file import ACTOR, Act, AuthorityFile, Duty, run_id
from policies.conditions import Check, Fact, Limits, hold
from policies.rules import verify
from schema.access import Bond
from schema.problems import Code
from schema.tomlfile import load

if TYPE_CHECKING:
    from datetime import date

SHIPPED = Path(__file__).with_name("authority.toml")
FOUR_EYES, CORRECTION = "four-eyes", "correction"


@unique
class Effect(Enum):
    """Whether it may be done."""

    ALLOW = "ALLOW"
    DENY = "DENY"


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What a decision is made of; `Authority.asks` tells what a command's decision needs to know.

    `bonds`: by role, whether the actor holds that role's bond over the subject; ALL needs not be said. `actor` and
    `parties` are identities: the subject of a token, and the id of the person where that is known. A party that nobody
    is of is empty; one that is missing is not known. Leave out all parties if the actor's person is not known: then
    they cannot be told apart. `facts` are in the measure that authority.toml gives, an amount in the functional
    currency of `entity`, the code of a legal entity.
    """

    command: str
    roles: frozenset[str]
    actor: frozenset[str]
    bonds: Mapping[str, bool] = {}
    parties: Mapping[str, frozenset[str]] = {}
    entity: str | None = None
    facts: Mapping[str, Fact] = {}


class Approver(msgspec.Struct, frozen=True, kw_only=True):
    """Who would approve. `bonds` as those of Facts, for the roles that `Authority.approvers` names."""

    roles: frozenset[str]
    actor: frozenset[str]
    bonds: Mapping[str, bool] = {}


class Required(msgspec.Struct, frozen=True):
    """An approval that a command takes: one of each role, named by the first of the rules that ask for it."""

    command: str
    rule: str
    role: str
    entity: str | None


class Decision(msgspec.Struct, frozen=True):
    """Whether it may be done, and by which rules; none where nothing grants it. `code` says why not."""

    effect: Effect
    rules: tuple[str, ...] = ()
    approvals: tuple[Required, ...] = ()
    code: Code | None = None

    @property
    def allowed(self) -> bool:
        """Whether it may be done, as soon as the approvals are given."""
        return self.effect is Effect.ALLOW


class Asked(NamedTuple):
    """What a command's decision needs to know: bonds by role, names of parties with their days, and names of facts."""

    bonds: Mapping[str, Bond]
    parties: Mapping[str, int | None]
    facts: frozenset[str]


class _Run(NamedTuple):
    rule: str
    role: str
    everywhere: bool
    checks: tuple[Check, ...]


class _Demand(NamedTuple):
    rule: str
    role: str
    checks: tuple[Check, ...]


class _Command(NamedTuple):
    runs: tuple[_Run, ...]
    duties: tuple[tuple[str, Duty], ...]
    demands: tuple[_Demand, ...]


FORBIDDEN = Decision(Effect.DENY, code=Code.FORBIDDEN)


class Authority:
    """The rules of an `authority.toml`, made ready to be asked."""

    def __init__(self, said: AuthorityFile) -> None:
        self.version = said.version
        self._said = said
        self._default = _compiled(said, {})
        self._by_entity: Mapping[str | None, dict[str, _Command]] = {
            entity: _compiled(said, limits) for entity, limits in said.entities.items()
        }

    @classmethod
    def read(cls, path: Path = SHIPPED) -> Authority:
        """Read the file, or raise FileError: every complaint with its line and cure, or what nobody has approved."""
        said = load(path, AuthorityFile)
        verify(path)
        return cls(said)

    @property
    def commands(self) -> frozenset[str]:
        """The commands that somebody may run."""
        return frozenset(self._default)

    @property
    def roles(self) -> frozenset[str]:
        """The roles that these rules name."""
        said = self._said
        running = {role for command in said.commands.values() for role in command.runs}
        acting = {role for roles in said.acts.values() for role in roles} - {ACTOR}
        return frozenset({*running, *acting, *said.approvers, *(one.to for one in said.delegations.values())})

    def asks(self, command: str) -> Asked:
        """Return what the decision about a command needs to know; of one that nobody may run, nothing."""
        if command not in self._default:
            return Asked({}, {}, frozenset())
        compiled = self._default[command]
        checks = [run.checks for run in compiled.runs] + [demand.checks for demand in compiled.demands]
        return Asked(
            {role: run.by for role, run in self._said.commands[command].runs.items()},
            {duty.party: duty.within_days for _, duty in compiled.duties},
            frozenset(check.fact for found in checks for check in found),
        )

    def approvers(self, role: str) -> Mapping[str, Bond]:
        """Return who approves as this role, by which bond: it itself, and those it was ever delegated to."""
        delegates = {one.to: one.by for one in self._said.delegations.values() if one.giver == role}
        return delegates | {role: self._said.approvers[role]} if role in self._said.approvers else {}

    def approving(self, roles: frozenset[str]) -> frozenset[str]:
        """Return the roles as which somebody with these may approve, at one time or another."""
        return frozenset(role for role in self._said.approvers if not roles.isdisjoint(self.approvers(role)))

    def decide(self, facts: Facts) -> Decision:
        """Tell whether a command may be run, and who has to approve it."""
        command = self._by_entity.get(facts.entity, self._default).get(facts.command)
        run = _granting(command.runs, facts) if command and facts.actor else None
        if command is None or run is None:
            return FORBIDDEN
        demands = []
        for rule, duty in command.duties:
            party = facts.parties.get(duty.party)
            if party is None or not facts.actor.isdisjoint(party):
                if duty.unless_approved_by is None:
                    return Decision(Effect.DENY, (rule,), code=Code.SOD_VIOLATION)
                demands.append((rule, duty.unless_approved_by))
        for rule, role, checks in command.demands:
            if hold(checks, facts.facts, unknown=True):
                demands.append((rule, role))
        if not demands:
            return Decision(Effect.ALLOW, (run.rule,))
        first: dict[str, str] = {}
        for rule, role in demands:
            first.setdefault(role, rule)
        required = tuple(Required(facts.command, rule, role, facts.entity) for role, rule in first.items())
        return Decision(Effect.ALLOW, (run.rule, *(rule for rule, _ in demands)), required)

    def may_approve(
        self,
        required: Required,
        approver: Approver,
        requester: frozenset[str],
        parties: Mapping[str, frozenset[str]],
        on: date,
    ) -> Decision:
        """Tell whether somebody may approve, that day, what the requester runs. The parties are those of its facts."""
        command = self._default.get(required.command)
        by = self._mandate(required.role, approver, on)
        if command is None or by is None:
            return FORBIDDEN
        if not approver.actor or not requester or not approver.actor.isdisjoint(requester):
            return Decision(Effect.DENY, (FOUR_EYES,), code=Code.SOD_VIOLATION)
        for rule, duty in command.duties:
            party = parties.get(duty.party)
            if party is None or not approver.actor.isdisjoint(party):
                return Decision(Effect.DENY, (rule,), code=Code.SOD_VIOLATION)
        return Decision(Effect.ALLOW, (required.rule, *by))

    def correcting(self, command: str, entity: str | None) -> Required:
        """Return the approval that a correction of money takes, where the command itself took none."""
        return Required(command, CORRECTION, self._said.corrections, entity)

    def may(self, act: Act, roles: frozenset[str], *, own: bool) -> Decision:
        """Tell whether somebody with these roles may do this with a command; `own` if they are the one who runs it."""
        granted = self._said.acts.get(act, frozenset()) & (roles | {ACTOR} if own else roles - {ACTOR})
        rules = tuple(run_id(act.value, role) for role in sorted(granted))
        return Decision(Effect.ALLOW, rules) if rules else FORBIDDEN

    def _mandate(self, role: str, approver: Approver, on: date) -> tuple[str, ...] | None:
        """Return the delegation by which somebody approves as a role, nothing if they have it, None if neither."""
        own = self._said.approvers.get(role)
        if own is not None and _held(role, own, approver):
            return ()
        for rule, one in self._said.delegations.items():
            if one.giver == role and on <= one.until and _held(one.to, one.by, approver):
                return (rule,)
        return None


def _granting(runs: tuple[_Run, ...], facts: Facts) -> _Run | None:
    """Return the first rule by which the actor runs the command."""
    for run in runs:
        held = run.role in facts.roles and (run.everywhere or facts.bonds.get(run.role) is True)
        if held and hold(run.checks, facts.facts, unknown=False):
            return run
    return None


def _held(role: str, bond: Bond, approver: Approver) -> bool:
    return role in approver.roles and (bond is Bond.ALL or approver.bonds.get(role) is True)


def _compiled(said: AuthorityFile, limits: Mapping[str, Limits]) -> dict[str, _Command]:
    """Make the rules ready, with a legal entity's limits in the place of the default ones."""
    made = {}
    for name, command in said.commands.items():
        ids = {role: run_id(name, role) for role in command.runs}
        made[name] = _Command(
            tuple(
                _Run(ids[role], role, run.by is Bond.ALL, run.checks(limits.get(ids[role], {})))
                for role, run in command.runs.items()
            ),
            tuple((rule, duty) for rule, duty in said.duties.items() if name in duty.commands),
            tuple(_Demand(rule, one.by, one.checks(limits.get(rule, {}))) for rule, one in command.approvals.items()),
        )
    return made
