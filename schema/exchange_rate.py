"""An exchange rate, and an amount converted by one: it says by which."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import ClassVar

import strawberry

from schema.graph import Node, Traced, facet, home
from schema.rows import Maybe, Row, System
from schema.values import CurrencyCode, Money


@strawberry.enum
class ExchangeRateType(Enum):
    """What a rate is for: postings, reports, or what a contract bills. The types never mix."""

    SPOT = "SPOT"
    PERIOD_AVERAGE = "PERIOD_AVERAGE"
    CONTRACT_FIXED = "CONTRACT_FIXED"


@strawberry.type
class MoneyConversion:
    """An amount in another currency than it arose in. `rateDate` is the day for which the rate was taken."""

    money: Money
    original: Money
    rate: Decimal
    rate_type: ExchangeRateType | None
    rate_date: date


class ExchangeRateRow(Row):
    """What the ERP says."""

    type: ClassVar[str] = "ExchangeRate"
    cadence: ClassVar[timedelta] = timedelta(days=1)

    base: CurrencyCode
    quote: CurrencyCode
    rate: Decimal
    day: date
    kind: Maybe[ExchangeRateType] = None
    source: str | None = None


class ExchangeRateWarehouseRow(Row):
    """The warehouse's copy, and when it was made."""

    type: ClassVar[str] = "ExchangeRate"

    reported_rate: Decimal | None = None
    reported_at: datetime | None = None


@facet(System.WAREHOUSE, "exchange_rates_warehouse")
class ExchangeRateWarehouse:
    """The rate by which reports convert: a copy, as old as it says."""

    reported_rate: Decimal | None
    reported_at: datetime | None


@home(System.ERP, "exchange_rates_by_id", ExchangeRateRow)
class ExchangeRate(ExchangeRateWarehouse, Traced, Node):
    """What one unit of `from` costs in `to`. It holds from `date` on; an average is that of the period ended then."""

    base: CurrencyCode = strawberry.field(name="from")
    quote: CurrencyCode = strawberry.field(name="to")
    rate: Decimal
    kind: ExchangeRateType | None = strawberry.field(name="type")
    day: date = strawberry.field(name="date")
    source: str | None
