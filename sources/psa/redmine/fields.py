"""The custom fields that the firm gave Redmine, by their numbers: an administrator may rename them."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

Fields: TypeAlias = list[dict[str, Any]]

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


def value(fields: Fields, number: int) -> str | None:
    """Return the value of a field, None where it has none or is not there."""
    return next((field["value"] or None for field in fields if field["id"] == number), None)


def valued(values: dict[int, str | None]) -> Fields:
    """Say values of fields; None empties one."""
    return [{"id": number, "value": said or ""} for number, said in values.items()]
