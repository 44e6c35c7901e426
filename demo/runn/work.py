"""Projects, clients and assignments, and what is wanted but not yet filled.

An assignment comes in segments: where its person is on approved leave the product splits it. The segments say whose
they are in their note, because an assignment has no references.
"""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
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
LIKELY: Final = {"PROSPECT", "QUALIFIED", "PROPOSED", "NEGOTIATING", "WON"}
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
    """Yield a confirmed project for every engagement and a tentative one for every deal that may become one."""
    for position, engagement in enumerate(firm.engagements):
        yield {**_project(engagement), **stamps(firm, position)}
    deals = (deal for deal in firm.opportunities if deal.stage in LIKELY and not deal.engagement)
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
    away = [(absence.start, absence.end) for absence in leave if absence.person == assignment.person]
    return without(assignment.start, assignment.end, away)


def without(start: date, end: date, away: Iterable[tuple[date, date]]) -> Iterator[tuple[date, date]]:
    """Yield the days from one to another, from and to, without those of some leave."""
    for first, last in sorted(away):
        if last < start or first > end:
            continue
        if start < first:
            yield start, first - ONE_DAY
        start = last + ONE_DAY
    if start <= end:
        yield start, end


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
                **plain(),
                **stamps(firm, position),
            }
    wanted = (demand for demand in firm.role_demands if demand.status == "OPEN")
    for position, demand in enumerate(wanted, len(firm.assignments)):
        yield {**_wanted(demand), **stamps(firm, position)}


def plain() -> Row:
    """Return what no assignment of this tenant makes use of."""
    flags = dict.fromkeys(("isNonWorkingDay", "isTemplate", "isPlaceholder"), False)
    return {"phaseId": None, **flags, "workstreamId": None}


def _wanted(demand: RoleDemand) -> Row:
    return {
        "id": int(ids.wanted_id(demand.code)),
        "personId": int(ids.placeholder_id(demand.code)),
        "startDate": demand.start.isoformat(),
        "endDate": demand.end.isoformat(),
        "projectId": int(ids.project_id(demand.opportunity or demand.engagement or "")),
        "roleId": int(ids.role_id(demand.role)),
        **wanted(demand.code, minutes(demand.hours_per_week)),
    }


def wanted(demand: str, minutes_per_week: int) -> Row:
    """Return what the assignments of all placeholders have in common."""
    return {
        "minutesPerDay": minutes_per_week // WORKDAYS,
        "isActive": True,
        "note": demand,
        "isBillable": True,
        **plain(),
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
                **request(),
                **stamps(firm, position),
            }


def request() -> Row:
    """Return what all requests for a person have in common."""
    return {"status": "REQUESTED", "requesterId": None, "updaterId": None}


def actuals(firm: Firm) -> Iterator[Row]:
    """Yield what was approved of everybody's time, in total by day, person, project and role."""
    totals: dict[tuple[str, str, str, str], tuple[Decimal, Decimal]] = {}
    for entry in firm.time_entries:
        if entry.approval_status == "APPROVED":
            one = (entry.work_date.isoformat(), entry.person, entry.engagement, entry.role)
            billable, all_ = totals.get(one, (Decimal(0), Decimal(0)))
            totals[one] = billable + entry.billable_hours, all_ + entry.hours
    for position, ((day, person, engagement, role), (billable, all_)) in enumerate(totals.items()):
        yield {
            "id": position + 1,
            "date": day,
            "personId": int(ids.person_id(person)),
            "projectId": int(ids.project_id(engagement)),
            "roleId": int(ids.role_id(role)),
            "billableMinutes": minutes(billable),
            "nonbillableMinutes": minutes(all_ - billable),
            **stamps(firm, position),
        }


def milestones(firm: Firm) -> Iterator[Row]:
    """Yield the milestones that were reached."""
    for position, milestone in enumerate(firm.milestones):
        if milestone.actual_date:
            yield {
                "id": position + 1,
                "projectId": int(ids.project_id(milestone.engagement)),
                "title": milestone.name,
                "date": milestone.actual_date.isoformat(),
                "note": None,
                "icon": "flag",
                **stamps(firm, position),
            }
