"""Records about the work: engagements, projects, staffing, time, expenses, capacity."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from demo.firm.vocabulary import (
    Acceptance,
    ApprovalStatus,
    AssignmentBasis,
    AssignmentStatus,
    BillingClass,
    BillingModel,
    BillingStatus,
    Commitment,
    DemandStatus,
    EngagementStatus,
    ErpProjectStatus,
    ExpenseCategory,
    MilestoneStatus,
    NodeKind,
    PostingStatus,
    ProjectPhase,
    ScenarioKind,
    SourceState,
    TaskStatus,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Engagement:
    """A commercial undertaking; value and planned money in contract currency, planned effort in hours."""

    code: str
    name: str
    customer: str | None
    opportunity: str | None
    entity: str
    currency: str
    model: BillingModel
    value: Decimal | None
    practice: str | None
    manager: str
    status: EngagementStatus
    erp_status: ErpProjectStatus
    planned_start: date
    planned_end: date
    planned_hours: Decimal | None
    planned_cost: Decimal | None
    planned_revenue: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectNode:
    """A node of an engagement's delivery tree; progress from 0 to 1, estimate to complete in hours."""

    code: str
    engagement: str
    parent: str | None
    kind: NodeKind
    name: str
    region: str | None
    delivering_entity: str
    cost_center: str
    phase: ProjectPhase
    status: EngagementStatus
    planned_start: date
    planned_end: date
    actual_start: date | None
    actual_end: date | None
    progress: Decimal
    estimate_to_complete: Decimal
    erp_reference: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A piece of work in a phase; effort in hours, progress from 0 to 1."""

    code: str
    project: str
    name: str
    planned_hours: Decimal
    remaining_hours: Decimal
    progress: Decimal
    status: TaskStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone:
    """A dated result; the amount is what it bills, before tax, in contract currency."""

    code: str
    name: str
    engagement: str
    project: str
    planned_date: date
    actual_date: date | None
    status: MilestoneStatus
    billable: bool
    amount: Decimal
    currency: str
    acceptance: Acceptance
    acceptance_evidence: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """A named person on a project; allocation is the share of the person's schedule, the rate is per hour."""

    code: str
    person: str
    engagement: str
    project: str
    role: str
    commitment: Commitment
    status: AssignmentStatus
    start: date
    end: date
    allocation: Decimal
    hours_per_day: Decimal
    basis: AssignmentBasis
    billable: bool
    bill_rate: Decimal
    currency: str
    demand: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleDemand:
    """An unnamed need for people of one role; hours a week per head, weight from 0 to 1."""

    code: str
    opportunity: str | None
    engagement: str | None
    project: str | None
    entity: str | None
    role: str
    count: int
    start: date
    end: date
    hours_per_week: Decimal
    region: str | None
    status: DemandStatus
    filled_by: tuple[str, ...]
    scenario: str
    probability_weight: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeEntry:
    """Hours of one person on one day; bill amounts in contract currency, cost rate in the employer's currency.

    `entity` is the employing entity. `source_state` is the one merged state a delivery system shows; `lifecycle` is the
    canonical one, in which fee-covered and internal time is never BILLED.
    """

    code: str
    person: str
    entity: str
    engagement: str
    project: str
    task: str
    assignment: str | None
    role: str
    work_date: date
    hours: Decimal
    billable_hours: Decimal
    billing_class: BillingClass
    source_state: SourceState
    lifecycle: SourceState
    approval_status: ApprovalStatus
    submitted_at: datetime | None
    approved_at: datetime | None
    approver: str | None
    bill_rate: Decimal
    amount: Decimal
    currency: str
    cost_rate: Decimal
    cost_currency: str
    posting_status: PostingStatus
    accounting_date: date | None
    fiscal_period: str | None
    billing_status: BillingStatus
    billing_event: str | None
    invoice_line: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expense:
    """Money a person spent for an engagement, in the employing entity's currency; markup 0.1 means 10 %."""

    code: str
    person: str
    entity: str
    engagement: str
    project: str
    assignment: str
    category: ExpenseCategory
    incurred_date: date
    amount: Decimal
    currency: str
    tax_amount: Decimal | None
    billable: bool
    markup: Decimal | None
    approval_status: ApprovalStatus
    approver: str | None
    posting_status: PostingStatus
    accounting_date: date | None
    fiscal_period: str | None
    billing_status: BillingStatus
    receipt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityScenario:
    """A named plan that capacity is looked at in."""

    code: str
    name: str
    kind: ScenarioKind
    created_at: datetime
    approved: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityBucket:
    """Hours of one role in one entity in the week from Monday `week_start`; without entity: demand nobody owns yet.

    With a person they are that person's alone, and part of the role's.
    """

    scenario: str
    week_start: date
    entity: str | None
    role: str
    capacity_hours: Decimal
    firm_hours: Decimal
    tentative_hours: Decimal
    demand_hours: Decimal
    person: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacitySnapshot:
    """What the forecast said at one instant about the weeks that followed; kept to measure its accuracy."""

    code: str
    scenario: str
    taken_at: datetime
    buckets: tuple[CapacityBucket, ...]
