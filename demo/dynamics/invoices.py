"""The rows of project invoices, which the product posts but has no public data entity for.

A document is known by the id that it was drafted under. Those from before this tenant drafted any have their number.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from demo.dynamics import ids
from demo.dynamics.ledger import RATE_TYPE
from demo.dynamics.values import day, text
from demo.emulator import Row
from demo.firm.model import Firm, Invoice

DOCUMENT_STATUS: Final = {"DRAFT": "Draft", "IN_REVIEW": "InReview", "POSTED": "Confirmed", "CANCELLED": "Cancelled"}
PAYMENT_STATUS: Final = {"UNPAID": "Open", "PARTIAL": "PartlySettled", "PAID": "Settled", "REVERSED": "Reversed"}
INVOICE_TYPE: Final = {"INVOICE": "Invoice", "CREDIT_NOTE": "CreditNote"}


def _company(invoice: Invoice) -> Mapping[str, str]:
    number = ids.invoice_number(invoice.number)
    return {"dataAreaId": ids.data_area(invoice.entity), "InvoiceId": number, "InvoiceNumber": number}


def invoices(firm: Firm) -> Iterator[Row]:
    """Yield NBProjectInvoices: invoices and credit notes with their settlement."""
    for invoice in firm.invoices:
        yield {
            **_company(invoice),
            "InvoiceType": INVOICE_TYPE[invoice.kind],
            "InvoiceStatus": DOCUMENT_STATUS[invoice.document_status],
            "SettlementStatus": PAYMENT_STATUS[invoice.payment_status],
            "CustomerAccount": ids.customer_account(invoice.customer),
            "ProjectID": ids.project_id(invoice.engagement),
            "InvoiceDate": day(invoice.issue_date),
            "DueDate": day(invoice.due_date),
            "AccountingDate": day(invoice.accounting_date),
            "PeriodId": ids.period_id(invoice.entity, invoice.fiscal_period),
            "CurrencyCode": invoice.currency,
            "NetAmount": invoice.net,
            "TaxAmount": invoice.tax,
            "TotalAmount": invoice.total,
            "OpenAmount": invoice.open_amount,
            "AccountingCurrencyCode": invoice.entity_currency,
            "ExchangeRateType": RATE_TYPE["SPOT"],
            "ExchangeRate": invoice.entity_rate,
            "TotalAmountAccountingCurrency": invoice.entity_total,
            "CorrectedInvoiceId": text(invoice.corrects),
            "CorrectedInvoiceNumber": text(invoice.corrects),
            "CorrectionReason": text(invoice.reason),
            "NBFacadeKey": "",
            "NBPostingKey": "",
        }


def invoice_lines(firm: Firm) -> Iterator[Row]:
    """Yield NBProjectInvoiceLines."""
    for invoice in firm.invoices:
        for line in invoice.lines:
            yield {
                **_company(invoice),
                "InvoiceLineId": line.code,
                "LineNumber": line.position,
                "Description": line.description,
                "BillingEventId": text(line.billing_event),
                "ContractLineId": ids.contract_line_id(line.contract_line),
                "Quantity": line.quantity,
                "UnitSymbol": line.unit,
                "SalesPrice": line.unit_price,
                "CurrencyCode": invoice.currency,
                "LineAmount": line.net,
                "TaxAmount": line.tax,
                "SalesTaxGroup": line.tax_code,
                "MainAccountId": line.revenue_account,
                "CorrectedInvoiceLineId": f"{invoice.corrects}-{line.role}" if invoice.corrects else "",
            }
