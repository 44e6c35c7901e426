"""The rows of what finance made of delivery's work: hours posted to the ledger, and what of it may be billed."""

from collections.abc import Iterator
from typing import Final

from demo.dynamics import ids
from demo.dynamics.values import day, instant, text
from demo.emulator import Row
from demo.firm.model import Firm

POSTING_STATUS: Final = {"POSTED": "Posted", "REVERSED": "Reversed"}
BILLING_STATUS: Final = {
    "NOT_BILLABLE": "NonChargeable",
    "UNBILLED": "Open",
    "READY": "ReadyToInvoice",
    "HELD": "OnHold",
    "ON_INVOICE": "OnProposal",
    "BILLED": "Invoiced",
    "WRITTEN_OFF": "WrittenOff",
}
EVENT_TYPE: Final = {
    "TIME": "Hour",
    "EXPENSE": "Expense",
    "MILESTONE": "Milestone",
    "RETAINER": "Fee",
    "ADJUSTMENT": "Adjustment",
}
EVENT_STATUS: Final = {
    "PENDING": "Pending",
    "READY": "ReadyToInvoice",
    "HELD": "OnHold",
    "ON_DRAFT": "OnProposal",
    "INVOICED": "Invoiced",
    "CANCELLED": "Cancelled",
}


def time_postings(firm: Firm) -> Iterator[Row]:
    """Yield NBTimePostings, in the company that employs; time that is not posted is not there."""
    for entry in firm.time_entries:
        if entry.posting_status in POSTING_STATUS:
            yield {
                "dataAreaId": ids.data_area(entry.entity),
                "TransactionId": ids.transaction_id(entry.code),
                "TimeEntryCode": entry.code,
                "PersonnelNumber": ids.personnel_number(entry.person),
                "ProjectID": ids.project_id(entry.engagement),
                "WorkDate": day(entry.work_date),
                "Hours": entry.hours,
                "SalesPrice": entry.bill_rate,
                "SalesCurrencyCode": entry.currency,
                "CostPrice": entry.cost_rate,
                "CostCurrencyCode": entry.cost_currency,
                "AccountingDate": day(entry.accounting_date),
                "PeriodId": ids.period_id(entry.entity, entry.fiscal_period) if entry.fiscal_period else "",
                "PostingStatus": POSTING_STATUS[entry.posting_status],
                "BillingStatus": BILLING_STATUS[entry.billing_status],
                "BillingEventId": text(entry.billing_event),
                "InvoiceLineId": text(entry.invoice_line),
            }


def billing_events(firm: Firm) -> Iterator[Row]:
    """Yield NBBillingEvents; one that is not for hours has null in NBHours."""
    companies = {contract.engagement: ids.data_area(contract.entity) for contract in firm.contracts}
    for event in firm.billing_events:
        yield {
            "dataAreaId": companies[event.engagement],
            "BillingEventId": event.code,
            "ProjectID": ids.project_id(event.engagement),
            "ContractLineId": ids.contract_line_id(event.contract_line),
            "EventType": EVENT_TYPE[event.kind],
            "PeriodStartDate": day(event.period_start),
            "PeriodEndDate": day(event.period_end),
            "DueDate": day(event.due_date),
            "Amount": event.amount,
            "CurrencyCode": event.currency,
            "NBHours": event.hours,
            "MilestoneCode": text(event.milestone),
            "EventStatus": EVENT_STATUS[event.status],
            "HoldReason": text(event.hold_reasons[0] if event.hold_reasons else None),
            "ReadyDateTime": instant(event.ready_at),
            "InvoiceNumber": text(event.invoice),
        }
