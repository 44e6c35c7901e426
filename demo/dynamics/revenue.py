"""The rows of revenue recognition: a schedule for each contract line, and what it comes to in each period."""

from collections.abc import Iterator
from typing import Final

from demo.dynamics import ids
from demo.dynamics.projects import REVENUE_METHOD
from demo.emulator import Row
from demo.firm.model import Firm

STATUS: Final = {"PLANNED": "Scheduled", "POSTED": "Posted", "REVERSED": "Reversed"}


def revenue_schedules(firm: Firm) -> Iterator[Row]:
    """Yield NBRevenueSchedules; progress is in percent."""
    for schedule in firm.revenue_schedules:
        yield {
            "dataAreaId": ids.data_area(schedule.entity),
            "RevenueScheduleId": schedule.code,
            "ContractLineId": ids.contract_line_id(schedule.contract_line),
            "RecognitionMethod": REVENUE_METHOD[schedule.method],
            "CurrencyCode": schedule.currency,
            "TransactionPrice": schedule.transaction_price,
            "CompletionPercent": schedule.progress * 100,
            "ContractAsset": schedule.contract_asset,
            "ContractLiability": schedule.contract_liability,
        }


def revenue_lines(firm: Firm) -> Iterator[Row]:
    """Yield NBRevenueScheduleLines."""
    for schedule in firm.revenue_schedules:
        for entry in schedule.entries:
            yield {
                "dataAreaId": ids.data_area(schedule.entity),
                "RevenueScheduleLineId": f"{schedule.code}-{entry.fiscal_period}",
                "RevenueScheduleId": schedule.code,
                "PeriodId": ids.period_id(schedule.entity, entry.fiscal_period),
                "CurrencyCode": schedule.currency,
                "ScheduledAmount": entry.planned,
                "RecognizedAmount": entry.recognized,
                "LineStatus": STATUS[entry.status],
            }
