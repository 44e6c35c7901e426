"""What BambooHR's texts and maps mean."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def working_days(customWorkingDays: str | None) -> list[str] | None:  # noqa: N803  the column's name
    """Return the days that the text lists."""
    return customWorkingDays.split(",") if customWorkingDays else None


def hours_per_day(dates: Mapping[str, str], amount: Mapping[str, str]) -> Decimal | None:
    """Return the hours of a working day; null where they differ, or where the request counts in days."""
    hours = {Decimal(said) for said in dates.values()} - {Decimal(0)}
    return hours.pop() if amount["unit"] == "hours" and len(hours) == 1 else None
