"""Projects, clients and assignments, and what is wanted but not yet filled.

An assignment comes in segments: where its person is on approved leave the product splits it. The segments say whose
they are in their note, because an assignment has no references.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from demo.emulator import Row
from demo.firm.model import Absence, Assignment, Engagement, Firm, Opportunity, RoleDemand
from demo.runn import ids
from demo.runn.values import custom_fields, minutes, number, references, stamps

PRICING: Final = {
    "TIME_AND_MATERIALS": "tm",
    "TIME_AND_MATERIALS_CAPPED": "tm",
    "FIXED_FEE_MILESTONE": "fp",
    "RETAINER": "fp",
    "INTERNAL": "nb",
}
OPEN: Final = {"PROSPECT", "QUALIFIED", "PROPOSED", "NEGOTIATING"}
CLOSED: Final = {"COMPLETED", "CLOSED", "CANCELLED"}
WORKDAYS: Final = 5
ONE_DAY: Final = timedelta(1)


def clients(firm: Firm) -> Iterator[Row]:
    """Yield a client for every customer, and the house itself, because no project is without one."""
    house: list[tuple[str, str, str | None]] = [(ids.HOUSE_CLIENT, "Northbeam Advisory", None)]
    known = [(ids.client_id(customer.code), customer.name, customer.code) for customer in firm.customers]
    for position, (id_, name, code) in enumerate([*house, *known]):
        yield {
            "id": int(id_),
            "name": name,
            "website": None,
            "isArchived": False,
            "references": references(Customer=code),
            **stamps(firm, position),
        }


def projects(firm: Firm) -> Iterator[Row]:
    """Yield a confirmed project for every engagement and a tentative one for every open deal."""
    for position, engagement in enumerate(firm.engagements):
        yield {**_project(engagement), **stamps(firm, position)}
    deals = (deal for deal in firm.opportunities if deal.stage in OPEN)
    for position, deal in enumerate(deals, len(firm.engagements)):
        yield {**_tentative(deal), **stamps(firm, position)}


def _project(engagement: Engagement) -> Row:
    client = ids.client_id(engagement.customer) if engagement.customer else ids.HOUSE_CLIENT
    return {
        "id": int(ids.project_id(engagement.code)),
        "name": engagement.name,
        "isTemplate": False,
        "isArchived": engagement.status in CLOSED,
        "isConfirmed": True,
        "pricingModel": PRICING[engagement.model],
        "rateType": "hours",
        "teamId": int(ids.team_id(engagement.entity)),
        "budget": number(engagement.value),
        "expensesBudget": None,
        "references": references(Engagement=engagement.code),
        "clientId": int(client),
        "rateCardId": 1,
        "customFields": custom_fields(),
        "managerIds": [],
        "tags": [],
    }


def _tentative(deal: Opportunity) -> Row:
    weight = {"id": 9001, "name": "Probability", "value": str(number(deal.probability * 100))}
    return {
        "id": int(ids.project_id(deal.code)),
        "name": deal.name,
        "isTemplate": False,
        "isArchived": False,
        "isConfirmed": False,
        "pricingModel": PRICING[deal.model] if deal.model else "tm",
        "rateType": "hours",
        "teamId": int(ids.team_id(deal.entity)) if deal.entity else None,
        "budget": number(deal.amount),
        "expensesBudget": None,
        "references": references(Opportunity=deal.code),
        "clientId": int(ids.client_id(deal.customer)),
        "rateCardId": 1,
        "customFields": custom_fields(weight),
        "managerIds": [],
        "tags": [],
    }


def segments(assignment: Assignment, leave: tuple[Absence, ...]) -> Iterator[tuple[date, date]]:
    """Yield the days of an assignment, from and to, without those on which its person is on leave."""
    away = sorted((absence.start, absence.end) for absence in leave if absence.person == assignment.person)
    start = assignment.start
    for first, last in away:
        if last < start or first > assignment.end:
            continue
        if start < first:
            yield start, first - ONE_DAY
        start = last + ONE_DAY
    if start <= assignment.end:
        yield start, assignment.end


def segment_ids(firm: Firm, assignment: Assignment) -> list[str]:
    """Return the ids of all segments of an assignment."""
    count = sum(1 for _ in segments(assignment, firm.absences))
    return [ids.segment_id(assignment.code, position) for position in range(1, count + 1)]


def assignments(firm: Firm) -> Iterator[Row]:
    """Yield the segments of every assignment, and the assignments of the placeholders."""
    for position, assignment in enumerate(firm.assignments):
        for number_, (start, end) in enumerate(segments(assignment, firm.absences), 1):
            yield {
                "id": int(ids.segment_id(assignment.code, number_)),
                "personId": int(ids.person_id(assignment.person)),
                "startDate": start.isoformat(),
                "endDate": end.isoformat(),
                "projectId": int(ids.project_id(assignment.engagement)),
                "minutesPerDay": minutes(assignment.hours_per_day),
                "roleId": int(ids.role_id(assignment.role)),
                "isActive": True,
                "note": assignment.code,
                "isBillable": assignment.billable,
                **_plain(),
                **stamps(firm, position),
            }
    wanted = (demand for demand in firm.role_demands if demand.status == "OPEN")
    for position, demand in enumerate(wanted, len(firm.assignments)):
        yield {**_wanted(demand), **stamps(firm, position)}


def _plain() -> Row:
    flags = dict.fromkeys(("isNonWorkingDay", "isTemplate", "isPlaceholder"), False)
    return {"phaseId": None, **flags, "workstreamId": None}


def _wanted(demand: RoleDemand) -> Row:
    return {
        "id": int(ids.wanted_id(demand.code)),
        "personId": int(ids.placeholder_id(demand.code)),
        "startDate": demand.start.isoformat(),
        "endDate": demand.end.isoformat(),
        "projectId": int(ids.project_id(demand.opportunity or demand.engagement or "")),
        "minutesPerDay": minutes(demand.hours_per_week / WORKDAYS),
        "roleId": int(ids.role_id(demand.role)),
        "isActive": True,
        "note": demand.code,
        "isBillable": True,
        **_plain(),
        "isPlaceholder": True,
    }


def person_requests(firm: Firm) -> Iterator[Row]:
    """Yield the request that each open demand makes for its placeholder to become somebody."""
    for position, demand in enumerate(firm.role_demands):
        if demand.status == "OPEN":
            yield {
                "id": int(ids.request_id(demand.code)),
                "personId": int(ids.placeholder_id(demand.code)),
                "projectId": int(ids.project_id(demand.opportunity or demand.engagement or "")),
                "status": "REQUESTED",
                "requesterId": None,
                "updaterId": None,
                **stamps(firm, position),
            }
