"""What the firm's data warehouse holds: copies of the ledger's figures, each with the instant of its copying."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Final

from demo.emulator import UNCHANGED, Changes, Row
from demo.firm.model import Firm

COPY_AGE: Final = timedelta(hours=3)


def exchange_rates(firm: Firm) -> Iterator[Row]:
    """Yield a row for each rate, type and day."""
    for rate in firm.exchange_rates:
        yield {
            "base_currency": rate.base,
            "quote_currency": rate.quote,
            "rate_type": rate.kind,
            "rate_date": rate.day,
            "rate": rate.rate,
            "copied_at": firm.as_of - COPY_AGE,
        }


def recognized_revenue(firm: Firm) -> Iterator[Row]:
    """Yield what has been recognized of each engagement, in its contract's currency."""
    for schedule in firm.revenue_schedules:
        yield {
            "engagement_code": schedule.engagement,
            "legal_entity": schedule.entity,
            "currency": schedule.currency,
            "recognized_amount": sum((entry.recognized for entry in schedule.entries), Decimal(0)),
            "copied_at": firm.as_of - COPY_AGE,
        }


TABLES: Final[Mapping[str, Callable[[Firm], Iterable[Row]]]] = {
    "exchange_rates": exchange_rates,
    "recognized_revenue": recognized_revenue,
}


def tables(firm: Firm, changes: Changes = UNCHANGED) -> dict[str, list[Row]]:
    """Return the warehouse's tables, for whoever loads them into a database."""
    found: dict[str, list[Row]] = {}
    for name, project in TABLES.items():
        rows: Iterable[Row] = project(firm)
        for change in changes.get(name, ()):
            rows = change(rows)
        found[name] = list(rows)
    return found
