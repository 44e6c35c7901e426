"""What people do with commands once they exist: decide on them, let them go on, withdraw and mend them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import strawberry

from commands.command import Finding
from commands.machinery.correcting import Edit
from commands.machinery.deciding import Decided
from resolvers.command import Command
from resolvers.commanding import CommandProblem, problems, speaks
from resolvers.following import told
from resolvers.redacting import hides
from resolvers.room import Info, own
from schema.demand import ACTED
from schema.problems import Code
from schema.restriction import Restriction

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


@strawberry.type
class CommandPayload:
    """The command as it is now, and why nothing was done with it."""

    command: Command | None
    problems: list[CommandProblem]


async def _done(info: Info, id_: str, kind: str, act: Callable[[str], Awaitable[Decided]]) -> CommandPayload:
    """Do something with what an id means. It is decided once, by its state: this needs no key."""
    info.context.naming.begin()
    speaks(info.context.principal)
    meant = own(kind, id_)
    with told():
        done = _nothing() if meant is None else await act(meant)
        found = done.command_id and await info.context.commanding.seeing.command(done.command_id, info.context.scope)
    if not found and any(one.code is Code.FORBIDDEN for one in done.problems):
        # What somebody may see nothing of is answered as what is not there.
        done = _nothing()
    return CommandPayload(command=Command.of(found) if found else None, problems=problems(done.problems, info))


def _nothing() -> Decided:
    return Decided(None, [Finding(Code.NOT_FOUND, "there is nothing of this id", ("id",))])


@strawberry.input
class Correction:
    """A value to be set in what a step writes: its path as it is shown, and the text; null clears it."""

    path: str
    value: str | None


@strawberry.type
class ActMutation:
    """Acts on commands."""

    @strawberry.mutation(
        description="Decide on a request for approval, as whom it asks for, or by delegation.", directives=[ACTED]
    )
    async def decide_approval(
        self,
        info: Info,
        id: strawberry.ID,  # noqa: A002  as `node` calls it
        approve: bool,  # noqa: FBT001  an argument of the schema
        reason: str | None = None,
    ) -> CommandPayload | None:
        deciding, scope = info.context.commanding.deciding, info.context.scope
        return await _done(
            info, id, "CommandApproval", lambda meant: deciding.decide(meant, scope, approve=approve, reason=reason)
        )

    @strawberry.mutation(
        description="Withdraw a command before its point of no return; what was done is undone.", directives=[ACTED]
    )
    async def cancel_command(self, info: Info, id: strawberry.ID, reason: str) -> CommandPayload | None:  # noqa: A002
        repairing, scope = info.context.commanding.repairing, info.context.scope
        return await _done(info, id, "Command", lambda meant: repairing.cancel(meant, scope, reason))

    @strawberry.mutation(
        description="Let a parked command go on now; what it waits for is looked at again.", directives=[ACTED]
    )
    async def release_command(self, info: Info, id: strawberry.ID, reason: str) -> CommandPayload | None:  # noqa: A002
        repairing, scope = info.context.commanding.repairing, info.context.scope
        return await _done(info, id, "Command", lambda meant: repairing.release(meant, scope, reason))

    @strawberry.mutation(
        description="Repeat what was set aside or given up, from the failed step on.", directives=[ACTED]
    )
    async def replay_command(self, info: Info, id: strawberry.ID, reason: str) -> CommandPayload | None:  # noqa: A002
        repairing, scope = info.context.commanding.repairing, info.context.scope
        return await _done(info, id, "Command", lambda meant: repairing.replay(meant, scope, reason))

    @strawberry.mutation(
        description="Give up what was set aside: the command ends without it, and says so.", directives=[ACTED]
    )
    async def discard_exception(self, info: Info, id: strawberry.ID, reason: str) -> CommandPayload | None:  # noqa: A002
        repairing, scope = info.context.commanding.repairing, info.context.scope
        return await _done(info, id, "CommandException", lambda meant: repairing.discard(meant, scope, reason))

    @strawberry.mutation(
        description="Correct what a step writes that was set aside, and repeat it: at once, or once it is approved, "
        "where an amount is changed or the ERP is written to.",
        directives=[ACTED],
    )
    async def repair_exception(
        self,
        info: Info,
        id: strawberry.ID,  # noqa: A002
        values: list[Correction],
        reason: str,
    ) -> CommandPayload | None:
        edits = [Edit(one.path, one.value) for one in values]
        return await _done(info, id, "CommandException", lambda meant: _repaired(info, meant, edits, reason))


async def _repaired(info: Info, id_: str, edits: list[Edit], reason: str) -> Decided:
    """Correct what may be read: a value that is not shown to somebody is not theirs to set."""
    commanding, scope = info.context.commanding, info.context.scope
    seen = await commanding.seeing.of_exception(id_, scope)
    hidden = frozenset() if seen is None else await hides(Restriction, seen.view.subjects, info)
    return await commanding.repairing.repair(id_, edits, hidden, scope, reason)
