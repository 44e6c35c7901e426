"""A command as it is shown: whole, but for what only some may read, which the resolvers decide.

The same view is made of a command that has just been taken in, and stored with it: it is the answer to every replay.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from commands.plan import Kind
from schema.command import StepState
from sources.writes import WRITES, Write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from commands.command import Judgement
    from store.commands import StepRow, Stored


# What the journal tells of a step beside its state.
RUN = ("attempts", "attempted_at", "done_at", "code", "found", "brought")


class StepView(msgspec.Struct, frozen=True, kw_only=True):
    """A step. `write` is what is asked of the system, in our words; `brought` what it answered."""

    item: str
    name: str
    kind: str
    binding: str
    call: str
    state: str
    write: dict[str, Any]
    attempts: int = 0
    attempted_at: datetime | None = None
    done_at: datetime | None = None
    code: str | None = None
    found: bool = False
    brought: dict[str, Any] = {}
    makes: str | None = None

    @property
    def typed(self) -> Write:
        """The write as what it is."""
        return msgspec.convert(self.write, WRITES[f"{self.binding.partition('.')[0]}.{self.call}"])


class ExceptionView(msgspec.Struct, frozen=True, kw_only=True):
    """Something that went wrong or was unusual. `said` is what the system answered, sealed."""

    id: str
    command_id: str
    item: str
    step: str
    code: str
    tier: str
    message: str
    state: str
    created_at: datetime
    due_at: datetime | None = None
    said: str | None = None
    resolved_at: datetime | None = None
    resolved_by: str | None = None


class ApprovalView(msgspec.Struct, frozen=True, kw_only=True):
    """A request for approval, and what became of it."""

    id: str
    command_id: str
    rule: str
    role: str
    entity: str | None
    state: str
    requested_at: datetime
    expires_at: datetime
    decided_at: datetime | None = None
    decided_by: str | None = None


class View(msgspec.Struct, frozen=True, kw_only=True):
    """A command."""

    id: str
    name: str
    status: str
    waiting: str | None
    actor: str
    correlation_id: str
    entity: str | None
    accepted_at: datetime
    changed_at: datetime
    ended_at: datetime | None
    input: dict[str, Any]
    subjects: list[str]
    steps: list[StepView]
    exceptions: list[ExceptionView]
    approvals: list[ApprovalView]


def shown(
    stored: Stored | Mapping[str, Any],
    journal: Mapping[tuple[str, str], StepRow],
    subjects: Sequence[str],
    exceptions: Sequence[Mapping[str, Any]],
    approvals: Sequence[Mapping[str, Any]],
) -> View:
    """Return a command with all that belongs to it."""
    row = stored if isinstance(stored, Mapping) else msgspec.structs.asdict(stored)
    names = ("id", "name", "waiting", "actor", "correlation_id", "entity", "accepted_at", "changed_at", "ended_at")
    return View(
        **{name: row[name] for name in names},
        status=row["state"],
        input=row["input"],
        subjects=list(subjects),
        steps=_steps(row["plan"], journal),
        exceptions=[_of(ExceptionView, one) for one in exceptions],
        approvals=[_of(ApprovalView, one) for one in approvals],
    )


def planned(
    row: Mapping[str, Any],
    approvals: Sequence[Mapping[str, Any]],
    exceptions: Sequence[Mapping[str, Any]],
    judgement: Judgement,
) -> View:
    """Return a command that is about to be taken in."""
    return shown(row, {}, [ref.encode() for ref in judgement.subjects], exceptions, approvals)


def _steps(plan: dict[str, Any], journal: Mapping[tuple[str, str], StepRow]) -> list[StepView]:
    # As JSON, as it was said: of two thousand steps few are looked at so closely that they must be typed.
    return [
        _step(chain["item"], step, journal.get((chain["item"], step["name"])))
        for chain in plan["chains"]
        for step in chain["steps"]
    ]


def _step(item: str, said: dict[str, Any], row: StepRow | None) -> StepView:
    kind = WRITES[said["write"]["call"]]
    return StepView(
        item=item,
        name=said["name"],
        kind=Kind(said["kind"]).name,
        binding=said["binding"],
        call=kind.__name__,
        write=said["write"]["values"],
        makes=kind.makes,
        state=StepState.PENDING.name if row is None else row.state,
        **({} if row is None else {name: getattr(row, name) for name in RUN}),
    )


def _of(kind: Any, row: Mapping[str, Any]) -> Any:
    return kind(**{name: row[name] for name in kind.__struct_fields__ if name in row})
