"""Hours and expenses in the ledger, what may be billed of them, and invoices, as Dynamics is told of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from schema.billing_event import BillingEventStatus
from sources.erp.dynamics.records import KEY, at, deleting, keyed, noon, send
from sources.erp.writes import (
    AddToBillingEvent,
    CancelBillingEvent,
    CreateBillingEvent,
    CreditInvoice,
    DeleteDraft,
    DraftInvoice,
    LockEvents,
    PostExpense,
    PostInvoice,
    PostTime,
    ReleaseEvents,
    SettleEvents,
)
from sources.writes import Act, Done

if TYPE_CHECKING:
    from sources.contract import Request
    from sources.writes import Acts, Said, Write


OPEN = "Open"
# What is told of a posted document.
POSTED = ("InvoiceId", "InvoiceNumber", "TotalAmount")


def _posting(write: PostTime | PostExpense, said: Said) -> dict[str, Any]:
    return {
        KEY: said.key,
        "dataAreaId": said.id(write.legal_entity),
        "PersonnelNumber": said.id(write.resource),
        "ProjectID": said.id(write.engagement),
        "AccountingDate": noon(write.accounting_date),
        "BillingStatus": said.code("billing", "UNBILLED" if write.billable else "NOT_BILLABLE"),
    }


def _post_time(write: PostTime, said: Said) -> Request:
    hours = {
        "TimeEntryCode": write.code,
        "WorkDate": noon(write.work_date),
        "Hours": write.hours,
        "NBBillableHours": write.billable_hours,
    }
    bill, cost = write.bill_rate, write.cost_rate
    priced = {"SalesPrice": bill.amount, "SalesCurrencyCode": bill.currency} if bill else {}
    costing = {"CostPrice": cost.amount, "CostCurrencyCode": cost.currency} if cost else {}
    return send(at("NBTimePostings"), {**_posting(write, said), **hours, **priced, **costing})


def _post_expense(write: PostExpense, said: Said) -> Request:
    spent = {
        "ExpenseCode": write.code,
        "TransactionDate": noon(write.incurred_date),
        "Amount": write.amount.amount,
        "CurrencyCode": write.amount.currency,
    }
    return send(at("NBExpensePostings"), {**_posting(write, said), **spent})


def _time_posted(_write: Write, answer: Any) -> Done:
    return Done(answer["TimeEntryCode"])


def _expense_posted(_write: Write, answer: Any) -> Done:
    return Done(answer["ExpenseCode"])


def _event(write: CreateBillingEvent | AddToBillingEvent, said: Said) -> dict[str, Any]:
    return {
        KEY: said.key,
        "ProjectID": said.id(write.engagement),
        "ContractLineId": said.id(write.contract_line),
        "EventType": said.code("event_kind", write.kind),
        "PeriodStartDate": noon(write.start),
        "PeriodEndDate": noon(write.end),
        "Amount": write.amount.amount,
        "CurrencyCode": write.amount.currency,
    }


def _create_event(write: CreateBillingEvent, said: Said) -> Request:
    due = {"BillingEventId": write.code, "DueDate": noon(write.due_date)}
    reached = {"MilestoneCode": said.id(write.milestone), "NBIsAccepted": write.accepted}
    return send(at("NBBillingEvents"), {**_event(write, said), **due, **reached})


def _event_made(_write: Write, answer: Any) -> Done:
    return Done(answer["BillingEventId"])


def _add_to_event(write: AddToBillingEvent, said: Said) -> Request:
    behind = {"TimeEntryCode": write.code} if write.entry else {"ExpenseCode": write.code} if write.expense else {}
    added = {"BillingEventId": write.event, "NBHours": write.hours, "NBIsHeld": write.held}
    return send(at("NBBillingEvents", action="NBAddLine"), {**_event(write, said), **behind, **added})


def _line_added(_write: Write, answer: Any) -> Done:
    return Done(answer["EventLineId"], {"event": answer["BillingEventId"]})


def _cancel_event(write: CancelBillingEvent, said: Said) -> Request:
    body = {"EventStatus": said.code("event_status", BillingEventStatus.CANCELLED)}
    return send(at("NBBillingEvents", said.id(write.event)), body, "PATCH")


def _events(write: LockEvents | ReleaseEvents | SettleEvents, said: Said) -> list[str | None]:
    return [said.id(event) for event in write.events]


def _lock(write: LockEvents, said: Said) -> Request:
    return send(at("NBBillingEvents", action="NBLock"), {KEY: said.key, "BillingEventIds": _events(write, said)})


def _release(write: ReleaseEvents, said: Said) -> Request:
    # Before a draft an event is open here, and its checks say whether it is ready.
    off = write.status is BillingEventStatus.CANCELLED
    status = said.code("event_status", write.status) if off else OPEN
    body = {"BillingEventIds": _events(write, said), "EventStatus": status}
    return send(at("NBBillingEvents", action="NBRelease"), body)


def _settle(write: SettleEvents, said: Said) -> Request:
    body = {"BillingEventIds": _events(write, said), "InvoiceId": said.id(write.invoice)}
    return send(at("NBBillingEvents", action="NBSettle"), body)


def _draft(write: DraftInvoice, said: Said) -> Request:
    lines = [
        {
            "BillingEventId": said.id(line.event),
            "ContractLineId": said.id(line.contract_line),
            "Description": line.description,
            "Quantity": 1 if line.quantity is None else line.quantity,
            "SalesPrice": (line.unit_price or line.net).amount,
            "LineAmount": line.net.amount,
        }
        for line in write.lines
    ]
    body = {
        KEY: said.key,
        "dataAreaId": said.id(write.legal_entity),
        "CustomerAccount": said.id(write.customer),
        "ProjectID": said.id(write.engagement),
        "CurrencyCode": write.currency,
        "Lines": lines,
    }
    return send(at("NBProjectInvoices", action="NBCreateProposal"), body)


def _drafted(_write: Write, answer: Any) -> Done:
    return Done(answer["InvoiceId"])


def _post_invoice(write: PostInvoice, said: Said) -> Request:
    body = {
        "NBPostingKey": said.key,
        "PostingDate": noon(write.posting_date),
        "ExpectedTotal": write.expected_total.amount,
    }
    return send(at("NBProjectInvoices", said.id(write.invoice), "NBPost"), body)


def _credit(write: CreditInvoice, said: Said) -> Request:
    lines = [{"InvoiceLineId": said.id(line.line), "LineAmount": line.net.amount} for line in write.lines]
    body = {KEY: said.key, "PostingDate": noon(write.posting_date), "Reason": write.reason, "Lines": lines}
    return send(at("NBProjectInvoices", said.id(write.invoice), "NBCredit"), body)


def _posted(_write: Write, answer: Any) -> Done:
    return Done(answer["InvoiceId"], {"number": answer["InvoiceNumber"], "total": str(answer["TotalAmount"])})


ACTS: Acts = {
    PostTime: keyed("NBTimePostings", ["TimeEntryCode"], _post_time, _time_posted),
    PostExpense: keyed("NBExpensePostings", ["ExpenseCode"], _post_expense, _expense_posted),
    CreateBillingEvent: keyed("NBBillingEvents", ["BillingEventId"], _create_event, _event_made),
    AddToBillingEvent: keyed("NBBillingEventLines", ["EventLineId", "BillingEventId"], _add_to_event, _line_added),
    CancelBillingEvent: Act(_cancel_event),
    # Locked again under the same key, an event is locked; under another one it is refused.
    LockEvents: Act(_lock, unique=True),
    ReleaseEvents: Act(_release),
    DraftInvoice: keyed("NBProjectInvoices", ["InvoiceId"], _draft, _drafted),
    DeleteDraft: deleting("NBProjectInvoices", "InvoiceId", lambda write: write.invoice),
    PostInvoice: keyed("NBProjectInvoices", POSTED, _post_invoice, _posted, key="NBPostingKey"),
    SettleEvents: Act(_settle),
    CreditInvoice: keyed("NBProjectInvoices", POSTED, _credit, _posted),
}
