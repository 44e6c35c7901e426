"""A legal entity: signs, employs and bills; the ERP masters it."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Annotated, ClassVar

import strawberry

from schema.graph import Node, Traced, home, link
from schema.rows import Maybe, Row, System
from schema.values import CurrencyCode

if TYPE_CHECKING:
    from schema.fiscal_period import FiscalPeriod


@strawberry.enum
class WeekStart(Enum):
    """The first day of the entity's week."""

    MON = "MON"
    SUN = "SUN"


@strawberry.enum
class RoundingMode(Enum):
    """How the entity rounds a document line, once."""

    HALF_UP = "HALF_UP"
    HALF_EVEN = "HALF_EVEN"
    DOWN = "DOWN"


@strawberry.enum
class TaxRounding(Enum):
    """Where the entity's tax is rounded."""

    PER_LINE = "PER_LINE"
    PER_DOCUMENT = "PER_DOCUMENT"


class LegalEntityRow(Row):
    """What the ERP says."""

    type: ClassVar[str] = "LegalEntity"

    code: str
    name: str
    functional_currency: CurrencyCode
    country: str | None = None
    time_zone: str | None = None
    week_start: Maybe[WeekStart] = None
    rounding_mode: Maybe[RoundingMode] = None
    tax_rounding: Maybe[TaxRounding] = None


@home(System.ERP, "legal_entities_by_id", LegalEntityRow)
class LegalEntity(Traced, Node):
    """A company of the group, with its own books."""

    code: str
    name: str
    functional_currency: CurrencyCode
    country: str | None
    time_zone: str | None
    week_start: WeekStart | None
    rounding_mode: RoundingMode | None
    tax_rounding: TaxRounding | None
    fiscal_periods: list[Annotated[FiscalPeriod, strawberry.lazy("schema.fiscal_period")] | None] | None = link(
        System.ERP, "fiscal_periods_by_legal_entity", at_most=500
    )
