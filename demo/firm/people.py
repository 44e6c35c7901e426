"""The people: who they are, whom they report to, and which engagements they are staffed on."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from demo.firm.clock import FIRST_DAY, LAST_DAY, weekdays
from demo.firm.draws import h, hours
from demo.firm.engagements import INTERNAL_OF, TERMS
from demo.firm.model import Absence, LegalEntity, Person, Practice
from demo.firm.names import email_of, name_of
from demo.firm.organisation import DAYS_OFF, ENTITIES, TARGET, cost_center, holiday_calendar
from demo.firm.rates import cost_rate

HEADCOUNT: Final = {"NB-US": 16, "NB-UK": 14, "NB-DE": 10, "NB-JP": 8}
ROLE_CYCLE: Final = (
    "ANALYST",
    "CONSULTANT",
    "CONSULTANT",
    "SENIOR",
    "SENIOR",
    "MANAGER",
    "CONSULTANT",
    "PRINCIPAL",
)
TEAM: Final = len(ROLE_CYCLE)
MANAGER_SEAT: Final = ROLE_CYCLE.index("MANAGER")
PRINCIPAL_SEAT: Final = ROLE_CYCLE.index("PRINCIPAL")
STAFFED_ON: Final = {
    "NB-US": ("ENG-003", "ENG-006", "ENG-007", "ENG-008", "ENG-010", "ENG-017", "ENG-006", "ENG-007"),
    # The last one is intercompany: the engagement belongs to NB-US.
    "NB-UK": ("ENG-001", "ENG-002", "ENG-004", "ENG-005", "ENG-011", "ENG-016", "ENG-007"),
    "NB-DE": ("ENG-009", "ENG-012", "ENG-013", "ENG-018", "ENG-018"),
    "NB-JP": ("ENG-014", "ENG-014", "ENG-015", "ENG-014"),
}
LONG_LEAVE: Final = ("RES-044", date(2026, 4, 1), date(2026, 6, 30))
_PRACTICE_OF: Final = {terms.code: terms.practice for terms in TERMS}


def people(scale: int = 1) -> tuple[Person, ...]:
    """Return the firm's people, entity by entity; codes run on over all entities."""
    staff: list[Person] = []
    top: str | None = None
    for entity in ENTITIES:
        first, count = len(staff) + 1, HEADCOUNT[entity.code] * scale
        staff += [_person(entity, index, count, first, top) for index in range(count)]
        top = top or _code(first, PRINCIPAL_SEAT)
    return tuple(staff)


def _code(first: int, index: int) -> str:
    return f"RES-{first + index:03}"


def _reports_to(index: int, count: int, first: int, top: str | None) -> str | None:
    """Return a person's manager: the team's manager, for managers the entity's principal, for those the firm's top."""
    if index == PRINCIPAL_SEAT:
        return top
    if ROLE_CYCLE[index % TEAM] in {"MANAGER", "PRINCIPAL"}:
        return _code(first, PRINCIPAL_SEAT)
    seat = index // TEAM * TEAM + MANAGER_SEAT
    return _code(first, seat if seat < count else MANAGER_SEAT)


def _staffing(entity: str, index: int, count: int) -> tuple[str, str | None]:
    """Return the first and, for every fourth person, the second engagement; the last person sits on the bench."""
    if index == count - 1:
        return INTERNAL_OF[entity], None
    choices = STAFFED_ON[entity]
    primary = choices[index % len(choices)]
    secondary = choices[(index + 2) % len(choices)] if index % 4 == 1 else None
    return primary, None if secondary == primary else secondary


def _person(entity: LegalEntity, index: int, count: int, first: int, top: str | None) -> Person:
    code, role = _code(first, index), ROLE_CYCLE[index % TEAM]
    primary, secondary = _staffing(entity.code, index, count)
    return Person(
        code=code,
        employee_number=str(10_000 + first + index),
        name=" ".join(name_of(entity.code, index)),
        email=email_of(entity.code, index),
        worker_type="EMPLOYEE",
        employment_status="ACTIVE",
        entity=entity.code,
        role=role,
        practice=_PRACTICE_OF[primary],
        cost_center=cost_center(entity.code, "900" if primary == INTERNAL_OF[entity.code] else "310"),
        hire_date=date(2016, 1, 4) + timedelta(7 * (h("hire", code) % 490)),
        termination_date=None,
        hours_per_week=hours(40),
        working_days=("MON", "TUE", "WED", "THU", "FRI"),
        time_zone=entity.time_zone,
        holiday_calendar=holiday_calendar(entity.code),
        manager=_reports_to(index, count, first, top),
        primary=primary,
        secondary=secondary,
        billable_target=TARGET[role],
        bookable=True,
        cost_rate=cost_rate(role, entity.currency),
        cost_currency=entity.currency,
    )


def leaders(staff: tuple[Person, ...]) -> dict[str, tuple[Person, ...]]:
    """Return, by entity, the managers and principals who run engagements; nobody runs one from the bench."""
    return {
        entity.code: tuple(
            person
            for person in staff
            if person.entity == entity.code
            and person.role in {"MANAGER", "PRINCIPAL"}
            and person.primary != INTERNAL_OF[entity.code]
        )
        for entity in ENTITIES
    }


def heads(staff: tuple[Person, ...]) -> dict[str, str]:
    """Return, by entity, its first principal: the person who leads it and owns its customers."""
    firsts = {person.entity: person.code for person in reversed(staff) if person.role == "PRINCIPAL"}
    return {entity.code: firsts[entity.code] for entity in ENTITIES}


def practices(staff: tuple[Person, ...]) -> tuple[Practice, ...]:
    """Return the three service lines, led from New York, London and Berlin."""
    led_by = heads(staff)
    return (
        Practice(code="STRATEGY", name="Strategy", leader=led_by["NB-US"]),
        Practice(code="TECHNOLOGY", name="Technology", leader=led_by["NB-UK"]),
        Practice(code="OPERATIONS", name="Operations", leader=led_by["NB-DE"]),
    )


def is_absent(person: Person, day: date) -> bool:
    """Tell whether this person drew leave for this working day: one day in forty."""
    return h("pto", person.code, day.isoformat()) % 40 == 0


def absences(staff: tuple[Person, ...]) -> tuple[Absence, ...]:
    """Return the drawn days of leave in order of date, and one long leave that begins in April."""
    drawn = [
        (person.code, day, day)
        for day in weekdays(FIRST_DAY, LAST_DAY)
        for person in staff
        if day not in DAYS_OFF[person.entity] and is_absent(person, day)
    ]
    return tuple(
        Absence(
            code=f"ABS-{number:03}",
            person=person,
            start=start,
            end=end,
            hours_per_day=Decimal("8.00"),
            kind="VACATION" if start == end else "UNPAID_LEAVE",
            approved=True,
        )
        for number, (person, start, end) in enumerate([*drawn, LONG_LEAVE], 1)
    )
