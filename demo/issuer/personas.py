"""Who may be tried on: one person of the firm for every role, somebody of a customer, and an auditor from outside."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from demo.firm.organisation import ENTITIES
from demo.firm.people import people


@dataclass(frozen=True, slots=True)
class Persona:
    """Somebody to sign in as: the employee of that number, or a contact of the customer of that code, or neither."""

    name: str
    subject: str
    person: str
    groups: tuple[str, ...]
    employee: str | None = None
    customer: str | None = None


_PEOPLE: Final = {person.code: person for person in people()}
_EVERY_ENTITY: Final = tuple(entity.code.lower() for entity in ENTITIES)


def _employee(name: str, code: str, *entities: str) -> Persona:
    person = _PEOPLE[code]
    number = person.employee_number
    return Persona(name, f"northbeam.{number}", person.name, (name, *entities), employee=number)


PERSONAS: Final[Mapping[str, Persona]] = {
    persona.name: persona
    for persona in (
        _employee("sales-operations", "RES-016"),
        _employee("engagement-manager", "RES-022"),  # manages ENG-001, ENG-004, ENG-011 and ENG-019
        _employee("resource-manager", "RES-030"),
        _employee("time-approver", "RES-006"),
        _employee("contract-manager", "RES-012"),
        _employee("pricing-admin", "RES-013"),
        _employee("billing-analyst", "RES-029", "nb-uk"),
        _employee("finance", "RES-025", "nb-uk"),
        _employee("finance-controller", "RES-004", *_EVERY_ENTITY),
        _employee("delivery-director", "RES-008"),
        _employee("practice-lead", "RES-024"),  # leads Technology
        _employee("resourcing-lead", "RES-048"),
        Persona("auditor", "auditors.7", "Ottoline Quill", ("auditor",)),
        _employee("consultant", "RES-018"),  # staffed on ENG-002 and ENG-005
        Persona("client-contact", "goldenfinch.3", "Piers Tolland", ("client-contact",), customer="CUS-07"),
        _employee("analyst", "RES-009"),
        _employee("integration-steward", "RES-005"),
        _employee("operations", "RES-028"),
    )
}

# What a configuration makes of the groups: roles by their own names, and the legal entities of those who need one.
GROUPS: Final[Mapping[str, Mapping[str, list[str]]]] = {
    **{name: {"roles": [name]} for name in PERSONAS},
    **{code: {"entities": [code.upper()]} for code in _EVERY_ENTITY},
}
