"""Invoices and credit notes: drafted without a number, posted under the next one of the company."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

import msgspec

from demo.dynamics import sequences
from demo.dynamics.billing import INVOICE_LINES, INVOICED, PROPOSED, left, still_billing
from demo.dynamics.books import KEY, RECEIVABLES, Asked, Books, Name, Noon, Refused
from demo.dynamics.events import EVENTS
from demo.dynamics.ledger import RATE_TYPE
from demo.dynamics.postings import CHECKS, EVENT_TYPE
from demo.dynamics.values import NO_DAY, day, instant
from demo.emulator import Row
from demo.firm.draws import quantize
from demo.firm.tax import REVENUE_ACCOUNT, line_taxes

INVOICES, LINES = "NBProjectInvoices", INVOICE_LINES
DRAFT, CONFIRMED, UNPAID = "Draft", "Confirmed", "Open"
_ACCOUNT: Final = {EVENT_TYPE[kind]: account for kind, account in REVENUE_ACCOUNT.items()}
_FEES: Final = REVENUE_ACCOUNT["ADJUSTMENT"]
_PREFIX: Final = {"Invoice": "INV", "CreditNote": "CRN"}
ZERO: Final = Decimal(0)


class ProposedLine(Asked, kw_only=True):
    """What of an event is billed."""

    BillingEventId: Name
    ContractLineId: Name
    Description: Name
    Quantity: Decimal
    SalesPrice: Decimal
    LineAmount: Decimal


class Proposal(Asked, kw_only=True):
    """A draft."""

    NBFacadeKey: Name
    company: Name = msgspec.field(name="dataAreaId")
    CustomerAccount: Name
    ProjectID: str = ""
    CurrencyCode: Name
    Lines: tuple[ProposedLine, ...]


class Posted(Asked, kw_only=True):
    """The posting of a draft, and what it was expected to come to."""

    NBPostingKey: Name
    PostingDate: Noon
    ExpectedTotal: Decimal


class CreditedLine(Asked, kw_only=True):
    """How much of a line is credited, before tax."""

    InvoiceLineId: Name
    LineAmount: Decimal


class Credit(Asked, kw_only=True):
    """A credit note."""

    NBFacadeKey: Name
    PostingDate: Noon
    Reason: Name
    Lines: tuple[CreditedLine, ...]


def propose(books: Books, _record: str, asked: Proposal) -> Row:
    """Draft an invoice of events that are locked for it, each of them wholly."""
    books.record("CustomersV3", asked.CustomerAccount)
    draft = f"IP-{books.next_number(sequences.PROPOSALS):06}"
    lines = [_proposed(books, asked, line, draft, place) for place, line in enumerate(asked.Lines, 1)]
    for code in {line.BillingEventId for line in asked.Lines}:
        billed = sum(line.LineAmount for line in asked.Lines if line.BillingEventId == code)
        if billed != books.record(EVENTS, code)["Amount"]:
            raise Refused(400, f"The lines for billing event {code} do not add up to its amount.")
    document = {
        "dataAreaId": asked.company,
        "InvoiceId": draft,
        "InvoiceType": "Invoice",
        "CurrencyCode": asked.CurrencyCode,
        "CustomerAccount": asked.CustomerAccount,
        "ProjectID": asked.ProjectID,
        KEY: asked.NBFacadeKey,
    }
    return _document(books, document, lines)


def delete(books: Books, record: str, _asked: Asked) -> Row:
    """Delete a draft with its lines."""
    draft = _drafted(books, record)
    for line in books.rows(LINES, InvoiceId=record):
        books.database.tables[LINES].delete(line)
    books.database.tables[INVOICES].delete(draft)
    return {}


def post(books: Books, record: str, asked: Posted) -> Row:
    """Post a draft: it gets its number, its days and its place in the ledger."""
    books.unused(INVOICES, "NBPostingKey", asked.NBPostingKey)
    draft = _drafted(books, record)
    if draft["TotalAmount"] != asked.ExpectedTotal:
        raise Refused(409, f"Invoice proposal {record} comes to another total than the expected one.")
    terms = books.record("CustomersV3", draft["CustomerAccount"])["NBPaymentTermsDays"]
    return _post(books, draft, asked.PostingDate, terms, NBPostingKey=asked.NBPostingKey)


def credit(books: Books, record: str, asked: Credit) -> Row:
    """Post a credit note against a posted invoice, with an event for each of its lines."""
    invoice = books.record(INVOICES, record)
    if (invoice["InvoiceStatus"], invoice["InvoiceType"]) != (CONFIRMED, "Invoice"):
        raise Refused(409, f"{record} is no posted invoice.")
    note = f"CN-{books.next_number(sequences.PROPOSALS):06}"
    lines = [
        _credited(books, invoice, line, {"InvoiceId": note, "InvoiceLineId": f"{note}-{place}", "LineNumber": place})
        for place, line in enumerate(asked.Lines, 1)
    ]
    kept = ("dataAreaId", "CurrencyCode", "CustomerAccount", "ProjectID")
    document = {
        **{name: invoice[name] for name in kept},
        "InvoiceId": note,
        "InvoiceType": "CreditNote",
        "CorrectedInvoiceId": record,
        "CorrectedInvoiceNumber": invoice["InvoiceNumber"],
        "CorrectionReason": asked.Reason,
        KEY: asked.NBFacadeKey,
    }
    return _post(books, _document(books, document, lines), asked.PostingDate, 0)


def _proposed(books: Books, asked: Proposal, line: ProposedLine, draft: str, place: int) -> Row:
    event, terms = books.record(EVENTS, line.BillingEventId), books.record("ProjectContractLines", line.ContractLineId)
    if event["EventStatus"] != PROPOSED or still_billing(books, line.BillingEventId):
        raise Refused(409, f"Billing event {line.BillingEventId} is not locked for a new invoice proposal.")
    if (event["dataAreaId"], event["CurrencyCode"]) != (asked.company, asked.CurrencyCode):
        raise Refused(400, f"Billing event {line.BillingEventId} is of another company or in another currency.")
    return {
        **msgspec.structs.asdict(line),
        "dataAreaId": asked.company,
        "InvoiceId": draft,
        "InvoiceLineId": f"{draft}-{place}",
        "LineNumber": place,
        "UnitSymbol": "HOUR" if event["EventType"] == "Hour" else "EACH",
        "CurrencyCode": asked.CurrencyCode,
        "SalesTaxGroup": terms["SalesTaxGroup"],
        "MainAccountId": _ACCOUNT.get(event["EventType"], _FEES),
    }


def _credited(books: Books, invoice: Row, line: CreditedLine, own: Row) -> Row:
    billed = books.record(LINES, line.InvoiceLineId)
    rest = left(books, billed)
    if billed["InvoiceId"] != invoice["InvoiceId"] or not ZERO < line.LineAmount <= rest:
        raise Refused(400, f"Of line {line.InvoiceLineId} not more than {max(rest, ZERO)} can be credited.")
    whole = line.LineAmount == billed["LineAmount"]
    return {
        **billed,
        **own,
        "InvoiceNumber": "",
        "Description": f"Credit: {billed['Description']}",
        "BillingEventId": _adjustment(books, billed, line.LineAmount, own["InvoiceLineId"]),
        "Quantity": -billed["Quantity"] if whole else Decimal(-1),
        "SalesPrice": billed["SalesPrice"] if whole else line.LineAmount,
        "LineAmount": -line.LineAmount,
        "CorrectedInvoiceLineId": line.InvoiceLineId,
    }


def _adjustment(books: Books, billed: Row, amount: Decimal, line_id: str) -> str:
    """Make the event behind a credited line, for every document is the sum of its events, and return its id."""
    event = books.record(EVENTS, billed["BillingEventId"])
    made = {
        **event,
        "BillingEventId": f"BE-{line_id}",
        "EventType": "Adjustment",
        "DueDate": day(books.now.date()),
        "Amount": -amount,
        "NBHours": None,
        "MilestoneCode": "",
        "EventStatus": INVOICED,
        **{check: "NotApplicable" if kinds else "Passed" for check, (_, kinds) in CHECKS.items()},
        "ReadyDateTime": instant(books.now),
        KEY: "",
        "NBLockKey": "",
    }
    return str(books.insert(EVENTS, made)["BillingEventId"])


def _document(books: Books, document: Row, lines: Sequence[Row]) -> Row:
    """Write a document without a number, and its lines, which are taxed by the company's rule."""
    if not lines:
        raise Refused(400, "An invoice needs a line.")
    entity = books.companies[document["dataAreaId"]]
    taxes = line_taxes([line["LineAmount"] for line in lines], entity, document["CurrencyCode"])
    for line, tax in zip(lines, taxes, strict=True):
        books.insert(LINES, {**line, "TaxAmount": tax})
    net, tax = sum((line["LineAmount"] for line in lines), ZERO), sum(taxes, ZERO)
    amounts = {"NetAmount": net, "TaxAmount": tax, "TotalAmount": net + tax, "OpenAmount": ZERO}
    undated = dict.fromkeys(("InvoiceDate", "DueDate", "AccountingDate"), NO_DAY)
    states = {"InvoiceStatus": DRAFT, "SettlementStatus": UNPAID}
    return books.insert(INVOICES, {**states, **undated, **amounts, **document})


