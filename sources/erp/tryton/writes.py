"""What Tryton takes as the ERP: engagements with their contracts, hours, what is to be billed, and its invoices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sources.erp.tryton import billing, contracting, drafting, posting, timekeeping
from sources.erp.tryton.calls import TRYTON
from sources.erp.tryton.contracting import WORK
from sources.erp.writes import SetControlStatus
from sources.writes import Act, Done

if TYPE_CHECKING:
    from sources.writes import Acts, Said, Talk


def _set_control_status(write: SetControlStatus, said: Said) -> Talk:
    known = [["type", "=", "project"], ["number", "=", said.id(write.engagement)]]
    work = yield from TRYTON.only(TRYTON.search(WORK, known, "company"), "project")
    status = {"status": int(said.code("work_status", write.status))}
    yield from TRYTON.changed(TRYTON.rpc(WORK, "write", [work["id"]], status, context={"company": work["company"]}))
    return Done()


ACTS: Acts = {
    **contracting.ACTS,
    **timekeeping.ACTS,
    **billing.ACTS,
    **drafting.ACTS,
    **posting.ACTS,
    SetControlStatus: Act(_set_control_status),
}
