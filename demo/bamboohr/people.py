"""Employees, their leave, and the holidays they have: texts all of it, as the product answers it.

Fields that begin with `custom` are this tenant's own. A day that there is not is 0000-00-00, a text that there is not
is empty.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Final

from demo.bamboohr import ids
from demo.emulator import Row
from demo.firm.model import Absence, Firm, Person

NO_DAY: Final = "0000-00-00"
STATUS: Final = {"ACTIVE": "Active", "ON_LEAVE": "Active", "TERMINATED": "Inactive"}
EMPLOYMENT: Final = {"ACTIVE": "Full-Time", "ON_LEAVE": "Leave of Absence", "TERMINATED": "Terminated"}
WORKER_TYPE: Final = {"EMPLOYEE": "E", "CONTRACTOR": "C"}
TYPES: Final = {
    "VACATION": {"id": "78", "name": "Vacation", "icon": "palm-trees"},
    "UNPAID_LEAVE": {"id": "84", "name": "Unpaid Leave", "icon": "time-off-calendar"},
}
COUNTRY: Final = {"HOL-US": "United States", "HOL-UK": "United Kingdom", "HOL-DE": "Germany", "HOL-JP": "Japan"}
SATURDAY: Final = 5


def midnight(firm: Firm) -> datetime:
    """Return when the values were taken: the last midnight, in UTC."""
    return firm.as_of.replace(hour=0, minute=0, second=0, microsecond=0)


def _day(value: date | None) -> str:
    return NO_DAY if value is None else value.isoformat()


def employees(firm: Firm) -> Iterator[Row]:
    """Yield an employee for every person."""
    taken = midnight(firm)
    names = {person.code: person.name for person in firm.people}
    roles = {role.code: role.name for role in firm.roles}
    for position, person in enumerate(firm.people):
        first, _, last = person.name.partition(" ")
        yield {
            "id": ids.employee_id(person.code),
            "employeeNumber": person.employee_number,
            "displayName": person.name,
            "firstName": first,
            "lastName": last,
            "preferredName": "",
            "jobTitle": roles[person.role],
            "workEmail": person.email,
            "department": (person.practice or "Internal").title(),
            "division": person.entity,
            "supervisor": names[person.manager] if person.manager else "",
            "supervisorId": ids.employee_id(person.manager) if person.manager else "",
            "status": STATUS[person.employment_status],
            "employmentHistoryStatus": EMPLOYMENT[person.employment_status],
            "hireDate": _day(person.hire_date),
            "terminationDate": _day(person.termination_date),
            "lastChanged": (taken - timedelta(days=30, minutes=position)).isoformat(),
            **_custom(person, taken),
        }


def _custom(person: Person, taken: datetime) -> Row:
    return {
        "customWorkerType": WORKER_TYPE[person.worker_type],
        "customLegalEntity": person.entity,
        "customCostCenter": person.cost_center,
        "customWeeklyHours": str(person.hours_per_week),
        "customWorkingDays": ",".join(person.working_days),
        "customHolidayCalendar": ids.holiday_calendar_id(person.holiday_calendar),
        "customTimeZone": person.time_zone,
        "customSnapshotAt": taken.isoformat(),
    }


def requests(firm: Firm) -> Iterator[Row]:
    """Yield a time off request for every absence, in hours."""
    people = {person.code: person for person in firm.people}
    for absence in firm.absences:
        person, dates = people[absence.person], _dates(absence)
        asked = absence.start - timedelta(14)
        yield {
            "id": ids.request_id(absence.code),
            "employeeId": ids.employee_id(absence.person),
            "name": person.name,
            "status": {
                "lastChanged": (asked + timedelta(1)).isoformat(),
                "lastChangedByUserId": ids.employee_id(person.manager or person.code),
                "status": "approved" if absence.approved else "requested",
            },
            "start": absence.start.isoformat(),
            "end": absence.end.isoformat(),
            "created": asked.isoformat(),
            "type": TYPES[absence.kind],
            "amount": {"unit": "hours", "amount": str(sum(map(int, dates.values())))},
            "actions": dict.fromkeys(("view", "edit", "cancel", "approve", "deny", "bypass"), False) | {"view": True},
            "dates": dates,
            "notes": {},
        }


def _dates(absence: Absence) -> dict[str, str]:
    """Return the hours of each day; those of a day that is not worked are none."""
    days = (absence.start + timedelta(offset) for offset in range((absence.end - absence.start).days + 1))
    return {day.isoformat(): str(int(absence.hours_per_day)) if day.weekday() < SATURDAY else "0" for day in days}


def holiday_calendars(firm: Firm) -> Iterator[Row]:
    """Yield this tenant's holiday calendars, with their days in them."""
    for code in dict.fromkeys(holiday.calendar for holiday in firm.holidays):
        days = [holiday for holiday in firm.holidays if holiday.calendar == code]
        yield {
            "id": ids.holiday_calendar_id(code),
            "name": COUNTRY[code],
            "days": [{"date": holiday.day.isoformat(), "name": holiday.name} for holiday in days],
        }
