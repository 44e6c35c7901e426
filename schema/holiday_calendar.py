"""A holiday calendar: the public holidays of one place."""

from __future__ import annotations

from datetime import date, timedelta
from typing import ClassVar

import strawberry

from schema.graph import Node, Traced, home
from schema.rows import Row, System


@strawberry.federation.type(shareable=True)
class Holiday:
    """A day on which nobody of the calendar works."""

    date: date
    name: str


class HolidayCalendarRow(Row):
    """What HR says."""

    type: ClassVar[str] = "HolidayCalendar"
    cadence: ClassVar[timedelta] = timedelta(days=1)

    code: str | None = None
    name: str | None = None
    days: list[Holiday] | None = None


@home(System.HR, "holiday_calendars_by_id", HolidayCalendarRow)
class HolidayCalendar(Traced, Node):
    """Public holidays; whose they are stands on each person."""

    code: str | None
    name: str | None
    days: list[Holiday] | None
