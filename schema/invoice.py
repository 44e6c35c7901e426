"""An invoice: the ERP's legal document, in two axes, document and payment."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Optional

import strawberry

from schema.access import Reach
from schema.billing_event import BillingEvent
from schema.contract import ContractLine
from schema.exchange_rate import MoneyConversion
from schema.fiscal_period import FiscalPeriod
from schema.graph import Node, Traced, derived, home, link
from schema.legal_entity import LegalEntity
from schema.problems import Problem
from schema.rows import Maybe, Ref, Row, System
from schema.values import Money

if TYPE_CHECKING:
    from schema.customer import Customer
    from schema.engagement import Engagement


@strawberry.enum
class InvoiceKind(Enum):
    """A bill, or the correction of one."""

    INVOICE = "INVOICE"
    CREDIT_NOTE = "CREDIT_NOTE"


@strawberry.enum
class DocumentStatus(Enum):
    """How far the document has come."""

    DRAFT = "DRAFT"
    IN_REVIEW = "IN_REVIEW"
    POSTED = "POSTED"
    CANCELLED = "CANCELLED"


@strawberry.enum
class PaymentStatus(Enum):
    """How much of it was paid. PAID is not the end: payments bounce."""

    UNPAID = "UNPAID"
    PARTIAL = "PARTIAL"
    PAID = "PAID"
    REVERSED = "REVERSED"


@strawberry.enum
class InvoiceLifecycle(Enum):
    """Both axes in one word, for reading only."""

    DRAFT = "DRAFT"
    POSTED = "POSTED"
    PAID = "PAID"
    CANCELLED = "CANCELLED"


class InvoiceRow(Row):
    """What the ERP says of a document."""

    type: ClassVar[str] = "Invoice"

    number: str | None = None
    kind: Maybe[InvoiceKind] = None
    customer: Annotated[Ref, "Customer"] | None = None
    legal_entity: Annotated[Ref, "LegalEntity"] | None = None
    engagement: Annotated[Ref, "Engagement"] | None = None
    document_status: Maybe[DocumentStatus] = None
    payment_status: Maybe[PaymentStatus] = None
    issue_date: date | None = None
    due_date: date | None = None
    accounting_date: date | None = None
    fiscal_period: Annotated[Ref, "FiscalPeriod"] | None = None
    net: Money | None = None
    tax: Money | None = None
    total: Money | None = None
    open_amount: Money | None = None
    total_in_entity_currency: MoneyConversion | None = None
    corrects: Annotated[Ref, "Invoice"] | None = None


class InvoiceLineRow(Row):
    """What the ERP says of one line."""

    type: ClassVar[str] = "InvoiceLine"

    description: str | None = None
    invoice: Annotated[Ref, "Invoice"] | None = None
    quantity: Decimal | None = None
    unit: str | None = None
    unit_price: Money | None = None
    net: Money | None = None
    tax_code: str | None = None
    tax_amount: Money | None = None
    revenue_account: str | None = None
    contract_line: Annotated[Ref, "ContractLine"] | None = None
    billing_events: list[Annotated[Ref, "BillingEvent"]] | None = None


def lifecycle(document: Maybe[DocumentStatus], payment: Maybe[PaymentStatus]) -> Maybe[InvoiceLifecycle]:
    """Derive one word from both axes (domain model, 2.7); what cannot be read on an axis cannot be derived either."""
    if document is None or isinstance(document, Problem):
        return document
    if document is DocumentStatus.CANCELLED:
        return InvoiceLifecycle.CANCELLED
    if document is not DocumentStatus.POSTED:
        return InvoiceLifecycle.DRAFT
    if isinstance(payment, Problem):
        return payment
    return InvoiceLifecycle.PAID if payment is PaymentStatus.PAID else InvoiceLifecycle.POSTED


def _lifecycle(self: Any) -> InvoiceLifecycle | None:
    # A Problem is a value here too: it becomes null and its error.
    return lifecycle(self.document_status, self.payment_status)  # type: ignore[return-value]


@home(System.ERP, "invoice_lines_by_id", InvoiceLineRow)
class InvoiceLine(Traced, Node):
    """One line of a document; all amounts in its currency."""

    description: str | None
    invoice: Annotated[Invoice, strawberry.lazy("schema.invoice")] | None = link(
        System.ERP, "invoices_by_id", key="invoice"
    )
    quantity: Decimal | None
    unit: str | None
    unit_price: Money | None
    net: Money | None
    tax_code: str | None
    tax_amount: Money | None
    revenue_account: str | None
    contract_line: ContractLine | None = link(System.ERP, "contract_lines_by_id", key="contract_line")
    billing_events: list[BillingEvent | None] | None = link(System.ERP, "billing_events_by_id", key="billing_events")


@home(
    *(System.ERP, "invoices_by_id", InvoiceRow),
    scope={Reach.ENTITY: "legal_entity", Reach.COMPANY: "customer", Reach.ENGAGEMENT: "engagement"},
)
class Invoice(Traced, Node):
    """A bill or credit note; `number` is null while it is a draft, `net` is before tax.

    `engagement` is null where it bills several: whose each line is, its `contractLine` tells.
    """

    number: str | None
    kind: InvoiceKind | None
    customer: Annotated[Customer, strawberry.lazy("schema.customer")] | None = link(
        System.CRM, "customers_by_id", key="customer"
    )
    legal_entity: LegalEntity | None = link(System.ERP, "legal_entities_by_id", key="legal_entity")
    engagement: Annotated[Engagement, strawberry.lazy("schema.engagement")] | None = link(
        System.PSA, "engagements_by_id", key="engagement"
    )
    document_status: DocumentStatus | None
    payment_status: PaymentStatus | None
    lifecycle: InvoiceLifecycle | None = derived(_lifecycle)
    issue_date: date | None
    due_date: date | None
    accounting_date: date | None
    fiscal_period: FiscalPeriod | None = link(System.ERP, "fiscal_periods_by_id", key="fiscal_period")
    net: Money | None
    tax: Money | None
    total: Money | None
    open_amount: Money | None
    total_in_entity_currency: MoneyConversion | None
    lines: list[InvoiceLine | None] | None = link(System.ERP, "invoice_lines_by_invoice", at_most=500, about=2)
    corrects: Optional[Invoice] = link(System.ERP, "invoices_by_id", key="corrects")  # noqa: UP045  a forward reference
    corrected_by: list[Optional[Invoice]] | None = link(  # noqa: UP045  a forward reference
        System.ERP, "invoices_by_corrected", at_most=50, about=1
    )
