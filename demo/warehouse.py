"""What the firm's data warehouse holds: copies of the ledger's figures, each with the instant of its copying."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Column, Date, DateTime, MetaData, Numeric, String, Table, create_engine, insert

from demo.emulator import UNCHANGED, Changes, Row
from demo.firm.model import Firm

COPY_AGE: Final = timedelta(hours=3)
# SQLite keeps numbers as binary fractions: there, exact ones are texts.
EXACT: Final = Numeric().with_variant(String(), "sqlite")
INSTANT: Final = DateTime(timezone=True).with_variant(String(), "sqlite")
METADATA: Final = MetaData()
Table(
    "exchange_rates",
    METADATA,
    Column("rate_key", String, primary_key=True),
    Column("base_currency", String(3)),
    Column("quote_currency", String(3)),
    Column("rate_type", String),
    Column("rate_date", Date),
    Column("rate", EXACT),
    Column("copied_at", INSTANT),
)
Table(
    "recognized_revenue",
    METADATA,
    Column("engagement_code", String, primary_key=True),
    Column("legal_entity", String),
    Column("currency", String(3)),
    Column("recognized_amount", EXACT),
    Column("copied_at", INSTANT),
)


def exchange_rates(firm: Firm) -> Iterator[Row]:
    """Yield a row for each rate, type and day."""
    for rate in firm.exchange_rates:
        yield {
            "rate_key": rate.code,
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


def fill(url: str, firm: Firm, changes: Changes = UNCHANGED) -> None:
    """Make the tables in an empty database and load them. Its address has a synchronous driver."""
    engine = create_engine(url)
    texts = engine.dialect.name == "sqlite"
    with engine.begin() as connection:
        METADATA.create_all(connection)
        for name, rows in tables(firm, changes).items():
            connection.execute(insert(METADATA.tables[name]), [_spelled(row) if texts else row for row in rows])
    engine.dispose()


def _spelled(row: Row) -> dict[str, Any]:
    return {
        name: str(value) if isinstance(value, Decimal) else value.isoformat() if isinstance(value, datetime) else value
        for name, value in row.items()
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
