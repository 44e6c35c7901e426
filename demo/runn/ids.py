"""From the firm's codes to Runn's ids: numbers, one range for each kind of thing. JSON has them without quotes."""

import re
from typing import Final

_CODE: Final = re.compile(r"(?P<kind>[A-Z]+)-(?P<number>\d+)")
_ENTITIES: Final = ("NB-US", "NB-UK", "NB-DE", "NB-JP")
_ROLES: Final = ("ANALYST", "CONSULTANT", "SENIOR", "MANAGER", "PRINCIPAL")
HOUSE_CLIENT: Final = "20000"
SEGMENTS: Final = 1000


def _number(code: str, kind: str) -> int:
    found = _CODE.fullmatch(code)
    if not found or found["kind"] != kind:
        message = f"{code!r} is no code such as {kind}-007"
        raise ValueError(message)
    return int(found["number"])


def client_id(customer: str) -> str:
    """Return the client of a customer: CUS-07 is 20007."""
    return str(20_000 + _number(customer, "CUS"))


def person_id(person: str) -> str:
    """Return the id of a person: RES-023 is 30023."""
    return str(30_000 + _number(person, "RES"))


def placeholder_id(demand: str) -> str:
    """Return the placeholder of a demand that nobody fills yet: DEM-058 is 90058. It lives among the people."""
    return str(90_000 + _number(demand, "DEM"))


def project_id(code: str) -> str:
    """Return the project of an engagement, or the tentative one of an open deal: ENG-007 is 50007, OPP-021 is 55021."""
    if code.startswith("OPP-"):
        return str(55_000 + _number(code, "OPP"))
    return str(50_000 + _number(code, "ENG"))


def role_id(role: str) -> str:
    """Return the id of a role: SENIOR is 70003."""
    return str(70_001 + _ROLES.index(role))


def team_id(entity: str) -> str:
    """Return the team of a legal entity's people: NB-UK is 12."""
    return str(11 + _ENTITIES.index(entity))


def segment_id(assignment: str, position: int) -> str:
    """Return the nth segment of an assignment, from 1: the second of ASG-053 is 6053002."""
    return str(6_000_000 + SEGMENTS * _number(assignment, "ASG") + position)


def demand_id(demand: str) -> str:
    """Return a demand's id in this tenant's own list: DEM-058 is 40058."""
    return str(40_000 + _number(demand, "DEM"))


def request_id(demand: str) -> str:
    """Return the request for a person that a demand makes: DEM-058 is 45058."""
    return str(45_000 + _number(demand, "DEM"))


def wanted_id(demand: str) -> str:
    """Return the assignment of a demand's placeholder: DEM-058 is 7000058."""
    return str(7_000_000 + _number(demand, "DEM"))


def contract_id(person: str) -> str:
    """Return the contract of a person: RES-023 is 80023."""
    return str(80_000 + _number(person, "RES"))


def leave_id(absence: str) -> str:
    """Return the time off of an absence: ABS-074 is 85074."""
    return str(85_000 + _number(absence, "ABS"))


def scenario_id(scenario: str) -> str:
    """Return a capacity scenario's id in this tenant's own list, which is its code: BASELINE."""
    return scenario
