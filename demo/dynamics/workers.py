"""The rows of the product when it plays HR: the people who work for the firm."""

from collections.abc import Iterator
from typing import Final

from demo.dynamics import ids
from demo.dynamics.values import FOREVER, day
from demo.emulator import Row
from demo.firm.model import Firm

WORKER_TYPE: Final = {"EMPLOYEE": "Employee", "CONTRACTOR": "Contractor"}
WORKER_STATUS: Final = {"ACTIVE": "Employed", "ON_LEAVE": "Employed", "TERMINATED": "Terminated"}
EMPLOYMENT_STATUS: Final = {"ACTIVE": "Active", "ON_LEAVE": "OnLeave", "TERMINATED": "Terminated"}


def workers(firm: Firm) -> Iterator[Row]:
    """Yield Workers; the employment's columns come over from the product's Employees, whose key has four parts."""
    for person in firm.people:
        yield {
            "PersonnelNumber": ids.personnel_number(person.code),
            "Name": person.name,
            "PrimaryContactEmail": person.email,
            "WorkerType": WORKER_TYPE[person.worker_type],
            "WorkerStatus": WORKER_STATUS[person.employment_status],
            "EmploymentLegalEntityId": ids.data_area(person.entity),
            "EmploymentStartDate": day(person.hire_date),
            "EmploymentEndDate": day(person.termination_date) if person.termination_date else FOREVER,
            "DimensionDisplayValue": person.cost_center,
            "ManagerPersonnelNumber": ids.personnel_number(person.manager) if person.manager else "",
            "NBEmploymentStatus": EMPLOYMENT_STATUS[person.employment_status],
            "NBEmployeeNumber": person.employee_number,
            "NBWeeklyHours": person.hours_per_week,
            "NBHolidayCalendar": person.holiday_calendar,
            "NBTimeZone": person.time_zone,
            "NBHourlyCost": person.cost_rate,
            "NBHourlyCostCurrencyCode": person.cost_currency,
        }
