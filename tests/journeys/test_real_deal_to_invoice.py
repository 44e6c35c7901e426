"""From a deal to an invoice in the ledger over a running Tryton and a running Redmine, and killed at every step of it.

Tryton is the CRM, the ERP and HR, Redmine the PSA; what is planned stands in an emulated Runn, for no such product can
be installed here. `DEAL_KILLS` names further hours of death: `before,never,begun,answered,recorded`.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from demo.redmine.install import outdated as redmine_outdated
from demo.tryton.install import outdated as tryton_outdated
from tests.journeys.real import ONCE, US_FINANCE, Journey, running
from tests.journeys.test_deal_to_invoice import nodes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from demo.firm.model import Firm
    from tests.journeys.real import Real

HOURS = ("after", *filter(None, os.environ.get("DEAL_KILLS", "").split(",")))
pytestmark = [pytest.mark.tryton, pytest.mark.xdist_group("tryton"), pytest.mark.timeout(600 * len(HOURS))]

# Thirteen and a half hours of a consultant, by the American price list.
TOTAL = Decimal("2430.00")
PERIOD, JOURNAL = "account.period", "account.journal.period"


@pytest.fixture(scope="module")
def real(firm: Firm) -> Iterator[Real]:
    """The house over both; where one of them is missing, say so, and in CI fail."""
    if stale := (*tryton_outdated(), *redmine_outdated()):
        reason = f"Tryton or Redmine is not installed, or out of date ({', '.join(stale)}): run `make systems`"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with running(firm) as one:
        yield one


def test_from_a_deal_to_an_invoice_in_the_ledger(real: Real) -> None:
    """Each step is made where it belongs, and the next one reads it there; in the end the money is in the ledger."""
    journey = Journey(real)
    journey.win()
    engagement = journey.convert()
    (project,) = engagement["projects"]
    assert (project["name"], [one["name"] for one in project["children"]]) == (
        "Network rollout wave 2",
        ["East", "West"],
    )
    assert {name: engagement[name] for name in ("setupState", "deliveryStatus", "erpStatus", "customer")} == {
        "setupState": "READY",
        "deliveryStatus": "ACTIVE",
        "erpStatus": "OPEN",
        "customer": {"displayName": "Hollin Telecom"},
    }
    assert engagement["contract"] == {
        "currency": "USD",
        "legalEntity": {"code": "NB-US"},
        "lines": [
            {
                "model": "TIME_AND_MATERIALS",
                "amount": {"amount": "480000.00", "currency": "USD"},
                "rateCard": {"name": "Northbeam Advisory Inc. list prices"},
            }
        ],
    }
    journey.accept(journey.record())
    work = journey.work()
    told = {one["workDate"]: one for one in nodes(work["timeEntries"])}
    assert [told[day]["postedHours"] for day in ("2026-04-07", "2026-04-08")] == ["6.00", "7.50"]
    for one in told.values():
        assert (one["approvalStatus"], one["postingStatus"], one["markedBilled"]) == ("APPROVED", "POSTED", False)
        assert (one["postedRate"]["amount"], one["project"]["name"]) == ("180.00", "West")
    events = sorted((one["status"], one["amount"]["amount"]) for one in work["billingEvents"])
    assert events == [("READY", "1080.00"), ("READY", "1350.00")]
    # Those of one month bear one code, whatever its number is by now.
    (code,) = {one["code"] for one in work["billingEvents"]}
    assert code.startswith("BE-2604-")
    draft = journey.draft()
    assert (draft["documentStatus"], Decimal(draft["total"]["amount"])) == ("DRAFT", TOTAL)
    journey.people.succeeds(US_FINANCE, journey.post(draft))
    work = journey.work()
    (invoice,) = work["invoices"]
    assert (invoice["lifecycle"], invoice["fiscalPeriod"]) == ("POSTED", {"code": "2026-P04"})
    assert [one["status"] for one in work["billingEvents"]] == ["INVOICED", "INVOICED"]
    assert journey.counted() == ONCE
    assert journey.revenue() == TOTAL


def test_a_closed_period_holds_the_invoice_until_its_journals_are_open_too(real: Real) -> None:
    """It waits through a crash and adds nothing; opened in both layers the period takes it, once."""
    journey = Journey(real)
    journey.win()
    journey.convert()
    journey.accept(journey.record())
    draft = journey.draft()
    period = real.ids.fiscal_periods["NB-US/2026-P04"]
    real.press(PERIOD, "close", [period])
    command = journey.post(draft)
    found = journey.people.rested(US_FINANCE, command)
    assert (found["status"], found["waitingFor"]) == ("PARKED", "PERIOD_CLOSED")
    real.rig.kill()
    assert journey.people.rested(US_FINANCE, command)["status"] == "PARKED"
    asked = next(system.traffic for system in real.rig.bound if system.role == "erp")
    asked.clear()
    real.press(PERIOD, "reopen", [period])
    # It is tried again, and the journals are asked about: closed, they are the period, too.
    until = time.monotonic() + 30
    while f"model.{JOURNAL}.search_read" not in asked.calls():
        assert time.monotonic() < until
        time.sleep(0.1)
    assert journey.people.rested(US_FINANCE, command)["status"] == "PARKED"
    assert (journey.counted()["move"], journey.revenue()) == (0, Decimal(0))
    held = [row["id"] for row in real.admin.rows(JOURNAL, [["period", "=", period]], "id")]
    real.press(JOURNAL, "reopen", held)
    done = journey.people.rested(US_FINANCE, command, "SUCCEEDED", "DEAD_LETTERED", seconds=60)
    assert done["status"] == "SUCCEEDED"
    assert journey.counted() == ONCE
    assert journey.revenue() == TOTAL


def test_killed_at_every_step_nothing_is_lost_and_nothing_doubled(real: Real) -> None:
    """The server dies with each change that it sends, to whichever system; in the end all is there once."""
    kills, lost, doubled = Counter[str](), Counter[str](), Counter[str]()
    for hour in HOURS:
        journey = Journey(real)
        with real.dying(hour):
            journey.whole()
        left = journey.counted()
        kills += real.kills()
        print(f"{hour}: {sum(real.kills().values())} kills, {ONCE - left} lost, {left - ONCE} doubled")  # noqa: T201
        lost += ONCE - left
        doubled += left - ONCE
        assert journey.revenue() == TOTAL, hour
    print(kills)  # noqa: T201
    counts = [sum(one.values()) for one in (kills, lost, doubled)]
    print("FIGURE deal to invoice on Tryton and Redmine: {} kills, {} lost, {} doubled".format(*counts))  # noqa: T201
    assert (lost, doubled) == (Counter(), Counter())
