"""A rate card: what an hour of each role sells for, and from when to when."""

from __future__ import annotations

from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING, Annotated, ClassVar

import strawberry

from schema.access import Reach
from schema.graph import Node, Traced, home, link
from schema.legal_entity import LegalEntity
from schema.role import Role
from schema.rows import Maybe, Ref, Row, System
from schema.values import CurrencyCode, DateRange, Money

if TYPE_CHECKING:
    from schema.customer import Customer
    from schema.engagement import Engagement
    from schema.resource import Resource


@strawberry.enum
class RateCardKind(Enum):
    """What the rates are for: the PSA keeps the BILL cards, the ERP those of COST and TRANSFER."""

    BILL = "BILL"
    COST = "COST"
    TRANSFER = "TRANSFER"


@strawberry.enum
class RateCardStatus(Enum):
    """Whether the card may price new work."""

    DRAFT = "DRAFT"
    ACTIVE = "ACTIVE"
    RETIRED = "RETIRED"


@strawberry.enum
class RateUnit(Enum):
    """For how much time the amount is."""

    HOUR = "HOUR"
    DAY = "DAY"


class RateCardRow(Row):
    """What the PSA says of one version of a card."""

    type: ClassVar[str] = "RateCard"
    cadence: ClassVar[timedelta] = timedelta(hours=1)

    name: str
    code: str | None = None
    kind: Maybe[RateCardKind] = None
    engagement: Annotated[Ref, "Engagement"] | None = None
    customer: Annotated[Ref, "Customer"] | None = None
    legal_entity: Annotated[Ref, "LegalEntity"] | None = None
    currency: CurrencyCode | None = None
    version: int | None = None
    status: Maybe[RateCardStatus] = None


class RateRow(Row):
    """What the PSA says of one rate."""

    type: ClassVar[str] = "Rate"
    cadence: ClassVar[timedelta] = timedelta(hours=1)

    rate_card: Annotated[Ref, "RateCard"] | None = None
    role: Annotated[Ref, "Role"] | None = None
    resource: Annotated[Ref, "Resource"] | None = None
    region: str | None = None
    amount: Money | None = None
    unit: Maybe[RateUnit] = None
    effective: DateRange | None = None


@home(System.PSA, "rates_by_id", RateRow)
class Rate(Traced, Node):
    """What one unit of a role's time sells for on the days of `effective`; one for a person beats the role's."""

    rate_card: Annotated[RateCard, strawberry.lazy("schema.rate_card")] | None = link(
        System.PSA, "rate_cards_by_id", key="rate_card"
    )
    role: Role | None = link(System.PSA, "roles_by_id", key="role")
    resource: Annotated[Resource, strawberry.lazy("schema.resource")] | None = link(
        System.HR, "resources_by_id", key="resource"
    )
    region: str | None
    amount: Money | None
    unit: RateUnit | None
    effective: DateRange | None


@home(
    *(System.PSA, "rate_cards_by_id", RateCardRow),
    scope={Reach.ENGAGEMENT: "engagement", Reach.COMPANY: "customer", Reach.ENTITY: "legal_entity"},
)
class RateCard(Traced, Node):
    """One version of a price list, for an engagement, a customer, an entity or, with none of them, for everybody."""

    name: str
    code: str | None
    kind: RateCardKind | None
    engagement: Annotated[Engagement, strawberry.lazy("schema.engagement")] | None = link(
        System.PSA, "engagements_by_id", key="engagement"
    )
    customer: Annotated[Customer, strawberry.lazy("schema.customer")] | None = link(
        System.CRM, "customers_by_id", key="customer"
    )
    legal_entity: LegalEntity | None = link(System.ERP, "legal_entities_by_id", key="legal_entity")
    currency: CurrencyCode | None
    version: int | None
    status: RateCardStatus | None
    rates: list[Rate | None] | None = link(System.PSA, "rates_by_rate_card", at_most=500)
