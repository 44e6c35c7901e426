"""How grave an exception of a command is. Which code is of which tier is data: `policies/tiers.toml`."""

from __future__ import annotations

from enum import Enum, unique

import strawberry


@strawberry.enum
@unique
class Tier(Enum):
    """What an exception does to its command.

    BLOCK: nothing more is written, what can be undone is undone, and the command has failed. QUARANTINE_AND_CONTINUE:
    the step waits for a person, the rest goes on. WARN: it is recorded and shown.
    """

    BLOCK = "BLOCK"
    QUARANTINE_AND_CONTINUE = "QUARANTINE_AND_CONTINUE"
    WARN = "WARN"
