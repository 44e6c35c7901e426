"""The installed Tryton in its roles, behind a server of ours on which answers get lost."""

from __future__ import annotations

from contextlib import asynccontextmanager, closing
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from demo.tryton.access import ADMIN
from demo.tryton.ids import load_ids
from demo.tryton.server import TODAY
from schema.fiscal_period import FiscalPeriodRow
from schema.resource import ResourceRow
from schema.rows import Ref
from sources.crm.writes import RecordEngagement
from tests.conformance.changing import Period, Trial, Watched
from tests.demo.test_tryton import Caller
from tests.sources.erp.bookkeeper import bookkeeper
from tests.sources.erp.invoicing import INVOICE, MOVE, POST, draft, post, posted

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import date

    from demo.systems import Bound
    from sources.writes import Write
    from tests.sources.erp.bookkeeper import Bookkeeper

NOTED = "model.sale.opportunity.write"
CODE = "ENG-124"
PERIOD, JOURNALS = "account.period", "account.journal.period"


@asynccontextmanager
async def _tryton(bound: Bound) -> AsyncIterator[Bookkeeper]:
    with closing(Caller(bound.traffic.server, ADMIN)) as admin:  # type: ignore[attr-defined]
        async with bookkeeper(bound.role, admin, load_ids()) as one:
            yield one


def _loses(one: Bookkeeper, method: str) -> Any:
    async def lose() -> None:
        one.between.loses.add(method)

    return lose


def _made(one: Bookkeeper, model: str, values: dict[str, Any], company: int | None = None) -> int:
    context = {} if company is None else {"company": company}
    (id_,) = one.admin.call(f"model.{model}.create", [values], context)
    return int(id_)


def _edited(one: Bookkeeper, model: str, id_: int, values: dict[str, Any]) -> None:
    assert "error" not in one.admin.answer(f"model.{model}.write", [id_], values, {"company": one.company})


def _day(day: date) -> dict[str, Any]:
    return {"__class__": "date", "year": day.year, "month": day.month, "day": day.day}


@asynccontextmanager
async def crm(bound: Bound) -> AsyncIterator[Trial]:
    """Try the CRM, among whose notes a line says which engagement a deal became."""
    async with _tryton(bound) as one:
        deal = one.ids.opportunities["OPP-026"]
        write = RecordEngagement(opportunity=Ref("Opportunity", "crm", str(deal)), code=CODE)

        async def state() -> list[str]:
            rows = one.admin.rows("sale.opportunity", [], "comment")
            lines = [line for row in rows for line in (row["comment"] or "").splitlines()]
            return [line for line in lines if line.startswith("engagement: ")]

        async def count() -> int:
            return (await state()).count(f"engagement: {CODE}")

        def noted() -> None:
            comment = one.row("sale.opportunity", deal, "comment")["comment"] or ""
            _edited(one, "sale.opportunity", deal, {"comment": f"{comment}\ncall them back"})

        async def overtaken() -> Write:
            one.between.before[NOTED] = noted
            return write

        yield Trial(
            source=one.source,
            do=one.write,
            once=write,
            lose=_loses(one, NOTED),
            count=count,
            state=state,
            wrong=replace(write, opportunity=Ref("Opportunity", "crm", "999999")),
            overtaken=overtaken,
        )


@asynccontextmanager
async def erp(bound: Bound) -> AsyncIterator[Trial]:
    """Try the ERP, which has a draft posted."""
    async with _tryton(bound) as one:
        wanted = await draft(one)
        made = await one.write(wanted, f"draft {wanted.lines[0].event.id}")
        posting, closing_ = post(made.id), one.ids.fiscal_periods["NB-UK/2026-P04"]

        async def state() -> tuple[Any, ...]:
            return posted(one), one.count(INVOICE), one.count(MOVE), one.row(INVOICE, made.id, "state", "number")

        async def count() -> int:
            return posted(one)[0]

        async def overtaken() -> Write:
            one.between.before[POST] = lambda: _edited(one, INVOICE, int(made.id or 0), {"comment": "a person"})
            return posting

        async def close() -> None:
            one.press(PERIOD, "close", closing_)

        async def reopen() -> None:
            one.press(PERIOD, "reopen", closing_)
            held = one.admin.rows(JOURNALS, [["period", "=", closing_], ["state", "=", "closed"]], "id")
            one.press(JOURNALS, "reopen", *(row["id"] for row in held))

        yield Trial(
            source=one.source,
            do=one.write,
            once=posting,
            lose=_loses(one, POST),
            count=count,
            state=state,
            wrong=replace(await draft(one), currency="XXX"),
            overtaken=overtaken,
            period=Period(posting, close, reopen),
            watched=_periods(one),
        )


def _periods(one: Bookkeeper) -> Watched:
    year = one.row(PERIOD, one.ids.fiscal_periods["NB-UK/2026-P04"], "fiscalyear")["fiscalyear"]

    async def make() -> str:
        values = {
            "name": "Adjustments",
            "type": "adjustment",
            "fiscalyear": year,
            "start_date": _day(TODAY),
            "end_date": _day(TODAY),
        }
        return str(_made(one, PERIOD, values, one.company))

    async def edit() -> str:
        id_ = one.ids.fiscal_periods["NB-UK/2026-P02"]
        _edited(one, PERIOD, id_, {"name": "February"})
        return str(id_)

    return Watched(FiscalPeriodRow, make, edit)


@asynccontextmanager
async def hr(bound: Bound) -> AsyncIterator[Trial]:
    """Try HR, whose people are followed: a name is the party's."""
    async with _tryton(bound) as one:

        async def make() -> str:
            party = _made(one, "party.party", {"name": "Ada Byron", "code": "RES-901"})
            return str(_made(one, "company.employee", {"party": party, "company": one.company}))

        async def edit() -> str:
            id_ = one.ids.people["RES-006"]
            party = one.row("company.employee", id_, "party")["party"]
            _edited(one, "party.party", party, {"name": "Blaise Pascal"})
            return str(id_)

        yield Trial(source=one.source, do=one.write, watched=Watched(ResourceRow, make, edit))
