"""The whole firm as frozen records; codes such as "ENG-007" are the keys between them."""

from dataclasses import dataclass
from datetime import datetime

from demo.firm.records_delivery import (
    Assignment,
    CapacityBucket,
    CapacityScenario,
    CapacitySnapshot,
    Engagement,
    Expense,
    Milestone,
    ProjectNode,
    RoleDemand,
    Task,
    TimeEntry,
)
from demo.firm.records_money import (
    BillingEvent,
    Contract,
    ContractAmendment,
    ContractLine,
    Invoice,
    InvoiceLine,
    Payment,
    Rate,
    RateCard,
    RevenueEntry,
    RevenueSchedule,
    ScheduleEntry,
)
from demo.firm.records_organisation import (
    Absence,
    CostCenter,
    Customer,
    ExchangeRate,
    FiscalPeriod,
    Holiday,
    LegalEntity,
    Opportunity,
    OpportunityLine,
    Person,
    Practice,
    Role,
)

__all__ = [
    "Absence",
    "Assignment",
    "BillingEvent",
    "CapacityBucket",
    "CapacityScenario",
    "CapacitySnapshot",
    "Contract",
    "ContractAmendment",
    "ContractLine",
    "CostCenter",
    "Customer",
    "Engagement",
    "ExchangeRate",
    "Expense",
    "Firm",
    "FiscalPeriod",
    "Holiday",
    "Invoice",
    "InvoiceLine",
    "LegalEntity",
    "Milestone",
    "Opportunity",
    "OpportunityLine",
    "Payment",
    "Person",
    "Practice",
    "ProjectNode",
    "Rate",
    "RateCard",
    "RevenueEntry",
    "RevenueSchedule",
    "Role",
    "RoleDemand",
    "ScheduleEntry",
    "Task",
    "TimeEntry",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Firm:
    """Everything that is true of the firm at `as_of`; no system's mistakes are in it."""

    as_of: datetime
    legal_entities: tuple[LegalEntity, ...]
    cost_centers: tuple[CostCenter, ...]
    practices: tuple[Practice, ...]
    roles: tuple[Role, ...]
    customers: tuple[Customer, ...]
    people: tuple[Person, ...]
    absences: tuple[Absence, ...]
    holidays: tuple[Holiday, ...]
    fiscal_periods: tuple[FiscalPeriod, ...]
    exchange_rates: tuple[ExchangeRate, ...]
    opportunities: tuple[Opportunity, ...]
    engagements: tuple[Engagement, ...]
    projects: tuple[ProjectNode, ...]
    tasks: tuple[Task, ...]
    milestones: tuple[Milestone, ...]
    assignments: tuple[Assignment, ...]
    role_demands: tuple[RoleDemand, ...]
    time_entries: tuple[TimeEntry, ...]
    expenses: tuple[Expense, ...]
    rate_cards: tuple[RateCard, ...]
    contracts: tuple[Contract, ...]
    billing_events: tuple[BillingEvent, ...]
    invoices: tuple[Invoice, ...]
    payments: tuple[Payment, ...]
    revenue_schedules: tuple[RevenueSchedule, ...]
    capacity_scenarios: tuple[CapacityScenario, ...]
    capacity_buckets: tuple[CapacityBucket, ...]
    personal_capacity: tuple[CapacityBucket, ...]
    capacity_snapshots: tuple[CapacitySnapshot, ...]
