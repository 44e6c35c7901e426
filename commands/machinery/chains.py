"""Where the chains of a command stand, read from its journal: nothing else has to be remembered.

GOING     its next step can be carried out          WAITING  its next step waits for a period or a system
UNDOING   a step was refused before the pivot: what was done is undone, the last one first
DONE      every step is done or was set aside       UNDONE   nothing of it is left
DEAD      a step was refused after the pivot, or cannot be undone: a person must act
"""

from __future__ import annotations

import hashlib
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from commands.plan import Branch, Kind, Plan, Step
from schema.command import StepState, WaitReason

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from store.commands import StepRow

# Behind these a chain goes on.
PASSED = frozenset({StepState.DONE, StepState.QUARANTINED, StepState.SKIPPED})
ATTEMPTED = frozenset({StepState.RUNNING, StepState.UNKNOWN_OUTCOME})
KEY_ITEM = 16


class Standing(Enum):
    """How a chain goes on."""

    GOING = auto()
    WAITING = auto()
    UNDOING = auto()
    DONE = auto()
    UNDONE = auto()
    DEAD = auto()


class Chain:
    """One chain of a command, with the rows of the journal that tell where it stands."""

    def __init__(self, branch: Branch, rows: Mapping[str, StepRow]) -> None:
        self.item, self.steps = branch.item, branch.steps
        self.rows = dict(rows)
        self.waits: WaitReason | None = None
        self.hold = ""
        self.tried = 0

    def state(self, step: Step) -> StepState:
        """Return how far a step is."""
        row = self.rows.get(step.name)
        return StepState.PENDING if row is None else StepState[row.state]

    def key(self, command_id: str, step: Step) -> str:
        """Return our key of a step: it is made of the command's id alone, never of a run's."""
        item = hashlib.sha256(self.item.encode()).hexdigest()[:KEY_ITEM] if self.item else ""
        return f"{command_id}/{step.name}/{item}".rstrip("/")

    @property
    def next(self) -> Step | None:
        """The step that is to be carried out."""
        return next((step for step in self.steps if self.state(step) not in PASSED), None)

    @property
    def to_undo(self) -> Step | None:
        """The last step that was done and has to be undone."""
        done = (step for step in reversed(self.steps) if self.state(step) is StepState.DONE)
        return next(done, None)

    @property
    def standing(self) -> Standing:
        """Where it stands."""
        states = {step.name: self.state(step) for step in self.steps}
        if StepState.COMPENSATION_FAILED in states.values():
            return Standing.DEAD
        if self.stopped is not None:
            return self._refused()
        if StepState.COMPENSATED in states.values():
            return Standing.UNDOING if self.to_undo else Standing.UNDONE
        if self.next is None:
            return Standing.DONE
        return Standing.WAITING if self.waits else Standing.GOING

    def _refused(self) -> Standing:
        if self.turned:
            return Standing.DEAD
        if self.waits:
            return Standing.WAITING
        if self.next is not None and self.state(self.next) in ATTEMPTED:
            # It was withdrawn behind a step of which nobody knows yet whether it is done.
            return Standing.GOING
        return Standing.UNDONE if self.to_undo is None else Standing.UNDOING

    @property
    def stopped(self) -> Step | None:
        """The step that was refused, or before which the command was withdrawn."""
        return next((step for step in self.steps if self.state(step) is StepState.REFUSED), None)

    @property
    def turned(self) -> bool:
        """Whether the point of no return is behind it: the pivot is done, or there is none and only others are left."""
        return self.stopped is not None and self.stopped.kind is Kind.RETRIABLE

    def sent(self, step: Step) -> datetime | None:
        """Return when a step was last sent, if what became of that is not known."""
        row = self.rows.get(step.name)
        return row.attempted_at if row is not None and StepState[row.state] in ATTEMPTED else None

    def brought(self) -> dict[str, tuple[str | None, str, Mapping[str, Any]]]:
        """Return what the steps of this chain have brought."""
        return {
            step.name: (step.write.makes, step.binding, self.rows[step.name].brought)
            for step in self.steps
            if self.state(step) in {StepState.DONE, StepState.COMPENSATED}
        }

    def wait(self, reason: WaitReason, hold: str) -> None:
        """Let it wait."""
        self.waits, self.hold = reason, hold


def chains(plan: Plan, journal: Mapping[tuple[str, str], StepRow]) -> list[Chain]:
    """Return the chains of a plan as the journal knows them."""
    by_item: dict[str, dict[str, StepRow]] = {}
    for (item, name), row in journal.items():
        by_item.setdefault(item, {})[name] = row
    return [Chain(branch, by_item.get(branch.item, {})) for branch in plan.chains]
