"""Fiscal calendars: which period a date belongs to, and whether that period still takes postings."""

from bisect import bisect_right
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final

from demo.firm.clock import SATURDAY, at, days, month_end
from demo.firm.model import FiscalPeriod, LegalEntity
from demo.firm.organisation import ENTITIES
from demo.firm.vocabulary import Module, PeriodStatus

Status = tuple[PeriodStatus, dict[Module, PeriodStatus]]

QUARTER_WEEKS: Final = (4, 4, 5)
MONTHS: Final = 12
FIRST_YEAR, LAST_YEAR = date(2026, 1, 1), date(2026, 12, 31)
# The months around the as-of date, told apart by a day that lies in the same period under every calendar.
MID_MARCH, MID_APRIL = date(2026, 3, 15), date(2026, 4, 15)
MARCH_CLOSE: Final = at(date(2026, 4, 10), 16)


def uniform(status: PeriodStatus) -> Status:
    """Return a period status that all modules share."""
    return status, {"TIME": status, "AR": status, "GL": status, "REVENUE": status}


MARCH_STATUS: Final[dict[str, Status]] = {
    "NB-US": ("CLOSING", {"TIME": "OPEN", "AR": "OPEN", "GL": "CLOSING", "REVENUE": "CLOSING"}),
    "NB-UK": ("CLOSING", {"TIME": "CLOSED", "AR": "OPEN", "GL": "CLOSING", "REVENUE": "CLOSING"}),
    "NB-DE": uniform("OPEN"),
    "NB-JP": uniform("CLOSED"),
}


def year_end_445(year: int) -> date:
    """Return the Saturday nearest 31 December: the last day of a 4-4-5 year."""
    last = date(year, 12, 31)
    return min(day for day in days(last - timedelta(3), last + timedelta(3)) if day.weekday() == SATURDAY)


def weeks_445(year: int) -> tuple[int, ...]:
    """Return the weeks of each period of a 4-4-5 year; in a year of 53 weeks the last period has six."""
    total = (year_end_445(year) - year_end_445(year - 1)).days // 7
    regular = QUARTER_WEEKS * 4
    return (*regular[:-1], regular[-1] + total - sum(regular))


def bounds(entity: LegalEntity, year: int) -> tuple[tuple[date, date], ...]:
    """Return first and last day of the twelve periods of the fiscal year with that label."""
    if entity.calendar == "WEEKS_445":
        start, found = year_end_445(year - 1) + timedelta(1), []
        for weeks in weeks_445(year):
            end = start + timedelta(7 * weeks - 1)
            found.append((start, end))
            start = end + timedelta(1)
        return tuple(found)
    offsets = range(entity.fiscal_year_start_month - 1, entity.fiscal_year_start_month - 1 + MONTHS)
    months = [(year + offset // MONTHS, offset % MONTHS + 1) for offset in offsets]
    return tuple((date(y, m, 1), month_end(y, m)) for y, m in months)


def _status(entity: str, start: date, end: date, year_end: date) -> Status:
    if start <= MID_MARCH <= end:
        return MARCH_STATUS[entity]
    if start <= MID_APRIL <= end:
        return uniform("OPEN")
    if start > MID_APRIL:
        return uniform("FUTURE")
    return uniform("LOCKED" if year_end < MID_MARCH else "CLOSED")


def _year(entity: LegalEntity, year: int) -> Iterable[FiscalPeriod]:
    periods = bounds(entity, year)
    for number, (start, end) in enumerate(periods, 1):
        status, modules = _status(entity.code, start, end, periods[-1][1])
        waiting = start <= MID_MARCH <= end and status != "CLOSED"
        yield FiscalPeriod(
            entity=entity.code,
            code=f"{year}-P{number:02}",
            start=start,
            end=end,
            kind="REGULAR",
            status=status,
            modules=modules,
            close_scheduled_at=MARCH_CLOSE if waiting else None,
        )


def fiscal_periods() -> tuple[FiscalPeriod, ...]:
    """Return, entity by entity, the periods of every fiscal year that touches 2026."""
    found: list[FiscalPeriod] = []
    for entity in ENTITIES:
        for year in (2025, 2026, 2027):
            periods = bounds(entity, year)
            if periods[0][0] <= LAST_YEAR and periods[-1][1] >= FIRST_YEAR:
                found += _year(entity, year)
    return tuple(found)


class FiscalCalendars:
    """Looks up the period of a date in an entity's own calendar."""

    def __init__(self, periods: Iterable[FiscalPeriod]) -> None:
        """Take the periods of all entities, each entity's in order of date."""
        self._periods: dict[str, list[FiscalPeriod]] = {}
        for period in periods:
            self._periods.setdefault(period.entity, []).append(period)
        self._starts = {entity: [period.start for period in held] for entity, held in self._periods.items()}

    def period(self, entity: str, day: date) -> FiscalPeriod:
        """Return the period that contains the day."""
        return self._periods[entity][bisect_right(self._starts[entity], day) - 1]

    def accounting_date(self, entity: str, work_date: date) -> date:
        """Return the date on which work is posted: the work date, or the first day that still takes time."""
        if self.period(entity, work_date).modules["TIME"] == "OPEN":
            return work_date
        return next(
            period.start
            for period in self._periods[entity]
            if period.start > work_date and period.modules["TIME"] == "OPEN"
        )
