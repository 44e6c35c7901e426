"""What may be billed: events, the records behind them, and the checks that they pass or not."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import count
from typing import Any, Final, Literal

import msgspec

from demo.dynamics.books import KEY, OPEN, Asked, Books, Name, Noon, Refused
from demo.dynamics.postings import CHECKS, EVENT_TYPE
from demo.dynamics.values import NO_INSTANT, instant
from demo.emulator import Row

EVENTS, LINES = "NBBillingEvents", "NBBillingEventLines"
CANCELLED = "Cancelled"
PASSED, FAILED, NOT_APPLICABLE = "Passed", "Failed", "NotApplicable"
_KIND: Final = {code: kind for kind, code in EVENT_TYPE.items()}
# Where what is behind the events stands in the ledger.
_POSTINGS: Final = (("TimeEntryCode", "NBTimePostings"), ("ExpenseCode", "NBExpensePostings"))


class Event(Asked, kw_only=True):
    """What is billed of a contract line, and for which days."""

    NBFacadeKey: Name
    BillingEventId: Name
    ProjectID: Name
    ContractLineId: Name
    EventType: Literal["Hour", "Expense", "Milestone", "Fee", "Adjustment"]
    PeriodStartDate: Noon
    PeriodEndDate: Noon
    Amount: Decimal
    CurrencyCode: Name


class WholeEvent(Event, kw_only=True):
    """An event in one piece."""

    DueDate: Noon
    MilestoneCode: str = ""
    NBIsAccepted: bool = True


class AddedLine(Event, kw_only=True):
    """An hour's or an expense's part of an event; held, it is over what is funded."""

    TimeEntryCode: str = ""
    ExpenseCode: str = ""
    NBHours: Decimal | None = None
    NBIsHeld: bool = False


def create(books: Books, _record: str, asked: WholeEvent) -> Row:
    """Make an event, with the milestone behind it; one that waited for its milestone's acceptance is that event."""
    billed = books.rows(EVENTS, MilestoneCode=asked.MilestoneCode) if asked.MilestoneCode else []
    live = [event for event in billed if event["EventStatus"] != CANCELLED and event[KEY] != asked.NBFacadeKey]
    if live:
        return _accepted(books, live[0], asked)
    code = next(code for code in _codes(asked.BillingEventId) if books.database.tables[EVENTS].row(code) is None)
    failing = set() if asked.NBIsAccepted else {"ACCEPTANCE_OUTSTANDING"}
    whole = {"DueDate": asked.DueDate, "Amount": asked.Amount, "MilestoneCode": asked.MilestoneCode}
    event = _open(books, asked, code, failing, {**whole, KEY: asked.NBFacadeKey})
    if asked.MilestoneCode:
        behind = {"EventLineId": f"{code}/{asked.MilestoneCode}", "MilestoneCode": asked.MilestoneCode}
        books.insert(LINES, {**_line(event), **behind, "Amount": asked.Amount})
    return event


def _accepted(books: Books, event: Row, asked: WholeEvent) -> Row:
    waits = event["EventStatus"] == OPEN and event["AcceptanceCheck"] == FAILED and asked.NBIsAccepted
    must(event, waits and event["Amount"] == asked.Amount, f"bills milestone {asked.MilestoneCode} already")
    books.unused(EVENTS, KEY, asked.NBFacadeKey)
    return _passed(books, event, AcceptanceCheck=PASSED, **{KEY: asked.NBFacadeKey})


def add_line(books: Books, _record: str, asked: AddedLine) -> Row:
    """Add to the open event of that id, to the next one where that is open no more, or to a new one."""
    if not asked.TimeEntryCode and not asked.ExpenseCode:
        raise Refused(400, "A billing event line needs a time entry or an expense.")
    event = next(filter(None, (_takes(books, asked, code) for code in _codes(asked.BillingEventId))))
    _billed_once(books, event, asked)
    line_id = f"{event['BillingEventId']}/{asked.TimeEntryCode or asked.ExpenseCode}"
    old = books.database.tables[LINES].row(line_id)
    line = {
        **_line(event),
        "EventLineId": line_id,
        "TimeEntryCode": asked.TimeEntryCode,
        "ExpenseCode": asked.ExpenseCode,
        "NBHours": asked.NBHours,
        "Amount": asked.Amount,
        KEY: asked.NBFacadeKey,
    }
    if old is None:
        made = books.insert(LINES, line)
    else:
        # It stood there before it was approved.
        books.unused(LINES, KEY, asked.NBFacadeKey)
        must(event, not old[KEY], f"bills {line_id} already")
        made = books.update(LINES, old, **line)
    _add(books, event, asked, old)
    held = "OnHold" if asked.NBIsHeld else "ReadyToInvoice"
    mark(books, [made], BillingStatus=held, BillingEventId=event["BillingEventId"])
    return made


def behind(books: Books, event: Row) -> list[Row]:
    """Return the lines of an event."""
    return books.rows(LINES, BillingEventId=event["BillingEventId"])


def _codes(code: str) -> Iterator[str]:
    """Yield an id and those that follow it: BE-2604-012, BE-2604-012-2, BE-2604-012-3."""
    yield code
    yield from (f"{code}-{place}" for place in count(2))


