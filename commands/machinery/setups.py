"""How far engagements are set up, as the log of commands knows it: by whatever command made them last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from schema.command import CommandStatus
from schema.engagement import SetupState
from schema.problems import Code, Problem
from store import commands as rows
from store.transaction import StoreUnavailableError, snapshot

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.ext.asyncio import AsyncEngine

    from schema.rows import Ref

SETTING_UP: Final = ("convertOpportunity", "createEngagement")
# What is not here is on its way.
STATES: Final[Mapping[CommandStatus, SetupState]] = {
    CommandStatus.SUCCEEDED: SetupState.READY,
    CommandStatus.SUCCEEDED_WITH_EXCEPTIONS: SetupState.READY,
    CommandStatus.FAILED: SetupState.FAILED,
    CommandStatus.CANCELLED: SetupState.FAILED,
    CommandStatus.DEAD_LETTERED: SetupState.FAILED,
}


class Setups:
    """Reads the log."""

    def __init__(self, store: AsyncEngine) -> None:
        self._store = store

    async def of(self, engagements: Sequence[Ref]) -> list[SetupState | Problem]:
        """Return how far each of these is, in their order, by one look-up."""
        try:
            async with snapshot(self._store) as connection:
                newest = await rows.newest(connection, SETTING_UP, [ref.encode() for ref in engagements])
        except StoreUnavailableError:
            lost = Problem(Code.STORE_UNAVAILABLE, "the log of commands cannot be read now")
            return [lost] * len(engagements)
        return [_state(newest.get(ref.encode())) for ref in engagements]


def _state(status: str | None) -> SetupState:
    if status is None:
        return SetupState.NOT_STARTED
    return STATES.get(CommandStatus[status], SetupState.IN_PROGRESS)
