"""Apollo's `products` subgraph, by which it judges whether a server is a subgraph: its schema, and its few rows."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple

import strawberry
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from strawberry.federation.schema_directive import Location, schema_directive

from colonnade.edge.correlation import Correlation
from colonnade.edge.routes import Edge, routes
from colonnade.edge.running import Graph
from colonnade.edge.visitors import Visitor
from colonnade.telemetry import GraphMetrics
from resolvers.graph import schema
from schema.access import Grants
from schema.rights import Documents, Rights

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from colonnade.edge.visitors import Credentials
    from schema.context import Principal
    from sources.trace import Trace


@schema_directive(
    locations=[Location.OBJECT], name="custom", compose=True, import_url="https://myspecs.dev/myCustomDirective/v1.0"
)
class Custom:
    """A directive of nobody's, which must survive composition."""


@strawberry.type
class ProductVariation:
    """In which form a product comes."""

    id: strawberry.ID


@strawberry.federation.type(shareable=True)
class ProductDimension:
    """How big and heavy a product is."""

    size: str | None
    weight: float | None
    unit: str | None = strawberry.federation.field(inaccessible=True)


@strawberry.type
class CaseStudy:
    """What was studied."""

    case_number: strawberry.ID
    description: str | None


@strawberry.federation.type(keys=["study { caseNumber }"])
class ProductResearch:
    """What is known of a product from a study."""

    study: CaseStudy
    outcome: str | None

    @classmethod
    def resolve_reference(cls, study: dict[str, str]) -> ProductResearch | None:
        """Find it by a part of its part."""
        return next((one for one in RESEARCH if one.study.case_number == study["caseNumber"]), None)


@strawberry.federation.type(keys=["email"], extend=True)
class User:
    """Who made a product: another subgraph's, but for a name that is said here."""

    email: strawberry.ID = strawberry.federation.field(external=True)
    name: str | None = strawberry.federation.field(override="users", default="Jane Smith")
    total_products_created: int | None = strawberry.federation.field(external=True, default=1337)
    years_of_employment: int = strawberry.federation.field(external=True, default=0)

    @strawberry.federation.field(requires=["totalProductsCreated", "yearsOfEmployment"])
    def average_products_created_per_year(self) -> int | None:
        """Compute it from what the router brings along."""
        if self.total_products_created is None or not self.years_of_employment:
            return None
        return round(self.total_products_created / self.years_of_employment)

    @classmethod
    def resolve_reference(
        cls,
        email: strawberry.ID,
        totalProductsCreated: int | None = None,  # noqa: N803  as the router says it
        yearsOfEmployment: int = 0,  # noqa: N803  as the router says it
    ) -> User:
        """Return the user with what the router knows of them."""
        total: dict[str, Any] = {} if totalProductsCreated is None else {"total_products_created": totalProductsCreated}
        return cls(email=email, years_of_employment=yearsOfEmployment, **total)


def _maker() -> User:
    return User(email=strawberry.ID("support@apollographql.com"))


@strawberry.federation.type(keys=["id", "sku package", "sku variation { id }"], directives=[Custom()])
class Product:
    """A product, known by any of three keys."""

    id: strawberry.ID
    sku: str | None
    package: str | None
    variation: ProductVariation | None
    dimensions: ProductDimension | None = strawberry.field(
        default_factory=lambda: ProductDimension(size="small", weight=1, unit="kg")
    )
    created_by: User | None = strawberry.federation.field(provides=["totalProductsCreated"], default_factory=_maker)
    notes: str | None = strawberry.federation.field(tags=["internal"], default=None)
    research: list[ProductResearch] = strawberry.field(default_factory=list)

    @classmethod
    def resolve_reference(
        cls,
        id: strawberry.ID | None = None,  # noqa: A002  federation calls it by this name
        sku: str | None = None,
        package: str | None = None,
        variation: dict[str, str] | None = None,
    ) -> Product | None:
        """Find it by whichever key is given."""
        if id is not None:
            return next((one for one in PRODUCTS if one.id == id), None)
        if package is not None:
            return next((one for one in PRODUCTS if (one.sku, one.package) == (sku, package)), None)
        form = ProductVariation(id=strawberry.ID((variation or {}).get("id", "")))
        return next((one for one in PRODUCTS if (one.sku, one.variation) == (sku, form)), None)


