"""The rows of what finance made of delivery's work: hours and expenses in the ledger, and what may be billed."""

from collections.abc import Iterator, Mapping
from typing import Final

from demo.dynamics import ids
from demo.dynamics.values import day, instant, text
from demo.emulator import Row
from demo.firm.model import BillingEvent, Firm

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
# Before there is a proposal an event is open: whether it may be billed, the checks tell.
EVENT_STATUS: Final = {
    "PENDING": "Open",
    "READY": "Open",
    "HELD": "Open",
    "ON_DRAFT": "OnProposal",
    "INVOICED": "Invoiced",
    "CANCELLED": "Cancelled",
}
# Each check's reason to fail, and the kinds of events that it is made for where those are not all.
CHECKS: Final[Mapping[str, tuple[str, frozenset[str]]]] = {
    "ApprovalCheck": ("TIME_UNAPPROVED", frozenset({"TIME", "EXPENSE"})),
    "CompletionCheck": ("MILESTONE_INCOMPLETE", frozenset({"MILESTONE"})),
    "AcceptanceCheck": ("ACCEPTANCE_OUTSTANDING", frozenset({"MILESTONE"})),
    "PriceCheck": ("RATE_GAP", frozenset({"TIME"})),
    "FundingLimitCheck": ("CAP_EXCEEDED", frozenset({"TIME", "EXPENSE"})),
    "SalesTaxCheck": ("TAX_CODE_MISSING", frozenset()),
    "OrderReferenceCheck": ("PURCHASE_ORDER_MISSING", frozenset()),
    "CreditCheck": ("CUSTOMER_ON_CREDIT_HOLD", frozenset()),
    "CompanyCheck": ("LEGAL_ENTITY_MISMATCH", frozenset()),
}


def labor_categories(firm: Firm) -> Iterator[Row]:
    """Yield NBLaborCategories, by which hours are posted: one for every role."""
    for role in firm.roles:
        yield {"CategoryId": ids.labor_category(role.code), "CategoryName": role.name}


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
                "NBBillableHours": entry.billable_hours,
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
                "NBFacadeKey": "",
            }


def expense_postings(firm: Firm) -> Iterator[Row]:
    """Yield NBExpensePostings, in the company that employs; an expense that is not posted is not there."""
    for expense in firm.expenses:
        if expense.posting_status in POSTING_STATUS:
            yield {
                "dataAreaId": ids.data_area(expense.entity),
                "TransactionId": ids.expense_transaction_id(expense.code),
                "ExpenseCode": expense.code,
                "PersonnelNumber": ids.personnel_number(expense.person),
                "ProjectID": ids.project_id(expense.engagement),
                "TransactionDate": day(expense.incurred_date),
                "Amount": expense.amount,
                "CurrencyCode": expense.currency,
                "AccountingDate": day(expense.accounting_date),
                "PeriodId": ids.period_id(expense.entity, expense.fiscal_period) if expense.fiscal_period else "",
                "PostingStatus": POSTING_STATUS[expense.posting_status],
                "BillingStatus": BILLING_STATUS[expense.billing_status],
                "NBFacadeKey": "",
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
            **_checks(event),
            "ReadyDateTime": instant(event.ready_at),
            "InvoiceNumber": text(event.invoice),
            "NBFacadeKey": "",
            "NBLockKey": "",
        }


def event_lines(firm: Firm) -> Iterator[Row]:
    """Yield NBBillingEventLines: the hours and the milestones behind the events, under delivery's codes."""
    entries = {entry.code: entry for entry in firm.time_entries}
    companies = {contract.engagement: ids.data_area(contract.entity) for contract in firm.contracts}
    for event in firm.billing_events:
        worked = [entries[code] for code in event.time_entries]
        lines = [(entry.code, "", entry.billable_hours, entry.amount) for entry in worked]
        reached = [("", event.milestone, None, event.amount)] if event.milestone else []
        for entry, milestone, hours, amount in (*lines, *reached):
            yield {
                "dataAreaId": companies[event.engagement],
                "EventLineId": f"{event.code}/{entry or milestone}",
                "BillingEventId": event.code,
                "TimeEntryCode": entry,
                "MilestoneCode": milestone,
                "ExpenseCode": "",
                "NBHours": hours,
                "Amount": amount,
                "CurrencyCode": event.currency,
                "NBFacadeKey": "",
            }


def _checks(event: BillingEvent) -> dict[str, str]:
    failing = {*event.hold_reasons, *(("TIME_UNAPPROVED",) if event.status == "PENDING" else ())}
    return {
        check: "NotApplicable" if kinds and event.kind not in kinds else "Failed" if reason in failing else "Passed"
        for check, (reason, kinds) in CHECKS.items()
    }
