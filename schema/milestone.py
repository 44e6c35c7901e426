"""A milestone: a dated result, which the contract may make billable."""

from __future__ import annotations

from datetime import date
from enum import Enum
from typing import Annotated, ClassVar

import strawberry

from schema.access import Reach
from schema.billing_event import BillingEvent
from schema.engagement import Engagement
from schema.graph import Node, Traced, facet, home, link
from schema.project import Project
from schema.rows import Maybe, Ref, Row, System
from schema.values import Money


@strawberry.enum
class MilestoneStatus(Enum):
    """Whether the result is there."""

    PLANNED = "PLANNED"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"


@strawberry.enum
class CustomerAcceptance(Enum):
    """Whether the customer must accept the result, and has. REQUIRED keeps its billing on hold."""

    NOT_REQUIRED = "NOT_REQUIRED"
    REQUIRED = "REQUIRED"
    RECEIVED = "RECEIVED"


class MilestoneRow(Row):
    """What the PSA says."""

    type: ClassVar[str] = "Milestone"

    name: str
    code: str | None = None
    project: Annotated[Ref, "Project"] | None = None
    engagement: Annotated[Ref, "Engagement"] | None = None
    planned_date: date | None = None
    actual_date: date | None = None
    status: Maybe[MilestoneStatus] = None
    billable: bool | None = None
    planned_amount: Money | None = None
    customer_acceptance: Maybe[CustomerAcceptance] = None
    acceptance_evidence: str | None = None


class MilestoneErpRow(Row):
    """What the ERP's contract says of it."""

    type: ClassVar[str] = "Milestone"

    amount: Money | None = None


@facet(System.ERP, "milestones_erp")
class MilestoneErp:
    """The milestone in the contract's schedule; null where the contract has none."""

    amount: Money | None


@home(System.PSA, "milestones_by_id", MilestoneRow, scope={Reach.ENGAGEMENT: "engagement"})
class Milestone(MilestoneErp, Traced, Node):
    """A result with a date. `amount` is the contract's, `plannedAmount` the PSA's copy of it."""

    name: str
    code: str | None
    project: Project | None = link(System.PSA, "projects_by_id", key="project")
    engagement: Engagement | None = link(System.PSA, "engagements_by_id", key="engagement")
    planned_date: date | None
    actual_date: date | None
    status: MilestoneStatus | None
    billable: bool | None
    planned_amount: Money | None
    customer_acceptance: CustomerAcceptance | None
    acceptance_evidence: str | None
    billing_event: BillingEvent | None = link(System.ERP, "billing_events_by_milestone")
