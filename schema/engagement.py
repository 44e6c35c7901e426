"""An engagement, the hub: born in the PSA as delivery, controlled in the ERP as money."""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import strawberry

from schema.access import Reach
from schema.connection import Connection
from schema.context import Info  # noqa: TC001  Strawberry reads the annotations
from schema.graph import Node, Traced, derived, facet, home, link, restricted
from schema.legal_entity import LegalEntity
from schema.restriction import Restriction
from schema.rows import Maybe, Ref, Row, System
from schema.values import Hours, Money

if TYPE_CHECKING:
    from schema.assignment import Assignment
    from schema.billing_event import BillingEvent
    from schema.contract import Contract
    from schema.customer import Customer
    from schema.expense import Expense
    from schema.invoice import Invoice
    from schema.milestone import Milestone
    from schema.opportunity import Opportunity
    from schema.practice import Practice
    from schema.project import Project
    from schema.resource import Resource
    from schema.role_demand import RoleDemand
    from schema.task import Task
    from schema.time_entry import TimeEntry


@strawberry.enum
class EngagementStatus(Enum):
    """Where delivery stands. COMPLETED: billing may still run. CLOSED: nothing may be posted any more."""

    PROPOSED = "PROPOSED"
    PLANNED = "PLANNED"
    ACTIVE = "ACTIVE"
    ON_HOLD = "ON_HOLD"
    COMPLETED = "COMPLETED"
    CLOSED = "CLOSED"
    CANCELLED = "CANCELLED"


@strawberry.enum
class ErpProjectStatus(Enum):
    """Whether finance lets costs and revenue be posted."""

    OPEN = "OPEN"
    BLOCKED = "BLOCKED"
    CLOSED = "CLOSED"


@strawberry.enum
class SetupState(Enum):
    """How far a command has set an engagement up in every system. NOT_STARTED: none has; it was set up without one."""

    NOT_STARTED = "NOT_STARTED"
    IN_PROGRESS = "IN_PROGRESS"
    READY = "READY"
    FAILED = "FAILED"


class EngagementRow(Row):
    """What the PSA says."""

    type: ClassVar[str] = "Engagement"

    name: str
    code: str | None = None
    customer: Annotated[Ref, "Customer"] | None = None
    opportunity: Annotated[Ref, "Opportunity"] | None = None
    manager: Annotated[Ref, "Resource"] | None = None
    practice: Annotated[Ref, "Practice"] | None = None
    delivery_status: Maybe[EngagementStatus] = None
    planned_start: date | None = None
    planned_end: date | None = None
    planned_hours: Hours | None = None
    planned_cost: Money | None = None
    planned_revenue: Money | None = None


class EngagementErpRow(Row):
    """What the ERP says of its project for the same engagement."""

    type: ClassVar[str] = "Engagement"

    erp_status: Maybe[ErpProjectStatus] = None
    contract_value: Money | None = None
    contracting_entity: Annotated[Ref, "LegalEntity"] | None = None


class EngagementWarehouseRow(Row):
    """The warehouse's copy of the ledger, and when it was copied."""

    type: ClassVar[str] = "Engagement"

    reported_revenue: Money | None = None
    reported_at: datetime | None = None


@facet(System.ERP, "engagements_erp")
class EngagementErp:
    """The engagement as an object of financial control; null until the ERP has one."""

    erp_status: ErpProjectStatus | None
    contract_value: Money | None


@facet(System.WAREHOUSE, "engagements_warehouse")
class EngagementWarehouse:
    """What reports say was recognized, as old as their copy of the ledger. The ERP's own schedules are the truth."""

    reported_revenue: Money | None
    reported_at: datetime | None


async def _setup_state(self: Any, info: Info) -> SetupState | None:
    # A Problem is a value here too: it becomes null and its error.
    return await info.context.setup_state(self.ref)  # type: ignore[return-value]


@home(
    *(System.PSA, "engagements_by_id", EngagementRow),
    scope={Reach.ENGAGEMENT: "ref", Reach.LEAD: "manager", Reach.COMPANY: "customer"},
)
class Engagement(EngagementErp, EngagementWarehouse, Traced, Node):
    """A commercial undertaking for one customer; internal ones have none."""

    name: str
    code: str | None
    customer: Annotated[Customer, strawberry.lazy("schema.customer")] | None = link(
        System.CRM, "customers_by_id", key="customer"
    )
    opportunity: Annotated[Opportunity, strawberry.lazy("schema.opportunity")] | None = link(
        System.CRM, "opportunities_by_id", key="opportunity", may_miss=True
    )
    manager: Annotated[Resource, strawberry.lazy("schema.resource")] | None = link(
        System.HR, "resources_by_id", key="manager"
    )
    practice: Annotated[Practice, strawberry.lazy("schema.practice")] | None = link(
        System.PSA, "practices_by_id", key="practice"
    )
    delivery_status: EngagementStatus | None
    setup_state: SetupState | None = derived(_setup_state)
    planned_start: date | None
    planned_end: date | None
    planned_hours: Hours | None
    planned_cost: Money | None = restricted(Restriction.MARGIN)
    planned_revenue: Money | None
    contracting_entity: LegalEntity | None = link(
        System.ERP, "legal_entities_by_id", key="contracting_entity", of="engagements_erp"
    )
    contract: Annotated[Contract, strawberry.lazy("schema.contract")] | None = link(
        System.ERP, "contracts_by_engagement"
    )
    projects: list[Annotated[Project, strawberry.lazy("schema.project")] | None] | None = link(
        System.PSA, "projects_by_engagement", where="parent", top=True, at_most=200, about=2
    )
    tasks: list[Annotated[Task, strawberry.lazy("schema.task")] | None] | None = link(
        System.PSA, "tasks_by_engagement", at_most=2000, about=20
    )
    assignments: list[Annotated[Assignment, strawberry.lazy("schema.assignment")] | None] | None = link(
        System.PSA, "assignments_by_engagement", at_most=500, about=3
    )
    milestones: list[Annotated[Milestone, strawberry.lazy("schema.milestone")] | None] | None = link(
        System.PSA, "milestones_by_engagement", at_most=200, about=2
    )
    time_entries: Connection[Annotated[TimeEntry, strawberry.lazy("schema.time_entry")]] | None = link(
        System.PSA, "time_entries_by_engagement", at_most=10_000, paged=True
    )
    expenses: Connection[Annotated[Expense, strawberry.lazy("schema.expense")]] | None = link(
        System.PSA, "expenses_by_engagement", at_most=10_000, paged=True
    )
    billing_events: list[Annotated[BillingEvent, strawberry.lazy("schema.billing_event")] | None] | None = link(
        System.ERP, "billing_events_by_engagement", at_most=500, about=3
    )
    invoices: list[Annotated[Invoice, strawberry.lazy("schema.invoice")] | None] | None = link(
        System.ERP, "invoices_by_engagement", at_most=500, about=2
    )
    demands: list[Annotated[RoleDemand, strawberry.lazy("schema.role_demand")] | None] | None = link(
        System.FORECAST, "role_demands_by_engagement", at_most=500
    )
