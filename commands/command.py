"""What a command is: an input, and a judgement that says no, or what is going to be done.

    @command("completeMilestone", CompleteMilestone, changes=(psa.CompleteMilestone, erp.CreateBillingEvent))
    async def complete_milestone(ask: Asking, said: CompleteMilestone) -> Judgement: ...

The judgement reads the systems live through `ask` and changes nothing. It is made before a command is accepted and
once more as its first step. Who may run a command, who must approve it and what its exceptions mean are policies.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from decimal import Decimal
from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, TypeVar

import msgspec
import strawberry

from commands.plan import Plan
from schema.problems import Code
from schema.rows import Ref

if TYPE_CHECKING:
    from commands.asking import Asking
    from sources.writes import Write

Fact: TypeAlias = Decimal | bool | int | str


@strawberry.input
class CommandInput:
    """What every command may be given beside its own."""

    idempotency_key: str | None = strawberry.field(
        default=None, description="The caller's own name for this act; the same as the header Idempotency-Key."
    )
    expected_version: str | None = strawberry.field(
        default=None, description="The version of the record that the caller decided upon; another one is refused."
    )
    reason: str | None = strawberry.field(default=None, description="Why, for the trail.")
    dry_run: bool = strawberry.field(default=False, description="Judge and plan only: nothing is changed anywhere.")


class Finding(msgspec.Struct, frozen=True):
    """Something that the judgement found. What it means (block, set aside, warn, refuse) the tiers say by its code.

    `path` is where in the input, `item` which of many; texts name no system's own words.
    """

    code: Code
    message: str
    path: tuple[str, ...] = ()
    item: str = ""


class Claimed(msgspec.Struct, frozen=True):
    """What no other command may do at the same time: a second wall behind the idempotency key."""

    kind: str
    key: str


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """What is going to be done, and what the policies must know to let it.

    `subjects` are the records that it is about; `scope` are those rows of which the actor must hold a bond; `parties`
    are the identities that segregation looks at; `facts` are named numbers and flags, `amount` in the functional
    currency of `entity`, a legal entity's code.
    """

    plan: Plan
    subjects: tuple[Ref, ...]
    scope: tuple[Any, ...] = ()
    entity: str | None = None
    facts: Mapping[str, Fact] = {}
    parties: Mapping[str, frozenset[str]] = {}
    findings: tuple[Finding, ...] = ()
    claims: tuple[Claimed, ...] = ()


class Stop(Exception):
    """The judgement cannot go on: what was found forbids everything further."""

    def __init__(self, *findings: Finding, subjects: tuple[Ref, ...] = ()) -> None:
        super().__init__("; ".join(finding.message for finding in findings))
        self.findings, self.subjects = findings, subjects


Given = TypeVar("Given", bound=CommandInput)
Judge: TypeAlias = "Callable[[Asking, Any], Awaitable[Judgement]]"


class Definition(NamedTuple):
    """A command: its name in the schema, what it is given, how it is judged, and what it is for.

    `changes` are all that it may ever ask of a system, to undo something included.
    """

    name: str
    input: type[CommandInput]
    judge: Judge
    about: str
    changes: frozenset[type[Write]]


COMMANDS: dict[str, Definition] = {}


def command(
    name: str, given: type[Given], changes: Iterable[type[Write]] = ()
) -> Callable[[Callable[[Asking, Given], Awaitable[Judgement]]], Judge]:
    """Declare a command, and what it may ever ask of a system. Its docstring is what the schema says of it.

    A judgement that plans anything else raises RuntimeError: the table of which system takes which command tells users
    what was declared.
    """
    declared = frozenset(changes)

    def declare(judge: Callable[[Asking, Given], Awaitable[Judgement]]) -> Judge:
        @wraps(judge)
        async def judged(ask: Asking, said: Given) -> Judgement:
            found = await judge(ask, said)
            if more := found.plan.changes - declared:
                raise RuntimeError(f"{name} does not declare {', '.join(sorted(one.called for one in more))}")
            return found

        COMMANDS[name] = Definition(name, given, judged, (judge.__doc__ or "").strip(), declared)
        return judged

    return declare
