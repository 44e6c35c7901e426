"""Who is staffed where: assignments, the demands they fill, and the engagements as they stand once staffed."""

from collections import Counter
from datetime import date
from decimal import Decimal
from typing import Final

from demo.firm.draws import hours, pick, quantize
from demo.firm.engagements import TERMS, TERMS_OF, Terms
from demo.firm.model import Assignment, Engagement, Person, RoleDemand
from demo.firm.people import leaders
from demo.firm.rates import HOURLY, MULTIPLIER, bill_rate
from demo.firm.tree import status_of, workstream_code

BASELINE: Final = "BASELINE"
WORKING_DAY: Final = Decimal(8)
ROLL_OFFS: Final = (date(2026, 6, 30), date(2026, 9, 30), date(2026, 12, 31))


def assignments(staff: tuple[Person, ...]) -> tuple[Assignment, ...]:
    """Return one firm assignment for each engagement of each person; two engagements share the day evenly."""
    seats: Counter[tuple[str, str]] = Counter()
    found: list[Assignment] = []
    for person in staff:
        for engagement in (person.primary, person.secondary):
            if engagement:
                terms = TERMS_OF[engagement]
                seat = seats[engagement, person.entity]
                seats[engagement, person.entity] += 1
                found.append(_assignment(f"ASG-{len(found) + 1:03}", person, terms, _place(terms, person.entity, seat)))
    return tuple(found)


def _place(terms: Terms, entity: str, seat: int) -> str:
    """Return the workstream a person joins: one that his own entity delivers."""
    own = [number for number, stream in enumerate(terms.workstreams, 1) if stream.entity == entity]
    return workstream_code(terms, own[seat % len(own)])


def _assignment(code: str, person: Person, terms: Terms, project: str) -> Assignment:
    allocation = Decimal("0.5000") if person.secondary else Decimal("1.0000")
    return Assignment(
        code=code,
        person=person.code,
        engagement=terms.code,
        project=project,
        role=person.role,
        commitment="FIRM",
        status="ACTIVE",
        start=terms.start,
        end=min(terms.end, pick(ROLL_OFFS, "rolloff", code)),
        allocation=allocation,
        hours_per_day=hours(WORKING_DAY * allocation),
        basis="HOURS_PER_DAY",
        billable=terms.customer is not None,
        bill_rate=bill_rate(person.role, terms.currency),
        currency=terms.currency,
        demand=code.replace("ASG", "DEM"),
    )


def filled_demands(staffed: tuple[Assignment, ...]) -> tuple[RoleDemand, ...]:
    """Return the demand behind each assignment."""
    return tuple(
        RoleDemand(
            code=assignment.demand,
            opportunity=None,
            engagement=assignment.engagement,
            project=assignment.project,
            entity=TERMS_OF[assignment.engagement].entity,
            role=assignment.role,
            count=1,
            start=assignment.start,
            end=assignment.end,
            hours_per_week=hours(assignment.hours_per_day * 5),
            region=None,
            status="FILLED",
            filled_by=(assignment.code,),
            scenario=BASELINE,
            probability_weight=Decimal("1.0000"),
        )
        for assignment in staffed
    )


def engagements(staff: tuple[Person, ...], staffed: tuple[Assignment, ...]) -> tuple[Engagement, ...]:
    """Return the engagements; each is run by one of its entity's leaders in turn."""
    led, turns = leaders(staff), Counter[str]()
    found = []
    for number, terms in enumerate(TERMS, 1):
        choices = led[terms.entity]
        manager = choices[turns[terms.entity] % len(choices)].code
        turns[terms.entity] += 1
        planned = _planned(terms, [a.role for a in staffed if a.engagement == terms.code])
        found.append(
            Engagement(
                code=terms.code,
                name=terms.name,
                customer=terms.customer,
                opportunity=f"OPP-{number:03}" if terms.customer else None,
                entity=terms.entity,
                currency=terms.currency,
                model=terms.model,
                value=terms.value,
                practice=terms.practice,
                manager=manager,
                status=status_of(terms),
                erp_status="OPEN",
                planned_start=terms.start,
                planned_end=terms.end,
                planned_hours=planned[0],
                planned_cost=planned[1],
                planned_revenue=terms.value,
            )
        )
    return tuple(found)


def _planned(terms: Terms, roles: list[str]) -> tuple[Decimal | None, Decimal | None]:
    """Return the hours the value buys at the team's average price, and what they cost at its average cost."""
    if terms.value is None:
        return None, None
    team = roles or ["SENIOR"]
    bill = sum(Decimal(HOURLY[role][0]) for role in team) * MULTIPLIER[terms.currency] / len(team)
    cost = sum(Decimal(HOURLY[role][1]) for role in team) * MULTIPLIER[terms.currency] / len(team)
    planned = (terms.value / bill).quantize(Decimal(1))
    return hours(planned), quantize(planned * cost, terms.currency)


class Approvers:
    """Says who approves a person's time: the engagement's manager, but never the person himself."""

    def __init__(self, staff: tuple[Person, ...], run: tuple[Engagement, ...]) -> None:
        """Take everybody, and the engagements with their managers."""
        self._managers = {engagement.code: engagement.manager for engagement in run}
        self._people = {person.code: person for person in staff}
        self._deputy = next(person.code for person in staff if person.role == "MANAGER")

    def of(self, person: str, engagement: str) -> str:
        """Return the code of the approver of that person's time on that engagement."""
        manager = self._managers[engagement]
        if manager != person:
            return manager
        return self._people[person].manager or self._deputy
