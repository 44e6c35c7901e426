"""rollOffAssignment: a person's last day on a project comes earlier.

C  FACADE    a demand's code is drawn              if somebody is to go on
C  PSA       the assignment ends on that day       undone: the days before
R  FORECAST  what lies behind is free again        set aside if refused
R  FORECAST  somebody is wanted for these days     set aside if refused

Time that was submitted for later days stays, and is listed.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, NamedTuple

import strawberry

import sources.forecast.writes as forecast
import sources.psa.writes as psa
from commands.command import Claimed, CommandInput, Finding, Judgement, Stop, command
from commands.items import same_version
from commands.money import stated
from commands.own import FACADE, DrawCode
from commands.plan import Kind, Plan, Step
from commands.staffing import FREE, schedule_of
from policies.allocation import Measure
from schema.assignment import AssignmentRow, AssignmentStatus
from schema.engagement import EngagementRow
from schema.problems import Code
from schema.project import ProjectRow
from schema.resource import ResourceRow
from schema.role import RoleRow
from schema.rows import System
from schema.time_entry import ApprovalStatus, TimeEntryRow
from sources.writes import Later

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from commands.asking import Asking

SUBMITTED = frozenset({ApprovalStatus.SUBMITTED, ApprovalStatus.APPROVED, ApprovalStatus.RECALL_REQUESTED})
ONE_DAY, HUNDREDTH = timedelta(days=1), Decimal("0.01")


class Days(NamedTuple):
    """From a day to a day."""

    start: date
    end: date


@strawberry.input
class RollOffAssignment(CommandInput):
    """Whose booking ends when, why, and whether somebody else is wanted for the days that are left."""

    assignment_id: strawberry.ID
    last_day: date
    reason: str
    replacement_demand: bool = False


@command(
    "rollOffAssignment",
    RollOffAssignment,
    changes=(psa.SetAssignmentDates, forecast.SetAllocationDates, forecast.CreateDemand),
)
async def roll_off_assignment(ask: Asking, said: RollOffAssignment) -> Judgement:
    """End a booking before its last day, and free the person in the plan; a demand may ask for somebody to go on."""
    ref = ask.ref(said.assignment_id, "Assignment", "input", "assignmentId")
    row = await ask.one("assignments_by_id", ref, "input", "assignmentId", row=AssignmentRow)
    same_version(said, [row])
    days = _days(row, said.last_day)
    engagement = await ask.one("engagements_by_id", stated(row.engagement, "the engagement"), row=EngagementRow)
    person = await ask.one("resources_by_id", stated(row.resource, "the person"), row=ResourceRow)
    steps = [_ended(row, days, said.last_day, over=said.last_day < ask.today(person.time_zone))]
    steps.append(_freed(ask, row, days, said.last_day))
    if said.replacement_demand:
        drawn = Step(name="code", kind=Kind.COMPENSATABLE, binding=FACADE, write=DrawCode(kind="role_demand"))
        left = Days(said.last_day + ONE_DAY, days.end)
        steps = [drawn, *steps, await _wanted(ask, row, person, left)]
    return Judgement(
        plan=Plan(first=tuple(steps)),
        subjects=(ref, engagement.ref, person.ref),
        scope=(engagement,),
        findings=tuple([late async for late in _late(ask, row, said.last_day)]),
        claims=(Claimed("resource", person.ref.encode()),),
    )


def _days(row: AssignmentRow, last: date) -> Days:
    """Return the days of the booking, or stop: only what goes on can end earlier, and not before it begins."""
    if row.status in FREE:
        raise Stop(Finding(Code.INVALID_TRANSITION, "the booking has ended already"), subjects=(row.ref,))
    booked = stated(row.range, "the booking's days")
    days = Days(booked.start, stated(booked.end, "the booking's last day"))
    if not days.start <= last < days.end:
        said = f"'lastDay' must lie from {days.start.isoformat()} to the day before {days.end.isoformat()}"
        raise Stop(Finding(Code.BAD_INPUT, said, ("input", "lastDay")), subjects=(row.ref,))
    return days


async def _late(ask: Asking, row: AssignmentRow, last: date) -> AsyncIterator[Finding]:
    """Yield each entry that was submitted for a later day: nobody deletes what was worked."""
    entries = await ask.many("time_entries_by_resource", stated(row.resource, "the person"), row=TimeEntryRow)
    for entry in sorted(entries, key=lambda one: (one.work_date, one.ref)):
        if entry.assignment == row.ref and entry.work_date > last and entry.approval_status in SUBMITTED:
            said = f"{entry.code} has {entry.hours} hours on {entry.work_date.isoformat()}, after the last day"
            yield Finding(Code.TIME_AFTER_ROLL_OFF, said, ("input", "lastDay"), item=entry.ref.encode())


def _ended(row: AssignmentRow, days: Days, last: date, *, over: bool) -> Step:
    status = row.status if isinstance(row.status, AssignmentStatus) else None
    return Step(
        name="psa.assignment",
        kind=Kind.COMPENSATABLE,
        binding=row.ref.binding,
        write=psa.SetAssignmentDates(assignment=row.ref, start=days.start, end=last, ended=over),
        undo=psa.SetAssignmentDates(assignment=row.ref, start=days.start, end=days.end, status=status),
    )


def _freed(ask: Asking, row: AssignmentRow, days: Days, last: date) -> Step:
    return Step(
        name="forecast.allocation",
        kind=Kind.RETRIABLE,
        binding=ask.binding(System.FORECAST),
        write=forecast.SetAllocationDates(assignment=row.ref, start=days.start, end=last),
        optional=Code.FORECAST_REJECTED,
    )


async def _wanted(ask: Asking, row: AssignmentRow, person: ResourceRow, left: Days) -> Step:
    """Return the demand for somebody who does as much in the same role on the days that are left."""
    role = await ask.one("roles_by_id", stated(row.role, "the role"), row=RoleRow)
    project = await ask.one("projects_by_id", stated(row.project, "the project"), row=ProjectRow)
    schedule = schedule_of(person)
    measure = Measure(row.allocation, row.hours_per_day, row.total_hours)
    share = stated(measure.share(schedule, *left), "how much is booked")
    week = share * schedule.hours_per_day * len(schedule.weekdays)
    mapped = await ask.word(role.ref, System.FORECAST) is not None
    return Step(
        name="forecast.demand",
        kind=Kind.RETRIABLE,
        binding=ask.binding(System.FORECAST),
        write=forecast.CreateDemand(
            engagement=stated(row.engagement, "the engagement"),
            code=Later("code", "code"),
            role=role.ref,
            role_code=role.code or role.name,
            start=left.start,
            end=left.end,
            hours_per_week=week.quantize(HUNDREDTH, ROUND_HALF_UP),
            region=project.region,
        ),
        optional=Code.FORECAST_REJECTED if mapped else Code.FORECAST_ROLE_UNMAPPED,
    )
