"""Redmine, SAP CAP and the legacy ERP: systems that run as they are, on a road on which answers get lost."""

from __future__ import annotations

import sqlite3
import uuid
from contextlib import asynccontextmanager, closing
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import httpx
from msgspec.structs import replace

from demo.heritage.ledger import DRAFT
from demo.redmine.ids import issue_id, user_id
from demo.systems import HTTP
from schema.customer import CustomerErpRow
from schema.rows import Ref
from schema.task import TaskRow
from schema.values import Money
from sources.erp.writes import PostInvoice
from sources.psa.writes import CreateTimeEntry
from sources.registry import Binding
from tests.conformance.changing import Period, Trial, Watched
from tests.sources.clerk import LATER
from tests.sources.odata.engine import OPEN_DAY, Clerk, draft, post
from tests.sources.redmine.losing import road
from tests.sources.written import NOW, Written

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from demo.redmine.bound import Running
    from demo.systems import Bound
    from sources.writes import Done, Write
    from tests.conformance.changing import Do

PERSON = Ref("Resource", "hr", "RES-017")
ENTERED = CreateTimeEntry(
    code="TE-91001",
    engagement=Ref("Engagement", "psa", "1"),
    project=Ref("Project", "psa", "1"),
    task=Ref("Task", "psa", "1"),
    resource=PERSON,
    role=Ref("Role", "psa", "SENIOR"),
    work_date=date(2026, 4, 8),
    hours=Decimal("7.33"),
    billable_hours=Decimal("7.00"),
    billable=True,
)


def _doing(one: Written) -> Do:
    async def do(write: Write, key: str, *, again: bool = False) -> Done:
        return await one.do(write, key, at=LATER if again else NOW, attempted=NOW if again else None)

    return do


@asynccontextmanager
async def redmine(bound: Running) -> AsyncIterator[Trial]:
    """Try Redmine, which has a day's hours entered; what is there is counted in its own database."""
    entry = httpx.BasicAuth(*bound.credentials.values())
    with road(bound.address) as between:
        binding = Binding(bound.role, bound.vendor, between.address, bound.credentials)
        one = Written(binding, {PERSON: user_id("RES-017")})
        http = httpx.AsyncClient(base_url=bound.address, auth=entry, trust_env=False)

        async def lose() -> None:
            between.lose("answer")

        async def count() -> int:
            with closing(sqlite3.connect(bound.server.database, timeout=10)) as database:
                (found,) = database.execute("SELECT count(*) FROM time_entries").fetchone()
            return int(found)

        async def make() -> str:
            issue = {"project_id": 1, "subject": "Made by hand", "tracker_id": 1}
            answer = await http.post("/issues.json", json={"issue": issue})
            return str(answer.raise_for_status().json()["issue"]["id"])

        async def edit() -> str:
            id_ = issue_id("ENG-001-W1-BUILD-T3")
            issue = {"subject": "Edited by hand"}
            (await http.put(f"/issues/{id_}.json", json={"issue": issue})).raise_for_status()
            return id_

        try:
            yield Trial(
                source=one.source,
                do=_doing(one),
                once=ENTERED,
                lose=lose,
                count=count,
                state=count,
                wrong=replace(ENTERED, hours=Decimal(-1)),
                watched=Watched(TaskRow, make, edit),
            )
        finally:
            await http.aclose()
            await one.aclose()


@asynccontextmanager
async def heritage(bound: Bound) -> AsyncIterator[Trial]:
    """Try the legacy ERP, which has one draft to be booked."""
    HTTP.post(f"{bound.address}/_control/restore").raise_for_status()
    one = Written(Binding(bound.role, bound.vendor, bound.address, bound.credentials), {})
    invoice = one.ref("Invoice", DRAFT)
    total = (await one.row("invoices_by_id", invoice)).total
    write = PostInvoice(invoice=invoice, posting_date=date(2026, 2, 27), expected_total=total)
    opened = replace(write, posting_date=date(2026, 4, 8))

    async def control(what: str) -> None:
        HTTP.put(f"{bound.address}/_control/{what}").raise_for_status()

    async def state() -> Any:
        return HTTP.get(f"{bound.address}/_control/posted").json()

    async def count() -> int:
        return len(await state())

    async def overtaken() -> Write:
        await control(f"booked/{DRAFT}")
        return opened

    try:
        yield Trial(
            source=one.source,
            do=_doing(one),
            once=opened,
            lose=lambda: control("lose/post_document"),
            count=count,
            state=state,
            wrong=replace(opened, expected_total=Money.of(total.amount + 1, total.currency)),
            overtaken=overtaken,
            period=Period(write, lambda: control("closed/2026-02-28"), lambda: control("closed/2026-01-31")),
        )
    finally:
        await one.aclose()
        HTTP.post(f"{bound.address}/_control/restore").raise_for_status()


@asynccontextmanager
async def cap(bound: Bound) -> AsyncIterator[Trial]:
    """Try CAP, which has a draft posted."""
    with road(bound.address) as between:
        one = Clerk(bound, between.address)
        drafted = await one.write(draft(), str(uuid.uuid4()))
        shut, *_ = await one.rows("Periods", "company eq 'NB-UK' and type eq 'regular' and state eq 'closed'")
        posting, late = (post(str(drafted.id), day=day) for day in (OPEN_DAY, date.fromisoformat(shut["startDate"])))

        async def lose() -> None:
            between.lose("answer")

        async def count() -> int:
            return len(await one.rows("Invoices", "postingKey ne null"))

        async def overtaken() -> Write:
            await one.write(posting, "another's")
            return posting

        async def turn(state: str) -> None:
            await _edited(one, f"Periods('{shut['ID']}')", {"state": state})

        try:
            yield Trial(
                source=one.source,
                do=one.write,
                once=posting,
                lose=lose,
                count=count,
                state=one.everything,
                wrong=post("NOBODY-S"),
                overtaken=overtaken,
                period=Period(late, lambda: turn("closed"), lambda: turn("open")),
                watched=_customers(one),
            )
        finally:
            await turn(shut["state"])
            await one.aclose()


@asynccontextmanager
async def cap_v2(bound: Bound) -> AsyncIterator[Trial]:
    """Try CAP as it is read in V2: it is changed by a person, in V4."""
    one = Clerk(bound)
    try:
        yield Trial(source=one.source, do=one.write, watched=_customers(one))
    finally:
        await one.aclose()


def _customers(one: Clerk) -> Watched:
    async def make() -> str:
        id_ = f"CUS-{uuid.uuid4().hex[:6]}"
        (await one.http.post("/Customers", json={"ID": id_, "legalName": "Made by hand"})).raise_for_status()
        return id_

    async def edit() -> str:
        await _edited(one, "Customers('CUS-01')", {"legalName": "Edited by hand"})
        return "CUS-01"

    return Watched(CustomerErpRow, make, edit)


async def _edited(one: Clerk, what: str, values: dict[str, Any]) -> None:
    (await one.http.patch(f"/{what}", json=values, headers={"If-Match": "*"})).raise_for_status()
