"""Hours in Tryton's timesheets. A line's UUID is unique, and is our key: the database itself takes it once.

A timesheet knows no billable hours, no price, and no other day than that of the work: they stand in its description.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from schema.problems import Code
from sources.contract import SourceFailure
from sources.erp.tryton.calls import TRYTON
from sources.erp.tryton.contracting import WORK
from sources.erp.writes import PostTime
from sources.families.jsonrpc_calls import numbered
from sources.writes import Act, Done

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    from sources.contract import Request
    from sources.writes import Acts, Call, Said, Talk

LINE, SHEET = "timesheet.line", "timesheet.work"
SECONDS = 3600


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
    work = yield from TRYTON.only(TRYTON.search(WORK, known, "company"), "project")
    own = work["company"] == company
    this = {"origin": f"{WORK},{work['id']}"} if own else {"name": number}
    same = [["company", "=", company], *([name, "=", value] for name, value in this.items())]
    sought = TRYTON.search(SHEET, same, "id", context=context)
    sheets = yield from TRYTON.found(sought)
    if not sheets:
        yield from TRYTON.changed(TRYTON.rpc(SHEET, "create", [{**this, "company": company}], context=context))
        sheets = yield from TRYTON.found(sought)
    # Tryton would keep two: of those that were opened at one time the oldest stays, and nobody has written on another.
    oldest, *others = sorted(int(sheet["id"]) for sheet in sheets)
    if others:
        yield from _without(others, context)
    return oldest


def _without(sheets: Sequence[int], context: Mapping[str, Any]) -> Generator[Call, Any, None]:
    """Take sheets away on which no hours stand. One that another one has taken away meanwhile is no trouble."""
    rows = yield from TRYTON.found(TRYTON.search(LINE, [["work", "in", sheets]], "work", context=context))
    written = {row["work"] for row in rows}
    for sheet in (sheet for sheet in sheets if sheet not in written):
        try:
            yield from TRYTON.changed(TRYTON.rpc(SHEET, "delete", [sheet], context=context))
        except SourceFailure as failure:
            if failure.code is not Code.SOURCE_REFUSED:
                raise


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
