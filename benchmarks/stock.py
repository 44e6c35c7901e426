"""Strawberry as its documentation shows it: a loader a link, httpx, its own ASGI view. The product's own types."""

# Strawberry reads annotations at run time, so that they are no strings here, and needs what they name.
from datetime import date
from decimal import Decimal
from typing import Any

import strawberry
from aiodataloader import DataLoader
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.schema.config import StrawberryConfig
from strawberry.types import Info

from benchmarks.rows import CustomerRow, DemandRow, EngagementRow, InvoiceRow, PersonRow, Sources, global_id, named
from schema.engagement import EngagementStatus
from schema.invoice import PaymentStatus
from schema.values import CurrencyCode, Hours, scalar_map


class Context:
    """The loaders of one request."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self.engagements: DataLoader[str, EngagementRow | None] = DataLoader(sources.engagements)
        self.customers: DataLoader[str, CustomerRow | None] = DataLoader(sources.customers)
        self.people: DataLoader[str, PersonRow | None] = DataLoader(sources.people)
        self.engagements_of: DataLoader[str, list[EngagementRow]] = DataLoader(sources.engagements_of)
        self.invoices_of: DataLoader[str, list[InvoiceRow]] = DataLoader(sources.invoices_of)
        self.demands_of: DataLoader[str, list[DemandRow]] = DataLoader(sources.demands_of)


Asked = Info[Context, None]


@strawberry.interface
class Node:
    """A record with a global id."""

    id: strawberry.ID


def _resource_id(parent: strawberry.Parent[PersonRow]) -> strawberry.ID:
    return strawberry.ID(global_id("Resource", "hr", parent.id))


def _customer_id(parent: strawberry.Parent[CustomerRow]) -> strawberry.ID:
    return strawberry.ID(global_id("Customer", "crm", parent.id))


def _engagement_id(parent: strawberry.Parent[EngagementRow]) -> strawberry.ID:
    return strawberry.ID(global_id("Engagement", "psa", parent.id))


@strawberry.type
class Money:
    """An amount in a currency."""

    amount: Decimal
    currency: CurrencyCode


@strawberry.type
class Invoice:
    """An invoice of the ERP."""

    number: str

    @strawberry.field
    def total(parent: strawberry.Parent[InvoiceRow]) -> Money:  # noqa: N805  Strawberry's own way to say the row
        return Money(amount=parent.total, currency=parent.currency)

    @strawberry.field
    def payment_status(parent: strawberry.Parent[InvoiceRow]) -> PaymentStatus:  # noqa: N805
        return parent.payment


@strawberry.type
class RoleDemand:
    """A role demand of forecasting."""

    @strawberry.field
    def hours_per_week(parent: strawberry.Parent[DemandRow]) -> Hours:  # noqa: N805
        return Hours(parent.hours)


@strawberry.type
class Resource(Node):
    """A person of HR."""

    id: strawberry.ID = strawberry.field(resolver=_resource_id)

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, PersonRow)

    @strawberry.field
    def display_name(parent: strawberry.Parent[PersonRow]) -> str:  # noqa: N805
        return parent.name

    @strawberry.field
    def work_email(parent: strawberry.Parent[PersonRow]) -> str:  # noqa: N805
        return parent.email


@strawberry.type
class Customer(Node):
    """A customer of the CRM."""

    id: strawberry.ID = strawberry.field(resolver=_customer_id)

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, CustomerRow)

    @strawberry.field
    def display_name(parent: strawberry.Parent[CustomerRow]) -> str:  # noqa: N805
        return parent.name

    @strawberry.field
    async def engagements(parent: strawberry.Parent[CustomerRow], info: Asked) -> list["Engagement"]:  # noqa: N805
        return await info.context.engagements_of.load(parent.id)  # type: ignore[return-value]


@strawberry.type
class Engagement(Node):
    """An engagement of the PSA."""

    id: strawberry.ID = strawberry.field(resolver=_engagement_id)
    name: str

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, EngagementRow)

    @strawberry.field
    def delivery_status(parent: strawberry.Parent[EngagementRow]) -> EngagementStatus:  # noqa: N805
        return parent.status

    @strawberry.field
    def planned_start(parent: strawberry.Parent[EngagementRow]) -> date:  # noqa: N805
        return parent.start

    @strawberry.field
    def planned_hours(parent: strawberry.Parent[EngagementRow]) -> Hours:  # noqa: N805
        return Hours(parent.hours)

    @strawberry.field
    async def customer(parent: strawberry.Parent[EngagementRow], info: Asked) -> Customer | None:  # noqa: N805
        return await info.context.customers.load(parent.customer)  # type: ignore[return-value]

    @strawberry.field
    async def manager(parent: strawberry.Parent[EngagementRow], info: Asked) -> Resource | None:  # noqa: N805
        return await info.context.people.load(parent.manager)  # type: ignore[return-value]

    @strawberry.field
    async def invoices(parent: strawberry.Parent[EngagementRow], info: Asked) -> list[Invoice]:  # noqa: N805
        return await info.context.invoices_of.load(parent.id)  # type: ignore[return-value]

    @strawberry.field
    async def demands(parent: strawberry.Parent[EngagementRow], info: Asked) -> list[RoleDemand]:  # noqa: N805
        return await info.context.demands_of.load(parent.id)  # type: ignore[return-value]


@strawberry.type
class EngagementEdge:
    """An engagement of a page."""

    node: Engagement


@strawberry.type
class EngagementConnection:
    """A page of engagements."""

    edges: list[EngagementEdge]


@strawberry.type
class CustomerEdge:
    """A customer of a page."""

    node: Customer


@strawberry.type
class CustomerConnection:
    """A page of customers."""

    edges: list[CustomerEdge]


@strawberry.type
class Query:
    """The roots that are asked."""

    @strawberry.field
    async def node(self, info: Asked, id: strawberry.ID) -> Node | None:  # noqa: A002  Relay's own word
        type_, own = named(id)
        loaders: dict[str, DataLoader[str, Any]] = {
            "Engagement": info.context.engagements,
            "Resource": info.context.people,
        }
        return await loaders[type_].load(own)  # type: ignore[no-any-return]

    @strawberry.field
    async def engagements(self, info: Asked, first: int) -> EngagementConnection:
        rows: list[Any] = await info.context.sources.first("/psa/engagements", first, EngagementRow)
        return EngagementConnection(edges=[EngagementEdge(node=row) for row in rows])

    @strawberry.field
    async def customers(self, info: Asked, first: int) -> CustomerConnection:
        rows: list[Any] = await info.context.sources.first("/crm/customers", first, CustomerRow)
        return CustomerConnection(edges=[CustomerEdge(node=row) for row in rows])


SCHEMA = strawberry.Schema(
    Query, types=[Engagement, Customer, Resource], config=StrawberryConfig(scalar_map=scalar_map())
)


class View(GraphQL[Context, None]):
    """Strawberry's view, with a context of loaders."""

    def __init__(self, sources: Sources) -> None:
        super().__init__(SCHEMA)
        self._sources = sources

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:
        """Begin a request."""
        del request, response
        return Context(self._sources)


def app() -> Starlette:
    """Return the ASGI app."""
    return Starlette(routes=[Route("/graphql", View(Sources()))])
