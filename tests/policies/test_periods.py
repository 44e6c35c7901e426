"""On which day work is posted: the vectors of the domain model, 8.4."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from policies.periods import accounting_date, standing
from schema.fiscal_period import FiscalPeriodRow, LedgerModule, ModuleStatus, PeriodStatus
from schema.problems import Code, Problem
from schema.rows import Origin, Ref, System
from schema.values import DateRange

ORIGIN = Origin(System.ERP, "erp", datetime(2026, 4, 8, tzinfo=UTC))


def month(number: int, last: int, status: PeriodStatus) -> FiscalPeriodRow:
    """Return a month of 2026 whose time stands so, and whose receivables are open."""
    return FiscalPeriodRow(
        ref=Ref("FiscalPeriod", "erp", str(number)),
        origin=ORIGIN,
        code=f"2026-P{number:02}",
        range=DateRange(start=date(2026, number, 1), end=date(2026, number, last)),
        module_status=[
            ModuleStatus(module=LedgerModule.TIME, status=status),
            ModuleStatus(module=LedgerModule.AR, status=PeriodStatus.OPEN),
        ],
    )


YEAR = [
    month(2, 28, PeriodStatus.CLOSED),
    month(3, 31, PeriodStatus.CLOSED),
    month(5, 31, PeriodStatus.OPEN),
    month(4, 30, PeriodStatus.OPEN),
    month(6, 30, PeriodStatus.FUTURE),
]


@pytest.mark.parametrize(
    ("worked", "posted"),
    [
        (date(2026, 4, 8), date(2026, 4, 8)),
        (date(2026, 2, 27), date(2026, 4, 1)),
        (date(2026, 3, 31), date(2026, 4, 1)),
        (date(2026, 6, 2), None),
    ],
)
def test_the_day_on_which_time_is_posted(worked: date, posted: date | None) -> None:
    """Its own where that is open, else the first of the earliest open period after it: later, and never earlier."""
    assert accounting_date(YEAR, LedgerModule.TIME, worked) == posted


def test_each_module_closes_by_itself() -> None:
    """February is closed to time, and open to receivables."""
    assert accounting_date(YEAR, LedgerModule.AR, date(2026, 2, 27)) == date(2026, 2, 27)
    assert standing(YEAR[0], LedgerModule.GL) is None


def test_a_status_that_cannot_be_read_is_not_open() -> None:
    """An unmapped code is unknown, and what is unknown takes nothing."""
    unread: Any = Problem(Code.UNMAPPED_VALUE, "unmapped")
    period = month(4, 30, PeriodStatus.OPEN)
    period.module_status = [ModuleStatus(module=LedgerModule.TIME, status=unread)]
    assert standing(period, LedgerModule.TIME) is None
    assert accounting_date([period], LedgerModule.TIME, date(2026, 4, 8)) is None