@strawberry.federation.type(keys=["sku package"])
class DeprecatedProduct:
    """A product that is no longer made."""

    sku: str
    package: str
    reason: str | None
    created_by: User | None = strawberry.field(default_factory=_maker)

    @classmethod
    def resolve_reference(cls, sku: str, package: str) -> DeprecatedProduct | None:
        """Find it by its only key, of two parts."""
        return DEPRECATED if (sku, package) == (DEPRECATED.sku, DEPRECATED.package) else None


@strawberry.federation.interface_object(keys=["id"])
class Inventory:
    """An interface of another subgraph, of which nothing but its id is known here."""

    id: strawberry.ID

    @strawberry.field
    def deprecated_products(self) -> list[DeprecatedProduct]:
        """Add a field to all of the interface's types."""
        return [DEPRECATED]

    @classmethod
    def resolve_reference(cls, id: strawberry.ID) -> Inventory:  # noqa: A002  federation calls it by this name
        """Return what a router refers to."""
        return cls(id=id)


RESEARCH = [
    ProductResearch(study=CaseStudy(case_number=strawberry.ID("1234"), description="Federation Study"), outcome=None),
    ProductResearch(study=CaseStudy(case_number=strawberry.ID("1235"), description="Studio Study"), outcome=None),
]
PRODUCTS = [
    Product(
        id=strawberry.ID("apollo-federation"),
        sku="federation",
        package="@apollo/federation",
        variation=ProductVariation(id=strawberry.ID("OSS")),
        research=RESEARCH[:1],
    ),
    Product(
        id=strawberry.ID("apollo-studio"),
        sku="studio",
        package="",
        variation=ProductVariation(id=strawberry.ID("platform")),
        research=RESEARCH[1:],
    ),
]
DEPRECATED = DeprecatedProduct(
    sku="apollo-federation-v1", package="@apollo/federation-v1", reason="Migrate to Federation V2"
)


@strawberry.federation.type(extend=True)
class Query:
    """What can be asked."""

    @strawberry.field
    def product(self, id: strawberry.ID) -> Product | None:  # noqa: A002  Apollo's schema names it
        """Return a product by its id."""
        return Product.resolve_reference(id=id)

    @strawberry.field(deprecation_reason="Use product query instead")
    def deprecated_product(self, sku: str, package: str) -> DeprecatedProduct | None:
        """Return a product that is no longer made."""
        return DeprecatedProduct.resolve_reference(sku=sku, package=package)


class Request:
    """What one request knows: there is no system to ask, and so nothing to abandon."""

    def __init__(self, principal: Principal, correlation_id: str, trace: Trace, key: str | None) -> None:
        del principal, trace, key
        self.correlation_id, self.replayed = correlation_id, False
        self.deadline = asyncio.get_running_loop().time() + 10

    def explained(self, prepared: object, asked: object) -> dict[str, Any]:  # noqa: ARG002  no plans here
        """Return nothing: there are no plans."""
        return {}

    def abandon(self) -> None:
        """Do nothing."""


class Anybody(NamedTuple):
    """Whoever asks: Apollo's assertions sign in as nobody."""

    subject: str = "anybody"
    token: str | None = None
    key: str | None = None
    rights: Rights = Rights(documents=Documents.OPEN, introspection=True, federation=True)
    grants: Grants = Grants()


async def _anybody(shown: Credentials) -> Visitor:
    del shown
    return Visitor(Anybody(), account="anybody", federates=True)


def app() -> ASGIApp:
    """Return the subgraph as this project serves a schema: by its factory, behind its edge."""
    # Apollo's assertions know no newer version.
    made = schema(Query, types=[Product, DeprecatedProduct, ProductResearch, User, Inventory], version="2.3")
    edge = Edge.over(Graph(made, Request, GraphMetrics(CollectorRegistry())), _anybody)
    return Correlation(Starlette(routes=routes(edge)))
