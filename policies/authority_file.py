"""`authority.toml` as it is written: read into a model, every mistake refused with its place."""

from __future__ import annotations

from datetime import date
from enum import Enum, unique
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, StringConstraints, ValidationInfo, field_validator, model_validator

from policies.conditions import Conditions, Limits
from schema.access import Bond
from schema.tomlfile import Strict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ACTOR = "actor"
RuleId: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$")]


@unique
class Act(Enum):
    """What is done with commands once they exist."""

    SEE = "see"
    """Read a command with all that its grants let one read of its payload."""
    WATCH = "watch"
    """Read in what state a command is."""
    INSPECT = "inspect"
    """Read what is in quarantine, as far as one's grants reach."""
    CANCEL = "cancel"
    RELEASE = "release"
    """Let what is parked go on now."""
    REPAIR = "repair"
    """Correct the payload of what is in quarantine."""
    REPLAY = "replay"
    DISCARD = "discard"


class Run(Conditions):
    """By which bond a role runs a command, and on what conditions."""

    by: Bond


def _run(said: Any) -> Any:
    """Read the short form: the bond alone."""
    return said if isinstance(said, dict) else {"by": said}


class Approval(Conditions):
    """Which role has to approve, and when."""

    by: str

    @model_validator(mode="after")
    def _has_a_condition(self) -> Approval:
        if not (self.always or self.over or self.under or self.when):
            raise ValueError("has no condition; write 'always = true' if it has none")
        return self


class Command(Strict):
    """Who runs a command, by role, and what has to be approved, by the rule's id."""

    runs: dict[str, Annotated[Run, BeforeValidator(_run)]] = Field(min_length=1)
    approvals: dict[RuleId, Approval] = {}


class Duty(Strict):
    """Who may not run these commands, nor approve them: whoever is of the party.

    `within_days`: the party are those who were of it in so many days. `unless_approved_by`: they may run them if this
    role approves.
    """

    commands: tuple[str, ...] = Field(min_length=1)
    party: str = Field(min_length=1)
    within_days: int | None = Field(default=None, ge=1)
    unless_approved_by: str | None = None


class Delegation(Strict):
    """Up to and with the day, whoever has the role `to` approves like a `giver`, of what they hold `by` this bond."""

    giver: str = Field(alias="from")
    to: str
    by: Bond
    until: date


class AuthorityFile(Strict):
    """A whole `authority.toml`. `entities` are limits by legal entity, rule and fact.

    `corrections` is who approves a correction of money in a command that took no approval.
    """

    format: Literal[1]
    version: int = Field(ge=1)
    approved_by: str = Field(min_length=1)
    approvers: dict[str, Bond]
    corrections: str
    commands: dict[str, Command]
    duties: dict[RuleId, Duty]
    delegations: dict[RuleId, Delegation] = {}
    entities: dict[str, dict[str, Limits]] = {}
    acts: dict[Act, frozenset[str]]

    # What depends on a table that is wrong itself is not checked: its own complaint is the one to be read.
    @field_validator("corrections")
    @classmethod
    def _corrections(cls, role: str, info: ValidationInfo) -> str:
        _approves(role, info, "corrections")
        return role

    @field_validator("commands")
    @classmethod
    def _commands(cls, commands: dict[str, Command], info: ValidationInfo) -> dict[str, Command]:
        for name, command in commands.items():
            for rule, approval in command.approvals.items():
                _approves(approval.by, info, f"{name}: {rule}")
        return commands

    @field_validator("duties")
    @classmethod
    def _duties(cls, duties: dict[str, Duty], info: ValidationInfo) -> dict[str, Duty]:
        for rule, duty in duties.items():
            known = info.data.get("commands", duty.commands)
            if strange := sorted(set(duty.commands).difference(known)):
                raise ValueError(f"{rule}: {strange} are no commands of [commands]; correct their spelling")
            if duty.unless_approved_by is not None:
                _approves(duty.unless_approved_by, info, rule)
        return duties

    @field_validator("delegations")
    @classmethod
    def _delegations(cls, delegations: dict[str, Delegation], info: ValidationInfo) -> dict[str, Delegation]:
        pairs = [(one.giver, one.to) for one in delegations.values()]
        for rule, one in delegations.items():
            _approves(one.giver, info, rule)
            if one.giver == one.to or pairs.count((one.giver, one.to)) > 1:
                raise ValueError(
                    f"{rule}: {one.giver!r} to {one.to!r} says nothing new; leave one of each pair of roles"
                )
        return delegations

    @field_validator("entities")
    @classmethod
    def _entities(cls, entities: dict[str, dict[str, Limits]], info: ValidationInfo) -> dict[str, dict[str, Limits]]:
        known = {rule: one.over | one.under for rule, one in conditional(info.data.get("commands", {}))}
        for entity, rules in entities.items() if known else ():
            for rule, limits in rules.items():
                if strange := sorted(limits.keys() - known.get(rule, {}).keys()):
                    raise ValueError(f"{entity}: {rule!r} has no limit of {strange}; name a rule of [commands]")
        return entities

    @model_validator(mode="after")
    def _ids_are_unique(self) -> AuthorityFile:
        ids = [rule for rule, _ in conditional(self.commands)] + [*self.duties, *self.delegations]
        if doubled := sorted({rule for rule in ids if ids.count(rule) > 1}):
            raise ValueError(f"{doubled} are the ids of two rules; name one of them otherwise")
        return self


def conditional(commands: Mapping[str, Command]) -> Iterator[tuple[str, Conditions]]:
    """Yield the rules of commands with their ids; who may run one is a rule, too."""
    for name, command in commands.items():
        yield from ((run_id(name, role), run) for role, run in command.runs.items())
        yield from command.approvals.items()


def run_id(command: str, role: str) -> str:
    """Return the id of the rule by which a role runs a command."""
    return f"{command}:{role}"


def _approves(role: str, info: ValidationInfo, where: str) -> None:
    if role not in info.data.get("approvers", {role}):
        raise ValueError(f"{where}: {role!r} approves by no bond; add it to [approvers]")
