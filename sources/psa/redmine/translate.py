"""What Redmine says in custom fields, which stand in a list under their numbers, and in two columns at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sources.psa.redmine import fields

if TYPE_CHECKING:
    from sources.psa.redmine.fields import Fields

CLOSED = 5


def delivery(status: int, custom_fields: Fields) -> str | None:
    """Return where delivery stands: a closed project is closed, whatever was said of it before."""
    return "CLOSED" if status == CLOSED else fields.value(custom_fields, fields.DELIVERY_STATUS)


def project_code(identifier: str) -> str:
    """Return the firm's code of a project; identifiers have small letters only."""
    return identifier.upper()


def planned_start(custom_fields: Fields) -> str | None:
    """Return the first planned day of a project."""
    return fields.value(custom_fields, fields.PLANNED_START)


def planned_end(custom_fields: Fields) -> str | None:
    """Return the last planned day of a project."""
    return fields.value(custom_fields, fields.PLANNED_END)


def task_code(custom_fields: Fields) -> str | None:
    """Return the firm's code of a task."""
    return fields.value(custom_fields, fields.TASK_CODE)


def entry_code(custom_fields: Fields) -> str | None:
    """Return the firm's code of a time entry."""
    return fields.value(custom_fields, fields.ENTRY_CODE)


def approval(custom_fields: Fields) -> str | None:
    """Return where the approval of hours stands."""
    return fields.value(custom_fields, fields.APPROVAL)


def approver(custom_fields: Fields) -> str | None:
    """Return the user who decided on hours."""
    return fields.value(custom_fields, fields.APPROVER)


def invoiced(custom_fields: Fields) -> bool:
    """Tell whether hours are marked as standing on an invoice."""
    return fields.value(custom_fields, fields.INVOICED) == "true"


def billable_hours(custom_fields: Fields) -> str | None:
    """Return how many of the hours are billable."""
    return fields.value(custom_fields, fields.BILLABLE_HOURS)
