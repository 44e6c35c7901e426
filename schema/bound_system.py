"""How the systems behind the graph are doing, as their latest calls have met them."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

import strawberry

from schema.graph import Owner
from schema.rows import System


@strawberry.enum
class SystemEnvironment(Enum):
    """Whether a system holds the firm's real records. All bound systems are of one environment."""

    SANDBOX = "sandbox"
    PRODUCTION = "production"


@strawberry.enum
class SystemHealth(Enum):
    """How a system is doing, by its calls of the last five minutes."""

    UP = strawberry.enum_value("up", description="Every call of the last five minutes was answered well.")
    DEGRADED = strawberry.enum_value(
        "degraded", description="Of the calls of the last five minutes some were answered well, and some were not."
    )
    DOWN = strawberry.enum_value("down", description="None of them was, or its breaker is open.")
    UNKNOWN = strawberry.enum_value("unknown", description="There was no call in the last five minutes.")


@strawberry.enum
class BreakerState(Enum):
    """Whether a system is called."""

    CLOSED = strawberry.enum_value("closed", description="It is called.")
    OPEN = strawberry.enum_value(
        "open", description="Half of its calls failed: it is left alone, but for one call an interval that probes it."
    )


@strawberry.enum
class WriteMode(Enum):
    """Whether commands may change anything in a system."""

    OFF = strawberry.enum_value("off", description="Nothing is written.")
    DRY_RUN = strawberry.enum_value("dry_run", description="What would be written is shown, and not sent.")
    ON = strawberry.enum_value("on", description="Commands are carried out.")


@strawberry.type
class UnmappedField:
    """A field for which codes came that no rule maps: null each time, and for the steward to map."""

    field: str = strawberry.field(description="The type and the field: `Engagement.delivery_status`.")
    codes: int = strawberry.field(description="How many different codes. What they are is in the log.")
    count: int = strawberry.field(description="How often one was read since the start.")
    last_seen: datetime


@strawberry.type(
    directives=[Owner(system=System.FACADE)],
    description="A system of record behind this graph, and how it has been doing.",
)
class BoundSystem:
    """A system of record behind this graph. Nobody is asked for this: it tells what the latest calls have met."""

    name: str = strawberry.field(description="The name of its binding: a role, and what tells two of one role apart.")
    role: System
    environment: SystemEnvironment
    health: SystemHealth
    latency: float | None = strawberry.field(
        description="Milliseconds: the median of its well-answered calls of the last five minutes, 200 at most."
    )
    error_rate: float | None = strawberry.field(
        description="The share of those calls that were not answered well, from 0 to 1."
    )
    staleness: float | None = strawberry.field(
        description="Seconds since its last good answer: what is known of it is no younger. Null before the first."
    )
    breaker: BreakerState
    writes: WriteMode
    unmapped: list[UnmappedField] = strawberry.field(description="Where its codes are not understood.")
