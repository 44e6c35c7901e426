"""A time entry: hours of one person on one day, on three axes with a writer each."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import Enum
from typing import Annotated, Any, ClassVar, Optional

import strawberry

from schema.access import Reach
from schema.assignment import Assignment
from schema.engagement import Engagement
from schema.fiscal_period import FiscalPeriod
from schema.graph import Node, Traced, derived_with, facet, home, link, restricted
from schema.invoice import InvoiceLine
from schema.problems import Problem
from schema.project import Project
from schema.resource import Resource
from schema.restriction import Restriction
from schema.role import Role
from schema.rows import Maybe, Ref, Row, System
from schema.task import Task
from schema.values import Hours, Money


@strawberry.enum
class BillingClass(Enum):
    """What the customer pays for the hours. FEE_COVERED: client work under a fee, never billed by the hour."""

    BILLABLE = "BILLABLE"
    FEE_COVERED = "FEE_COVERED"
    NON_BILLABLE = "NON_BILLABLE"
    COMPLIMENTARY = "COMPLIMENTARY"
    INTERNAL = "INTERNAL"


@strawberry.enum
class ApprovalStatus(Enum):
    """The PSA's axis. CANCELLED: withdrawn for good."""

    DRAFT = "DRAFT"
    SUBMITTED = "SUBMITTED"
    REJECTED = "REJECTED"
    APPROVED = "APPROVED"
    RECALL_REQUESTED = "RECALL_REQUESTED"
    CANCELLED = "CANCELLED"


@strawberry.enum
class PostingStatus(Enum):
    """The ERP's first axis: whether the ledger has it. REFUSED: period, account or project did not let it in."""

    NOT_POSTED = "NOT_POSTED"
    POSTED = "POSTED"
    REVERSED = "REVERSED"
    REFUSED = "REFUSED"


@strawberry.enum
class BillingStatus(Enum):
    """The ERP's second axis: how far it is billed to the customer."""

    NOT_BILLABLE = "NOT_BILLABLE"
    UNBILLED = "UNBILLED"
    READY = "READY"
    HELD = "HELD"
    ON_INVOICE = "ON_INVOICE"
    BILLED = "BILLED"
    WRITTEN_OFF = "WRITTEN_OFF"


@strawberry.enum
class TimeLifecycle(Enum):
    """All three axes in one word, for reading only."""

    DRAFT = "DRAFT"
    SUBMITTED = "SUBMITTED"
    REJECTED = "REJECTED"
    APPROVED = "APPROVED"
    RECALL_REQUESTED = "RECALL_REQUESTED"
    CANCELLED = "CANCELLED"
    POSTED = "POSTED"
    BILLED = "BILLED"
    REVERSED = "REVERSED"


class TimeEntryRow(Row):
    """What the PSA says."""

    type: ClassVar[str] = "TimeEntry"

    work_date: date
    hours: Hours
    code: str | None = None
    resource: Annotated[Ref, "Resource"] | None = None
    engagement: Annotated[Ref, "Engagement"] | None = None
    project: Annotated[Ref, "Project"] | None = None
    task: Annotated[Ref, "Task"] | None = None
    assignment: Annotated[Ref, "Assignment"] | None = None
    role: Annotated[Ref, "Role"] | None = None
    billable_hours: Hours | None = None
    billing_class: Maybe[BillingClass] = None
    approval_status: Maybe[ApprovalStatus] = None
    submitted_at: datetime | None = None
    approved_at: datetime | None = None
    approver: Annotated[Ref, "Resource"] | None = None
    bill_rate: Money | None = None
    marked_billed: bool | None = None
    reverses: Annotated[Ref, "TimeEntry"] | None = None
    reversed_by: Annotated[Ref, "TimeEntry"] | None = None
    split_of: Annotated[Ref, "TimeEntry"] | None = None


class TimeEntryErpRow(Row):
    """What the ERP says of its posting of the same hours."""

    type: ClassVar[str] = "TimeEntry"
    cadence: ClassVar[timedelta] = timedelta(minutes=15)

    posting_status: Maybe[PostingStatus] = None
    posted_hours: Hours | None = None
    posted_rate: Money | None = None
    cost_rate: Money | None = None
    accounting_date: date | None = None
    billing_status: Maybe[BillingStatus] = None
    fiscal_period: Annotated[Ref, "FiscalPeriod"] | None = None
    invoice_line: Annotated[Ref, "InvoiceLine"] | None = None


