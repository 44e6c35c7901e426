"""How a posting is a line of a batch file, where the legacy ERP is given files instead of calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sources.erp.writes import PostInvoice
from sources.exchange import LineAct
from sources.writes import Done

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sources.exchange import LineActs
    from sources.writes import Said


def _line(write: PostInvoice, said: Said) -> Sequence[str]:
    total = write.expected_total
    docno = said.id(write.invoice)
    assert docno is not None, "a posting names its document"  # noqa: S101
    return [docno, write.posting_date.isoformat(), format(total.amount, "f"), total.currency]


def _booked(_write: PostInvoice, fields: Sequence[str]) -> Done:
    docno, number, total = fields
    return Done(docno, {"number": number, "total": total})


LINES: LineActs = {PostInvoice: LineAct(_line, _booked)}
