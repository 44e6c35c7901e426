"""Commands followed: one, a page of them, what waits for whom, and one as it goes on."""

from __future__ import annotations

from collections.abc import AsyncGenerator  # noqa: TC003  Strawberry reads the annotations
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

import strawberry

from commands.asking import Unanswered
from commands.machinery.reading import Sought
from resolvers.command import Command, CommandApproval, CommandException, approval, exception
from resolvers.room import Info, own
from schema.command import ENDED, ApprovalState, CommandStatus, ExceptionState
from schema.connection import Connection
from schema.demand import PAGE, PAGED, PAGED_LIST
from schema.graph import Owner
from schema.problems import Code, Problem
from schema.rows import Ref, System
from sources.listing import MOST, Page
from sources.wanted import VALUES
from store.transaction import StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from commands.machinery.seeing import Seen

FACADE = Owner(system=System.FACADE)


@strawberry.input(description="All of these hold. Of a list of values, the command has one.")
class CommandFilter:
    """Which commands are wanted."""

    status: list[CommandStatus] | None = None
    name: list[str] | None = None
    subject: strawberry.ID | None = strawberry.field(default=None, description="A record that it is about.")
    correlation_id: str | None = None
    accepted_since: datetime | None = None
    accepted_until: datetime | None = strawberry.field(default=None, description="The instant itself not included.")
    mine: bool = strawberry.field(default=False, description="Those alone that you gave.")


@contextmanager
def told() -> Iterator[None]:
    """Raise as a Problem what cannot be told now."""
    try:
        yield
    except Unanswered as away:
        raise away.problem from away
    except StoreUnavailableError as away:
        raise Problem(Code.STORE_UNAVAILABLE, f"commands cannot be read or changed now: {away}") from away


async def command(info: Info, id_: str) -> Seen | None:
    """Return a command as far as whoever asks may see it."""
    meant = own("Command", id_)
    with told():
        return None if meant is None else await info.context.commanding.seeing.command(meant, info.context.scope)


async def _command(info: Info, id: strawberry.ID) -> Any:  # noqa: A002  as `node` calls it
    seen = await command(info, id)
    return None if seen is None else Command.of(seen)


async def _commands(
    info: Info,
    filter: CommandFilter | None = None,  # noqa: A002  GraphQL's word
    first: int = PAGE,
    after: str | None = None,
) -> Any:
    sought = _sought(filter or CommandFilter(), info.context.principal.subject)
    if isinstance(sought, Problem):
        return sought
    with told():
        page = await info.context.commanding.seeing.commands(sought, first, after, info.context.scope)
    if isinstance(page, Problem):
        return page
    rows: Any = [(cursor, Command.of(seen)) for cursor, seen in page.rows]
    return Connection.of(Page(rows, page.has_next, None), after)


async def _approvals(info: Info, state: ApprovalState = ApprovalState.PENDING, first: int = PAGE) -> Any:
    if (wrong := _bounded(first)) is not None:
        return wrong
    with told():
        found = await info.context.commanding.seeing.approvals(state, first, info.context.scope)
    return [approval(seen, one) for id_, seen in found for one in seen.view.approvals if one.id == id_]


async def _quarantine(info: Info, state: ExceptionState = ExceptionState.OPEN, first: int = PAGE) -> Any:
    if (wrong := _bounded(first)) is not None:
        return wrong
    with told():
        found = await info.context.commanding.seeing.set_aside(state, first, info.context.scope)
    return [exception(seen, one) for id_, seen in found for one in seen.view.exceptions if one.id == id_]


def _bounded(first: int) -> Problem | None:
    return None if 1 <= first <= MOST else Problem(Code.BAD_INPUT, f"'first' must be from 1 to {MOST}")


def _sought(wanted: CommandFilter, subject: str) -> Sought | Problem:
    if wanted.subject is not None and isinstance(ref := Ref.decode(wanted.subject), Problem):
        return ref
    for name, said in (("status", wanted.status), ("name", wanted.name)):
        if said is not None and not 1 <= len(said) <= VALUES:
            return Problem(Code.BAD_INPUT, f"'{name}' must have from 1 to {VALUES} values")
    return Sought(
        statuses=None if wanted.status is None else tuple(one.name for one in wanted.status),
        names=None if wanted.name is None else tuple(wanted.name),
        actor=subject if wanted.mine else None,
        subject=wanted.subject,
        correlation_id=wanted.correlation_id,
        since=wanted.accepted_since,
        until=wanted.accepted_until,
    )


@strawberry.type
class CommandQuery:
    """What became of commands."""

    command: Command | None = strawberry.field(
        resolver=_command, description="One command; null as well where you may see nothing of it.", directives=[FACADE]
    )
    commands: Connection[Command] | None = strawberry.field(
        resolver=_commands,
        description="Your commands, newest first; everybody's, if it is yours to watch over them.",
        directives=[FACADE, PAGED],
    )
    approvals: list[CommandApproval] | None = strawberry.field(
        resolver=_approvals,
        description="Requests for approval that you may decide on, or may see, the oldest first.",
        directives=[FACADE, PAGED_LIST],
    )
    quarantine: list[CommandException] | None = strawberry.field(
        resolver=_quarantine,
        description="What was set aside and waits for a person, the oldest first.",
        directives=[FACADE, PAGED_LIST],
    )


@strawberry.type
class CommandSubscription:
    """Commands as they go on."""

    @strawberry.subscription(
        description="A command as it is now, and again whenever it has changed, until it has ended.",
        directives=[FACADE],
    )
    async def command_progress(self, info: Info, id: strawberry.ID) -> AsyncGenerator[Command | None, None]:  # noqa: A002
        last = None
        while True:
            seen = await command(info, id)
            if seen is None or seen.view != last:
                yield None if seen is None else Command.of(seen)
            if seen is None or CommandStatus[seen.view.status] in ENDED:
                return
            last = seen.view
            await info.context.commanding.progress.wait(seen.view.id)
            info.context.renew()
