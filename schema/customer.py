"""A customer: the CRM says whom the firm sells to, the ERP whom it may legally bill."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Annotated, ClassVar, Optional

import strawberry

from schema.access import Reach
from schema.graph import Node, Traced, facet, home, link, restricted
from schema.restriction import Restriction
from schema.rows import Maybe, Ref, Row, System
from schema.values import CurrencyCode

if TYPE_CHECKING:
    from schema.engagement import Engagement
    from schema.invoice import Invoice
    from schema.opportunity import Opportunity


@strawberry.enum
class CreditStatus(Enum):
    """Whether finance lets new documents be posted for a customer."""

    OK = "OK"
    ON_HOLD = "ON_HOLD"


class CustomerRow(Row):
    """What the CRM says."""

    type: ClassVar[str] = "Customer"

    display_name: str
    industry: str | None = None
    account_owner: str | None = None
    parent: Annotated[Ref, "Customer"] | None = None


class CustomerErpRow(Row):
    """What the ERP says of the same customer."""

    type: ClassVar[str] = "Customer"

    legal_name: str | None = None
    tax_registration_id: str | None = None
    billing_country: str | None = None
    billing_currency: CurrencyCode | None = None
    payment_terms_days: int | None = None
    credit_status: Maybe[CreditStatus] = None


@facet(System.ERP, "customers_erp")
class CustomerErp:
    """The customer as a debtor; null until the ERP has one."""

    legal_name: str | None
    tax_registration_id: str | None = restricted(Restriction.TAX_ID)
    billing_country: str | None
    billing_currency: CurrencyCode | None
    payment_terms_days: int | None
    credit_status: CreditStatus | None


@home(System.CRM, "customers_by_id", CustomerRow, scope={Reach.COMPANY: "ref"})
class Customer(CustomerErp, Traced, Node):
    """A company that the firm sells to."""

    display_name: str
    industry: str | None
    account_owner: str | None
    parent: Optional[Customer] = link(System.CRM, "customers_by_id", key="parent")  # noqa: UP045  a forward reference
    opportunities: list[Annotated[Opportunity, strawberry.lazy("schema.opportunity")] | None] | None = link(
        System.CRM, "opportunities_by_customer", at_most=500, about=2
    )
    engagements: list[Annotated[Engagement, strawberry.lazy("schema.engagement")] | None] | None = link(
        System.PSA, "engagements_by_customer", at_most=500, about=2
    )
    invoices: list[Annotated[Invoice, strawberry.lazy("schema.invoice")] | None] | None = link(
        System.ERP, "invoices_by_customer", at_most=2000, about=3
    )
