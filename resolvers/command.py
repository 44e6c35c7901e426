"""A command as the graph shows it: each part as far as its reader sees it, each value as the graph lets it be read."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, Any

import strawberry
from strawberry.utils.str_converters import to_camel_case

from commands.machinery.given import input_of
from commands.machinery.seeing import Seen
from commands.machinery.values import values
from commands.machinery.view import ExceptionView, StepView
from commands.plan import Kind
from resolvers.redacting import CommandValue, readable, shown, unread
from resolvers.room import Info, own_id
from schema.access import forbidden
from schema.command import ApprovalState, CommandStatus, ExceptionState, StepState, WaitReason
from schema.demand import sized
from schema.graph import HOMES, Node, Owner, fetch
from schema.problems import Code
from schema.rows import Ref, System
from schema.tier import Tier

if TYPE_CHECKING:
    from commands.machinery.view import ApprovalView

# Rules of a firm let three people decide on a command at most, as a rule.
FEW = 3


async def _subjects(root: Any, info: Info) -> Any:
    return await asyncio.gather(*(fetch(id_, info) for id_ in root.seen.view.subjects))


async def _input(root: Any, info: Info) -> Any:
    view = root.seen.view
    found = values(input_of(view.name, view.input))
    given = {to_camel_case(name) for name in view.input}
    return await shown(root.seen, (one for one in found if one.path.partition(".")[0] in given), info)


async def _result(root: Any, info: Info) -> Any:
    done = [one for one in root.seen.view.steps if one.state == StepState.DONE.name and one.makes]
    born = [one for one in done if HOMES[one.makes].system.value == one.binding.partition(".")[0]]
    return await asyncio.gather(*(_record(one, info) for one in born))


async def _written(root: Any, info: Info) -> Any:
    return await shown(root.seen, values(root.step.typed), info)


async def _brought(root: Any, info: Info) -> Any:
    return await shown(root.seen, values(root.step.brought), info)


async def _made(root: Any, info: Info) -> Any:
    return await _record(root.step, info)


async def _record(one: StepView, info: Info) -> Any:
    """Return what a step made, as its home has it."""
    if one.makes is None or "id" not in one.brought:
        return None
    made = await info.context.commanding.home(Ref(one.makes, one.binding, one.brought["id"]))
    return await fetch(made.encode(), info) if isinstance(made, Ref) else made


def _message(root: Any) -> Any:
    return root.exception.message if root.seen.sight.payload else unread()


def _remedy(root: Any, info: Info) -> str:
    return remedy(Code[root.exception.code], info)


async def _answer(root: Any, info: Info) -> Any:
    """Return what a system said. It may repeat what was written: who may not read all of that does not read it here."""
    seen, one = root.seen, root.exception
    if not (seen.sight.answers and seen.sight.payload):
        return forbidden("you may not read what systems answered to this command")
    if one.said is None:
        return None
    for step in seen.view.steps:
        if (step.item, step.name) == (one.item, one.step):
            shown = await readable(values(step.typed), seen.view.subjects, info)
            if any(value.value is None for value in shown):
                return forbidden("you may not read all that the system may have repeated")
    return info.context.commanding.opened(one.said)


def remedy(code: Code, info: Info) -> str:
    """Return what is to be done about a code."""
    handling = info.context.commanding.tiers.of(code)
    return code.cure if handling is None else handling.remedy


@strawberry.type
class CommandStep:
    """One write at one system. `item` is which record of many it is about, null for the whole command."""

    seen: strawberry.Private[Seen]
    step: strawberry.Private[StepView]
    item: strawberry.ID | None
    name: str
    kind: Kind
    system: System
    binding: str
    operation: str
    state: StepState
    attempts: int
    found: bool = strawberry.field(description="It was done before its answer came, and found by looking.")
    started_at: datetime | None = strawberry.field(description="When it was last sent.")
    done_at: datetime | None
    code: str | None

    values: list[CommandValue] | None = strawberry.field(
        resolver=_written, description="What is written, in the words of the graph.", directives=[sized(10)]
    )
    brought: list[CommandValue] | None = strawberry.field(
        resolver=_brought,
        description="What the system answered: names and numbers that it gave.",
        directives=[sized(FEW)],
    )
    record: Node | None = strawberry.field(resolver=_made, description="The record that it made.")


@strawberry.type
class CommandException:
    """Something that went wrong or was unusual. OPEN, it waits for a person, until `dueAt` if somebody has to hurry."""

    seen: strawberry.Private[Seen]
    exception: strawberry.Private[ExceptionView]
    id: strawberry.ID
    code: str
    tier: Tier
    state: ExceptionState
    item: strawberry.ID | None
    step: str
    created_at: datetime
    due_at: datetime | None
    resolved_at: datetime | None
    resolved_by: str | None

    message: str | None = strawberry.field(
        resolver=_message, description="Cause and place. It is read with the payload, of which it may tell."
    )
    remedy: str = strawberry.field(resolver=_remedy, description="What whoever sees to it does.")
    answer: str | None = strawberry.field(
        resolver=_answer, description="What the system answered, in its own words, for whoever sees to it."
    )

    @strawberry.field(description="The command that it is of.")
    def command(self) -> Command:
        return Command.of(self.seen)


@strawberry.type
class CommandApproval:
    """A request for approval: of which rule, and which role decides."""

    seen: strawberry.Private[Seen]
    id: strawberry.ID
    rule: str
    role: str
    entity: str | None = strawberry.field(description="The code of the legal entity whose limits were asked.")
    state: ApprovalState
    requested_at: datetime
    expires_at: datetime
    decided_at: datetime | None
    decided_by: str | None

    @strawberry.field(description="The command that waits for it, or did.")
    def command(self) -> Command:
        return Command.of(self.seen)


@strawberry.type(directives=[Owner(system=System.FACADE)])
class Command:
    """A mutation that is carried out durably, in every system or in none, and what has become of it."""

    seen: strawberry.Private[Seen]
    id: strawberry.ID
    name: str
    status: CommandStatus
    waiting_for: WaitReason | None
    actor: str
    correlation_id: str
    accepted_at: datetime
    changed_at: datetime
    ended_at: datetime | None

    @classmethod
    def of(cls, seen: Seen) -> Command:
        """Show a command."""
        view = seen.view
        waits = view.status == CommandStatus.PARKED.name and view.waiting is not None
        return cls(
            seen=seen,
            id=own_id("Command", view.id),
            name=view.name,
            status=CommandStatus[view.status],
            waiting_for=WaitReason[str(view.waiting)] if waits else None,
            actor=view.actor,
            correlation_id=view.correlation_id,
            accepted_at=view.accepted_at,
            changed_at=view.changed_at,
            ended_at=view.ended_at,
        )

    subjects: list[Node | None] = strawberry.field(
        resolver=_subjects, description="The records that it is about.", directives=[sized(FEW)]
    )
    input: list[CommandValue] | None = strawberry.field(
        resolver=_input, description="What it was given.", directives=[sized(10)]
    )
    result: list[Node | None] = strawberry.field(
        resolver=_result, description="The records that it made, each in its home.", directives=[sized(FEW)]
    )

    @strawberry.field(description="What it does, in the order in which it is done.", directives=[sized(10)])
    def steps(self) -> list[CommandStep]:
        return [step(self.seen, one) for one in self.seen.view.steps]

    @strawberry.field(description="What went wrong or was unusual.", directives=[sized(FEW)])
    def exceptions(self) -> list[CommandException]:
        return [exception(self.seen, one) for one in self.seen.view.exceptions]

    @strawberry.field(description="Who has to approve it, and has.", directives=[sized(FEW)])
    def approvals(self) -> list[CommandApproval]:
        return [approval(self.seen, one) for one in self.seen.view.approvals]


def step(seen: Seen, one: StepView) -> CommandStep:
    """Show a step."""
    return CommandStep(
        seen=seen,
        step=one,
        item=_item(one.item),
        name=one.name,
        kind=Kind[one.kind],
        system=System(one.binding.partition(".")[0]),
        binding=one.binding,
        operation=one.call,
        state=StepState[one.state],
        attempts=one.attempts,
        found=one.found,
        started_at=one.attempted_at,
        done_at=one.done_at,
        code=one.code,
    )


def exception(seen: Seen, one: ExceptionView) -> CommandException:
    """Show an exception."""
    return CommandException(
        seen=seen,
        exception=one,
        id=own_id("CommandException", one.id),
        code=one.code,
        tier=Tier[one.tier],
        state=ExceptionState[one.state],
        item=_item(one.item),
        step=one.step,
        created_at=one.created_at,
        due_at=one.due_at,
        resolved_at=one.resolved_at,
        resolved_by=one.resolved_by,
    )


def approval(seen: Seen, one: ApprovalView) -> CommandApproval:
    """Show a request for approval."""
    return CommandApproval(
        seen=seen,
        id=own_id("CommandApproval", one.id),
        rule=one.rule,
        role=one.role,
        entity=one.entity,
        state=ApprovalState[one.state],
        requested_at=one.requested_at,
        expires_at=one.expires_at,
        decided_at=one.decided_at,
        decided_by=one.decided_by,
    )


def _item(text: str) -> strawberry.ID | None:
    return strawberry.ID(text) if text else None
