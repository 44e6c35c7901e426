"""An engagement, the hub: born in the PSA as delivery, controlled in the ERP as money."""

from __future__ import annotations

from datetime import date
from enum import Enum
from typing import TYPE_CHECKING, Annotated, ClassVar

import strawberry

from schema.graph import Node, Traced, facet, home, link
from schema.legal_entity import LegalEntity
from schema.rows import Maybe, Ref, Row, System
from schema.values import Hours, Money

if TYPE_CHECKING:
    from schema.assignment import Assignment
    from schema.contract import Contract
    from schema.customer import Customer
    from schema.invoice import Invoice
    from schema.opportunity import Opportunity
    from schema.project import Project
    from schema.resource import Resource
    from schema.role_demand import RoleDemand
    from schema.task import Task


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


class EngagementRow(Row):
    """What the PSA says."""

    type: ClassVar[str] = "Engagement"

    name: str
    code: str | None = None
    customer: Annotated[Ref, "Customer"] | None = None
    opportunity: Annotated[Ref, "Opportunity"] | None = None
    manager: Annotated[Ref, "Resource"] | None = None
    delivery_status: Maybe[EngagementStatus] = None
    planned_start: date | None = None
    planned_end: date | None = None
    planned_hours: Hours | None = None
    planned_revenue: Money | None = None


class EngagementErpRow(Row):
    """What the ERP says of its project for the same engagement."""

    type: ClassVar[str] = "Engagement"

    erp_status: Maybe[ErpProjectStatus] = None
    contract_value: Money | None = None
    contracting_entity: Annotated[Ref, "LegalEntity"] | None = None


@facet(System.ERP, "engagements_erp")
class EngagementErp:
    """The engagement as an object of financial control; null until the ERP has one."""

    erp_status: ErpProjectStatus | None
    contract_value: Money | None


@home(System.PSA, "engagements_by_id", EngagementRow)
class Engagement(EngagementErp, Traced, Node):
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
    delivery_status: EngagementStatus | None
    planned_start: date | None
    planned_end: date | None
    planned_hours: Hours | None
    planned_revenue: Money | None
    contracting_entity: LegalEntity | None = link(
        System.ERP, "legal_entities_by_id", key="contracting_entity", of="engagements_erp"
    )
    contract: Annotated[Contract, strawberry.lazy("schema.contract")] | None = link(
        System.ERP, "contracts_by_engagement"
    )
    projects: list[Annotated[Project, strawberry.lazy("schema.project")] | None] | None = link(
        System.PSA, "projects_by_engagement", where="parent", top=True, at_most=200
    )
    tasks: list[Annotated[Task, strawberry.lazy("schema.task")] | None] | None = link(
        System.PSA, "tasks_by_engagement", at_most=2000
    )
    assignments: list[Annotated[Assignment, strawberry.lazy("schema.assignment")] | None] | None = link(
        System.PSA, "assignments_by_engagement", at_most=500
    )
    invoices: list[Annotated[Invoice, strawberry.lazy("schema.invoice")] | None] | None = link(
        System.ERP, "invoices_by_engagement", at_most=500
    )
    demands: list[Annotated[RoleDemand, strawberry.lazy("schema.role_demand")] | None] | None = link(
        System.FORECAST, "role_demands_by_engagement", at_most=500
    )
