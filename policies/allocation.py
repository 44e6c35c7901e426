"""How much of a person's time firm bookings may take: all of it, somewhat more with a warning, and never beyond."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from schema.problems import Code

if TYPE_CHECKING:
    from collections.abc import Iterable

FULL, MOST = Decimal(1), Decimal("1.2")


class Schedule(NamedTuple):
    """How a person works: so many hours a day, on these days of the week, Monday being 0."""

    hours_per_day: Decimal
    weekdays: frozenset[int]

    def days(self, start: date, end: date) -> int:
        """Return how many of these days are worked."""
        every = (start + timedelta(offset) for offset in range((end - start).days + 1))
        return sum(day.weekday() in self.weekdays for day in every)


class Measure(NamedTuple):
    """How much of a person is booked, by one measure or by several that say the same."""

    allocation: Decimal | None
    hours_per_day: Decimal | None
    total_hours: Decimal | None

    def share(self, schedule: Schedule, start: date, end: date) -> Decimal | None:
        """Return the share of the person's working time; None where nothing says how much, or no day is worked."""
        if self.allocation is not None:
            return self.allocation
        if self.hours_per_day is not None:
            return self.hours_per_day / schedule.hours_per_day
        days = schedule.days(start, end)
        return self.total_hours / (days * schedule.hours_per_day) if self.total_hours is not None and days else None


class Booking(NamedTuple):
    """A share of somebody's working time, from a day to a day; no end is all that follow."""

    start: date
    end: date | None
    share: Decimal


def peak(bookings: Iterable[Booking], start: date, end: date) -> Decimal:
    """Return the greatest sum of shares on any of these days."""
    meeting = [one for one in bookings if one.start <= end and (one.end is None or one.end >= start)]
    # A sum only rises on a day on which a booking begins.
    days = {start, *(one.start for one in meeting if one.start > start)}
    return max(sum((one.share for one in meeting if _holds(one, day)), Decimal(0)) for day in days)


def overbooked(total: Decimal) -> Code | None:
    """Return under which code so much of a person's time is too much, None where it is not."""
    if total <= FULL:
        return None
    return Code.OVERALLOCATED if total <= MOST else Code.ALLOCATION_EXCEEDED


def _holds(booking: Booking, day: date) -> bool:
    return booking.start <= day and (booking.end is None or day <= booking.end)
