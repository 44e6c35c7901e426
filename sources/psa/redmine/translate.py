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
ENTRY_KEY: Final = 11
ENTRY_CODE: Final = 12
APPROVAL: Final = 13
BILLABLE_HOURS: Final = 14
APPROVER: Final = 15
INVOICED: Final = 16
REASON: Final = 17
TASK_CODE: Final = 21

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


def task_code(custom_fields: Fields) -> str | None:
    """Return the firm's code of a task."""
    return _value(custom_fields, TASK_CODE)


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
