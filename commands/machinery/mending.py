"""What became of what was set aside: it is tried once more, or stays as it is where a correction was not approved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from commands.machinery.chains import chains
from commands.machinery.conclusion import concluded
from commands.plan import read
from schema.command import ENDED, ApprovalState, CommandStatus, ExceptionState, StepState
from store import approvals, exceptions
from store import commands as rows

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

    from store.commands import StepRow, Stored


async def retry(connection: AsyncConnection, stored: Stored, by: str, at: datetime) -> bool:
    """Have what is set aside tried once more by the next run, and what had to be skipped for it; tell if anything is.

    What was given up stays given up, and what was undone stays undone.
    """
    found = await exceptions.of_command(connection, stored.id)
    open_ = {(one.item, one.step) for one in found if one.state == ExceptionState.OPEN.name}
    whole = chains(read(stored.plan), await rows.steps(connection, stored.id))
    aside = [chain for chain in whole if any((chain.item, name) in open_ for name in chain.rows)]
    again = [row for chain in aside for row in chain.rows.values() if (row.item, row.name) in open_ or _skipped(row)]
    await rows.write_steps(connection, [_anew(row) for row in again])
    await exceptions.resolve(
        connection, stored.id, ExceptionState.REPLAYED.name, {"resolved_by": by, "resolved_at": at}
    )
    # Where a whole command broke, no step of it was set aside.
    return bool(open_)


async def withhold(connection: AsyncConnection, stored: Stored, state: CommandStatus, at: datetime) -> str | None:
    """End a command that was not approved; return its state then, None if it does not wait for approval any more.

    One of which something is done already, and that was to be corrected, is again what it had come to before.
    """
    journal = await rows.steps(connection, stored.id)
    after = concluded(chains(read(stored.plan), journal)).status if journal else state
    ended = {"ended_at": at} if after in ENDED else {}
    waiting = (CommandStatus.AWAITING_APPROVAL.name,)
    if await rows.move(connection, stored.id, waiting, at, state=after.name, **ended) is None:
        return None
    expired = state is CommandStatus.EXPIRED
    await approvals.close(connection, stored.id, (ApprovalState.EXPIRED if expired else ApprovalState.VOID).name)
    if after in ENDED:
        await rows.release(connection, stored.id)
    return after.name


def _skipped(row: StepRow) -> bool:
    return row.state == StepState.SKIPPED.name


def _anew(row: StepRow) -> StepRow:
    undone = row.state == StepState.COMPENSATION_FAILED.name
    state = StepState.DONE if undone else StepState.PENDING
    return msgspec.structs.replace(row, state=state.name, code=None)
