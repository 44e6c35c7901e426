"""A contract: what was agreed, line by line; the ERP keeps it."""

from __future__ import annotations

from datetime import date
from enum import Enum
from typing import TYPE_CHECKING, Annotated, ClassVar

import strawberry

from schema.access import Reach
from schema.graph import Node, Traced, home, link
from schema.legal_entity import LegalEntity
from schema.rows import Maybe, Ref, Row, System
from schema.values import CurrencyCode, DateRange, Money, Ratio

if TYPE_CHECKING:
    from schema.billing_event import BillingEvent
    from schema.engagement import Engagement
    from schema.milestone import Milestone
    from schema.project import Project
    from schema.rate_card import RateCard
    from schema.revenue_schedule import RevenueSchedule


@strawberry.enum
class BillingModel(Enum):
    """How work becomes money."""

    TIME_AND_MATERIALS = "TIME_AND_MATERIALS"
    TIME_AND_MATERIALS_CAPPED = "TIME_AND_MATERIALS_CAPPED"
    FIXED_FEE_MILESTONE = "FIXED_FEE_MILESTONE"
    RETAINER = "RETAINER"
    SUBSCRIPTION = "SUBSCRIPTION"


@strawberry.enum
class CapBehavior(Enum):
    """What happens to work above the cap."""

    BLOCK = "BLOCK"
    SPLIT = "SPLIT"
    WARN = "WARN"


@strawberry.enum
class RevenueMethod(Enum):
    """When the ERP recognises revenue."""

    OVER_TIME_INPUT = "OVER_TIME_INPUT"
    OVER_TIME_OUTPUT = "OVER_TIME_OUTPUT"
    AS_INVOICED = "AS_INVOICED"
    POINT_IN_TIME = "POINT_IN_TIME"


@strawberry.enum
class BillingFrequency(Enum):
    """How often a retainer or a subscription is billed."""

    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"
    QUARTERLY = "QUARTERLY"
    YEARLY = "YEARLY"


class ContractRow(Row):
    """What the ERP says of a contract."""

    type: ClassVar[str] = "Contract"

    code: str
    engagement: Annotated[Ref, "Engagement"] | None = None
    legal_entity: Annotated[Ref, "LegalEntity"] | None = None
    currency: CurrencyCode | None = None
    customer_reference: str | None = None
    signed_date: date | None = None
    range: DateRange | None = None
    revenue_method: Maybe[RevenueMethod] = None


class ContractLineRow(Row):
    """What the ERP says of one line."""

    type: ClassVar[str] = "ContractLine"

    description: str | None = None
    contract: Annotated[Ref, "Contract"] | None = None
    project: Annotated[Ref, "Project"] | None = None
    model: Maybe[BillingModel] = None
    amount: Money | None = None
    cap: Money | None = None
    cap_behavior: Maybe[CapBehavior] = None
    frequency: Maybe[BillingFrequency] = None
    in_advance: Maybe[bool] = None
    retainer_rollover: Maybe[bool] = None
    expenses_billable: Maybe[bool] = None
    expense_markup: Ratio | None = None
    tax_code: str | None = None
    rate_card: Annotated[Ref, "RateCard"] | None = None
    revenue_method: Maybe[RevenueMethod] = None


class ScheduleEntryRow(Row):
    """What the ERP says of one entry of a line's schedule."""

    type: ClassVar[str] = "ScheduleEntry"

    due_date: date | None = None
    contract_line: Annotated[Ref, "ContractLine"] | None = None
    milestone: Annotated[Ref, "Milestone"] | None = None
    amount: Money | None = None


class ContractAmendmentRow(Row):
    """What the ERP says of a change to a contract."""

    type: ClassVar[str] = "ContractAmendment"

    code: str
    contract: Annotated[Ref, "Contract"] | None = None
    description: str | None = None
    signed_date: date | None = None
    effective_date: date | None = None
    change: Money | None = None


@home(System.ERP, "schedule_entries_by_id", ScheduleEntryRow)
class ScheduleEntry(Traced, Node):
    """An amount that a contract line bills on a day; the entries of a line add up to its amount."""

    due_date: date | None
    contract_line: Annotated[ContractLine, strawberry.lazy("schema.contract")] | None = link(
        System.ERP, "contract_lines_by_id", key="contract_line"
    )
    milestone: Annotated[Milestone, strawberry.lazy("schema.milestone")] | None = link(
        System.PSA, "milestones_by_id", key="milestone"
    )
    amount: Money | None


@home(System.ERP, "contract_amendments_by_id", ContractAmendmentRow)
class ContractAmendment(Traced, Node):
    """A signed change order; the contract's lines already say what holds since. `change` is what it added in value."""

    code: str
    contract: Annotated[Contract, strawberry.lazy("schema.contract")] | None = link(
        System.ERP, "contracts_by_id", key="contract"
    )
    description: str | None
    signed_date: date | None
    effective_date: date | None
    change: Money | None


@home(System.ERP, "contract_lines_by_id", ContractLineRow)
class ContractLine(Traced, Node):
    """One set of terms: one performance obligation. What does not apply to its model is null."""

    description: str | None
    contract: Annotated[Contract, strawberry.lazy("schema.contract")] | None = link(
        System.ERP, "contracts_by_id", key="contract"
    )
    project: Annotated[Project, strawberry.lazy("schema.project")] | None = link(
        System.PSA, "projects_by_id", key="project"
    )
    model: BillingModel | None
    amount: Money | None
    cap: Money | None
    cap_behavior: CapBehavior | None
    schedule: list[ScheduleEntry | None] | None = link(System.ERP, "schedule_entries_by_contract_line", at_most=500)
    frequency: BillingFrequency | None
    in_advance: bool | None
    retainer_rollover: bool | None
    expenses_billable: bool | None
    expense_markup: Ratio | None
    tax_code: str | None
    rate_card: Annotated[RateCard, strawberry.lazy("schema.rate_card")] | None = link(
        System.PSA, "rate_cards_by_id", key="rate_card"
    )
    revenue_method: RevenueMethod | None
    billing_events: list[Annotated[BillingEvent, strawberry.lazy("schema.billing_event")] | None] | None = link(
        System.ERP, "billing_events_by_contract_line", at_most=500, about=3
    )
    revenue_schedule: Annotated[RevenueSchedule, strawberry.lazy("schema.revenue_schedule")] | None = link(
        System.ERP, "revenue_schedules_by_contract_line"
    )


@home(System.ERP, "contracts_by_id", ContractRow, scope={Reach.ENTITY: "legal_entity", Reach.ENGAGEMENT: "engagement"})
class Contract(Traced, Node):
    """The agreement behind an engagement. Entity and currency are fixed at signature."""

    code: str
    engagement: Annotated[Engagement, strawberry.lazy("schema.engagement")] | None = link(
        System.PSA, "engagements_by_id", key="engagement"
    )
    legal_entity: LegalEntity | None = link(System.ERP, "legal_entities_by_id", key="legal_entity")
    currency: CurrencyCode | None
    customer_reference: str | None
    signed_date: date | None
    range: DateRange | None
    revenue_method: RevenueMethod | None
    lines: list[ContractLine | None] | None = link(System.ERP, "contract_lines_by_contract", at_most=200, about=2)
    amendments: list[ContractAmendment | None] | None = link(
        System.ERP, "contract_amendments_by_contract", at_most=200, about=1
    )
