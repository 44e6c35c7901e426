"""The people, as parties and as employees of their company."""

from collections.abc import Iterable

from demo.firm.model import Person
from demo.tryton.seeds.erp import Erp


def seed_employees(erp: Erp, people: Iterable[Person], companies: dict[str, int]) -> dict[str, int]:
    """Create the people under their employee numbers; return employee ids by person code."""
    staff = list(people)
    parties = erp.create(
        "party.party",
        [
            {
                "name": person.name,
                "code": person.employee_number,
                "contact_mechanisms": [("create", [{"type": "email", "value": person.email}])],
            }
            for person in staff
        ],
    )
    rows = [
        {
            "party": party,
            "company": companies[person.entity],
            "start_date": person.hire_date,
            "end_date": person.termination_date,
        }
        for party, person in zip(parties, staff, strict=True)
    ]
    employees = dict(zip((person.code for person in staff), erp.create("company.employee", rows), strict=True))
    _seed_supervisors(erp, staff, employees)
    return employees


def _seed_supervisors(erp: Erp, staff: list[Person], employees: dict[str, int]) -> None:
    """Tell who reports to whom; Tryton knows no supervisor in another company, so heads of entities have none."""
    entity_of = {person.code: person.entity for person in staff}
    teams: dict[str, list[int]] = {}
    for person in staff:
        if person.manager and entity_of[person.manager] == person.entity:
            teams.setdefault(person.manager, []).append(employees[person.code])
    for manager, team in teams.items():
        erp.write("company.employee", team, {"supervisor": employees[manager]})
