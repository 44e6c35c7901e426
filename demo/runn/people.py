"""People and placeholders, who is hired as what, their leave, teams and roles.

A column that begins with an underscore is the server's own and never shown.
"""

from collections.abc import Iterator
from typing import Final

from demo.emulator import Row
from demo.firm.model import Firm
from demo.firm.rates import HOURLY
from demo.runn import ids
from demo.runn.values import custom_fields, minutes, references, stamps

EMPLOYMENT: Final = {"EMPLOYEE": "employee", "CONTRACTOR": "contractor"}
WEEKDAYS: Final = {"MON": "monday", "TUE": "tuesday", "WED": "wednesday", "THU": "thursday", "FRI": "friday"}
PLACEHOLDER: Final = "Placeholder"


def people(firm: Firm) -> Iterator[Row]:
    """Yield a person for everybody, and a placeholder for every demand that nobody fills yet."""
    for position, person in enumerate(firm.people):
        first, _, last = person.name.partition(" ")
        yield {
            "id": int(ids.person_id(person.code)),
            "firstName": first,
            "lastName": last,
            "email": person.email,
            "isArchived": False,
            "teamId": int(ids.team_id(person.entity)),
            "references": references(**{"Employee-ID": person.employee_number, "Resource": person.code}),
            "tags": [],
            "holidaysGroupId": None,
            "managers": [],
            "notes": [],
            "skills": [],
            "customFields": custom_fields(),
            "_placeholder": False,
            **stamps(firm, position),
        }
    yield from _placeholders(firm)


def _placeholders(firm: Firm) -> Iterator[Row]:
    names = {role.code: role.name for role in firm.roles}
    for position, demand in enumerate(firm.role_demands, len(firm.people)):
        if demand.status == "OPEN":
            team = int(ids.team_id(demand.entity)) if demand.entity else None
            yield {
                "id": int(ids.placeholder_id(demand.code)),
                **placeholder(demand.code, names[demand.role], team),
                **stamps(firm, position),
            }


def placeholder(demand: str, role: str, team: int | None) -> Row:
    """Return who stands for somebody in a role whom a demand asks for."""
    return {
        "firstName": role,
        "lastName": PLACEHOLDER,
        "email": None,
        "isArchived": False,
        "teamId": team,
        "references": references(RoleDemand=demand),
        "tags": [],
        "holidaysGroupId": None,
        "managers": [],
        "notes": [],
        "skills": [],
        "customFields": custom_fields(),
        "_placeholder": True,
    }


def contracts(firm: Firm) -> Iterator[Row]:
    """Yield the one contract of everybody, which says in what role and for how long a day."""
    roles = {role.code: role.name for role in firm.roles}
    for position, person in enumerate(firm.people):
        daily = minutes(person.hours_per_week / len(person.working_days))
        yield {
            "id": int(ids.contract_id(person.code)),
            "personId": int(ids.person_id(person.code)),
            "roleId": int(ids.role_id(person.role)),
            "startDate": person.hire_date.isoformat(),
            "endDate": person.termination_date.isoformat() if person.termination_date else None,
            "employmentType": EMPLOYMENT[person.worker_type],
            # The account has one currency, the firm four: this tenant keeps costs out of it.
            "costPerHour": None,
            "minutesPerDay": daily,
            "rosteredDays": {name: daily if day in person.working_days else 0 for day, name in WEEKDAYS.items()},
            "jobTitle": roles[person.role],
            **stamps(firm, position),
        }


def leave(firm: Firm) -> Iterator[Row]:
    """Yield the approved leave; a whole day off has no minutes."""
    for position, absence in enumerate(firm.absences):
        if absence.approved:
            yield {
                "id": int(ids.leave_id(absence.code)),
                "personId": int(ids.person_id(absence.person)),
                "startDate": absence.start.isoformat(),
                "endDate": absence.end.isoformat(),
                "note": None,
                "minutesPerDay": None,
                **stamps(firm, position),
            }


def teams(firm: Firm) -> Iterator[Row]:
    """Yield a team for every legal entity."""
    for position, entity in enumerate(firm.legal_entities):
        yield {"id": int(ids.team_id(entity.code)), "name": entity.code, **stamps(firm, position)}


def roles(firm: Firm) -> Iterator[Row]:
    """Yield the roles, prices in the account's dollars; the reference is what other systems know a role by."""
    for position, role in enumerate(firm.roles):
        bill, cost = HOURLY[role.code]
        yield {
            "id": int(ids.role_id(role.code)),
            "name": role.name,
            "isArchived": not role.active,
            "defaultHourCost": cost,
            "standardRate": bill,
            "references": references(Role=role.code),
            "personIds": [int(ids.person_id(person.code)) for person in firm.people if person.role == role.code],
            **stamps(firm, position),
        }
