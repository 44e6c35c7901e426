"""A cost center: where a legal entity collects cost."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, ClassVar

import strawberry

from schema.access import Reach
from schema.graph import Node, Traced, home, link
from schema.rows import Maybe, Ref, Row, System
from schema.values import DateRange

if TYPE_CHECKING:
    from schema.legal_entity import LegalEntity


class CostCenterRow(Row):
    """What the ERP says."""

    type: ClassVar[str] = "CostCenter"
    cadence: ClassVar[timedelta] = timedelta(days=1)

    code: str
    name: str | None = None
    legal_entity: Annotated[Ref, "LegalEntity"] | None = None
    active: Maybe[bool] = None
    range: DateRange | None = None


@home(System.ERP, "cost_centers_by_id", CostCenterRow, scope={Reach.ENTITY: "legal_entity"})
class CostCenter(Traced, Node):
    """A place in one entity's books; `range` are the days on which it may be posted to."""

    code: str
    name: str | None
    legal_entity: Annotated[LegalEntity, strawberry.lazy("schema.legal_entity")] | None = link(
        System.ERP, "legal_entities_by_id", key="legal_entity"
    )
    active: bool | None
    range: DateRange | None
