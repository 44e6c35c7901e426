"""Every fault at every system: the calm value, or null with an error of that system in its place, in time and cheap."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, get_args

import pytest

from colonnade import demo
from demo.emulator import PACES
from demo.emulator.quirks import QuirkName
from demo.systems import Emulated, misbehave
from tests.colonnade.test_resilience import metrics
from tests.conftest import House
from tests.sources.comparing import codes, differences, paths

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from demo.systems import Bound

pytestmark = pytest.mark.sweep

ROLES = ("psa", "erp", "crm", "hr", "forecast")
FAULTS = [name for name in get_args(QuirkName) if name != "none"]
# What can be put right is, whatever the system says beside it.
MENDED = {"reverse", "duplicates", "strangers", "short_page", "slow"}
# Whose login can be renewed; a fixed token that is refused stays so.
RENEWED = {"erp", "crm"}
# What is not counted and not sent cannot be missed: a record may be absent, and nobody stands in for it.
ABSENT = {"gap"}
# These are about time: the answer must come within the deadline and a tenth of it. What is slow and no more is waited
# for: whole lists are many pages, each half a second late.
TIMED = set(PACES) - {"slow"}
DEADLINE = 4.0
# The others are not, and forty rows a page are many pages for a machine that is busy with other faults.
PATIENCE = 15.0
# What the five systems say in such a case, and whatever else would tell a client what stands behind the graph.
UPSTREAM = (
    *("Session expired", "INVALID_SESSION", "LIMIT_EXCEEDED", "Limit exceeded", "UNKNOWN_EXCEPTION", "SERVER_UNAV"),
    *("temporarily unavailable", "token is expired", "Number of requests", "An error has occurred", "Invalid OAuth"),
    *("Too many requests", "Something went wrong", "ervice is unavailable", "Invalid API key", "Internal server"),
    *("Rate limit", "invalid token", "elsewhere.invalid", "sign in", "<html", "http:", "127.0.0.1", "Traceback"),
    *("kantata", "dynamics", "salesforce", "bamboohr", "runn", "northbeam", "/data/", "/api/", "SELECT"),
)
RANGE = '{start: "2026-04-06", end: "2026-04-19"}'
QUERY = f"""query($ids: [ID!]!) {{ nodes(ids: $ids) {{
  id
  ... on Engagement {{
    name deliveryStatus practice {{ id code }} manager {{ id displayName }}
    erpStatus contractValue {{ amount currency }} contractingEntity {{ id code fiscalPeriods {{ id status }} }}
    customer {{ id displayName industry legalName creditStatus }}
    opportunity {{ id probability lines {{ id roleCode hours }} }}
    contract {{ id code lines {{ id amount {{ amount }} rateCard {{ id code }} }} }}
    invoices {{ id number net {{ amount }} lines {{ id net {{ amount }} }} }}
    milestones {{ id code plannedDate amount {{ amount }} }}
    WINDOWS_HERE
    demands {{ id code status hoursPerWeek }}
    assignments {{ id code allocation segments {{ id hoursPerDay }}
      resource {{ id displayName workSchedule {{ hoursPerWeek }} holidays {{ id code }} absences {{ id approved }}
        standardCostRate {{ amount }} availability(range: {RANGE}) {{ id capacityHours }} }} }}
    reportedRevenue {{ amount }}
  }}
}} }}"""
# Cut from longer lists: where a record is absent, the others move up.
WINDOWS = """timeEntries(first: 5) { totalCount edges { node {
      id hours approvalStatus postingStatus billingStatus lifecycle } } }
    expenses(first: 5) { edges { node { id amount { amount } postingStatus } } }"""
ENGAGEMENTS = ("ENG-006", "ENG-012", "ENG-016")


def deadline(fault: str) -> float:
    """Return how many seconds an answer may take under a fault."""
    return DEADLINE if fault in TIMED else PATIENCE


@pytest.fixture
def fresh(systems: Sequence[Bound], fault: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """A graph that has read nothing yet, and has as long for an answer as the fault is given."""
    configure = demo.configure

    def hasty(folder: Path, bound: Sequence[Bound], issuer_url: str, **said: Any) -> Path:
        path = configure(folder, bound, issuer_url, **said)
        text = path.read_text(encoding="utf-8").replace("[server]", f"[server]\ndeadline = {deadline(fault)}", 1)
        path.write_text(text, encoding="utf-8")
        return path

    monkeypatch.setattr(demo, "configure", hasty)
    with demo.over(systems) as running:
        yield House(running, persona="auditor")


@pytest.fixture(scope="module")
def ids(trusted: House) -> list[str]:
    """The engagements that are asked for."""
    edges = trusted.ask("{ engagements(first: 50) { edges { node { id code } } } }").data["engagements"]["edges"]
    return [edge["node"]["id"] for edge in edges if edge["node"]["code"] in ENGAGEMENTS]


def query(fault: str) -> str:
    """Return what is asked under a fault."""
    return QUERY.replace("WINDOWS_HERE", "" if fault in ABSENT else WINDOWS)


@pytest.fixture(scope="module")
def calm(trusted: House, ids: list[str]) -> dict[str, Any]:
    """What is answered when nothing is wrong, by what is asked."""
    answers = {asked: trusted.ask(asked, {"ids": ids}) for asked in map(query, FAULTS)}
    assert [answer.errors for answer in answers.values() if answer.errors] == []
    return {asked: answer.data for asked, answer in answers.items()}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    "fault", [pytest.param(name, marks=pytest.mark.timed) if name in TIMED else name for name in FAULTS]
)
def test_no_fault_makes_a_wrong_value(
    fresh: House, ids: list[str], calm: dict[str, Any], role: str, fault: str
) -> None:
    """No value is another than the calm one; what is null has an error of that role, in our words; none waits long."""
    (traffic,) = (system.traffic for system in fresh.bound if system.role == role)
    assert isinstance(traffic, Emulated)
    asked = query(fault)
    misbehave(traffic.address, fault, seconds=0.5, rows=40)
    try:
        began = time.monotonic()
        answer = fresh.ask(asked, {"ids": ids})
        spent = time.monotonic() - began
    finally:
        misbehave(traffic.address, "none")
    assert spent < deadline(fault) * 1.1
    found = differences(calm[asked], answer.data)
    assert found.wrong == []
    if fault in ABSENT:
        assert paths(answer) <= found.null
    else:
        assert found.short == set()
        assert found.null <= paths(answer)
    assert {error["extensions"]["system"] for error in answer.errors} <= {role.upper()}
    if fault in MENDED or (fault == "expired" and role in RENEWED):
        assert (codes(answer), answer.data) == (set(), calm[asked])
    text = str(answer.errors)
    assert [word for word in UPSTREAM if word in text] == []
    causes = [(error["message"], error["extensions"].get("question")) for error in answer.errors]
    assert len(set(causes)) == len(causes)
    tried, again = attempts(fresh, role)
    assert again <= 1 + tried / 10


def attempts(house: House, role: str) -> tuple[float, float]:
    """Return how many questions were sent to a role's system, and how many of them once more."""
    counted = metrics(house)
    again = counted.get(("colonnade_upstream_retries_total", role, role), 0)
    sent = sum(
        value
        for (name, *labels), value in counted.items()
        if name == "colonnade_upstream_requests_total" and labels[0] != "login" and labels[2] == role
    )
    return sent - again, again
