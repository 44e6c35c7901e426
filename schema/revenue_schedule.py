"""A revenue schedule: how a contract line becomes revenue. The ERP alone recognises it; here it is only read."""

from __future__ import annotations

from datetime import timedelta
from enum import Enum
from typing import Annotated, ClassVar

import strawberry

from schema.contract import ContractLine, RevenueMethod
from schema.fiscal_period import FiscalPeriod
from schema.graph import Node, Traced, home, link
from schema.rows import Maybe, Ref, Row, System
from schema.values import Money, Ratio


@strawberry.enum
class RevenueStatus(Enum):
    """Whether the ledger has it."""

    PLANNED = "PLANNED"
    POSTED = "POSTED"
    REVERSED = "REVERSED"


class RevenueScheduleRow(Row):
    """What the ERP says of a line's schedule."""

    type: ClassVar[str] = "RevenueSchedule"
    cadence: ClassVar[timedelta] = timedelta(days=1)

    contract_line: Annotated[Ref, "ContractLine"] | None = None
    method: Maybe[RevenueMethod] = None
    transaction_price: Money | None = None
    progress: Ratio | None = None
    contract_asset: Money | None = None
    contract_liability: Money | None = None


class RevenueEntryRow(Row):
    """What the ERP says of one period of a schedule."""

    type: ClassVar[str] = "RevenueEntry"
    cadence: ClassVar[timedelta] = timedelta(days=1)

    schedule: Annotated[Ref, "RevenueSchedule"] | None = None
    fiscal_period: Annotated[Ref, "FiscalPeriod"] | None = None
    planned: Money | None = None
    recognized: Money | None = None
    status: Maybe[RevenueStatus] = None


@home(System.ERP, "revenue_entries_by_id", RevenueEntryRow)
class RevenueEntry(Traced, Node):
    """What a line earns in one period. What was planned stays to be seen beside what was recognised."""

    schedule: Annotated[RevenueSchedule, strawberry.lazy("schema.revenue_schedule")] | None = link(
        System.ERP, "revenue_schedules_by_id", key="schedule"
    )
    fiscal_period: FiscalPeriod | None = link(System.ERP, "fiscal_periods_by_id", key="fiscal_period")
    planned: Money | None
    recognized: Money | None
    status: RevenueStatus | None


@home(System.ERP, "revenue_schedules_by_id", RevenueScheduleRow)
class RevenueSchedule(Traced, Node):
    """`progress` is what of the price is earned; more earned than billed is an asset, more billed a liability."""

    contract_line: ContractLine | None = link(System.ERP, "contract_lines_by_id", key="contract_line")
    method: RevenueMethod | None
    transaction_price: Money | None
    progress: Ratio | None
    contract_asset: Money | None
    contract_liability: Money | None
    entries: list[RevenueEntry | None] | None = link(
        System.ERP, "revenue_entries_by_revenue_schedule", at_most=500, about=3
    )
