"""The emulated systems that take changes, each as at the start and again so afterwards."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from demo.salesforce import opportunity_id
from schema.rows import Ref
from schema.values import Money
from sources.contract import Request
from sources.crm.writes import RecordEngagement
from sources.erp.writes import PostTime
from sources.forecast.writes import CreateDemand
from tests.conformance.changing import Period, Trial
from tests.sources.clerk import Clerk, clerk
from tests.sources.psa.asked import hours

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from demo.systems import Bound
    from sources.writes import Write

CHANGES = "^(POST|PATCH|PUT) /(?!oauth|services/oauth)"
CODE = "ENG-124"
RECORDED = RecordEngagement(opportunity=Ref("Opportunity", "crm", opportunity_id("OPP-020")), code=CODE)
NOBODYS = RecordEngagement(opportunity=Ref("Opportunity", "crm", opportunity_id("OPP-999")), code=CODE)
TOLD = Request("/services/data/v62.0/query", (("q", "SELECT Id, Engagement_Code__c FROM Opportunity"),))

APRIL = ("NBFiscalPeriods", "nbuk-2026-P04")
POSTED = PostTime(
    entry=Ref("TimeEntry", "psa", "TE-03300"),
    code="TE-03300",
    engagement=Ref("Engagement", "psa", "ENG-001"),
    legal_entity=Ref("LegalEntity", "erp", "nbuk"),
    resource=Ref("Resource", "hr", "RES-017"),
    work_date=date(2026, 4, 1),
    accounting_date=date(2026, 4, 1),
    hours=Decimal("7.50"),
    billable_hours=Decimal("7.50"),
    billable=True,
    bill_rate=Money.of(Decimal("112.00"), "GBP"),
    cost_rate=Money.of(Decimal("49.60"), "GBP"),
)

ENTERED = hours(resource=Ref("Resource", "hr", "RES-017"))
TIME = ("nb_time_periods", "NB-UK-2026-P04")

WANTED = CreateDemand(
    engagement=Ref("Engagement", "psa", "ENG-014"),
    code="ENG-014-D1",
    role=Ref("Role", "psa", "SENIOR"),
    role_code="SENIOR",
    start=date(2026, 5, 4),
    end=date(2026, 7, 31),
    hours_per_week=Decimal("37.50"),
    region="US-EAST",
)


def trial(one: Clerk, once: Write, table: str, **more: Any) -> Trial:
    """Return what is tried on an emulated system: `table` is where a row comes to be by what is done once."""

    async def lose() -> None:
        one.fault(CHANGES, "lose_answer")

    async def state() -> Any:
        return one.effects()

    async def count() -> int:
        return sum(line["table"] == table and line["method"] == "POST" for line in one.effects())

    return Trial(source=one.source, do=one.write, once=once, lose=lose, state=state, **{"count": count, **more})


def period(one: Clerk, write: Write, at: tuple[str, str], shut: dict[str, Any], opened: dict[str, Any]) -> Period:
    """Return a posting, and how a record says that its period is closed and open."""

    async def close() -> None:
        one.change(*at, **shut)

    async def reopen() -> None:
        one.change(*at, **opened)

    return Period(write, close, reopen)


@asynccontextmanager
async def salesforce(bound: Bound) -> AsyncIterator[Trial]:
    """Try Salesforce, which is told the engagement that a deal became."""
    async with clerk(bound) as one:

        async def count() -> int:
            answer = await one.ask(TOLD)
            return sum(record["Engagement_Code__c"] == CODE for record in answer["records"])

        yield trial(one, RECORDED, "Opportunity", count=count, wrong=NOBODYS)
        one.restore()


@asynccontextmanager
async def dynamics(bound: Bound) -> AsyncIterator[Trial]:
    """Try Dynamics, whose ledger has an approved day posted."""
    async with clerk(bound) as one:

        async def overtaken() -> Write:
            # In the ledger already, under somebody else's key.
            await one.write(POSTED, "another's")
            return POSTED

        yield trial(
            one,
            POSTED,
            "NBTimePostings",
            wrong=replace(POSTED, resource=one.ref("Resource", "999999")),
            overtaken=overtaken,
            period=period(one, POSTED, APRIL, {"ProjectCloseState": "OnHold"}, {"ProjectCloseState": "Open"}),
        )
        one.restore()


@asynccontextmanager
async def kantata(bound: Bound) -> AsyncIterator[Trial]:
    """Try Kantata, which has a day's hours entered."""
    async with clerk(bound) as one:
        yield trial(
            one,
            ENTERED,
            "time_entries",
            wrong=replace(ENTERED, task=one.ref("Task", "319999999")),
            period=period(one, ENTERED, TIME, {"locked": True}, {"locked": False}),
        )
        one.restore()


@asynccontextmanager
async def runn(bound: Bound) -> AsyncIterator[Trial]:
    """Try Runn, which has a demand made."""
    async with clerk(bound) as one:
        yield trial(one, WANTED, "role_demands", wrong=replace(WANTED, end=date(2026, 5, 3)))
        one.restore()
