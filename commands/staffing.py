"""A booking of a person on a project: what its owners know of it, and what stands against it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from commands.command import Finding, Stop
from commands.items import same_version
from commands.ledger_rates import price_of_loan
from commands.money import stated
from commands.terms import terms_of
from policies.allocation import Booking, Measure, Schedule, overbooked, peak
from schema.assignment import AssignmentRow, AssignmentStatus, Commitment
from schema.engagement import EngagementStatus
from schema.problems import Code
from schema.project import ProjectRow
from schema.resource import EmploymentStatus, ResourceRow, Weekday
from schema.role import RoleRow
from schema.role_demand import RoleDemandRow, RoleDemandStatus
from schema.rows import Ref, System
from schema.values import DateRange

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import date
    from decimal import Decimal

    from commands.asking import Asking
    from commands.staff_assignment import StaffAssignment
    from commands.terms import Terms
    from schema.legal_entity import LegalEntityRow

OVER = frozenset({EngagementStatus.COMPLETED, EngagementStatus.CLOSED, EngagementStatus.CANCELLED})
FREE = frozenset({AssignmentStatus.ENDED, AssignmentStatus.CANCELLED})
WANTED = frozenset({RoleDemandStatus.OPEN, RoleDemandStatus.PARTIALLY_FILLED})
WEEK = tuple(Weekday)


class Staffing(NamedTuple):
    """Everything that a booking is about, as its owners know it."""

    said: StaffAssignment
    start: date
    end: date
    project: ProjectRow
    terms: Terms
    person: ResourceRow
    employer: LegalEntityRow
    role: RoleRow
    demand: RoleDemandRow | None
    schedule: Schedule
    share: Decimal

    @property
    def firm(self) -> bool:
        """Whether it takes the person's capacity."""
        return self.said.commitment is Commitment.FIRM


async def staffing_of(ask: Asking, said: StaffAssignment) -> Staffing:
    """Return the booking that is meant, or stop where one of its records is not there or cannot be meant."""
    start, end = _days(said)
    ref = ask.ref(said.project_id, "Project", "input", "projectId")
    project = await ask.one("projects_by_id", ref, "input", "projectId", row=ProjectRow)
    same_version(said, [project])
    resource = ask.ref(said.resource_id, "Resource", "input", "resourceId")
    person = await ask.one("resources_by_id", resource, "input", "resourceId", row=ResourceRow)
    role = ask.ref(said.role_id, "Role", "input", "roleId")
    employer = person.legal_entity and await ask.word(person.legal_entity, System.ERP)
    schedule = schedule_of(person)
    terms = await terms_of(ask, stated(project.engagement, "the project's engagement"))
    return Staffing(
        said=said,
        start=start,
        end=end,
        project=project,
        terms=terms,
        person=person,
        employer=await ask.entity(stated(employer, "the person's legal entity")),
        role=await ask.one("roles_by_id", role, "input", "roleId", row=RoleRow),
        demand=await _demand(ask, said, role, terms.engagement.ref),
        schedule=schedule,
        share=_share(said, schedule, start, end),
    )


def _days(said: StaffAssignment) -> tuple[date, date]:
    start, end = said.range.start, said.range.end
    if end is None or end < start:
        raise Stop(Finding(Code.BAD_INPUT, "a booking has a last day, and not before its first", ("input", "range")))
    return start, end


def _share(said: StaffAssignment, schedule: Schedule, start: date, end: date) -> Decimal:
    given = [one for one in (said.allocation, said.hours_per_day, said.total_hours) if one is not None]
    if len(given) != 1 or given[0] <= 0:
        message = "exactly one of 'allocation', 'hoursPerDay' and 'totalHours' must be given, and be more than nothing"
        raise Stop(Finding(Code.BAD_INPUT, message, ("input",)))
    share = Measure(said.allocation, said.hours_per_day, said.total_hours).share(schedule, start, end)
    if share is None:
        raise Stop(Finding(Code.BAD_INPUT, "the person works on none of these days", ("input", "range")))
    return share


