"""An expense: money that a person spent for an engagement, on the same axes as time."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, ClassVar

from schema.access import Reach
from schema.engagement import Engagement
from schema.fiscal_period import FiscalPeriod
from schema.graph import Node, Traced, facet, home, link
from schema.project import Project
from schema.resource import Resource
from schema.rows import Maybe, Ref, Row, System
from schema.time_entry import ApprovalStatus, BillingStatus, PostingStatus
from schema.values import Money, Ratio


class ExpenseRow(Row):
    """What the PSA says."""

    type: ClassVar[str] = "Expense"

    incurred_date: date
    code: str | None = None
    resource: Annotated[Ref, "Resource"] | None = None
    engagement: Annotated[Ref, "Engagement"] | None = None
    project: Annotated[Ref, "Project"] | None = None
    category: str | None = None
    amount: Money | None = None
    tax_amount: Money | None = None
    billable: bool | None = None
    markup: Ratio | None = None
    approval_status: Maybe[ApprovalStatus] = None
    approver: Annotated[Ref, "Resource"] | None = None
    receipt: str | None = None


class ExpenseErpRow(Row):
    """What the ERP says of its posting of the same money."""

    type: ClassVar[str] = "Expense"
    cadence: ClassVar[timedelta] = timedelta(minutes=15)

    posting_status: Maybe[PostingStatus] = None
    accounting_date: date | None = None
    billing_status: Maybe[BillingStatus] = None
    fiscal_period: Annotated[Ref, "FiscalPeriod"] | None = None


@facet(System.ERP, "expenses_erp")
class ExpenseErp:
    """The money as finance posted it; null until the ERP has a posting."""

    posting_status: PostingStatus | None
    accounting_date: date | None
    billing_status: BillingStatus | None


@home(System.PSA, "expenses_by_id", ExpenseRow, scope={Reach.PERSON: "resource", Reach.ENGAGEMENT: "engagement"})
class Expense(ExpenseErp, Traced, Node):
    """Money spent, in the currency it was spent in. `category` is the PSA's own word, `receipt` where it is kept."""

    incurred_date: date
    code: str | None
    resource: Resource | None = link(System.HR, "resources_by_id", key="resource")
    engagement: Engagement | None = link(System.PSA, "engagements_by_id", key="engagement")
    project: Project | None = link(System.PSA, "projects_by_id", key="project")
    category: str | None
    amount: Money | None
    tax_amount: Money | None
    billable: bool | None
    markup: Ratio | None
    approval_status: ApprovalStatus | None
    approver: Resource | None = link(System.HR, "resources_by_id", key="approver")
    receipt: str | None
    fiscal_period: FiscalPeriod | None = link(
        System.ERP, "fiscal_periods_by_id", key="fiscal_period", of="expenses_erp"
    )
