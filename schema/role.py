"""A role, or labor category: what somebody does on a piece of work."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, ClassVar

import strawberry

from schema.graph import Node, Traced, facet, home, link
from schema.restriction import Restriction
from schema.rows import Row, System

if TYPE_CHECKING:
    from schema.ledger_rate import LedgerRate


class RoleRow(Row):
    """What the PSA says."""

    type: ClassVar[str] = "Role"
    cadence: ClassVar[timedelta] = timedelta(hours=1)

    name: str
    code: str | None = None
    family: str | None = None
    active: bool | None = None


class RoleForecastRow(Row):
    """What forecasting says of the same role."""

    type: ClassVar[str] = "Role"

    forecast_role_code: str | None = None


@facet(System.FORECAST, "roles_forecast")
class RoleForecast:
    """The role as demand is planned for it; null until forecasting knows it."""

    forecast_role_code: str | None


class RoleErpRow(Row):
    """What the ERP says of the same role."""

    type: ClassVar[str] = "Role"
    cadence: ClassVar[timedelta] = timedelta(hours=1)

    erp_labor_category: str | None = None


@facet(System.ERP, "roles_erp")
class RoleErp:
    """The role as hours are posted by it; null where the ERP has no category for it."""

    erp_labor_category: str | None


@home(System.PSA, "roles_by_id", RoleRow)
class Role(RoleErp, RoleForecast, Traced, Node):
    """A labor category. Rates, demand and assignments go by it, and so does its code in every system."""

    name: str
    code: str | None
    family: str | None
    active: bool | None
    ledger_rates: list[Annotated[LedgerRate, strawberry.lazy("schema.ledger_rate")] | None] | None = link(
        System.ERP, "ledger_rates_by_role", at_most=500, restricted=Restriction.COST_RATE
    )
