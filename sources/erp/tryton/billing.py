"""What is to be billed in Tryton: a line of an invoice that is on none yet, as Tryton itself has them.

Its origin is the contract's line, and its note says what it bills, and bears our key. Each entry of time has a line of
its own; the lines of one month bear one code. What becomes of a line is seen in the invoice that it is on.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING, Any

from schema.billing_event import BillingEventStatus
from schema.problems import Code
from schema.values import minor_units
from sources.contract import SourceFailure
from sources.erp.tryton.calls import TRYTON
from sources.erp.tryton.notes import bearing, marked, noted, renoted
from sources.erp.writes import (
    AddToBillingEvent,
    CancelBillingEvent,
    CreateBillingEvent,
    LockEvents,
    ReleaseEvents,
    SettleEvents,
)
from sources.families.jsonrpc_calls import numbered
from sources.writes import Act, Done

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping, Sequence

    from schema.rows import Ref
    from schema.values import Money
    from sources.contract import Request
    from sources.writes import Acts, Call, Said, Talk, Write

LINE = "account.invoice.line"
SEEN = ("invoice", "invoice_state", "note", "company", "amount", "currency.code", "_timestamp")
POSTED = ("posted", "paid")
HOUR = "h"
# What a line of ours is booked to; which account that is, the manifest says.
REVENUE = ("revenue_account", "SERVICES")
# What Tryton keeps of a price.
PRICE = Decimal("0.0001")


def _add(write: AddToBillingEvent, said: Said) -> Talk:
    if write.expense is not None or write.entry is None:
        raise SourceFailure(Code.SOURCE_REFUSED, "it has no ledger of expenses to bill from")
    note = [
        ("event", write.event),
        *_kind(write, said),
        ("hours", write.hours),
        ("entry", write.code),
        ("timesheet", said.id(write.entry)),
        ("held", "CAP_EXCEEDED" if write.held else None),
    ]
    price = yield from _priced(write.hours, write.amount)
    row = {"description": write.code, **price, "note": marked(said.key, note)}
    return (yield from _made(write, said, write.amount.currency, row))


def _create(write: CreateBillingEvent, said: Said) -> Talk:
    note = [
        ("event", write.code),
        *_kind(write, said),
        ("due", write.due_date.isoformat()),
        ("held", None if write.accepted else "ACCEPTANCE_OUTSTANDING"),
    ]
    row = {"description": str(write.code), **_whole(write.amount), "note": marked(said.key, note)}
    return (yield from _made(write, said, write.amount.currency, row))


def _kind(write: AddToBillingEvent | CreateBillingEvent, said: Said) -> Iterable[tuple[str, Any]]:
    yield "kind", said.code("event_kind", write.kind)
    yield "from", write.start.isoformat()
    yield "to", write.end.isoformat()


def _made(
    write: AddToBillingEvent | CreateBillingEvent, said: Said, currency: str, row: Mapping[str, Any]
) -> Generator[Call, Any, Done]:
    rows = yield from TRYTON.found(_look_for(write, said))
    if rows:
        return Done(str(rows[0]["id"]), found=True)
    line = numbered(said.id(write.contract_line))
    agreed = TRYTON.search("sale.line", [["id", "=", line]], "sale.party", "sale.company", "sale.currency.code")
    order = (yield from TRYTON.only(agreed, "line of a contract"))["sale."]
    if order["currency."]["code"] != currency:
        raise SourceFailure(Code.SOURCE_REFUSED, "the contract is in another currency")
    context = {"company": order["company"]}
    booked = yield from _booked(order["company"], said.id(write.engagement), said, context)
    whole = {
        **booked,
        **row,
        "invoice_type": "out",
        "party": order["party"],
        "currency": order["currency."]["id"],
        "origin": f"sale.line,{line}",
    }
    (made,) = yield from TRYTON.changed(TRYTON.rpc(LINE, "create", [whole], context=context))
    return Done(str(made))


def _look_for(write: AddToBillingEvent | CreateBillingEvent, said: Said) -> Request:
    origin = ["origin", "=", f"sale.line,{numbered(said.id(write.contract_line))}"]
    return TRYTON.search(LINE, [origin, bearing("note", said.key)], "id")


def _seen(_write: Write, answer: Any) -> Done | None:
    rows = TRYTON.result(answer)
    return Done(str(rows[0]["id"])) if rows else None


def _booked(
    company: int, engagement: str | None, said: Said, context: Mapping[str, Any]
) -> Generator[Call, Any, dict[str, Any]]:
    """Return to which accounts a line goes, and with which taxes: those of the account, as for a person."""
    own = [["company", "=", company]]
    coded = [*own, ["code", "=", said.code(*REVENUE)]]
    account = yield from TRYTON.only(
        TRYTON.search("account.account", coded, "taxes", context=context), "revenue account"
    )
    charged = [*own, ["type", "=", "normal"], ["code", "=", engagement]]
    analytic = yield from TRYTON.only(
        TRYTON.search("analytic_account.account", charged, "root", context=context),
        "analytic account of the engagement",
    )
    entry = {"root": analytic["root"], "account": analytic["id"]}
    return {
        "type": "line",
        "company": company,
        "account": account["id"],
        "taxes": [["add", account["taxes"]]],
        "analytic_accounts": [["create", [entry]]],
    }


def _priced(hours: Decimal | None, amount: Money) -> Generator[Call, Any, dict[str, Any]]:
    """Return quantity and price of hours that come to an amount; they are one of it where no price does that."""
    if not hours:
        return _whole(amount)
    price = (amount.amount / hours).quantize(PRICE, ROUND_HALF_EVEN)
    digit = Decimal(1).scaleb(-minor_units(amount.currency))
    if (price * hours).quantize(digit, ROUND_HALF_EVEN) != amount.amount:
        return _whole(amount)
    unit = yield from TRYTON.only(TRYTON.search("product.uom", [["symbol", "=", HOUR]], "id"), "unit of hours")
    return {"quantity": hours, "unit": unit["id"], "unit_price": price}


def _whole(amount: Money) -> dict[str, Any]:
    return {"quantity": 1, "unit_price": amount.amount}


def lines(events: Sequence[Ref], said: Said) -> Generator[Call, Any, list[dict[str, Any]]]:
    """Return the lines of events, or raise SourceFailure where one is there no more."""
    ids = [numbered(said.id(event)) for event in events]
    rows = yield from TRYTON.found(TRYTON.search(LINE, [["id", "in", ids], ["invoice_type", "=", "out"]], *SEEN))
    if len(rows) != len(set(ids)):
        raise SourceFailure(Code.STALE_VERSION, "not all that is to be billed is there")
    return list(rows)


def _cancel(write: CancelBillingEvent, said: Said) -> Talk:
    rows = yield from TRYTON.found(_look_for_event(write, said))
    if not rows:
        return Done(found=True)
    if rows[0]["invoice"]:
        raise SourceFailure(Code.STALE_VERSION, "it is on an invoice")
    context = {"company": rows[0]["company"], **TRYTON.unchanged(LINE, rows[0])}
    yield from TRYTON.changed(TRYTON.rpc(LINE, "delete", [rows[0]["id"]], context=context))
    return Done()


def _look_for_event(write: CancelBillingEvent, said: Said) -> Request:
    return TRYTON.search(LINE, [["id", "=", numbered(said.id(write.event))]], "invoice", "company", "_timestamp")


def _cancelled(_write: CancelBillingEvent, answer: Any) -> Done | None:
    return None if TRYTON.result(answer) else Done()


def _lock(write: LockEvents, said: Said) -> Talk:
    """Mark lines that go on a draft, all or none: one that is on an invoice, or marked by another, is not free."""
    rows = yield from lines(write.events, said)
    mark = f"locked {said.key}"
    if any(row["invoice"] or noted(row["note"], "status") not in {None, mark} for row in rows):
        raise SourceFailure(Code.STALE_VERSION, "not all that is to be billed is free")
    return (yield from _marked(rows, mark))


def _release(write: ReleaseEvents, said: Said) -> Talk:
    gone = write.status is BillingEventStatus.CANCELLED
    rows = yield from lines(write.events, said)
    if any(row["invoice"] for row in rows):
        raise SourceFailure(Code.STALE_VERSION, "something of it is on an invoice")
    return (yield from _marked(rows, "cancelled" if gone else None))


def _marked(rows: Sequence[Mapping[str, Any]], mark: str | None) -> Generator[Call, Any, Done]:
    """Write a mark on lines as they were read, in one transaction."""
    changed = [row for row in rows if noted(row["note"], "status") != mark]
    if changed:
        said = [part for row in changed for part in ([row["id"]], {"note": renoted(row["note"], "status", mark)})]
        context = {"company": changed[0]["company"], **TRYTON.unchanged(LINE, *changed)}
        yield from TRYTON.changed(TRYTON.rpc(LINE, "write", *said, context=context))
    return Done(found=not changed)


def _settle(write: SettleEvents, said: Said) -> Talk:
    """See that lines are invoiced: that is so once the invoice which they are on is posted, and nothing is to do."""
    rows = yield from lines(write.events, said)
    invoice = numbered(said.id(write.invoice))
    if any(row["invoice"] != invoice or row["invoice_state"] not in POSTED for row in rows):
        raise SourceFailure(Code.STALE_VERSION, "the invoice is not posted with all that it was to bill")
    return Done(found=True)


ACTS: Acts = {
    AddToBillingEvent: Act(_add, look=_look_for, seen=_seen),
    CreateBillingEvent: Act(_create, look=_look_for, seen=_seen),
    CancelBillingEvent: Act(_cancel, look=_look_for_event, seen=_cancelled),
    LockEvents: Act(_lock),
    ReleaseEvents: Act(_release),
    SettleEvents: Act(_settle),
}
