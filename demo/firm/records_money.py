"""Records about the money: prices, contracts, billing, invoices, payments, revenue."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from demo.firm.vocabulary import (
    BillingEventKind,
    BillingEventStatus,
    BillingModel,
    CapBehavior,
    DocumentStatus,
    InvoiceKind,
    PaymentStatus,
    RateCardKind,
    RateCardStatus,
    RateUnit,
    RevenueMethod,
    RevenueStatus,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """The price of one unit of a role's time from `start` to `end`, both inclusive; no end means until changed."""

    role: str
    person: str | None
    region: str | None
    amount: Decimal
    unit: RateUnit
    start: date
    end: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RateCard:
    """A price list; engagement scope beats entity scope. A transfer card lends from `entity` to `to_entity`."""

    code: str
    name: str
    kind: RateCardKind
    entity: str | None
    to_entity: str | None
    customer: str | None
    engagement: str | None
    currency: str
    version: int
    status: RateCardStatus
    rates: tuple[Rate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleEntry:
    """An amount a contract line bills on a date, before tax, in contract currency."""

    due_date: date
    milestone: str | None
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractLine:
    """One set of terms; amounts before tax in contract currency, markup 0.1 means 10 %."""

    code: str
    contract: str
    project: str
    model: BillingModel
    amount: Decimal
    cap: Decimal | None
    cap_behavior: CapBehavior | None
    rate_card: str | None
    schedule: tuple[ScheduleEntry, ...]
    frequency: str | None
    in_advance: bool | None
    retainer_rollover: bool | None
    expenses_billable: bool
    expense_markup: Decimal | None
    tax_code: str
    revenue_method: RevenueMethod


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractAmendment:
    """A signed change order; `change` is what it added to the contract value, which the lines already contain."""

    code: str
    contract: str
    description: str
    signed_date: date
    effective_date: date
    change: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """What the customer signed; dates inclusive."""

    code: str
    engagement: str
    customer: str
    entity: str
    currency: str
    customer_reference: str
    signed_date: date
    start: date
    end: date
    revenue_method: RevenueMethod
    lines: tuple[ContractLine, ...]
    amendments: tuple[ContractAmendment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingEvent:
    """What may be billed, before the document exists; amount before tax in contract currency, work dates inclusive."""

    code: str
    engagement: str
    contract_line: str
    kind: BillingEventKind
    period_start: date
    period_end: date
    due_date: date
    amount: Decimal
    currency: str
    hours: Decimal | None
    time_entries: tuple[str, ...]
    milestone: str | None
    status: BillingEventStatus
    hold_reasons: tuple[str, ...]
    ready_at: datetime | None
    invoice: str | None
    invoice_lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceLine:
    """A line of an invoice; a credit note's quantity and amounts are negative."""

    code: str
    invoice: str
    position: int
    description: str
    role: str | None
    quantity: Decimal
    unit: str
    unit_price: Decimal
    net: Decimal
    tax_code: str
    tax: Decimal
    contract_line: str
    billing_event: str | None
    revenue_account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """An invoice or credit note, keyed by its number; entity amounts are the total at the posting day's spot rate."""

    number: str
    kind: InvoiceKind
    customer: str
    entity: str
    engagement: str
    currency: str
    document_status: DocumentStatus
    payment_status: PaymentStatus
    issue_date: date
    due_date: date
    accounting_date: date
    fiscal_period: str
    net: Decimal
    tax: Decimal
    total: Decimal
    open_amount: Decimal
    entity_currency: str
    entity_rate: Decimal
    entity_total: Decimal
    corrects: str | None
    corrected_by: tuple[str, ...]
    reason: str | None
    lines: tuple[InvoiceLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """Money received for one invoice, in the invoice's currency, tax included."""

    code: str
    invoice: str
    amount: Decimal
    currency: str
    received_date: date
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RevenueEntry:
    """Revenue of one contract line in one fiscal period, planned and recognised, in contract currency."""

    fiscal_period: str
    planned: Decimal
    recognized: Decimal
    status: RevenueStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class RevenueSchedule:
    """How a contract line turns into revenue; progress from 0 to 1, money in contract currency."""

    code: str
    contract_line: str
    engagement: str
    entity: str
    currency: str
    method: RevenueMethod
    transaction_price: Decimal
    progress: Decimal
    contract_asset: Decimal
    contract_liability: Decimal
    entries: tuple[RevenueEntry, ...]
