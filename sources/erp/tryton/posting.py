"""The posting of an invoice in Tryton, into a period and a journal that are open.

A posting leaves our key as the last word of the invoice's reference, and is looked for by that before anything is done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from schema.problems import Code
from sources.contract import SourceFailure
from sources.erp.tryton.calls import TRYTON, agreed
from sources.erp.tryton.drafting import DRAFTED, INVOICE
from sources.erp.writes import PostInvoice
from sources.families.jsonrpc import escaped
from sources.families.jsonrpc_calls import numbered
from sources.writes import Act, Done

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from datetime import date

    from sources.contract import Request
    from sources.writes import Acts, Call, Said, Talk

POSTED = ("posted", "paid")
SEEN = ("state", "number", "total_amount", "reference")
# A day to come is what whoever posts has said, and been allowed to.
MEANT = ("invoice_date_future",)


def _post(write: PostInvoice, said: Said) -> Talk:
    draft = yield from _drafted(write, said)
    if draft["state"] in POSTED:
        return _done(draft, found=True)
    context = {"company": draft["company"]}
    yield from _open(draft["company"], draft["journal"], write.posting_date)
    if values := _differing(draft, write, said):
        locked = {**context, **TRYTON.unchanged(INVOICE, draft)}
        yield from TRYTON.changed(TRYTON.rpc(INVOICE, "write", [draft["id"]], values, context=locked))
        draft = yield from _drafted(write, said)
    locked = {**context, **TRYTON.unchanged(INVOICE, draft)}
    try:
        yield from agreed(TRYTON.rpc(INVOICE, "post", [draft["id"]], context=locked), MEANT)
    except SourceFailure:
        # It may have been closed in this very moment.
        yield from _open(draft["company"], draft["journal"], write.posting_date)
        raise
    (row,) = yield from TRYTON.found(_look_for_posting(write, said))
    return _done(row)


def _differing(draft: Mapping[str, Any], write: PostInvoice, said: Said) -> dict[str, Any]:
    """Return what a draft must be told before it is posted: its day, and our key."""
    reference = draft["reference"] if _ours(draft, said) else f"{draft['reference'] or ''} {said.key}".strip()
    day = write.posting_date
    wanted = {"invoice_date": day, "accounting_date": day, "reference": reference}
    return {name: value for name, value in wanted.items() if draft[name] != value}


def _drafted(write: PostInvoice, said: Said) -> Generator[Call, Any, dict[str, Any]]:
    """Return the invoice as it is, or raise SourceFailure: it is another's, or not what was to be posted."""
    fields = (*SEEN, "currency.code", "company", "journal", "invoice_date", "accounting_date", "_timestamp")
    this = [["id", "=", numbered(said.id(write.invoice))], ["type", "=", "out"]]
    row = yield from TRYTON.only(TRYTON.search(INVOICE, this, *fields), "invoice")
    ours, wanted = _ours(row, said), write.expected_total
    if row["state"] not in (*DRAFTED, *(POSTED if ours else ())):
        raise SourceFailure(Code.STALE_VERSION, "it is no draft any more")
    if (row["total_amount"], row["currency."]["code"]) != (wanted.amount, wanted.currency):
        raise SourceFailure(Code.STALE_VERSION, "it comes to another total")
    return row


def _ours(row: Mapping[str, Any], said: Said) -> bool:
    return str(row["reference"] or "").split(" ")[-1] == said.key


def _open(company: int, journal: int, day: date) -> Generator[Call, Any, None]:
    """Raise SourceFailure where the books take nothing on a day: the texts of a refusal do not tell reliably why.

    A period that is opened again may leave its journals closed.
    """
    begun = [["start_date", "<=", day], ["end_date", ">=", day]]
    periods = [["company", "=", company], ["type", "=", "standard"], *begun]
    period = yield from TRYTON.only(TRYTON.search("account.period", periods, "state"), "period of the day")
    if period["state"] == "locked":
        raise SourceFailure(Code.SOURCE_REFUSED, "the period is locked for good")
    closed = [["period", "=", period["id"]], ["journal", "=", journal], ["state", "!=", "open"]]
    journals = yield from TRYTON.found(TRYTON.search("account.journal.period", closed, "state"))
    if period["state"] != "open" or journals:
        raise SourceFailure(Code.PERIOD_CLOSED, "the period, or the journal in it, is closed")


def _look_for_posting(write: PostInvoice, said: Said) -> Request:
    this = [["id", "=", numbered(said.id(write.invoice))], ["state", "in", POSTED]]
    ours = ["OR", ["reference", "=", said.key], ["reference", "like", f"% {escaped(said.key)}"]]
    return TRYTON.search(INVOICE, [*this, ours], *SEEN)


def _posting_seen(_write: PostInvoice, answer: Any) -> Done | None:
    rows = TRYTON.result(answer)
    return _done(rows[0]) if rows else None


def _done(row: Mapping[str, Any], *, found: bool = False) -> Done:
    return Done(str(row["id"]), {"number": row["number"], "total": str(row["total_amount"])}, found=found)


ACTS: Acts = {PostInvoice: Act(_post, look=_look_for_posting, seen=_posting_seen)}
