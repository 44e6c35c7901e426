"""Every type with a home. One file a type; this is their list."""

from __future__ import annotations

from schema.absence import Absence
from schema.assignment import Assignment
from schema.billing_event import BillingEvent, BillingSource
from schema.capacity import CapacityBucket, CapacityScenario
from schema.contract import Contract, ContractAmendment, ContractLine, ScheduleEntry
from schema.cost_center import CostCenter
from schema.customer import Customer
from schema.engagement import Engagement
from schema.exchange_rate import ExchangeRate
from schema.expense import Expense
from schema.fiscal_period import FiscalPeriod
from schema.holiday_calendar import HolidayCalendar
from schema.invoice import Invoice, InvoiceLine
from schema.ledger_rate import LedgerRate, LedgerRateCard
from schema.legal_entity import LegalEntity
from schema.milestone import Milestone
from schema.opportunity import Opportunity, OpportunityLine
from schema.practice import Practice
from schema.project import Project
from schema.rate_card import Rate, RateCard
from schema.resource import Resource
from schema.revenue_schedule import RevenueEntry, RevenueSchedule
from schema.role import Role
from schema.role_demand import RoleDemand
from schema.source_segment import SourceSegment
from schema.task import Task
from schema.time_entry import TimeEntry

TYPES: tuple[type, ...] = (
    Absence,
    Assignment,
    BillingEvent,
    BillingSource,
    CapacityBucket,
    CapacityScenario,
    Contract,
    ContractAmendment,
    ContractLine,
    CostCenter,
    Customer,
    Engagement,
    Expense,
    ExchangeRate,
    FiscalPeriod,
    HolidayCalendar,
    Invoice,
    InvoiceLine,
    LedgerRate,
    LedgerRateCard,
    LegalEntity,
    Milestone,
    Opportunity,
    OpportunityLine,
    Practice,
    Project,
    Rate,
    RateCard,
    Resource,
    RevenueEntry,
    RevenueSchedule,
    Role,
    RoleDemand,
    ScheduleEntry,
    SourceSegment,
    Task,
    TimeEntry,
)
