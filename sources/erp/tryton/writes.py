"""What Tryton takes as the ERP: its own invoices, and whether an engagement's work is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sources.erp.tryton import drafting, posting
from sources.erp.tryton.calls import TRYTON
from sources.erp.writes import SetControlStatus
from sources.writes import Act, Done

if TYPE_CHECKING:
    from sources.writes import Acts, Said, Talk

WORK = "project.work"


def _set_control_status(write: SetControlStatus, said: Said) -> Talk:
    known = [["type", "=", "project"], ["number", "=", said.id(write.engagement)]]
    work = yield from TRYTON.only(TRYTON.search(WORK, known, "company"), "project")
    status = {"status": int(said.code("work_status", write.status))}
    yield from TRYTON.changed(TRYTON.rpc(WORK, "write", [work["id"]], status, context={"company": work["company"]}))
    return Done()


ACTS: Acts = {**drafting.ACTS, **posting.ACTS, SetControlStatus: Act(_set_control_status)}
