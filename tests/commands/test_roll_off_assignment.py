"""A person's last day on a project comes earlier: in delivery, in the plan, and for who is to go on."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from msgspec import structs

import sources.forecast.writes as forecast
import sources.psa.writes as psa
from commands.own import DrawCode
from commands.plan import Kind, Step, read, said
from commands.roll_off_assignment import RollOffAssignment, roll_off_assignment
from schema.assignment import AssignmentStatus
from schema.problems import Code
from sources.writes import Later
from tests.commands.conftest import codes, stopped, without_roles, written

if TYPE_CHECKING:
    from collections.abc import Callable

    from demo.firm.model import Firm
    from schema.rows import Ref
    from tests.commands.conftest import Asks

    Refs = Callable[..., Ref]

RESOURCES = "resource-manager"
START, END, LAST = date(2026, 1, 5), date(2026, 9, 30), date(2026, 5, 29)


def roll_off(ref: Refs, **values: object) -> RollOffAssignment:
    """Return the input that ends RES-023's booking on ENG-007 in May."""
    meant = {
        "assignment_id": ref("Assignment", "ASG-029").encode(),
        "last_day": LAST,
        "reason": "goes to another customer",
        **values,
    }
    return RollOffAssignment(**meant)  # type: ignore[arg-type]


async def test_a_booking_ends_earlier_in_delivery_and_in_the_plan(asking: Asks, ref: Refs) -> None:
    """ASG-029 ends on 29 May; undone, it is as active and as long as before."""
    booking = ref("Assignment", "ASG-029")
    judged = await roll_off_assignment(await asking(RESOURCES), roll_off(ref))
    assert list(judged.plan.first) == [
        Step(
            name="psa.assignment",
            kind=Kind.COMPENSATABLE,
            binding="psa",
            write=psa.SetAssignmentDates(assignment=booking, start=START, end=LAST),
            undo=psa.SetAssignmentDates(assignment=booking, start=START, end=END, status=AssignmentStatus.ACTIVE),
        ),
        Step(
            name="forecast.allocation",
            kind=Kind.RETRIABLE,
            binding="forecast",
            write=forecast.SetAllocationDates(assignment=booking, start=START, end=LAST),
            optional=Code.FORECAST_REJECTED,
        ),
    ]
    assert read(said(judged.plan)) == judged.plan
    assert (judged.findings, judged.facts) == ((), {})
    assert [row.ref for row in judged.scope] == [ref("Engagement", "ENG-007")]
    assert [(one.kind, one.key) for one in judged.claims] == [("resource", ref("Resource", "RES-023").encode())]


async def test_a_last_day_that_is_past_ends_the_booking(asking: Asks, ref: Refs) -> None:
    """On the morning of 8 April, whose last day was the 7th has left, and whose is the 8th has not."""
    ask = await asking(RESOURCES)
    ended = [
        written(
            await roll_off_assignment(ask, roll_off(ref, last_day=date(2026, 4, day))),
            *("psa.assignment", psa.SetAssignmentDates),
        ).ended
        for day in (7, 8)
    ]
    assert ended == [True, False]


async def test_somebody_else_is_wanted_for_the_days_that_are_left(asking: Asks, ref: Refs) -> None:
    """As many hours of the same role, from the day after: under a code that is drawn first."""
    judged = await roll_off_assignment(await asking(RESOURCES), roll_off(ref, replacement_demand=True))
    assert [step.name for step in judged.plan.first] == [
        *("code", "psa.assignment", "forecast.allocation", "forecast.demand")
    ]
    assert written(judged, "code", DrawCode) == DrawCode(kind="role_demand")
    assert judged.plan.first[-1] == Step(
        name="forecast.demand",
        kind=Kind.RETRIABLE,
        binding="forecast",
        write=forecast.CreateDemand(
            engagement=ref("Engagement", "ENG-007"),
            code=Later("code", "code"),
            role=ref("Role", "CONSULTANT"),
            role_code="CONSULTANT",
            start=date(2026, 5, 30),
            end=END,
            hours_per_week=Decimal("40.00"),
            region="EU",
        ),
        optional=Code.FORECAST_REJECTED,
    )


async def test_time_after_the_last_day_is_listed_and_stays(asking: Asks, ref: Refs) -> None:
    """RES-023 has submitted time for 1 and 2 April: each entry is named, the draft of the 7th is not."""
    judged = await roll_off_assignment(await asking(RESOURCES), roll_off(ref, last_day=date(2026, 3, 31)))
    assert codes(judged.findings) == [Code.TIME_AFTER_ROLL_OFF] * 2
    assert [(one.item, one.message) for one in judged.findings] == [
        (ref("TimeEntry", "TE-03308").encode(), "TE-03308 has 8.50 hours on 2026-04-01, after the last day"),
        (ref("TimeEntry", "TE-03361").encode(), "TE-03361 has 8.00 hours on 2026-04-02, after the last day"),
    ]
    assert [step.name for step in judged.plan.first] == ["psa.assignment", "forecast.allocation"]


@pytest.mark.parametrize("last", [date(2026, 1, 4), END, date(2026, 10, 1)])
async def test_a_booking_can_only_end_earlier(asking: Asks, ref: Refs, last: date) -> None:
    """Not before its first day, and not on its last one or later."""
    (finding,) = await stopped(roll_off_assignment(await asking(RESOURCES), roll_off(ref, last_day=last)))
    assert (finding.code, finding.path) == (Code.BAD_INPUT, ("input", "lastDay"))
    assert finding.message == "'lastDay' must lie from 2026-01-05 to the day before 2026-09-30"


async def test_what_has_ended_does_not_end_again(asking: Asks, ref: Refs, firm: Firm) -> None:
    """A booking that was rolled off or cancelled is over."""
    over = {"ASG-029": "ENDED", "ASG-028": "CANCELLED"}
    bookings = tuple(replace(one, status=over.get(one.code, one.status)) for one in firm.assignments)  # type: ignore[arg-type]
    ask = await asking(RESOURCES, replace(firm, assignments=bookings))
    for code in over:
        ended = roll_off(ref, assignment_id=ref("Assignment", code).encode())
        assert codes(await stopped(roll_off_assignment(ask, ended))) == [Code.INVALID_TRANSITION]


async def test_a_booking_that_has_changed_is_decided_upon_again(asking: Asks, ref: Refs) -> None:
    """A version that is not the booking's stops everything."""
    findings = await stopped(roll_off_assignment(await asking(RESOURCES), roll_off(ref, expected_version="old")))
    assert codes(findings) == [Code.STALE_VERSION]


async def test_a_booking_that_nobody_has_is_not_found(asking: Asks, ref: Refs) -> None:
    """An unknown id is named by its place."""
    nobody = structs.replace(ref("Assignment", "ASG-029"), id="999999").encode()
    (finding,) = await stopped(roll_off_assignment(await asking(RESOURCES), roll_off(ref, assignment_id=nobody)))
    assert (finding.code, finding.path) == (Code.NOT_FOUND, ("input", "assignmentId"))


async def test_a_role_that_forecasting_does_not_know_is_set_aside(asking: Asks, ref: Refs, firm: Firm) -> None:
    """The person leaves; the demand for somebody else is expected to fail."""
    ask = await asking(RESOURCES, firm, without_roles)
    judged = await roll_off_assignment(ask, roll_off(ref, replacement_demand=True))
    assert judged.plan.first[-1].name == "forecast.demand"
    assert judged.plan.first[-1].optional is Code.FORECAST_ROLE_UNMAPPED
