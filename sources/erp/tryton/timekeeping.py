"""Hours in Tryton's timesheets. A line's UUID is unique, and is our key: the database itself takes it once.

A timesheet knows no billable hours, no price, and no other day than that of the work: they stand in its description.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from schema.problems import Code
from sources.contract import SourceFailure
from sources.erp.tryton.calls import TRYTON
from sources.erp.tryton.contracting import WORK
from sources.erp.tryton.notes import noted, renoted
from sources.erp.writes import PostTime
from sources.families.jsonrpc_calls import numbered
from sources.writes import Act, Done

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from sources.contract import Request
    from sources.writes import Acts, Call, Said, Talk

LINE, SHEET = "timesheet.line", "timesheet.work"
SECONDS = 3600
# For how long somebody else is let open a sheet.
PATIENCE = timedelta(minutes=1)


def _post(write: PostTime, said: Said) -> Talk:
    rows = yield from TRYTON.found(_look_for(write, said))
    if rows:
        return Done(str(rows[0]["id"]), found=True)
    company, seconds = numbered(said.id(write.legal_entity)), write.hours * SECONDS
    if seconds != int(seconds):
        raise SourceFailure(Code.SOURCE_REFUSED, "hours are finer than a second")
    row = {
        "uuid": said.key,
        "company": company,
        "employee": numbered(said.id(write.resource)),
        "date": write.work_date,
        "duration": {TRYTON.hint: "timedelta", "seconds": int(seconds)},
        "work": (yield from _sheet(write, said, company)),
        "description": _described(write),
    }
    (made,) = yield from TRYTON.changed(TRYTON.rpc(LINE, "create", [row], context={"company": company}))
    return Done(str(made))


def _look_for(_write: PostTime, said: Said) -> Request:
    return TRYTON.search(LINE, [["uuid", "=", said.key]], "id")


def _seen(_write: PostTime, answer: Any) -> Done | None:
    rows = TRYTON.result(answer)
    return Done(str(rows[0]["id"])) if rows else None


def _sheet(write: PostTime, said: Said, company: int) -> Generator[Call, Any, int]:
    """Return the sheet of an engagement in the books of whoever employs the person, and open it if there is none.

    A work has one in its own company; in another one that lends people a sheet of the same number stands for it.
    """
    number, context = said.id(write.engagement), {"company": company}
    known = [["type", "=", "project"], ["number", "=", number]]
    sought = TRYTON.search(WORK, known, "company", "comment", "_timestamp")
    work = yield from TRYTON.only(sought, "project")
    own = work["company"] == company
    this = {"origin": f"{WORK},{work['id']}"} if own else {"name": number}
    same = [["company", "=", company], *([name, "=", value] for name, value in this.items())]
    sheets = yield from TRYTON.found(TRYTON.search(SHEET, same, "id", context=context))
    if sheets:
        return int(sheets[0]["id"])
    yield from _alone(work, company, said)
    yield from TRYTON.changed(TRYTON.rpc(SHEET, "create", [{**this, "company": company}], context=context))
    # Should there be two after all, all hours stand on the older one.
    sheets = yield from TRYTON.found(TRYTON.search(SHEET, same, "id", context=context))
    return int(sheets[0]["id"])


def _alone(work: Mapping[str, Any], company: int, said: Said) -> Generator[Call, Any, None]:
    """Say in the work, as it was read, who opens a sheet: of two who would at one time, one has to come again.

    Whoever has said so and did not open it, has died over it, and comes again, too; or is waited for no longer.
    """
    name, busy = f"sheet of company {company}", "somebody else opens the sheet in this moment"
    at, _, key = (noted(work["comment"], name) or "").partition(" ")
    if at and key != said.key and said.at < datetime.fromisoformat(at) + PATIENCE:
        raise SourceFailure(Code.SOURCE_UNAVAILABLE, busy, unsent=True)
    values = {"comment": renoted(work["comment"], name, f"{said.at.isoformat()} {said.key}")}
    locked = {"company": work["company"], **TRYTON.unchanged(WORK, work)}
    try:
        yield from TRYTON.changed(TRYTON.rpc(WORK, "write", [work["id"]], values, context=locked))
    except SourceFailure as failure:
        if failure.code is not Code.STALE_VERSION:
            raise
        raise SourceFailure(Code.SOURCE_UNAVAILABLE, busy, unsent=True) from failure


def _described(write: PostTime) -> str:
    rate = write.bill_rate
    said = {
        "entry": write.code,
        "accounted": write.accounting_date.isoformat(),
        "billable": str(write.billable_hours) if write.billable else None,
        "rate": f"{rate.amount} {rate.currency}" if rate else None,
    }
    return "; ".join(f"{name}: {value}" for name, value in said.items() if value is not None)


ACTS: Acts = {PostTime: Act(_post, look=_look_for, seen=_seen)}
