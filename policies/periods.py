"""On which day something is posted whose own day lies in a period that is closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schema.fiscal_period import PeriodStatus
from schema.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from schema.fiscal_period import FiscalPeriodRow, LedgerModule


def standing(period: FiscalPeriodRow, module: LedgerModule) -> PeriodStatus | None:
    """Return how a module of a period stands; None where that is not known."""
    status = next((one.status for one in period.module_status or () if one.module is module), None)
    return None if isinstance(status, Problem) else status


def holds(period: FiscalPeriodRow, on: date) -> bool:
    """Tell whether a day lies in a period."""
    range_ = period.range
    return range_ is not None and range_.start <= on and (range_.end is None or on <= range_.end)


def accounting_date(periods: Iterable[FiscalPeriodRow], module: LedgerModule, on: date) -> date | None:
    """Return the day itself where its period is open, else the first day of the earliest open one after it, or None."""
    open_ = [one for one in periods if standing(one, module) is PeriodStatus.OPEN]
    if any(holds(one, on) for one in open_):
        return on
    return min((one.range.start for one in open_ if one.range is not None and one.range.start > on), default=None)
