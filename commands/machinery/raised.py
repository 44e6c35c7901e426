"""The row of an exception: what went wrong, in which tier, and nothing that anybody has to do about it yet."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from schema.command import ExceptionState
from schema.problems import Code
from schema.tier import Tier

if TYPE_CHECKING:
    from datetime import datetime

    from commands.command import Finding
    from policies.tiers import Tiers


def raised(tiers: Tiers, command_id: str, step: str, found: Finding, at: datetime) -> dict[str, Any]:
    """Return an exception of a command as a row, noted."""
    handling = tiers.of(found.code)
    return {
        "id": uuid.uuid4().hex,
        "command_id": command_id,
        "item": found.item,
        "step": step,
        "code": found.code.name,
        "tier": (handling.tier if handling else Tier.BLOCK).name,
        "message": found.message,
        "state": ExceptionState.NOTED.name,
        "said": None,
        "created_at": at,
        "due_at": None,
    }


def opened(row: dict[str, Any], tiers: Tiers) -> dict[str, Any]:
    """Return an exception that waits for a person, with the time by which they have seen to it."""
    handling = tiers.of(Code[row["code"]])
    due = row["created_at"] + handling.within if handling and handling.within else None
    return {**row, "state": ExceptionState.OPEN.name, "due_at": due}
