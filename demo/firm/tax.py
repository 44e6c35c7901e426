"""Tax on invoice lines, rounded the way each legal entity rounds it."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from demo.firm.draws import quantize
from demo.firm.model import BillingEvent, InvoiceLine, LegalEntity

REVENUE_ACCOUNT: Final = {"TIME": "4000", "ADJUSTMENT": "4000", "MILESTONE": "4010", "RETAINER": "4020"}


@dataclass(frozen=True, slots=True)
class Drafted:
    """An invoice line before tax, in document currency."""

    event: BillingEvent
    code: str
    description: str
    role: str | None
    quantity: Decimal
    unit_price: Decimal
    net: Decimal


def line_taxes(nets: list[Decimal], entity: LegalEntity, currency: str) -> list[Decimal]:
    """Return the tax of each line; per document, the remainder of the total goes to the largest line."""
    taxes = [quantize(net * entity.tax_rate, currency, entity.rounding_mode) for net in nets]
    if entity.tax_rounding == "PER_DOCUMENT":
        total = quantize(sum(nets, Decimal(0)) * entity.tax_rate, currency, entity.rounding_mode)
        largest = max(range(len(nets)), key=lambda index: abs(nets[index]))
        taxes[largest] += total - sum(taxes, Decimal(0))
    return taxes


def taxed(drafts: list[Drafted], entity: LegalEntity, currency: str) -> tuple[InvoiceLine, ...]:
    """Return the lines of one document with their tax."""
    taxes = line_taxes([draft.net for draft in drafts], entity, currency)
    return tuple(
        InvoiceLine(
            code=draft.code,
            invoice=draft.event.invoice or "",
            position=position,
            description=draft.description,
            role=draft.role,
            quantity=draft.quantity,
            unit="HOUR" if draft.role else "EACH",
            unit_price=draft.unit_price,
            net=draft.net,
            tax_code=entity.tax_code,
            tax=tax,
            contract_line=draft.event.contract_line,
            billing_event=draft.event.code,
            revenue_account=REVENUE_ACCOUNT[draft.event.kind],
        )
        for position, (draft, tax) in enumerate(zip(drafts, taxes, strict=True), 1)
    )
