"""What `systems` shows of a binding: how the configuration has it, and how its calls have been going."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from schema.bound_system import BoundSystem, BreakerState, SystemEnvironment, SystemHealth, UnmappedField, WriteMode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from colonnade.settings import BoundSystem as Bound
    from sources.source import Source
    from sources.unmapped import Sighting


def status(source: Source, bound: Bound) -> BoundSystem:
    """Return how a system is doing; nobody is asked."""
    vitals, is_open = source.wire.vitals(), source.wire.breaker.is_open
    return BoundSystem(
        name=source.binding,
        role=source.system,
        environment=SystemEnvironment(bound.environment),
        health=SystemHealth.DOWN if is_open else _health(vitals.error_rate),
        latency=None if vitals.latency is None else round(vitals.latency * 1000, 1),
        error_rate=None if vitals.error_rate is None else round(vitals.error_rate, 4),
        staleness=None if vitals.staleness is None else round(vitals.staleness, 1),
        breaker=BreakerState.OPEN if is_open else BreakerState.CLOSED,
        writes=WriteMode(bound.writes),
        unmapped=[_unmapped(field, list(codes)) for field, codes in groupby(source.unmapped.sightings(), _field)],
    )


def _field(sighting: Sighting) -> str:
    return sighting.field


def _unmapped(field: str, codes: Sequence[Sighting]) -> UnmappedField:
    count, last = sum(code.count for code in codes), max(code.last for code in codes)
    return UnmappedField(field=field, codes=len(codes), count=count, last_seen=last)


def _health(error_rate: float | None) -> SystemHealth:
    if error_rate is None:
        return SystemHealth.UNKNOWN
    if error_rate == 0:
        return SystemHealth.UP
    return SystemHealth.DOWN if error_rate == 1 else SystemHealth.DEGRADED
