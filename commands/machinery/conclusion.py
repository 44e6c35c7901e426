"""What a command has come to when its run can do no more: read from its chains, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from commands.machinery.chains import Standing
from schema.command import CommandStatus, StepState, WaitReason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from commands.machinery.chains import Chain


class Conclusion(NamedTuple):
    """Where a command stands now; parked, for what reason, and everything that it waits for."""

    status: CommandStatus
    waiting: WaitReason | None = None
    holds: frozenset[str] = frozenset()


# What was given up by hand is left out of a command as well as what is still set aside.
LEFT_OUT = frozenset({StepState.QUARANTINED, StepState.SKIPPED})
# The code of a step that was not carried out because somebody withdrew the command.
WITHDRAWN = "CANCELLED"


def concluded(chains: Sequence[Chain]) -> Conclusion:
    """Return what a command has come to. While one chain waits the command does, whatever became of the others."""
    waiting = [chain for chain in chains if chain.waits is not None]
    if waiting:
        return Conclusion(CommandStatus.PARKED, waiting[0].waits, frozenset(chain.hold for chain in waiting))
    standings = [chain.standing for chain in chains]
    if Standing.DEAD in standings:
        return Conclusion(CommandStatus.DEAD_LETTERED)
    undone = standings.count(Standing.UNDONE)
    # Nothing of a command comes before its first chain, if it has one: without that none of the branches was begun.
    if undone == len(chains) > 0 or (undone and not chains[0].item and standings[0] is Standing.UNDONE):
        withdrawn = any(row.code == WITHDRAWN for chain in chains for row in chain.rows.values())
        return Conclusion(CommandStatus.CANCELLED if withdrawn else CommandStatus.FAILED)
    left_out = any(chain.state(step) in LEFT_OUT for chain in chains for step in chain.steps)
    if undone or left_out:
        return Conclusion(CommandStatus.SUCCEEDED_WITH_EXCEPTIONS)
    return Conclusion(CommandStatus.SUCCEEDED)
