"""An opportunity: the CRM's alone, until it becomes an engagement."""

from __future__ import annotations

from datetime import date
from enum import Enum
from typing import TYPE_CHECKING, Annotated, ClassVar, Optional

import strawberry

from schema.access import Reach
from schema.contract import BillingModel
from schema.customer import Customer
from schema.graph import Node, Traced, home, link
from schema.legal_entity import LegalEntity
from schema.rows import Maybe, Ref, Row, System
from schema.values import Hours, Money, Ratio

if TYPE_CHECKING:
    from schema.engagement import Engagement
    from schema.role_demand import RoleDemand


@strawberry.enum
class OpportunityStage(Enum):
    """How far a sale has come."""

    PROSPECT = "PROSPECT"
    QUALIFIED = "QUALIFIED"
    PROPOSED = "PROPOSED"
    NEGOTIATING = "NEGOTIATING"
    WON = "WON"
    LOST = "LOST"


class OpportunityRow(Row):
    """What the CRM says."""

    type: ClassVar[str] = "Opportunity"

    name: str
    code: str | None = None
    customer: Annotated[Ref, "Customer"] | None = None
    stage: Maybe[OpportunityStage] = None
    source_stage_label: str | None = None
    probability: Ratio | None = None
    amount: Money | None = None
    expected_close_date: date | None = None
    closed_date: date | None = None
    expected_start_date: date | None = None
    proposed_legal_entity: Annotated[Ref, "LegalEntity"] | None = None
    billing_model: Maybe[BillingModel] = None


class OpportunityLineRow(Row):
    """What the CRM says."""

    type: ClassVar[str] = "OpportunityLine"

    opportunity: Annotated[Ref, "Opportunity"] | None = None
    role_code: str | None = None
    hours: Hours | None = None
    unit_price: Money | None = None
    workstream: str | None = None
    region: str | None = None


@home(System.CRM, "opportunity_lines_by_id", OpportunityLineRow)
class OpportunityLine(Traced, Node):
    """Hours of a role, offered at a price per hour. `roleCode` is what the CRM says: there may be no such role."""

    opportunity: Optional[Opportunity] = link(  # noqa: UP045  a forward reference
        System.CRM, "opportunities_by_id", key="opportunity"
    )
    role_code: str | None
    hours: Hours | None
    unit_price: Money | None
    workstream: str | None
    region: str | None


@home(
    *(System.CRM, "opportunities_by_id", OpportunityRow),
    scope={Reach.COMPANY: "customer", Reach.ENTITY: "proposed_legal_entity"},
)
class Opportunity(Traced, Node):
    """A sale under way, won or lost. `probability` is the CRM's and is never copied into delivery."""

    name: str
    code: str | None
    customer: Customer | None = link(System.CRM, "customers_by_id", key="customer")
    stage: OpportunityStage | None
    source_stage_label: str | None
    probability: Ratio | None
    amount: Money | None
    expected_close_date: date | None
    closed_date: date | None
    expected_start_date: date | None
    proposed_legal_entity: LegalEntity | None = link(System.ERP, "legal_entities_by_id", key="proposed_legal_entity")
    billing_model: BillingModel | None
    lines: list[OpportunityLine | None] | None = link(
        System.CRM, "opportunity_lines_by_opportunity", at_most=500, about=2
    )
    engagement: Annotated[Engagement, strawberry.lazy("schema.engagement")] | None = link(
        System.PSA, "engagements_by_opportunity"
    )
    demands: list[Annotated[RoleDemand, strawberry.lazy("schema.role_demand")] | None] | None = link(
        System.FORECAST, "role_demands_by_opportunity", at_most=500, about=3
    )
