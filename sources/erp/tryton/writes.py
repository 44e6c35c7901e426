"""What Tryton takes as the ERP: its own invoices, and whether an engagement's work is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sources.erp.tryton import invoicing
from sources.erp.tryton.calls import changed, only, rpc, search
from sources.erp.writes import SetControlStatus
from sources.writes import Act, Done

if TYPE_CHECKING:
    from sources.writes import Acts, Said, Talk

WORK = "project.work"


def _set_control_status(write: SetControlStatus, said: Said) -> Talk:
    known = [["type", "=", "project"], ["number", "=", said.id(write.engagement)]]
    work = yield from only(search(WORK, known, "company"), "project")
    status = {"status": int(said.code("work_status", write.status))}
    yield from changed(rpc(WORK, "write", [work["id"]], status, context={"company": work["company"]}))
    return Done()


ACTS: Acts = {**invoicing.ACTS, SetControlStatus: Act(_set_control_status)}