def _open(books: Books, asked: Event, code: str, failing: set[str], more: dict[str, Any]) -> Row:
    line = books.record("ProjectContractLines", asked.ContractLineId)
    said = msgspec.structs.asdict(asked)
    own = {name: said[name] for name in Event.__struct_fields__}
    if (line["NBProjectID"], line["SalesCurrencyCode"]) != (asked.ProjectID, asked.CurrencyCode):
        raise Refused(400, f"Contract line {asked.ContractLineId} is for another project or in another currency.")
    checks = _checks(books, line, asked.EventType, failing)
    ready = FAILED not in checks.values()
    opened = {"EventStatus": OPEN, "ReadyDateTime": instant(books.now) if ready else NO_INSTANT}
    row = {**own, "dataAreaId": line["dataAreaId"], **checks, **opened, **more, "BillingEventId": code}
    return books.insert(EVENTS, row)


def _checks(books: Books, line: Row, event_type: str, failing: set[str]) -> dict[str, str]:
    """Check a contract line for billing; `failing` is what the caller knows of the work."""
    contract = books.record("ProjectContractHeaders", line["ProjectContractId"])
    customer = books.record("CustomersV3", contract["CustomerAccountNumber"])
    project = books.record("ProjectsV2", line["NBProjectID"])
    unordered = customer["NBIsOrderReferenceMandatory"] == "Yes" and not contract["CustomersOrderReference"]
    found = {
        "TAX_CODE_MISSING": not line["SalesTaxGroup"],
        "PURCHASE_ORDER_MISSING": unordered,
        "CUSTOMER_ON_CREDIT_HOLD": customer["OnHoldStatus"] != "No",
        "LEGAL_ENTITY_MISMATCH": project["dataAreaId"] != contract["dataAreaId"],
    }
    failed = failing | {reason for reason, fails in found.items() if fails}
    return {
        check: NOT_APPLICABLE if kinds and _KIND[event_type] not in kinds else FAILED if reason in failed else PASSED
        for check, (reason, kinds) in CHECKS.items()
    }


def _takes(books: Books, asked: AddedLine, code: str) -> Row | None:
    """Return the event of that id if the line can be added to it, a new one if there is none."""
    event = books.database.tables[EVENTS].row(code)
    if event is None:
        failing = {"CAP_EXCEEDED"} if asked.NBIsHeld else set()
        more = {"DueDate": asked.PeriodEndDate, "Amount": Decimal(0), KEY: ""}
        return _open(books, asked, code, failing, more)
    same = (event["ContractLineId"], event["EventType"]) == (asked.ContractLineId, asked.EventType)
    held = event["FundingLimitCheck"] == FAILED
    return event if same and event["EventStatus"] == OPEN and held is asked.NBIsHeld else None


def _billed_once(books: Books, event: Row, asked: AddedLine) -> None:
    """Refuse what another event bills; at a cap one bills a part, and one holds the other."""
    column = "TimeEntryCode" if asked.TimeEntryCode else "ExpenseCode"
    for line in books.rows(LINES, **{column: getattr(asked, column)}):
        other = books.record(EVENTS, line["BillingEventId"])
        same = other["EventStatus"] != CANCELLED and (other["FundingLimitCheck"] == FAILED) is asked.NBIsHeld
        if same and other["BillingEventId"] != event["BillingEventId"] and line[KEY] != asked.NBFacadeKey:
            raise Refused(409, f"{getattr(asked, column)} is billed by event {other['BillingEventId']}.")


def _add(books: Books, event: Row, asked: AddedLine, old: Row | None) -> None:
    """Add a line to its event's sums. What is added was approved: work that waits no more holds the event no more."""
    before, hours = (old["Amount"], old["NBHours"]) if old else (Decimal(0), None)
    added: Row = {"Amount": event["Amount"] - before + asked.Amount}
    if asked.NBHours is not None:
        added["NBHours"] = (event["NBHours"] or Decimal(0)) - (hours or Decimal(0)) + asked.NBHours
    waits = event["ApprovalCheck"] == FAILED
    if waits and all(line[KEY] or _posted(books, line) for line in behind(books, event)):
        added["ApprovalCheck"] = PASSED
    _passed(books, event, **added)


def _passed(books: Books, event: Row, **said: Any) -> Row:
    """Write an event; once no check fails any more it is ready."""
    ready = FAILED not in [{**event, **said}[check] for check in CHECKS]
    since = {"ReadyDateTime": instant(books.now)} if ready and event["ReadyDateTime"] == NO_INSTANT else {}
    return books.update(EVENTS, event, **said, **since)


def _posted(books: Books, line: Row) -> bool:
    return any(line[code] and books.rows(entity_set, **{code: line[code]}) for code, entity_set in _POSTINGS)


def mark(books: Books, lines: list[Row], **said: str) -> None:
    """Say in the ledger how far the billing of what is behind an event has come."""
    for line in lines:
        for code, entity_set in _POSTINGS:
            for posting in books.rows(entity_set, **{code: line[code]}) if line[code] else ():
                known = {column: value for column, value in said.items() if column in posting}
                books.update(entity_set, posting, **known)


def _line(event: Row) -> Row:
    return {name: event[name] for name in ("dataAreaId", "BillingEventId", "CurrencyCode")}


def must(event: Row, holds: object, otherwise: str) -> None:
    """Refuse what an event's state does not allow."""
    if not holds:
        raise Refused(409, f"Billing event {event['BillingEventId']} {otherwise}.")