def lifecycle(
    approval: Maybe[ApprovalStatus], posting: Maybe[PostingStatus], billing: Maybe[BillingStatus]
) -> Maybe[TimeLifecycle]:
    """Derive one word from three axes (domain model, 2.5); behind an axis that cannot be read nothing is known."""
    for axis, far, word in (
        (posting, PostingStatus.REVERSED, TimeLifecycle.REVERSED),
        (billing, BillingStatus.BILLED, TimeLifecycle.BILLED),
        (posting, PostingStatus.POSTED, TimeLifecycle.POSTED),
    ):
        if axis is None or isinstance(axis, Problem):
            return axis
        if axis is far:
            return word
    return before_posting(approval)


def before_posting(approval: Maybe[ApprovalStatus]) -> Maybe[TimeLifecycle]:
    """Return the word for time of which the ERP has nothing: the approval alone tells."""
    return TimeLifecycle[approval.name] if isinstance(approval, ApprovalStatus) else approval


def _lifecycle(entry: TimeEntryRow, posted: TimeEntryErpRow | None) -> Any:
    if posted is None:
        return before_posting(entry.approval_status)
    return lifecycle(entry.approval_status, posted.posting_status, posted.billing_status)


@facet(System.ERP, "time_entries_erp")
class TimeEntryErp:
    """The hours as finance posted them; null until the ERP has a posting. The rates are per hour."""

    posting_status: PostingStatus | None
    posted_hours: Hours | None
    posted_rate: Money | None
    cost_rate: Money | None = restricted(Restriction.COST_RATE)
    accounting_date: date | None
    billing_status: BillingStatus | None


@home(System.PSA, "time_entries_by_id", TimeEntryRow, scope={Reach.PERSON: "resource", Reach.ENGAGEMENT: "engagement"})
class TimeEntry(TimeEntryErp, Traced, Node):
    """Hours worked; `billRate` is per hour. `markedBilled` is the PSA's copy of what the ERP's `billingStatus` says.

    Hours are never edited once they are approved: a negative entry `reverses` the one that was wrong, and says so on
    both. An entry of a week that a period's end cuts is `splitOf` the one that was entered.
    """

    work_date: date
    hours: Hours
    code: str | None
    resource: Resource | None = link(System.HR, "resources_by_id", key="resource")
    engagement: Engagement | None = link(System.PSA, "engagements_by_id", key="engagement")
    project: Project | None = link(System.PSA, "projects_by_id", key="project")
    task: Task | None = link(System.PSA, "tasks_by_id", key="task")
    assignment: Assignment | None = link(System.PSA, "assignments_by_id", key="assignment")
    role: Role | None = link(System.PSA, "roles_by_id", key="role")
    billable_hours: Hours | None
    billing_class: BillingClass | None
    approval_status: ApprovalStatus | None
    submitted_at: datetime | None
    approved_at: datetime | None
    approver: Resource | None = link(System.HR, "resources_by_id", key="approver")
    bill_rate: Money | None
    marked_billed: bool | None
    reverses: Optional[TimeEntry] = link(  # noqa: UP045  a forward reference
        System.PSA, "time_entries_by_id", key="reverses"
    )
    reversed_by: Optional[TimeEntry] = link(  # noqa: UP045  a forward reference
        System.PSA, "time_entries_by_id", key="reversed_by"
    )
    split_of: Optional[TimeEntry] = link(  # noqa: UP045  a forward reference
        System.PSA, "time_entries_by_id", key="split_of"
    )
    fiscal_period: FiscalPeriod | None = link(
        System.ERP, "fiscal_periods_by_id", key="fiscal_period", of="time_entries_erp"
    )
    invoice_line: InvoiceLine | None = link(
        System.ERP, "invoice_lines_by_id", key="invoice_line", of="time_entries_erp"
    )
    lifecycle: TimeLifecycle | None = derived_with(System.ERP, "time_entries_erp", _lifecycle)
