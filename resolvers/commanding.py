"""Commands given: one mutation for each that the house has, its payload made of the answer to it."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import strawberry
from strawberry.tools import create_type

from commands.machinery.given import Given
from commands.machinery.values import values
from commands.plan import Kind
from commands.registry import DEFINITIONS
from resolvers.command import Command, remedy
from resolvers.redacting import CommandValue, readable
from resolvers.room import Info
from schema.demand import COMMANDED
from schema.problems import Code, Problem
from schema.rows import System
from schema.tier import Tier
from store.service_keys import OWN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from strawberry.types.field import StrawberryField

    from commands.command import Definition, Finding
    from commands.machinery.accepting import Accepted
    from commands.plan import Branch, Plan
    from schema.context import Principal


@strawberry.type
class CommandProblem:
    """Why a command is not carried out, or what of it is not, or what is unusual about it."""

    code: str
    message: str
    path: list[str] = strawberry.field(description="Where in the input.")
    item: strawberry.ID | None = strawberry.field(description="Which of many records it is about.")
    tier: Tier | None = strawberry.field(description="Null: it refuses the command before anything is written.")
    remedy: str
    retryable: bool


@strawberry.type
class PlannedWrite:
    """A write that a command would do."""

    item: strawberry.ID | None
    step: str
    kind: Kind
    system: System
    binding: str
    operation: str
    values: list[CommandValue]


@strawberry.type
class Answer:
    """What is answered to a command."""

    command: Command | None = strawberry.field(description="How it stood when it was taken in; null if it was not.")
    problems: list[CommandProblem]
    plan: list[PlannedWrite] | None = strawberry.field(
        description="What would be written, where nothing is: for a dry run."
    )


def speaks(principal: Principal) -> None:
    """Raise Problem where nobody stands behind a mutation: whoever asks has to be told by name."""
    if not principal.subject:
        raise Problem(Code.UNAUTHENTICATED, "a command needs a caller that can be told who it is")
    if principal.subject.startswith(OWN):
        said = "a service key gives commands on somebody's behalf: name them in the header On-Behalf-Of"
        raise Problem(Code.FORBIDDEN, said)


def problems(found: Sequence[Finding], info: Info) -> list[CommandProblem]:
    """Show what was found."""
    return [_problem(one, info) for one in found]


def _problem(one: Finding, info: Info) -> CommandProblem:
    handling = info.context.commanding.tiers.of(one.code)
    return CommandProblem(
        code=one.code.name,
        message=one.message,
        path=list(one.path),
        item=strawberry.ID(one.item) if one.item else None,
        tier=None if handling is None else handling.tier,
        remedy=remedy(one.code, info),
        retryable=one.code.retryable,
    )


def _field(definition: Definition) -> StrawberryField:
    """Make the field of a command: its argument and its type are written here, as a method's would be."""
    payload = _payload(definition)
    arguments = {"info": Info, "input": definition.input}

    async def give(info: Info, input: Any) -> Any:  # noqa: A002  GraphQL's word
        context, principal = info.context, info.context.principal
        context.naming.begin()
        speaks(principal)
        key = None if input.dry_run else context.naming.key(definition.name)
        given = Given(definition.name, input, context.scope, key, principal.key)
        accepted = await context.commanding.submit(given)
        if accepted.replayed:
            context.naming.replay()
        return await _answer(payload, accepted, info)

    answer = payload | None
    give.__annotations__ = {**arguments, "return": answer}
    give.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=kind) for name, kind in arguments.items()],
        return_annotation=answer,
    )
    field: Any = strawberry.mutation(resolver=give, description=definition.about, directives=[COMMANDED])
    field.python_name = definition.name
    return field  # type: ignore[no-any-return]


def _payload(definition: Definition) -> Any:
    name = f"{definition.name[0].upper()}{definition.name[1:]}Payload"
    return strawberry.type(type(name, (Answer,), {}), description=f"The answer to {definition.name}.")


async def _answer(payload: Any, accepted: Accepted, info: Info) -> Any:
    context = info.context
    seen = None if accepted.view is None else context.commanding.seeing.taken(accepted.view, context.scope)
    return payload(
        command=None if seen is None else Command.of(seen),
        problems=problems(accepted.problems, info),
        plan=None if accepted.plan is None else await _planned(accepted.plan, accepted.subjects, info),
    )


async def _planned(plan: Plan, subjects: Sequence[str], info: Info) -> list[PlannedWrite]:
    return [write for chain in plan.chains for write in await _chain(chain, subjects, info)]


async def _chain(chain: Branch, subjects: Sequence[str], info: Info) -> list[PlannedWrite]:
    return [
        PlannedWrite(
            item=strawberry.ID(chain.item) if chain.item else None,
            step=step.name,
            kind=step.kind,
            system=step.write.system,
            binding=step.binding,
            operation=type(step.write).__name__,
            values=await readable(values(step.write), subjects, info),
        )
        for step in chain.steps
    ]


GivenMutation = create_type(
    "GivenMutation", [_field(one) for one in DEFINITIONS.values()], description="The commands of the house."
)
