"""Invoices in Tryton: drafts, their deletion, and their posting into a period and a journal that are open.

Tryton knows no key of ours. A draft bears it as the first word of its reference, and a posting as the last one: by that
they are found, always before anything is made.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from schema.problems import Code
from sources.contract import SourceFailure
from sources.erp.tryton.calls import EVERYBODY, agreed, changed, found, numbered, only, result, rpc, search, unchanged
from sources.erp.writes import DeleteDraft, DraftInvoice, PostInvoice
from sources.families.jsonrpc import escaped
from sources.writes import Act, Done

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from datetime import date

    from sources.contract import Request
    from sources.erp.writes import DraftLine
    from sources.writes import Acts, Call, Said, Talk

INVOICE = "account.invoice"
DRAFTED, POSTED = ("draft", "validated"), ("posted", "paid")
SEEN = ("state", "number", "total_amount", "reference")
# A day to come is what whoever posts has said, and been allowed to.
MEANT = ("invoice_date_future",)
# What a line of ours is booked to; which account that is, the manifest says.
REVENUE = ("revenue_account", "SERVICES")


def _draft(write: DraftInvoice, said: Said) -> Talk:
    rows = yield from found(_look_for_draft(write, said))
    if rows:
        return Done(str(rows[0]["id"]), found=True)
    company = numbered(said.id(write.legal_entity))
    context = {**EVERYBODY, "company": company}
    header = yield from _header(write, said, context)
    booked = yield from _booked(write, said, context)
    lines = [_line(line, booked) for line in write.lines]
    row = {"type": "out", "company": company, "reference": said.key, **header, "lines": [["create", lines]]}
    (made,) = yield from changed(rpc(INVOICE, "create", [row], context=context))
    return Done(str(made))


def _look_for_draft(write: DraftInvoice, said: Said) -> Request:
    company = ["company", "=", numbered(said.id(write.legal_entity))]
    ours = ["OR", ["reference", "=", said.key], ["reference", "like", f"{escaped(said.key)} %"]]
    return search(INVOICE, [company, ours], "id")


def _draft_seen(_write: DraftInvoice, answer: Any) -> Done | None:
    rows = result(answer)
    return Done(str(rows[0]["id"])) if rows else None


def _header(write: DraftInvoice, said: Said, context: Mapping[str, Any]) -> Generator[Call, Any, dict[str, Any]]:
    """Return what a person would get by choosing the customer: a row that is made has no such defaults."""
    wanted = ("addresses", "account_receivable_used", "customer_payment_term")
    party = [["id", "=", numbered(said.id(write.customer))]]
    customer = yield from only(search("party.party", party, *wanted, context=context), "customer")
    currency = yield from only(search("currency.currency", [["code", "=", write.currency]], "id"), "such currency")
    journal = yield from only(search("account.journal", [["type", "=", "revenue"]], "id"), "journal of revenue")
    return {
        "party": customer["id"],
        "invoice_address": customer["addresses"][0],
        "account": customer["account_receivable_used"],
        "payment_term": customer["customer_payment_term"],
        "currency": currency["id"],
        "journal": journal["id"],
    }


def _booked(write: DraftInvoice, said: Said, context: Mapping[str, Any]) -> Generator[Call, Any, dict[str, Any]]:
    """Return to which accounts the lines go, and with which taxes: those of the account, as for a person."""
    own = [["company", "=", context["company"]]]
    coded = [*own, ["code", "=", said.code(*REVENUE)]]
    account = yield from only(search("account.account", coded, "taxes", "currency", context=context), "revenue account")
    common = {"type": "line", "company": context["company"], "account": account["id"]}
    taxed = {**common, "taxes": [["add", account["taxes"]]]}
    if write.engagement is None:
        return taxed
    charged = [*own, ["type", "=", "normal"], ["code", "=", said.id(write.engagement)]]
    analytic = yield from only(
        search("analytic_account.account", charged, "root", context=context), "analytic account of the engagement"
    )
    entry = {"root": analytic["root"], "account": analytic["id"]}
    return {**taxed, "analytic_accounts": [["create", [entry]]]}


def _line(line: DraftLine, booked: Mapping[str, Any]) -> dict[str, Any]:
    """Return a line that comes to its net amount: where hours and rate are rounded otherwise, it is one of that."""
    price, quantity = line.unit_price, line.quantity
    if price is None or quantity is None or price.amount * quantity != line.net.amount:
        price, quantity = line.net, Decimal(1)
    return {**booked, "description": line.description, "quantity": quantity, "unit_price": price.amount}


def _delete(write: DeleteDraft, said: Said) -> Talk:
    rows = yield from found(_look_for(write, said))
    if not rows:
        return Done(found=True)
    if rows[0]["state"] not in DRAFTED:
        raise SourceFailure(Code.STALE_VERSION, "it is no draft any more")
    context = unchanged(INVOICE, rows[0], {**EVERYBODY, "company": rows[0]["company"]})
    yield from changed(rpc(INVOICE, "delete", [rows[0]["id"]], context=context))
    return Done()


def _look_for(write: DeleteDraft, said: Said) -> Request:
    return search(INVOICE, [["id", "=", numbered(said.id(write.invoice))]], "state", "company", "_timestamp")


def _deleted(_write: DeleteDraft, answer: Any) -> Done | None:
    return None if result(answer) else Done()


def _post(write: PostInvoice, said: Said) -> Talk:
    draft = yield from _drafted(write, said)
    if draft["state"] in POSTED:
        return _done(draft, found=True)
    context = {**EVERYBODY, "company": draft["company"]}
    yield from _open(draft["company"], draft["journal"], write.posting_date)
    dated = {"invoice_date": write.posting_date, "accounting_date": write.posting_date}
    noted = {"reference": f"{draft['reference'] or ''} {said.key}".strip()}
    if not _ours(draft, said) or any(draft[name] != value for name, value in dated.items()):
        values = dated if _ours(draft, said) else {**dated, **noted}
        locked = unchanged(INVOICE, draft, context)
        yield from changed(rpc(INVOICE, "write", [draft["id"]], values, context=locked))
        draft = yield from _drafted(write, said)
    locked = unchanged(INVOICE, draft, context)
    yield from agreed(rpc(INVOICE, "post", [draft["id"]], context=locked), MEANT)
    row = yield from only(_look_for_posting(write, said), "posted invoice")
    return _done(row)


def _drafted(write: PostInvoice, said: Said) -> Generator[Call, Any, dict[str, Any]]:
    """Return the invoice as it is, or raise SourceFailure: it is another's, or not what was to be posted."""
    fields = (*SEEN, "currency.code", "company", "journal", "invoice_date", "accounting_date", "_timestamp")
    this = [["id", "=", numbered(said.id(write.invoice))], ["type", "=", "out"]]
    row = yield from only(search(INVOICE, this, *fields), "invoice")
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
    period = yield from only(search("account.period", periods, "state"), "period of the day")
    if period["state"] == "locked":
        raise SourceFailure(Code.SOURCE_REFUSED, "the period is locked for good")
    closed = [["period", "=", period["id"]], ["journal", "=", journal], ["state", "!=", "open"]]
    journals = yield from found(search("account.journal.period", closed, "state"))
    if period["state"] != "open" or journals:
        raise SourceFailure(Code.PERIOD_CLOSED, "the period, or the journal in it, is closed")


def _look_for_posting(write: PostInvoice, said: Said) -> Request:
    this = [["id", "=", numbered(said.id(write.invoice))], ["state", "in", POSTED]]
    ours = ["OR", ["reference", "=", said.key], ["reference", "like", f"% {escaped(said.key)}"]]
    return search(INVOICE, [*this, ours], *SEEN)


def _posting_seen(_write: PostInvoice, answer: Any) -> Done | None:
    rows = result(answer)
    return _done(rows[0]) if rows else None


def _done(row: Mapping[str, Any], *, found: bool = False) -> Done:
    return Done(str(row["id"]), {"number": row["number"], "total": str(row["total_amount"])}, found=found)


ACTS: Acts = {
    DraftInvoice: Act(_draft, look=_look_for_draft, seen=_draft_seen),
    DeleteDraft: Act(_delete, look=_look_for, seen=_deleted),
    PostInvoice: Act(_post, look=_look_for_posting, seen=_posting_seen),
}
