"""Lists that are read whole, under every fault of the system that has them: the calm value, or null with its error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from colonnade.demo import over
from demo.systems import Emulated, misbehave
from tests.conftest import House
from tests.sources.comparing import codes, differences, paths

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from demo.systems import Bound

pytestmark = pytest.mark.sweep
PEOPLE = """{
  resources(first: 8) { edges { node { id displayName workSchedule { hoursPerWeek workingDays }
    holidays { id code days { date } } absences { id range { start end } hoursPerDay kind approved }
    segments { id range { start end } hoursPerDay role { code } }
    availability(range: {start: "2026-04-08", end: "2026-05-31"}) { id weekStart capacityHours firmHours }
    assignments { id code segments { id range { start end } } } } } }
  holidayCalendars { edges { node { id code days { date name } } } }
  roleDemands(first: 8) { edges { node { id code filledBy { id code } role { forecastRoleCode } scenario { name } } } }
  capacityScenarios { edges { node { id name approved buckets(range: {start: "2026-04-08", end: "2026-04-08"}) {
    id capacityHours demandHours } } } }
}"""
FAULTS = {
    **dict.fromkeys(("reverse", "duplicates", "strangers"), ()),
    "bad_row": ("BAD_ROW",),
    "status_500": ("SOURCE_UNAVAILABLE",),
    "status_503": ("SOURCE_THROTTLED", "SOURCE_UNAVAILABLE"),
    "throttled": ("SOURCE_THROTTLED",),
    **dict.fromkeys(("html", "truncated", "wrong_type", "redirect"), ("SOURCE_MISBEHAVED",)),
    "expired": ("SOURCE_DENIED",),
}


@pytest.fixture(scope="module")
def calm(trusted: House) -> Any:
    """What is answered when nothing is wrong."""
    answer = trusted.ask(PEOPLE)
    assert answer.errors == []
    return answer.data


@pytest.fixture
def spoilt(systems: Sequence[Bound], role: str, fault: str) -> Iterator[House]:
    """A graph that has read nothing yet, over a system that misbehaves."""
    (traffic,) = (system.traffic for system in systems if system.role == role)
    assert isinstance(traffic, Emulated)
    misbehave(traffic.address, fault)
    with over(systems) as running:
        yield House(running, persona="auditor")
    misbehave(traffic.address, "none")


@pytest.mark.parametrize("role", ["hr", "forecast"])
@pytest.mark.parametrize("fault", FAULTS)
def test_no_fault_makes_a_wrong_value(spoilt: House, calm: Any, fault: str) -> None:
    """Every value is the calm one or null, every null has its error, and every error its code."""
    answer = spoilt.ask(PEOPLE)
    found = differences(calm, answer.data)
    assert (found.wrong, found.short) == ([], set())
    assert found.null == paths(answer)
    assert codes(answer) <= set(FAULTS[fault])
    assert bool(answer.errors) is bool(FAULTS[fault])