def _drafted(books: Books, record: str) -> Row:
    draft = books.record(INVOICES, record)
    if draft["InvoiceStatus"] != DRAFT:
        raise Refused(409, f"{record} has been posted and cannot be changed.")
    return draft


def _post(books: Books, draft: Row, on: str, terms: int, **more: str) -> Row:
    company, kind = draft["dataAreaId"], draft["InvoiceType"]
    period = books.open_period(company, on, RECEIVABLES)
    entity = books.companies[company]
    rate = books.spot(draft["CurrencyCode"], entity.currency, on)
    ordinal = books.next_number(sequences.documents(company, kind))
    number = f"{_PREFIX[kind]}-{entity.code.removeprefix('NB-')}-{ordinal:05}"
    for line in books.rows(LINES, InvoiceId=draft["InvoiceId"]):
        books.update(LINES, line, InvoiceNumber=number)
        if kind == "CreditNote":
            books.update(EVENTS, books.record(EVENTS, line["BillingEventId"]), InvoiceNumber=number)
    return books.update(
        INVOICES,
        draft,
        InvoiceNumber=number,
        InvoiceStatus=CONFIRMED,
        InvoiceDate=on,
        DueDate=day((datetime.fromisoformat(on) + timedelta(terms)).date()),
        AccountingDate=on,
        PeriodId=period,
        OpenAmount=draft["TotalAmount"],
        AccountingCurrencyCode=entity.currency,
        ExchangeRateType=RATE_TYPE["SPOT"],
        ExchangeRate=rate,
        TotalAmountAccountingCurrency=quantize(draft["TotalAmount"] * rate, entity.currency, entity.rounding_mode),
        **more,
    )
