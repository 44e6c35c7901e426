"""The words of commands: where one stands, what it waits for, how far a step is, what an exception means."""

from __future__ import annotations

from enum import Enum

import strawberry


@strawberry.enum
class CommandStatus(Enum):
    """Where a command stands.

    REFUSED: policy or validation said no, and nothing was written. FAILED: it was blocked, and what was written is
    undone. DEAD_LETTERED: only a person can go on, by replay or discard.
    """

    ACCEPTED = "ACCEPTED"
    AWAITING_APPROVAL = "AWAITING_APPROVAL"
    RUNNING = "RUNNING"
    PARKED = "PARKED"
    COMPENSATING = "COMPENSATING"
    SUCCEEDED = "SUCCEEDED"
    SUCCEEDED_WITH_EXCEPTIONS = "SUCCEEDED_WITH_EXCEPTIONS"
    FAILED = "FAILED"
    REFUSED = "REFUSED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"
    DEAD_LETTERED = "DEAD_LETTERED"


ENDED = frozenset(
    {
        CommandStatus.SUCCEEDED,
        CommandStatus.SUCCEEDED_WITH_EXCEPTIONS,
        CommandStatus.FAILED,
        CommandStatus.REFUSED,
        CommandStatus.REJECTED,
        CommandStatus.EXPIRED,
        CommandStatus.CANCELLED,
    }
)


@strawberry.enum
class WaitReason(Enum):
    """What a parked command waits for."""

    PERIOD_CLOSED = "PERIOD_CLOSED"
    TARGET_UNAVAILABLE = "TARGET_UNAVAILABLE"
    AWAITING_MASTER_DATA = "AWAITING_MASTER_DATA"
    FILE_ANSWER = "FILE_ANSWER"


@strawberry.enum
class StepState(Enum):
    """How far a step is. UNKNOWN_OUTCOME: it was sent and its answer is missing; it is being looked up."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    DONE = "DONE"
    UNKNOWN_OUTCOME = "UNKNOWN_OUTCOME"
    QUARANTINED = "QUARANTINED"
    COMPENSATED = "COMPENSATED"
    COMPENSATION_FAILED = "COMPENSATION_FAILED"
    SKIPPED = "SKIPPED"
    REFUSED = "REFUSED"


@strawberry.enum
class ExceptionState(Enum):
    """What became of an exception. OPEN waits for a person; NOTED is only to be known."""

    OPEN = "OPEN"
    NOTED = "NOTED"
    REPLAYED = "REPLAYED"
    DISCARDED = "DISCARDED"


@strawberry.enum
class ApprovalState(Enum):
    """What became of a request for approval. VOID: what was to be approved has changed, or is no longer wanted."""

    PENDING = "PENDING"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    VOID = "VOID"
