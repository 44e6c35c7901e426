"""How Tryton is told what became of a deal: a `key: value` line in the opportunity's notes, as this tenant has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sources.crm.writes import RecordEngagement, RecordInvoice
from sources.families.jsonrpc_calls import Calls, numbered
from sources.writes import Act, Done

if TYPE_CHECKING:
    from sources.writes import Acts, Record, Said, Talk, Text

TRYTON = Calls(
    path="/rpc/",
    hint="__class__",
    context={"active_test": False},
    version="_timestamp",
    conflict="ConcurrencyException",
    warning="UserWarning",
)
OPPORTUNITY = "sale.opportunity"


def _record_engagement(write: RecordEngagement, said: Said) -> Talk:
    return _noted(write.opportunity, "engagement", write.code, said)


def _record_invoice(write: RecordInvoice, said: Said) -> Talk:
    return _noted(write.opportunity, "last_invoice", write.number, said)


def _noted(record: Record, key: str, value: Text, said: Said) -> Talk:
    """Set one line among a person's own; nothing that somebody writes at the same moment is lost."""
    wanted = [["id", "=", numbered(said.id(record))]]
    row = yield from TRYTON.only(TRYTON.search(OPPORTUNITY, wanted, "comment", "company", "_timestamp"), "opportunity")
    lines = (row["comment"] or "").splitlines()
    others = [line for line in lines if line.partition(":")[0].strip() != key]
    values = {"comment": "\n".join([*others, f"{key}: {value}"])}
    context = {"company": row["company"], **TRYTON.unchanged(OPPORTUNITY, row)}
    yield from TRYTON.changed(TRYTON.rpc(OPPORTUNITY, "write", [row["id"]], values, context=context))
    return Done()


ACTS: Acts = {RecordEngagement: Act(_record_engagement), RecordInvoice: Act(_record_invoice)}
