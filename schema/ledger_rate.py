"""What an hour of each role costs an entity, and for how much it lends one to another: finance's rates, not sales'."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, ClassVar

import strawberry

from schema.access import Reach
from schema.graph import Node, Traced, home, link
from schema.rate_card import RateCardKind, RateCardStatus, RateUnit
from schema.restriction import Restriction
from schema.rows import Maybe, Ref, Row, System
from schema.values import CurrencyCode, DateRange, Money

if TYPE_CHECKING:
    from schema.legal_entity import LegalEntity
    from schema.resource import Resource
    from schema.role import Role


class LedgerRateCardRow(Row):
    """What the ERP says of one version of a card."""

    type: ClassVar[str] = "LedgerRateCard"
    cadence: ClassVar[timedelta] = timedelta(hours=1)

    code: str
    name: str | None = None
    kind: Maybe[RateCardKind] = None
    legal_entity: Annotated[Ref, "LegalEntity"] | None = None
    borrowing_entity: Annotated[Ref, "LegalEntity"] | None = None
    currency: CurrencyCode | None = None
    version: int | None = None
    status: Maybe[RateCardStatus] = None


class LedgerRateRow(Row):
    """What the ERP says of one rate."""

    type: ClassVar[str] = "LedgerRate"
    cadence: ClassVar[timedelta] = timedelta(hours=1)

    ledger_rate_card: Annotated[Ref, "LedgerRateCard"] | None = None
    legal_entity: Annotated[Ref, "LegalEntity"] | None = None
    role: Annotated[Ref, "Role"] | None = None
    resource: Annotated[Ref, "Resource"] | None = None
    amount: Money | None = None
    unit: Maybe[RateUnit] = None
    effective: DateRange | None = None


@home(
    *(System.ERP, "ledger_rates_by_id", LedgerRateRow),
    restricted=Restriction.COST_RATE,
    scope={Reach.ENTITY: "legal_entity"},
)
class LedgerRate(Traced, Node):
    """What a unit of a role's time costs on the days of `effective`; one for a person beats the role's."""

    ledger_rate_card: Annotated[LedgerRateCard, strawberry.lazy("schema.ledger_rate")] | None = link(
        System.ERP, "ledger_rate_cards_by_id", key="ledger_rate_card"
    )
    legal_entity: Annotated[LegalEntity, strawberry.lazy("schema.legal_entity")] | None = link(
        System.ERP, "legal_entities_by_id", key="legal_entity"
    )
    role: Annotated[Role, strawberry.lazy("schema.role")] | None = link(System.PSA, "roles_by_id", key="role")
    resource: Annotated[Resource, strawberry.lazy("schema.resource")] | None = link(
        System.HR, "resources_by_id", key="resource"
    )
    amount: Money | None
    unit: RateUnit | None
    effective: DateRange | None


@home(System.ERP, "ledger_rate_cards_by_id", LedgerRateCardRow, scope={Reach.ENTITY: "legal_entity"})
class LedgerRateCard(Traced, Node):
    """One version of an entity's cost rates, or of those at which it lends its people to `borrowingEntity`."""

    code: str
    name: str | None
    kind: RateCardKind | None
    legal_entity: Annotated[LegalEntity, strawberry.lazy("schema.legal_entity")] | None = link(
        System.ERP, "legal_entities_by_id", key="legal_entity"
    )
    borrowing_entity: Annotated[LegalEntity, strawberry.lazy("schema.legal_entity")] | None = link(
        System.ERP, "legal_entities_by_id", key="borrowing_entity"
    )
    currency: CurrencyCode | None
    version: int | None
    status: RateCardStatus | None
    rates: list[LedgerRate | None] | None = link(
        System.ERP, "ledger_rates_by_ledger_rate_card", at_most=500, restricted=Restriction.COST_RATE
    )
