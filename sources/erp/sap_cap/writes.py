"""What this service takes: drafts with our key in them, their posting, and events by the group, all or none.

It asks for an ETag with every change. What is told here depends on a state that the service checks itself in the same
transaction, so any ETag will do.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from schema.billing_event import BillingEventStatus
from schema.tomlfile import load
from sources.contract import Request
from sources.erp.writes import DeleteDraft, DraftInvoice, LockEvents, PostInvoice, ReleaseEvents, SettleEvents
from sources.families.odata import literal
from sources.families.odata_batch import refuse_parts, together
from sources.manifest import Manifest
from sources.writes import Act, Done

if TYPE_CHECKING:
    from sources.writes import Acts, Record, Said, Write

ROOT = "/odata/v4/erp"
ANY = {"If-Match": "*"}
SAFE = "'"
FREE, LOCKED, INVOICED = "open", "locked", "invoiced"


def _at(entity_set: str, record: Record, said: Said) -> str:
    return f"{ROOT}/{entity_set}({quote(literal(said.id(record) or ''), safe=SAFE)})"


def _by(column: str, value: str) -> Request:
    chosen = (("$filter", f"{column} eq {literal(value)}"), ("$select", "ID,documentNumber,total"))
    return Request(f"{ROOT}/Invoices", chosen)


def _draft(write: DraftInvoice, said: Said) -> Request:
    lines = [
        {
            "billingEvent": said.id(line.event),
            "description": line.description,
            "quantity": 1 if line.quantity is None else line.quantity,
            "unitPrice": (line.unit_price or line.net).amount,
            "net": line.net.amount,
        }
        for line in write.lines
    ]
    body = {
        "facadeKey": said.key,
        "company": said.id(write.legal_entity),
        "customer": said.id(write.customer),
        "project": said.id(write.engagement),
        "currency": write.currency,
        "lines": lines,
    }
    return Request(f"{ROOT}/Invoices", body=body)


def _drafted(_write: Write, answer: Any) -> Done:
    return Done(answer["ID"])


def _delete(write: DeleteDraft, said: Said) -> Request:
    return Request(_at("Invoices", write.invoice, said), method="DELETE", headers=ANY)


def _post(write: PostInvoice, said: Said) -> Request:
    body = {
        "postingKey": said.key,
        "postingDate": write.posting_date.isoformat(),
        "expectedTotal": write.expected_total.amount,
    }
    return Request(f"{_at('Invoices', write.invoice, said)}/ErpService.post", body=body, headers=ANY)


def _posted(_write: Write, answer: Any) -> Done:
    return Done(answer["ID"], {"number": answer["documentNumber"], "total": str(answer["total"])})


def _events(write: LockEvents | ReleaseEvents | SettleEvents, said: Said, body: dict[str, Any]) -> Request:
    changes = [
        Request(_at("BillingEvents", event, said), body=body, method="PATCH", headers=ANY) for event in write.events
    ]
    return together(f"{ROOT}/$batch", changes)


def _lock(write: LockEvents, said: Said) -> Request:
    return _events(write, said, {"state": LOCKED, "lockKey": said.key})


def _release(write: ReleaseEvents, said: Said) -> Request:
    off = write.status is BillingEventStatus.CANCELLED
    return _events(write, said, {"state": "cancelled" if off else FREE, "lockKey": None})


def _settle(write: SettleEvents, said: Said) -> Request:
    return _events(write, said, {"state": INVOICED, "invoice": said.id(write.invoice)})


def _all(write: LockEvents | ReleaseEvents | SettleEvents, answer: Any) -> Done:
    refuse_parts(answer, len(write.events), _manifest().errors)
    return Done()


@cache
def _manifest() -> Manifest:
    return load(Path(__file__).with_name("source.toml"), Manifest)


ACTS: Acts = {
    DraftInvoice: Act(
        _draft,
        _drafted,
        lambda _write, said: _by("facadeKey", said.key),
        lambda write, answer: _drafted(write, answer["value"][0]) if answer["value"] else None,
    ),
    DeleteDraft: Act(
        _delete,
        look=lambda write, said: _by("ID", said.id(write.invoice) or ""),
        seen=lambda _write, answer: None if answer["value"] else Done(),
    ),
    PostInvoice: Act(
        _post,
        _posted,
        lambda _write, said: _by("postingKey", said.key),
        lambda write, answer: _posted(write, answer["value"][0]) if answer["value"] else None,
    ),
    # Locked again under the same key, an event is locked; under another one it is refused.
    LockEvents: Act(_lock, _all, unique=True),
    ReleaseEvents: Act(_release, _all),
    SettleEvents: Act(_settle, _all),
}
