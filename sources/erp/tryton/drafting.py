"""Drafts of invoices in Tryton, and their deletion.

What is to be billed are lines already (`billing.py`): a draft takes them up, and gives them back before it is deleted.
Tryton knows no key of ours. A draft bears it as the first word of its reference, and is looked for by that before it is
made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from schema.problems import Code
from sources.contract import SourceFailure
from sources.erp.tryton.billing import LINE, lines
from sources.erp.tryton.calls import TRYTON
from sources.erp.writes import DeleteDraft, DraftInvoice
from sources.families.jsonrpc import escaped
from sources.families.jsonrpc_calls import numbered
from sources.writes import Act, Done

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from sources.contract import Request
    from sources.writes import Acts, Call, Said, Talk

INVOICE = "account.invoice"
DRAFTED = ("draft", "validated")


def _draft(write: DraftInvoice, said: Said) -> Talk:
    rows = yield from TRYTON.found(_look_for_draft(write, said))
    if rows:
        return Done(str(rows[0]["id"]), found=True)
    company = numbered(said.id(write.legal_entity))
    taken = yield from _taken_up(write, said)
    header = yield from _header(write, said, {"company": company})
    row = {"type": "out", "company": company, "reference": said.key, **header}
    described = [["write", [line["id"]], {"description": said_}] for line, said_ in taken]
    row["lines"] = [*described, ["add", [line["id"] for line, _ in taken]]]
    context = {"company": company, **TRYTON.unchanged(LINE, *(line for line, _ in taken))}
    (made,) = yield from TRYTON.changed(TRYTON.rpc(INVOICE, "create", [row], context=context))
    return Done(str(made))


def _taken_up(write: DraftInvoice, said: Said) -> Generator[Call, Any, list[tuple[dict[str, Any], str]]]:
    """Return the lines that go on a draft, and what each is to say, or raise SourceFailure where one has changed."""
    rows = {row["id"]: row for row in (yield from lines([line.event for line in write.lines], said))}
    wanted = [(rows[numbered(said.id(line.event))], line) for line in write.lines]
    if len(wanted) != len(rows):
        raise SourceFailure(Code.SOURCE_REFUSED, "what is to be billed is one line, and cannot become several")
    for row, line in wanted:
        if row["invoice"] or (row["amount"], row["currency."]["code"]) != (line.net.amount, line.net.currency):
            raise SourceFailure(Code.STALE_VERSION, "what is to be billed was changed")
    return [(row, line.description) for row, line in wanted]


def _look_for_draft(write: DraftInvoice, said: Said) -> Request:
    company = ["company", "=", numbered(said.id(write.legal_entity))]
    ours = ["OR", ["reference", "=", said.key], ["reference", "like", f"{escaped(said.key)} %"]]
    return TRYTON.search(INVOICE, [company, ours], "id")


def _draft_seen(_write: DraftInvoice, answer: Any) -> Done | None:
    rows = TRYTON.result(answer)
    return Done(str(rows[0]["id"])) if rows else None


def _header(write: DraftInvoice, said: Said, context: Mapping[str, Any]) -> Generator[Call, Any, dict[str, Any]]:
    """Return what a person would get by choosing the customer: a row that is made has no such defaults."""
    wanted = ("addresses", "account_receivable", "customer_payment_term")
    party = [["id", "=", numbered(said.id(write.customer))]]
    customer = yield from TRYTON.only(TRYTON.search("party.party", party, *wanted, context=context), "customer")
    settings = TRYTON.search("account.configuration", [], "default_account_receivable", context=context)
    usual = yield from TRYTON.only(settings, "configuration of accounting")
    currency = yield from TRYTON.only(
        TRYTON.search("currency.currency", [["code", "=", write.currency]], "id"), "such currency"
    )
    journal = yield from TRYTON.only(
        TRYTON.search("account.journal", [["type", "=", "revenue"]], "id"), "journal of revenue"
    )
    return {
        "party": customer["id"],
        "invoice_address": customer["addresses"][0],
        "account": customer["account_receivable"] or usual["default_account_receivable"],
        "payment_term": customer["customer_payment_term"],
        "currency": currency["id"],
        "journal": journal["id"],
    }


def _delete(write: DeleteDraft, said: Said) -> Talk:
    rows = yield from TRYTON.found(_look_for(write, said))
    if not rows:
        return Done(found=True)
    if rows[0]["state"] not in DRAFTED:
        raise SourceFailure(Code.STALE_VERSION, "it is no draft any more")
    context = {"company": rows[0]["company"], **TRYTON.unchanged(INVOICE, rows[0])}
    kept = yield from _kept(rows[0]["id"])
    if kept:
        # With its draft Tryton would delete them.
        given = {"lines": [["remove", kept]]}
        yield from TRYTON.changed(TRYTON.rpc(INVOICE, "write", [rows[0]["id"]], given, context=context))
        context = {"company": rows[0]["company"]}
    yield from TRYTON.changed(TRYTON.rpc(INVOICE, "delete", [rows[0]["id"]], context=context))
    return Done()


def _kept(invoice: int) -> Generator[Call, Any, list[int]]:
    """Return the lines of a draft that were there before it."""
    own = [["invoice", "=", invoice], ["invoice_type", "=", "out"]]
    rows = yield from TRYTON.found(TRYTON.search(LINE, own, "id"))
    return [row["id"] for row in rows]


def _look_for(write: DeleteDraft, said: Said) -> Request:
    return TRYTON.search(INVOICE, [["id", "=", numbered(said.id(write.invoice))]], "state", "company", "_timestamp")


def _deleted(_write: DeleteDraft, answer: Any) -> Done | None:
    return None if TRYTON.result(answer) else Done()


ACTS: Acts = {
    DraftInvoice: Act(_draft, look=_look_for_draft, seen=_draft_seen),
    DeleteDraft: Act(_delete, look=_look_for, seen=_deleted),
}
