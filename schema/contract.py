"""A contract: what was agreed, line by line; the ERP keeps it."""

from __future__ import annotations

from datetime import date
from enum import Enum
from typing import TYPE_CHECKING, Annotated, ClassVar

import strawberry

from schema.graph import Node, Traced, home, link
from schema.legal_entity import LegalEntity
from schema.rows import Maybe, Ref, Row, System
from schema.values import CurrencyCode, DateRange, Money

if TYPE_CHECKING:
    from schema.engagement import Engagement


@strawberry.enum
class BillingModel(Enum):
    """How work becomes money."""

    TIME_AND_MATERIALS = "TIME_AND_MATERIALS"
    TIME_AND_MATERIALS_CAPPED = "TIME_AND_MATERIALS_CAPPED"
    FIXED_FEE_MILESTONE = "FIXED_FEE_MILESTONE"
    RETAINER = "RETAINER"
    SUBSCRIPTION = "SUBSCRIPTION"


@strawberry.enum
class CapBehavior(Enum):
    """What happens to work above the cap."""

    BLOCK = "BLOCK"
    SPLIT = "SPLIT"
    WARN = "WARN"


@strawberry.enum
class RevenueMethod(Enum):
    """When the ERP recognises revenue."""

    OVER_TIME_INPUT = "OVER_TIME_INPUT"
    OVER_TIME_OUTPUT = "OVER_TIME_OUTPUT"
    AS_INVOICED = "AS_INVOICED"
    POINT_IN_TIME = "POINT_IN_TIME"


class ContractRow(Row):
    """What the ERP says of a contract."""

    type: ClassVar[str] = "Contract"

    code: str
    engagement: Annotated[Ref, "Engagement"] | None = None
    legal_entity: Annotated[Ref, "LegalEntity"] | None = None
    currency: CurrencyCode | None = None
    customer_reference: str | None = None
    signed_date: date | None = None
    range: DateRange | None = None
    revenue_method: Maybe[RevenueMethod] = None


class ContractLineRow(Row):
    """What the ERP says of one line."""

    type: ClassVar[str] = "ContractLine"

    description: str | None = None
    contract: Annotated[Ref, "Contract"] | None = None
    model: Maybe[BillingModel] = None
    amount: Money | None = None
    cap: Money | None = None
    cap_behavior: Maybe[CapBehavior] = None
    tax_code: str | None = None


@home(System.ERP, "contract_lines_by_id", ContractLineRow)
class ContractLine(Traced, Node):
    """One set of terms: one performance obligation."""

    description: str | None
    contract: Annotated[Contract, strawberry.lazy("schema.contract")] | None = link(
        System.ERP, "contracts_by_id", key="contract"
    )
    model: BillingModel | None
    amount: Money | None
    cap: Money | None
    cap_behavior: CapBehavior | None
    tax_code: str | None


@home(System.ERP, "contracts_by_id", ContractRow)
class Contract(Traced, Node):
    """The agreement behind an engagement. Entity and currency are fixed at signature."""

    code: str
    engagement: Annotated[Engagement, strawberry.lazy("schema.engagement")] | None = link(
        System.PSA, "engagements_by_id", key="engagement"
    )
    legal_entity: LegalEntity | None = link(System.ERP, "legal_entities_by_id", key="legal_entity")
    currency: CurrencyCode | None
    customer_reference: str | None
    signed_date: date | None
    range: DateRange | None
    revenue_method: RevenueMethod | None
    lines: list[ContractLine | None] | None = link(System.ERP, "contract_lines_by_contract", at_most=200)
