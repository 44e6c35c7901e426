"""Drafts of invoices in Tryton, and their deletion.

Tryton knows no key of ours. A draft bears it as the first word of its reference, and is looked for by that before it is
made.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from schema.problems import Code
from sources.contract import SourceFailure
from sources.erp.tryton.calls import TRYTON
from sources.erp.writes import DeleteDraft, DraftInvoice
from sources.families.jsonrpc import escaped
from sources.families.jsonrpc_calls import numbered
from sources.writes import Act, Done

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from sources.contract import Request
    from sources.erp.writes import DraftLine
    from sources.writes import Acts, Call, Said, Talk

INVOICE = "account.invoice"
DRAFTED = ("draft", "validated")
# What a line of ours is booked to; which account that is, the manifest says.
REVENUE = ("revenue_account", "SERVICES")


def _draft(write: DraftInvoice, said: Said) -> Talk:
    rows = yield from TRYTON.found(_look_for_draft(write, said))
    if rows:
        return Done(str(rows[0]["id"]), found=True)
    company = numbered(said.id(write.legal_entity))
    context = {"company": company}
    header = yield from _header(write, said, context)
    booked = yield from _booked(write, said, context)
    lines = [_line(line, booked) for line in write.lines]
    row = {"type": "out", "company": company, "reference": said.key, **header, "lines": [["create", lines]]}
    (made,) = yield from TRYTON.changed(TRYTON.rpc(INVOICE, "create", [row], context=context))
    return Done(str(made))


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


def _booked(write: DraftInvoice, said: Said, context: Mapping[str, Any]) -> Generator[Call, Any, dict[str, Any]]:
    """Return to which accounts the lines go, and with which taxes: those of the account, as for a person."""
    own = [["company", "=", context["company"]]]
    coded = [*own, ["code", "=", said.code(*REVENUE)]]
    account = yield from TRYTON.only(
        TRYTON.search("account.account", coded, "taxes", context=context), "revenue account"
    )
    common = {"type": "line", "company": context["company"], "account": account["id"]}
    taxed = {**common, "taxes": [["add", account["taxes"]]]}
    if write.engagement is None:
        return taxed
    charged = [*own, ["type", "=", "normal"], ["code", "=", said.id(write.engagement)]]
    analytic = yield from TRYTON.only(
        TRYTON.search("analytic_account.account", charged, "root", context=context),
        "analytic account of the engagement",
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
    rows = yield from TRYTON.found(_look_for(write, said))
    if not rows:
        return Done(found=True)
    if rows[0]["state"] not in DRAFTED:
        raise SourceFailure(Code.STALE_VERSION, "it is no draft any more")
    context = {"company": rows[0]["company"], **TRYTON.unchanged(INVOICE, rows[0])}
    yield from TRYTON.changed(TRYTON.rpc(INVOICE, "delete", [rows[0]["id"]], context=context))
    return Done()


def _look_for(write: DeleteDraft, said: Said) -> Request:
    return TRYTON.search(INVOICE, [["id", "=", numbered(said.id(write.invoice))]], "state", "company", "_timestamp")


def _deleted(_write: DeleteDraft, answer: Any) -> Done | None:
    return None if TRYTON.result(answer) else Done()


ACTS: Acts = {
    DraftInvoice: Act(_draft, look=_look_for_draft, seen=_draft_seen),
    DeleteDraft: Act(_delete, look=_look_for, seen=_deleted),
}
