"""The lists without a bound: one root for every type that people start from."""

from __future__ import annotations

from typing import Any

import strawberry

from schema.connection import Connection
from schema.context import Info  # noqa: TC001  Strawberry reads the annotations
from schema.customer import Customer  # noqa: TC001
from schema.engagement import Engagement  # noqa: TC001
from schema.invoice import Invoice  # noqa: TC001
from schema.legal_entity import LegalEntity  # noqa: TC001
from schema.opportunity import Opportunity  # noqa: TC001
from schema.problems import Problem
from schema.resource import Resource  # noqa: TC001
from schema.role_demand import RoleDemand  # noqa: TC001


async def _page(info: Info, type_: str, first: int, after: str | None) -> Any:
    page = await info.context.page(type_, first, after)
    return page if isinstance(page, Problem) else Connection.of(page, after)


@strawberry.type
class ListQuery:
    """Pages of up to 200, in the order of the owner's ids."""

    @strawberry.field(description="The customers of the CRM.")
    async def customers(self, info: Info, first: int = 20, after: str | None = None) -> Connection[Customer] | None:
        return await _page(info, "Customer", first, after)  # type: ignore[no-any-return]

    @strawberry.field(description="The opportunities of the CRM.")
    async def opportunities(
        self, info: Info, first: int = 20, after: str | None = None
    ) -> Connection[Opportunity] | None:
        return await _page(info, "Opportunity", first, after)  # type: ignore[no-any-return]

    @strawberry.field(description="The engagements of the PSA.")
    async def engagements(self, info: Info, first: int = 20, after: str | None = None) -> Connection[Engagement] | None:
        return await _page(info, "Engagement", first, after)  # type: ignore[no-any-return]

    @strawberry.field(description="The role demands of forecasting.")
    async def role_demands(
        self, info: Info, first: int = 20, after: str | None = None
    ) -> Connection[RoleDemand] | None:
        return await _page(info, "RoleDemand", first, after)  # type: ignore[no-any-return]

    @strawberry.field(description="The people of HR.")
    async def resources(self, info: Info, first: int = 20, after: str | None = None) -> Connection[Resource] | None:
        return await _page(info, "Resource", first, after)  # type: ignore[no-any-return]

    @strawberry.field(description="The invoices and credit notes of the ERP.")
    async def invoices(self, info: Info, first: int = 20, after: str | None = None) -> Connection[Invoice] | None:
        return await _page(info, "Invoice", first, after)  # type: ignore[no-any-return]

    @strawberry.field(description="The legal entities of the ERP.")
    async def legal_entities(
        self, info: Info, first: int = 20, after: str | None = None
    ) -> Connection[LegalEntity] | None:
        return await _page(info, "LegalEntity", first, after)  # type: ignore[no-any-return]
