"""What HR is asked, whichever product plays it."""

from __future__ import annotations

from schema.absence import AbsenceRow
from schema.holiday_calendar import HolidayCalendarRow
from schema.resource import ResourceRow
from sources.questions import Question


class ResourcesById(Question):
    """The people with these ids."""

    rows, by = ResourceRow, "Resource"


class AbsencesById(Question):
    """The absences with these ids."""

    rows, by = AbsenceRow, "Absence"


class AbsencesByResource(Question):
    """When each of these people is away."""

    rows, by, many = AbsenceRow, "Resource", True


class HolidayCalendarsById(Question):
    """The holiday calendars with these ids."""

    rows, by = HolidayCalendarRow, "HolidayCalendar"