def schedule_of(person: ResourceRow) -> Schedule:
    """Return how a person works, or stop: HR has to say so."""
    known = person.work_schedule
    days = [day for day in (known.working_days if known else None) or [] if isinstance(day, Weekday)]
    if known is None or not days or not known.hours_per_week:
        raise Stop(Finding(Code.MASTER_DATA_MISSING, "the person's working hours are missing"), subjects=(person.ref,))
    return Schedule(known.hours_per_week / len(days), frozenset(WEEK.index(day) for day in days))


async def _demand(ask: Asking, said: StaffAssignment, role: Ref, engagement: Ref) -> RoleDemandRow | None:
    """Return the demand that is to be met, or stop: it must be open, of this engagement and for this role."""
    path = ("input", "demandId")
    if said.demand_id is None:
        return None
    ref = ask.ref(said.demand_id, "RoleDemand", *path)
    demand = await ask.one("role_demands_by_id", ref, *path, row=RoleDemandRow)
    if demand.status not in WANTED:
        raise Stop(Finding(Code.INVALID_TRANSITION, "the demand is not open any more", path), subjects=(ref,))
    for wanted, booked, what in ((demand.role, role, "role"), (demand.engagement, engagement, "engagement")):
        if wanted is None or await ask.word(wanted, System.PSA) != booked:
            raise Stop(Finding(Code.BAD_INPUT, f"the demand is of another {what}", path), subjects=(ref,))
    return demand


async def objections(ask: Asking, staffing: Staffing) -> AsyncIterator[Finding]:
    """Yield what stands against a booking."""
    if staffing.project.status in OVER or staffing.terms.engagement.delivery_status in OVER:
        yield Finding(Code.PROJECT_CLOSED, "the project is over", ("input", "projectId"))
    if not _employed(staffing):
        message = "HR does not have the person as active on each of these days"
        yield Finding(Code.RESOURCE_NOT_ACTIVE, message, ("input", "resourceId"))
    if staffing.role.active is False:
        yield Finding(Code.BAD_INPUT, "the role is not in use any more", ("input", "roleId"))
    if staffing.firm:
        booking = Booking(staffing.start, staffing.end, staffing.share)
        if (over := await overtime(ask, staffing.person.ref, staffing.schedule, booking)) is not None:
            yield over
    lending, borrowing, days = (
        staffing.employer,
        staffing.terms.entity,
        DateRange(start=staffing.start, end=staffing.end),
    )
    if lending.ref != borrowing.ref:
        price = await price_of_loan(ask, lending.ref, borrowing.ref, staffing.role.ref, days)
        if price is None:
            message = f"{lending.code} has no price for lending this role to {borrowing.code} on each of these days"
            yield Finding(Code.INTERCOMPANY_RATE_MISSING, message)


def _employed(staffing: Staffing) -> bool:
    person = staffing.person
    return (
        person.employment_status is EmploymentStatus.ACTIVE
        and (person.hire_date is None or person.hire_date <= staffing.start)
        and (person.termination_date is None or person.termination_date >= staffing.end)
    )


async def overtime(ask: Asking, person: Ref, schedule: Schedule, booking: Booking) -> Finding | None:
    """Return that a booking, beside the firm ones that there are, takes more of the person's time than there is."""
    end = stated(booking.end, "the booking's last day")
    bookings = [booking]
    for row in await ask.many("assignments_by_resource", person, row=AssignmentRow):
        if row.commitment is Commitment.FIRM and row.status not in FREE and row.range is not None:
            measure = Measure(row.allocation, row.hours_per_day, row.total_hours)
            share = measure.share(schedule, row.range.start, row.range.end or end)
            bookings.append(Booking(row.range.start, row.range.end, stated(share, f"how much {row.code} books")))
    total = peak(bookings, booking.start, end)
    code = overbooked(total)
    said = f"on one of these days firm bookings take {total:.0%} of the person's time"
    return None if code is None else Finding(code, said)
