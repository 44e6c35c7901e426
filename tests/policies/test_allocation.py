"""How much of a person's time is booked at most, and from where on it is too much."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from policies.allocation import Booking, Measure, Schedule, overbooked, peak
from schema.problems import Code

HALF = Decimal("0.5")


@pytest.mark.parametrize(
    ("bookings", "most"),
    [
        ([], "0"),
        ([Booking(date(2026, 4, 1), None, HALF)], "0.5"),
        ([Booking(date(2026, 4, 1), date(2026, 4, 30), HALF), Booking(date(2026, 5, 1), None, HALF)], "0.5"),
        ([Booking(date(2026, 4, 1), date(2026, 5, 1), HALF), Booking(date(2026, 5, 1), None, HALF)], "1.0"),
        ([Booking(date(2026, 4, 1), date(2026, 4, 9), HALF), Booking(date(2026, 7, 1), None, HALF)], "0"),
    ],
)
def test_the_fullest_day_counts(bookings: list[Booking], most: str) -> None:
    """Of the days from 10 April to 30 June, bookings that meet on one add up on it alone."""
    assert peak(bookings, date(2026, 4, 10), date(2026, 6, 30)) == Decimal(most)


@pytest.mark.parametrize(
    ("total", "code"),
    [
        ("1", None),
        ("1.0001", Code.OVERALLOCATED),
        ("1.2", Code.OVERALLOCATED),
        ("1.2001", Code.ALLOCATION_EXCEEDED),
    ],
)
def test_too_much_has_two_degrees(total: str, code: Code | None) -> None:
    """All of somebody's time may be booked, a fifth more with a warning, and no more than that."""
    assert overbooked(Decimal(total)) is code


@pytest.mark.parametrize(
    ("measure", "share"),
    [
        (Measure(Decimal("0.6"), None, None), "0.6"),
        (Measure(None, Decimal(3), None), "0.5"),
        # The week of 6 April 2026 has four days of six hours.
        (Measure(None, None, Decimal(12)), "0.5"),
        (Measure(Decimal("0.6"), Decimal(3), Decimal(12)), "0.6"),
        (Measure(None, None, None), None),
    ],
)
def test_every_measure_is_a_share_of_somebodys_time(measure: Measure, share: str | None) -> None:
    """Whoever works six hours on four days a week is half booked by three hours a day, or by twelve a week."""
    schedule = Schedule(Decimal(6), frozenset(range(4)))
    found = measure.share(schedule, date(2026, 4, 6), date(2026, 4, 12))
    assert found == (None if share is None else Decimal(share))
    assert Measure(None, None, Decimal(12)).share(schedule, date(2026, 4, 10), date(2026, 4, 12)) is None
