"""The firm's finance as the rows that CAP loads when it starts."""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias

from demo.firm.model import Firm

Row: TypeAlias = Mapping[str, Any]

PERIOD_STATES: Final = {
    "FUTURE": "future",
    "OPEN": "open",
    "CLOSING": "closing",
    "CLOSED": "closed",
    "LOCKED": "locked",
}


def _event_state(status: str) -> str:
    return "locked" if status == "ON_DRAFT" else status.lower() if status in {"INVOICED", "CANCELLED"} else "open"


def seed(firm: Firm, folder: Path) -> None:
    """Write a file for each table."""
    folder.mkdir(parents=True, exist_ok=True)
    stamp = f"{firm.as_of:%Y-%m-%dT%H:%M:%S}.000Z"
    for table, rows in tables(firm).items():
        dated = [{**row, "modifiedAt": stamp} for row in rows]
        with (folder / f"northbeam-{table}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(dated[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(dated)


def tables(firm: Firm) -> Mapping[str, Iterable[Row]]:
    """Return the rows by their tables. A record's id is the firm's own code."""
    return {
        "Companies": _companies(firm),
        "Periods": _periods(firm),
        "Customers": _customers(firm),
        "Projects": _projects(firm),
        "BillingEvents": _events(firm),
        "Invoices": _invoices(firm),
        "InvoiceLines": _lines(firm),
    }


def period_id(entity: str, code: str) -> str:
    """Return what the ERP calls a period: its code alone is every entity's."""
    return f"{entity}:{code}"


def _companies(firm: Firm) -> Iterable[Row]:
    return [
        {"ID": one.code, "name": one.name, "currency": one.currency, "country": one.country, "timeZone": one.time_zone}
        for one in firm.legal_entities
    ]


def _periods(firm: Firm) -> Iterable[Row]:
    return [
        {
            "ID": period_id(one.entity, one.code),
            "company": one.entity,
            "name": one.code,
            "startDate": one.start,
            "endDate": one.end,
            "type": one.kind.lower(),
            "state": PERIOD_STATES[one.status],
        }
        for one in firm.fiscal_periods
    ]


def _customers(firm: Firm) -> Iterable[Row]:
    return [
        {
            "ID": one.code,
            "legalName": one.legal_name,
            "taxNumber": one.tax_number,
            "country": one.country,
            "currency": one.currency,
            "termsDays": one.payment_terms_days,
            "blocked": "no" if one.credit_status == "OK" else "yes",
        }
        for one in firm.customers
    ]


def _projects(firm: Firm) -> Iterable[Row]:
    return [
        {
            "ID": one.code,
            "company": one.entity,
            "name": one.name,
            "stage": one.erp_status.lower(),
            "value": one.value,
            "currency": one.currency,
        }
        for one in firm.engagements
    ]


def _events(firm: Firm) -> Iterable[Row]:
    return [
        {"ID": one.code, "project": one.engagement, "state": _event_state(one.status)} for one in firm.billing_events
    ]


def _invoices(firm: Firm) -> Iterable[Row]:
    return [
        {
            "ID": one.number,
            "documentNumber": one.number,
            "type": one.kind.lower(),
            "company": one.entity,
            "customer": one.customer,
            "project": one.engagement,
            "period": period_id(one.entity, one.fiscal_period),
            "state": one.document_status.lower(),
            "settlement": one.payment_status.lower(),
            "invoiceDate": one.issue_date,
            "dueDate": one.due_date,
            "postingDate": one.accounting_date,
            "currency": one.currency,
            "net": one.net,
            "tax": one.tax,
            "total": one.total,
            "openAmount": one.open_amount,
            "corrects": one.corrects,
        }
        for one in firm.invoices
    ]


def _lines(firm: Firm) -> Iterable[Row]:
    return [
        {
            "ID": line.code,
            "invoice_ID": invoice.number,
            "description": line.description,
            "billingEvent": line.billing_event,
            "quantity": line.quantity,
            "unit": line.unit,
            "unitPrice": line.unit_price,
            "currency": invoice.currency,
            "net": line.net,
            "tax": line.tax,
            "taxCode": line.tax_code,
            "account": line.revenue_account,
        }
        for invoice in firm.invoices
        for line in invoice.lines
    ]
