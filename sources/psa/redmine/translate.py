"""What Redmine says in custom fields, which stand in a list under their numbers, and in two columns at once."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

CLOSED: Final = 5

# The custom fields that the firm gave its Redmine, by their numbers: an administrator may rename them.
PROJECT_KEY: Final = 1
DELIVERY_STATUS: Final = 2
PLANNED_START: Final = 3
PLANNED_END: Final = 4
ERP_REFERENCE: Final = 5
ENGAGEMENT: Final = 6
KIND: Final = 7
CUSTOMER: Final = 8
MANAGER: Final = 9
LEGAL_ENTITY: Final = 10
ENTRY_KEY: Final = 11
ENTRY_CODE: Final = 12
APPROVAL: Final = 13
BILLABLE_HOURS: Final = 14
APPROVER: Final = 15
INVOICED: Final = 16
REASON: Final = 17
NODE: Final = 18
ROLE: Final = 19
BILLING_CLASS: Final = 20
ISSUE_CODE: Final = 21
RATE_ROLE: Final = 22
RATE: Final = 23
RATE_CURRENCY: Final = 24
PLANNED_HOURS: Final = 31
CURRENCY: Final = 32
PLANNED_REVENUE: Final = 33
PLANNED_COST: Final = 34
PARENT_NODE: Final = 35
PHASE: Final = 36
REGION: Final = 37
VERSION: Final = 38
PRIMARY_ROLE: Final = 41

Fields: TypeAlias = list[dict[str, Any]]


def delivery(status: int, custom_fields: Fields) -> str | None:
    """Return where delivery stands: a closed project is closed, whatever was said of it before."""
    return "CLOSED" if status == CLOSED else _value(custom_fields, DELIVERY_STATUS)


def project_code(identifier: str) -> str:
    """Return the firm's code of a project; identifiers have small letters only."""
    return identifier.upper()


def planned_start(custom_fields: Fields) -> str | None:
    """Return the first planned day of a project."""
    return _value(custom_fields, PLANNED_START)


def planned_end(custom_fields: Fields) -> str | None:
    """Return the last planned day of a project."""
    return _value(custom_fields, PLANNED_END)


def engagement(custom_fields: Fields) -> str | None:
    """Return the project that is the engagement of a node, or for which a card is."""
    return _value(custom_fields, ENGAGEMENT)


def kind(custom_fields: Fields) -> str | None:
    """Return which kind of node a project is."""
    return _value(custom_fields, KIND)


def customer(custom_fields: Fields) -> str | None:
    """Return for whom a project or a card is, by the firm's code."""
    return _value(custom_fields, CUSTOMER)


def manager(custom_fields: Fields) -> str | None:
    """Return the user who runs an engagement."""
    return _value(custom_fields, MANAGER)


def legal_entity(custom_fields: Fields) -> str | None:
    """Return who delivers a node, or whose a card is, by the firm's code."""
    return _value(custom_fields, LEGAL_ENTITY)


def planned_hours(custom_fields: Fields) -> str | None:
    """Return the hours that are planned for an engagement."""
    return _value(custom_fields, PLANNED_HOURS)


def currency(custom_fields: Fields) -> str | None:
    """Return the currency of a project's or a card's amounts."""
    return _value(custom_fields, CURRENCY)


def planned_revenue(custom_fields: Fields) -> str | None:
    """Return the revenue that is planned for an engagement."""
    return _value(custom_fields, PLANNED_REVENUE)


def planned_cost(custom_fields: Fields) -> str | None:
    """Return the cost that is planned for an engagement."""
    return _value(custom_fields, PLANNED_COST)


def parent_node(custom_fields: Fields) -> str | None:
    """Return the node above one: as a project each of them stands directly below its engagement's."""
    return _value(custom_fields, PARENT_NODE)


def phase(custom_fields: Fields) -> str | None:
    """Return the phase of a node."""
    return _value(custom_fields, PHASE)


def region(custom_fields: Fields) -> str | None:
    """Return the region of a node."""
    return _value(custom_fields, REGION)


def card_version(custom_fields: Fields) -> int | None:
    """Return which version of a card this is."""
    number = _value(custom_fields, VERSION)
    return int(number) if number and number.isascii() and number.isdigit() else None


def issue_code(custom_fields: Fields) -> str | None:
    """Return the firm's code of a task or of a role."""
    return _value(custom_fields, ISSUE_CODE)


def rate_role(custom_fields: Fields) -> str | None:
    """Return whose price an hour has."""
    return _value(custom_fields, RATE_ROLE)


def rate(custom_fields: Fields) -> str | None:
    """Return the price of an hour."""
    return _value(custom_fields, RATE)


def rate_currency(custom_fields: Fields) -> str | None:
    """Return the currency of a price."""
    return _value(custom_fields, RATE_CURRENCY)


def primary_role(custom_fields: Fields) -> str | None:
    """Return the role of a person."""
    return _value(custom_fields, PRIMARY_ROLE)


def node(project: dict[str, Any], custom_fields: Fields) -> str | None:
    """Return the node that hours are of: the topmost one, where none is said."""
    said = _value(custom_fields, NODE)
    return said or str(project["id"])


def role(custom_fields: Fields) -> str | None:
    """Return the role in which hours were worked."""
    return _value(custom_fields, ROLE)


def billing_class(custom_fields: Fields) -> str | None:
    """Return whether hours are paid for, and how."""
    return _value(custom_fields, BILLING_CLASS)


def entry_code(custom_fields: Fields) -> str | None:
    """Return the firm's code of a time entry."""
    return _value(custom_fields, ENTRY_CODE)


def approval(custom_fields: Fields) -> str | None:
    """Return where the approval of hours stands."""
    return _value(custom_fields, APPROVAL)


def approver(custom_fields: Fields) -> str | None:
    """Return the user who decided on hours."""
    return _value(custom_fields, APPROVER)


def invoiced(custom_fields: Fields) -> bool:
    """Tell whether hours are marked as standing on an invoice."""
    return _value(custom_fields, INVOICED) == "true"


def billable_hours(custom_fields: Fields) -> str | None:
    """Return how many of the hours are billable."""
    return _value(custom_fields, BILLABLE_HOURS)


def _value(fields: Fields, number: int) -> str | None:
    return next((field["value"] or None for field in fields if field["id"] == number), None)
