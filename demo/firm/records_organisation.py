"""Records about who the firm is: entities, people, customers, calendars."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from demo.firm.vocabulary import (
    AbsenceKind,
    BillingModel,
    CalendarPattern,
    CreditStatus,
    EmploymentStatus,
    ExchangeRateType,
    Module,
    OpportunityStage,
    PeriodKind,
    PeriodStatus,
    RoundingMode,
    TaxRounding,
    WeekStart,
    WorkerType,
    YearLabelRule,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalEntity:
    """A company of the group: its currency, calendar and the way it rounds and taxes (rate 0.2 means 20 %)."""

    code: str
    name: str
    country: str
    currency: str
    time_zone: str
    week_start: WeekStart
    calendar: CalendarPattern
    fiscal_year_start_month: int
    year_label_rule: YearLabelRule
    tax_regime: str
    tax_code: str
    tax_rate: Decimal
    rounding_mode: RoundingMode
    tax_rounding: TaxRounding


@dataclass(frozen=True, slots=True, kw_only=True)
class CostCenter:
    """A place in one entity where cost is collected."""

    code: str
    name: str
    entity: str
    active: bool
    start: date
    end: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Practice:
    """A service line and the person who leads it."""

    code: str
    name: str
    leader: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A labor category, with the billable share (0 to 1) expected of people in it."""

    code: str
    name: str
    family: str
    active: bool
    billable_target: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A client, with what sales knows of it and what finance may bill it by."""

    code: str
    name: str
    legal_name: str
    industry: str
    country: str
    currency: str
    tax_number: str
    payment_terms_days: int
    credit_status: CreditStatus
    account_owner: str
    parent: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody the firm employs; the cost rate is per hour in the employing entity's currency."""

    code: str
    employee_number: str
    name: str
    email: str
    worker_type: WorkerType
    employment_status: EmploymentStatus
    entity: str
    role: str
    practice: str | None
    cost_center: str
    hire_date: date
    termination_date: date | None
    hours_per_week: Decimal
    working_days: tuple[str, ...]
    time_zone: str
    holiday_calendar: str
    manager: str | None
    primary: str
    secondary: str | None
    billable_target: Decimal
    bookable: bool
    cost_rate: Decimal
    cost_currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """Approved or asked-for leave of one person; both dates inclusive, working days only."""

    code: str
    person: str
    start: date
    end: date
    hours_per_day: Decimal
    kind: AbsenceKind
    approved: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Holiday:
    """A public holiday in one holiday calendar."""

    calendar: str
    day: date
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FiscalPeriod:
    """A fiscal period of one entity, both dates inclusive, with a status of its own for each ledger module."""

    entity: str
    code: str
    start: date
    end: date
    kind: PeriodKind
    status: PeriodStatus
    modules: Mapping[Module, PeriodStatus] = field(hash=False)
    close_scheduled_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeRate:
    """One unit of `base` costs `rate` units of `quote` on that day."""

    base: str
    quote: str
    rate: Decimal
    kind: ExchangeRateType
    day: date
    source: str

    @property
    def code(self) -> str:
        """What the treasury calls it."""
        return f"{self.kind}/{self.base}-{self.quote}/{self.day.isoformat()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpportunityLine:
    """Work offered: hours of one role at an hourly price, in one workstream."""

    position: int
    role: str
    hours: Decimal
    unit_price: Decimal
    workstream: str
    region: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opportunity:
    """A deal; the amount is the total contract value before tax, the probability runs from 0 to 1."""

    code: str
    name: str
    customer: str
    stage: OpportunityStage
    probability: Decimal
    amount: Decimal
    currency: str
    expected_close_date: date
    closed_date: date | None
    closed_at: datetime | None
    expected_start_date: date
    entity: str | None
    model: BillingModel | None
    owner: str
    lines: tuple[OpportunityLine, ...]
    engagement: str | None
