"""Capacity: the hours each entity has, has promised and may need, week by week."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final

from demo.firm.clock import AS_OF, at, days, monday
from demo.firm.draws import h, hours
from demo.firm.model import (
    Absence,
    Assignment,
    CapacityBucket,
    CapacityScenario,
    CapacitySnapshot,
    Person,
    RoleDemand,
)
from demo.firm.organisation import DAYS_OFF, ENTITIES, ROLES
from demo.firm.staffing import BASELINE

WEEKS: Final = 26
SNAPSHOTS: Final = 12
HORIZON_WEEKS: Final = 5
FIRST_WEEK: Final = monday(AS_OF.date())
DAY: Final = Decimal(8)
NONE: Final = Decimal("0.00")

Key = tuple[str | None, str]


def scenarios() -> tuple[CapacityScenario, ...]:
    """Return the one scenario that everything is planned in."""
    created = datetime(2026, 1, 2, 9, tzinfo=UTC)
    return (CapacityScenario(code=BASELINE, name="Baseline", kind="BASELINE", created_at=created, approved=True),)


class Capacity:
    """Adds up people, assignments and demands per week, entity and role."""

    def __init__(
        self,
        staff: tuple[Person, ...],
        staffed: tuple[Assignment, ...],
        demands: tuple[RoleDemand, ...],
        leave: tuple[Absence, ...],
    ) -> None:
        """Take who works, on what, what else is asked for, and who is away."""
        self._staff = staff
        self._staffed: dict[str, list[Assignment]] = {}
        for assignment in staffed:
            self._staffed.setdefault(assignment.person, []).append(assignment)
        self._open = [demand for demand in demands if demand.status == "OPEN"]
        self._away = {(absence.person, day) for absence in leave for day in days(absence.start, absence.end)}

    def buckets(self) -> tuple[CapacityBucket, ...]:
        """Return the plan of the next 26 weeks."""
        return tuple(b for number in range(WEEKS) for b in self._week(FIRST_WEEK + timedelta(7 * number)))

    def personal(self) -> tuple[CapacityBucket, ...]:
        """Return the same weeks for everybody alone; nobody's are demand."""
        weeks = [FIRST_WEEK + timedelta(7 * number) for number in range(WEEKS)]
        return tuple(self._own(week, person) for week in weeks for person in self._staff)

    def snapshots(self) -> tuple[CapacitySnapshot, ...]:
        """Return what each of the last twelve Mondays forecast for its own week and the four after it."""
        taken = [FIRST_WEEK - timedelta(7 * back) for back in range(SNAPSHOTS, 0, -1)]
        reach = SNAPSHOTS + HORIZON_WEEKS
        known = {
            taken[0] + timedelta(7 * ahead): self._forecast(taken[0] + timedelta(7 * ahead)) for ahead in range(reach)
        }
        return tuple(_snapshot(day, known) for day in taken)

    def _week(self, week: date) -> Iterator[CapacityBucket]:
        capacity, firm = self._supply(week, with_leave=True)
        demand = self._demand(week)
        keys: list[Key] = [(entity.code, role.code) for entity in ENTITIES for role in ROLES]
        # Demand of a deal without a legal entity belongs to nobody's capacity, and must not get lost for that.
        keys += sorted((key for key in demand if key[0] is None), key=lambda key: key[1])
        for key in keys:
            yield _bucket(week, key, capacity.get(key, NONE), firm.get(key, NONE), demand.get(key, NONE))

    def _forecast(self, week: date) -> list[tuple[Key, Decimal, Decimal]]:
        """Return capacity and firm hours as seen beforehand: leave was not known yet."""
        capacity, firm = self._supply(week, with_leave=False)
        return [(key, capacity[key], firm.get(key, NONE)) for key in capacity]

    def _own(self, week: date, person: Person) -> CapacityBucket:
        free, firm = self._hours(person, week, with_leave=True)
        bucket = _bucket(week, (person.entity, person.role), free, firm, NONE)
        return replace(bucket, person=person.code)

    def _supply(self, week: date, *, with_leave: bool) -> tuple[dict[Key, Decimal], dict[Key, Decimal]]:
        capacity: dict[Key, Decimal] = {}
        firm: dict[Key, Decimal] = {}
        for person in self._staff:
            key = (person.entity, person.role)
            free, booked = self._hours(person, week, with_leave=with_leave)
            capacity[key] = capacity.get(key, NONE) + free
            firm[key] = firm.get(key, NONE) + booked
        return capacity, firm

    def _hours(self, person: Person, week: date, *, with_leave: bool) -> tuple[Decimal, Decimal]:
        """Return how long a person could work in a week, and how long they are booked."""
        free = [d for d in days(week, week + timedelta(4)) if self._works(person, d, with_leave=with_leave)]
        booked = (
            a.hours_per_day * sum(1 for day in free if a.start <= day <= a.end) for a in self._staffed[person.code]
        )
        return DAY * len(free), sum(booked, NONE)

    def _works(self, person: Person, day: date, *, with_leave: bool) -> bool:
        return day not in DAYS_OFF[person.entity] and not (with_leave and (person.code, day) in self._away)

    def _demand(self, week: date) -> dict[Key, Decimal]:
        found: dict[Key, Decimal] = {}
        for demand in self._open:
            if demand.start <= week <= demand.end:
                key = (demand.entity, demand.role)
                wanted = demand.hours_per_week * demand.count * demand.probability_weight
                found[key] = found.get(key, NONE) + hours(wanted)
        return found


def _bucket(week: date, key: Key, capacity: Decimal, firm: Decimal, demand: Decimal) -> CapacityBucket:
    return CapacityBucket(
        scenario=BASELINE,
        week_start=week,
        entity=key[0],
        role=key[1],
        capacity_hours=hours(capacity),
        firm_hours=hours(firm),
        tentative_hours=NONE,
        demand_hours=demand,
    )


def _snapshot(taken: date, known: dict[date, list[tuple[Key, Decimal, Decimal]]]) -> CapacitySnapshot:
    """Return one Monday's forecast; it misses the plan by up to a sixth, more often below than above."""
    ahead = [taken + timedelta(7 * weeks) for weeks in range(HORIZON_WEEKS)]
    return CapacitySnapshot(
        code=f"SNAP-{taken.isoformat()}",
        scenario=BASELINE,
        taken_at=at(taken, 6),
        buckets=tuple(
            _bucket(week, key, capacity, _guess(firm, key, taken, week), NONE)
            for week in ahead
            for key, capacity, firm in known[week]
        ),
    )


def _guess(firm: Decimal, key: Key, taken: date, week: date) -> Decimal:
    return hours(firm * (83 + h("forecast", *key, taken, week) % 21) / 100)
