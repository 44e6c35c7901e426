"""A legal entity: signs, employs and bills; the ERP masters it."""

from __future__ import annotations

from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING, Annotated, ClassVar

import strawberry

from schema.access import Reach
from schema.graph import Node, Traced, home, link
from schema.rows import Maybe, Row, System
from schema.values import CurrencyCode

if TYPE_CHECKING:
    from schema.cost_center import CostCenter
    from schema.fiscal_period import FiscalPeriod
    from schema.ledger_rate import LedgerRateCard


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


@strawberry.enum
class CalendarPattern(Enum):
    """How a fiscal year is cut into periods: calendar months, or quarters of so many weeks."""

    CALENDAR_MONTH = "CALENDAR_MONTH"
    WEEKS_445 = "WEEKS_445"
    WEEKS_454 = "WEEKS_454"
    WEEKS_544 = "WEEKS_544"


@strawberry.enum
class YearLabelRule(Enum):
    """The calendar year after which a fiscal year is called: of its first day, its last, or its December."""

    START_YEAR = "START_YEAR"
    END_YEAR = "END_YEAR"
    NEAREST_DECEMBER = "NEAREST_DECEMBER"


@strawberry.type
class FiscalCalendar:
    """How an entity's fiscal years run; `yearEndRule`, in the ERP's words, tells on which day one of weeks ends."""

    code: str
    pattern: CalendarPattern | None
    year_end_rule: str | None
    year_label_rule: YearLabelRule | None


class LegalEntityRow(Row):
    """What the ERP says."""

    type: ClassVar[str] = "LegalEntity"
    cadence: ClassVar[timedelta] = timedelta(days=1)

    code: str
    name: str
    functional_currency: CurrencyCode
    country: str | None = None
    tax_regime: str | None = None
    fiscal_calendar: FiscalCalendar | None = None
    time_zone: str | None = None
    week_start: Maybe[WeekStart] = None
    rounding_mode: Maybe[RoundingMode] = None
    tax_rounding: Maybe[TaxRounding] = None


@home(System.ERP, "legal_entities_by_id", LegalEntityRow, scope={Reach.ENTITY: "ref"})
class LegalEntity(Traced, Node):
    """A company of the group, with its own books."""

    code: str
    name: str
    functional_currency: CurrencyCode
    country: str | None
    tax_regime: str | None
    fiscal_calendar: FiscalCalendar | None
    time_zone: str | None
    week_start: WeekStart | None
    rounding_mode: RoundingMode | None
    tax_rounding: TaxRounding | None
    fiscal_periods: list[Annotated[FiscalPeriod, strawberry.lazy("schema.fiscal_period")] | None] | None = link(
        System.ERP, "fiscal_periods_by_legal_entity", at_most=500, about=20
    )
    cost_centers: list[Annotated[CostCenter, strawberry.lazy("schema.cost_center")] | None] | None = link(
        System.ERP, "cost_centers_by_legal_entity", at_most=500
    )
    ledger_rate_cards: list[Annotated[LedgerRateCard, strawberry.lazy("schema.ledger_rate")] | None] | None = link(
        System.ERP, "ledger_rate_cards_by_legal_entity", at_most=500
    )
