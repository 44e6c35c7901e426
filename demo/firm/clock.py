"""The dates of the firm's world; nothing here or elsewhere asks the real clock."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

AS_OF: Final = datetime(2026, 4, 8, 9, tzinfo=UTC)
FIRST_DAY: Final = date(2026, 1, 5)
LAST_DAY: Final = date(2026, 4, 7)
MARCH: Final = date(2026, 3, 1)
APRIL: Final = date(2026, 4, 1)
# Weeks before this Monday are approved and posted; its own week was approved the evening before the as-of date.
NEWEST_APPROVED_WEEK: Final = date(2026, 3, 30)
NEWEST_SUBMITTED_DAY: Final = date(2026, 4, 6)
APPROVAL_HOUR: Final = 16
SATURDAY: Final = 5


def days(start: date, end: date) -> Iterator[date]:
    """Yield every day from start to end, both inclusive."""
    for offset in range((end - start).days + 1):
        yield start + timedelta(offset)


def weekdays(start: date, end: date) -> Iterator[date]:
    """Yield Monday to Friday from start to end, both inclusive."""
    return (day for day in days(start, end) if day.weekday() < SATURDAY)


def at(day: date, hour: int) -> datetime:
    """Return that hour of that day in UTC."""
    return datetime.combine(day, time(hour), tzinfo=UTC)


def monday(day: date) -> date:
    """Return the Monday of that day's week."""
    return day - timedelta(day.weekday())


def approval_of(day: date) -> datetime:
    """Return the instant at which that day's week is approved: 16:00Z on the Tuesday after it."""
    return at(monday(day) + timedelta(8), APPROVAL_HOUR)


def month_end(year: int, month: int) -> date:
    """Return the last day of a month."""
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(1)
