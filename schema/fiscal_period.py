"""A fiscal period: whether an entity's books may still be written, by module."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum
from typing import Annotated, ClassVar

import strawberry

from schema.access import Reach
from schema.graph import Node, Traced, facet, home, link
from schema.legal_entity import LegalEntity
from schema.rows import Maybe, Ref, Row, System
from schema.values import DateRange


@strawberry.enum
class PeriodKind(Enum):
    """An ordinary period, or one for closing entries."""

    REGULAR = "REGULAR"
    ADJUSTMENT = "ADJUSTMENT"


@strawberry.enum
class PeriodStatus(Enum):
    """FUTURE, OPEN, CLOSING, CLOSED (may reopen), LOCKED (final)."""

    FUTURE = "FUTURE"
    OPEN = "OPEN"
    CLOSING = "CLOSING"
    CLOSED = "CLOSED"
    LOCKED = "LOCKED"


@strawberry.enum
class LedgerModule(Enum):
    """A part of the books that closes by itself."""

    TIME = "TIME"
    AR = "AR"
    GL = "GL"
    REVENUE = "REVENUE"


@strawberry.type
class ModuleStatus:
    """The state of one module of a period."""

    module: LedgerModule
    status: PeriodStatus | None


class FiscalPeriodRow(Row):
    """What the ERP says."""

    type: ClassVar[str] = "FiscalPeriod"
    cadence: ClassVar[timedelta] = timedelta(seconds=30)

    code: str
    legal_entity: Annotated[Ref, "LegalEntity"] | None = None
    range: DateRange | None = None
    kind: Maybe[PeriodKind] = None
    status: Maybe[PeriodStatus] = None
    module_status: list[ModuleStatus] | None = None
    close_scheduled_at: datetime | None = None


class FiscalPeriodPsaRow(Row):
    """What the PSA says of the same days."""

    type: ClassVar[str] = "FiscalPeriod"
    cadence: ClassVar[timedelta] = timedelta(seconds=30)

    time_locked: bool | None = None


@facet(System.PSA, "fiscal_periods_psa")
class FiscalPeriodPsa:
    """Whether the PSA has closed the period to time; null where it keeps no such period."""

    time_locked: bool | None


@home(System.ERP, "fiscal_periods_by_id", FiscalPeriodRow, scope={Reach.ENTITY: "legal_entity"})
class FiscalPeriod(FiscalPeriodPsa, Traced, Node):
    """A period of one legal entity; the same code of two entities may be other days."""

    code: str
    legal_entity: LegalEntity | None = link(System.ERP, "legal_entities_by_id", key="legal_entity")
    range: DateRange | None
    kind: PeriodKind | None
    status: PeriodStatus | None
    module_status: list[ModuleStatus] | None
    close_scheduled_at: datetime | None
