"""How far the billing of events has come: locked for a draft, released, settled with a posted invoice, or cancelled."""

from decimal import Decimal
from typing import Final, Literal

from demo.dynamics.books import OPEN, Asked, Books, Name
from demo.dynamics.events import CANCELLED, EVENTS, FAILED, behind, mark, must
from demo.dynamics.postings import CHECKS
from demo.emulator import Row

INVOICE_LINES: Final = "NBProjectInvoiceLines"
PROPOSED, INVOICED = "OnProposal", "Invoiced"


class Events(Asked, kw_only=True):
    """Several events, of which all are changed or none."""

    BillingEventIds: tuple[Name, ...]


class Locked(Events, kw_only=True):
    """Events that go on a draft; whoever locks them has a key."""

    NBFacadeKey: Name


class Released(Events, kw_only=True):
    """Events that go on none after all."""

    EventStatus: Literal["Open", "Cancelled"]


class Settled(Events, kw_only=True):
    """Events whose invoice was posted."""

    InvoiceId: Name


class EventChange(Asked, kw_only=True):
    """What an event may be told."""

    EventStatus: Literal["Cancelled"]


def lock(books: Books, _record: str, asked: Locked) -> Row:
    """Put events on a draft that is to be made; those on one are refused, but to the key that put them there."""
    for event in _events(books, asked):
        if (event["EventStatus"], event["NBLockKey"]) == (PROPOSED, asked.NBFacadeKey):
            continue
        must(event, event["EventStatus"] == OPEN, f"is {event['EventStatus']}")
        failed = [check for check in CHECKS if event[check] == FAILED]
        must(event, not failed, f"has not passed {', '.join(failed)}")
        project = books.record("ProjectsV2", event["ProjectID"])
        held = books.record("CustomersV3", project["CustomerAccount"])["OnHoldStatus"]
        must(event, held == "No", "is for a customer on hold")
        books.update(EVENTS, event, EventStatus=PROPOSED, NBLockKey=asked.NBFacadeKey)
        mark(books, behind(books, event), BillingStatus=PROPOSED)
    return {}


def release(books: Books, _record: str, asked: Released) -> Row:
    """Take events off the draft that they were to be on, or off the invoice that was credited, or write them off."""
    off = asked.EventStatus == CANCELLED
    for event in _events(books, asked):
        held = "has been invoiced" if event["EventStatus"] == INVOICED else "is on an invoice proposal"
        must(event, not still_billing(books, event["BillingEventId"]), held)
        books.update(EVENTS, event, EventStatus=asked.EventStatus, NBLockKey="", InvoiceNumber="")
        status = "WrittenOff" if off else "ReadyToInvoice"
        mark(books, behind(books, event), BillingStatus=status, InvoiceLineId="")
    return {}


def still_billing(books: Books, code: str) -> list[Row]:
    """Return the lines that bill an event; one that was credited in full does so no more."""
    return [line for line in books.rows(INVOICE_LINES, BillingEventId=code) if left(books, line)]


def left(books: Books, line: Row) -> Decimal:
    """Return what of an invoice's line has not been credited."""
    credited = books.rows(INVOICE_LINES, CorrectedInvoiceLineId=line["InvoiceLineId"])
    return sum((one["LineAmount"] for one in credited), Decimal(line["LineAmount"]))


def settle(books: Books, _record: str, asked: Settled) -> Row:
    """Say of events, and of the hours behind them, that their invoice was posted."""
    invoice = books.record("NBProjectInvoices", asked.InvoiceId)
    for event in _events(books, asked):
        billed = books.rows(INVOICE_LINES, InvoiceId=asked.InvoiceId, BillingEventId=event["BillingEventId"])
        must(event, bool(billed) and invoice["InvoiceStatus"] == "Confirmed", "is on no posted invoice of that number")
        must(event, event["EventStatus"] in {PROPOSED, INVOICED}, f"is {event['EventStatus']}")
        books.update(EVENTS, event, EventStatus=INVOICED, InvoiceNumber=invoice["InvoiceNumber"])
        mark(books, behind(books, event), BillingStatus=INVOICED, InvoiceLineId=billed[0]["InvoiceLineId"])
    return {}


def cancel(books: Books, record: str, asked: EventChange) -> Row:
    """Say that an event will not be billed."""
    event = books.record(EVENTS, record)
    must(event, event["EventStatus"] in {OPEN, CANCELLED}, f"is {event['EventStatus']}")
    return books.update(EVENTS, event, EventStatus=asked.EventStatus)


def _events(books: Books, asked: Events) -> list[Row]:
    return [books.record(EVENTS, code) for code in asked.BillingEventIds]
