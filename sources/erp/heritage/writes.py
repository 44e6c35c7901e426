"""How the legacy ERP is told to book a document: once for each request id, and the same answer to the same one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sources.erp.writes import PostInvoice
from sources.families.soap import Service
from sources.writes import Act, Done

if TYPE_CHECKING:
    from sources.contract import Request
    from sources.writes import Acts, Said

PATH: Final = "/ledger"
SERVICE: Final = Service(Path(__file__).with_name("service.wsdl"))


def _post(write: PostInvoice, said: Said) -> Request:
    expected = {"booked": write.posting_date, "total": write.expected_total.amount}
    document = {"docno": said.id(write.invoice), **expected, "requestid": said.key}
    return SERVICE.call(PATH, "post_document", document)


def _posted(_write: PostInvoice, answer: Any) -> Done:
    return Done(answer["docno"], {"number": answer["number"], "total": str(answer["total"])})


ACTS: Acts = {PostInvoice: Act(_post, _posted, unique=True)}
