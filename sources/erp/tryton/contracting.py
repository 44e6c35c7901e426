"""An engagement in Tryton: a work, an analytic account and, where it is billed, an order, all under one number.

The order is the contract: its core has no other record of what was agreed. It stays a quotation, for Tryton would
invoice an order that is confirmed by itself, by quantities that nobody has worked. The terms of a line for which there
is no field stand in its note.

The work comes last, and is the act: the account and the order are nobody's without it. It bears our key, and which
order is its contract.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from schema.engagement import ErpProjectStatus
from schema.problems import Code
from sources.contract import SourceFailure
from sources.erp.tryton.calls import TRYTON
from sources.erp.tryton.notes import bearing, marked, noted
from sources.erp.writes import CreateProject
from sources.families.jsonrpc_calls import numbered
from sources.writes import Act, Done

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from sources.contract import Request
    from sources.erp.writes import Line
    from sources.writes import Acts, Call, Said, Talk

WORK, ACCOUNT, ORDER = "project.work", "analytic_account.account", "sale.sale"


def _create(write: CreateProject, said: Said) -> Talk:
    number, company = str(write.code), numbered(said.id(write.legal_entity))
    known = yield from TRYTON.found(_look_for(write, said))
    if known:
        return _done(known[0])
    if (yield from TRYTON.found(TRYTON.search(WORK, _numbered(write, said), "id"))):
        raise SourceFailure(Code.SOURCE_REFUSED, "there is another project of this number")
    yield from _charged(write, number, company)
    contract = (yield from _agreed(write, said, number, company)) if write.lines else {}
    row = {
        "type": "project",
        "number": number,
        "name": write.name,
        "company": company,
        "party": numbered(said.id(write.customer)) if write.customer else None,
        "status": int(said.code("work_status", ErpProjectStatus.OPEN)),
        "comment": marked(said.key, contract.items()),
    }
    yield from TRYTON.changed(TRYTON.rpc(WORK, "create", [row], context={"company": company}))
    return _done(row)


def _numbered(write: CreateProject, said: Said) -> list[Any]:
    return [["number", "=", str(write.code)], ["company", "=", numbered(said.id(write.legal_entity))]]


def _look_for(write: CreateProject, said: Said) -> Request:
    return TRYTON.search(WORK, [*_numbered(write, said), bearing("comment", said.key)], "number", "comment")


def _seen(_write: CreateProject, answer: Any) -> Done | None:
    rows = TRYTON.result(answer)
    return _done(rows[0]) if rows else None


def _done(row: Mapping[str, Any]) -> Done:
    values: dict[str, Any] = {"reference": row["number"]}
    values |= {name: id_ for name in ("contract", "line") if (id_ := noted(row["comment"], name))}
    return Done(row["number"], values)


def _charged(write: CreateProject, number: str, company: int) -> Generator[Call, Any, None]:
    """See to it that there is an analytic account of the number, below the company's root."""
    own, context = ["company", "=", company], {"company": company}
    if (yield from TRYTON.found(TRYTON.search(ACCOUNT, [own, ["code", "=", number]], "id", context=context))):
        return
    roots = TRYTON.search(ACCOUNT, [own, ["type", "=", "root"]], "id", context=context)
    root = (yield from TRYTON.only(roots, "root of analytic accounts"))["id"]
    row = {"type": "normal", "code": number, "name": write.name, "company": company, "root": root, "parent": root}
    yield from TRYTON.changed(TRYTON.rpc(ACCOUNT, "create", [{**row, "state": "opened"}], context=context))


def _agreed(write: CreateProject, said: Said, number: str, company: int) -> Generator[Call, Any, dict[str, Any]]:
    """See to it that there is an order of the number, and return the ids of it and its first line."""
    context = {"company": company}
    this = [["company", "=", company], ["reference", "=", number], bearing("comment", said.key)]
    sought = TRYTON.search(ORDER, this, "lines", "state", context=context)
    found = yield from TRYTON.found(sought)
    if not found:
        row = yield from _order(write, said, number, company)
        yield from TRYTON.changed(TRYTON.rpc(ORDER, "create", [row], context=context))
        found = yield from TRYTON.found(sought)
    if found[0]["state"] == "draft":
        yield from TRYTON.changed(TRYTON.rpc(ORDER, "quote", [found[0]["id"]], context=context))
    return {"contract": found[0]["id"], "line": found[0]["lines"][0]}


def _order(write: CreateProject, said: Said, number: str, company: int) -> Generator[Call, Any, dict[str, Any]]:
    party = numbered(said.id(write.customer))
    sought = TRYTON.search("party.party", [["id", "=", party]], "addresses", context={"company": company})
    customer = yield from TRYTON.only(sought, "customer")
    currency = yield from TRYTON.only(
        TRYTON.search("currency.currency", [["code", "=", write.currency]], "id"), "such currency"
    )
    return {
        "company": company,
        "party": party,
        "invoice_address": customer["addresses"][0],
        "shipment_address": customer["addresses"][0],
        "currency": currency["id"],
        "reference": number,
        "description": write.name,
        "comment": marked(said.key, ()),
        "invoice_method": "manual",
        "shipment_method": "manual",
        "lines": [["create", [_line(line, said) for line in write.lines]]],
    }


def _line(line: Line, said: Said) -> dict[str, Any]:
    terms = [
        ("billing_model", said.code("billing_model", line.model)),
        ("amount", None if line.amount else "open"),
        ("cap", line.cap.amount if line.cap else None),
        ("cap_behavior", said.code("cap_behavior", line.cap_behavior) if line.cap_behavior else None),
        ("rate_card", said.id(line.rate_card)),
        ("tax_code", line.tax_code),
        *(("due", f"{due.due_date.isoformat()} {due.amount.amount}") for due in line.schedule),
    ]
    return {
        "type": "line",
        "quantity": 1,
        "unit_price": line.amount.amount if line.amount else 0,
        "description": line.description,
        "note": marked(said.key, terms),
    }


ACTS: Acts = {CreateProject: Act(_create, look=_look_for, seen=_seen)}
