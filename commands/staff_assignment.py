"""staffAssignment: a named person is booked on a project.

C  FACADE    its code is drawn                      gaps are fine
C  PSA       the assignment                         undone: cancelled
R  FORECAST  the plan's copy of it                  set aside if refused
R  FORECAST  the demand that it meets is filled     set aside if refused
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

import strawberry

import sources.forecast.writes as forecast
import sources.psa.writes as psa
from commands.command import Claimed, CommandInput, Judgement, command
from commands.own import FACADE, DrawCode
from commands.plan import Kind, Plan, Step
from commands.staffing import Staffing, objections, staffing_of
from commands.terms import HOURLY, prices_of
from policies.rates import Work, rate
from schema.assignment import Commitment
from schema.problems import Code
from schema.rows import System
from schema.values import Days
from sources.writes import Later

if TYPE_CHECKING:
    from commands.asking import Asking
    from schema.role_demand import RoleDemandRow
    from schema.values import Money

ASSIGNMENT = Later("psa.assignment")
HUNDREDTH = Decimal("0.01")


@strawberry.input
class StaffAssignment(CommandInput):
    """Who works on what, in which role, on which days, and how much: exactly one of the three measures."""

    project_id: strawberry.ID
    resource_id: strawberry.ID
    role_id: strawberry.ID
    range: Days
    commitment: Commitment
    allocation: Decimal | None = None
    hours_per_day: Decimal | None = None
    total_hours: Decimal | None = None
    demand_id: strawberry.ID | None = None


@command(
    "staffAssignment",
    StaffAssignment,
    changes=(psa.CreateAssignment, psa.CancelAssignment, forecast.CreateAllocation, forecast.FillDemand),
)
async def staff_assignment(ask: Asking, said: StaffAssignment) -> Judgement:
    """Book a person on a project in a role, tentatively or for sure, and show it in the plan."""
    staffing = await staffing_of(ask, said)
    engagement, person = staffing.terms.engagement, staffing.person
    return Judgement(
        plan=Plan(first=await _steps(ask, staffing)),
        subjects=(staffing.project.ref, engagement.ref, person.ref),
        scope=(engagement,),
        entity=staffing.terms.entity.code,
        facts={
            "firm": staffing.firm,
            "days": (staffing.end - staffing.start).days + 1,
            "cross_border": staffing.employer.country != staffing.terms.entity.country,
        },
        findings=tuple([finding async for finding in objections(ask, staffing)]),
        # Two that book one person at the same time would each see the time that is left.
        claims=(Claimed("resource", person.ref.encode()),),
    )


async def _steps(ask: Asking, staffing: Staffing) -> tuple[Step, ...]:
    drawn = Step(name="code", kind=Kind.COMPENSATABLE, binding=FACADE, write=DrawCode(kind="assignment"))
    steps = [drawn, await _assigned(ask, staffing), await _planned(ask, staffing)]
    if staffing.demand is not None:
        steps.append(_filled(staffing.demand))
    return tuple(steps)


async def _assigned(ask: Asking, staffing: Staffing) -> Step:
    said, demand = staffing.said, staffing.demand
    # A demand that delivery has never heard of is known by the forecast alone.
    known = demand is not None and await ask.word(demand.ref, System.PSA) is not None
    return Step(
        name=ASSIGNMENT.later,
        kind=Kind.COMPENSATABLE,
        binding=ask.binding(System.PSA, staffing.project.ref),
        write=psa.CreateAssignment(
            code=Later("code", "code"),
            engagement=staffing.terms.engagement.ref,
            project=staffing.project.ref,
            resource=staffing.person.ref,
            role=staffing.role.ref,
            start=staffing.start,
            end=staffing.end,
            commitment=said.commitment,
            allocation=said.allocation,
            hours_per_day=said.hours_per_day,
            total_hours=said.total_hours,
            billable=staffing.terms.contract is not None,
            bill_rate=await _bill_rate(ask, staffing),
            request=demand.ref if demand is not None and known else None,
        ),
        undo=psa.CancelAssignment(assignment=ASSIGNMENT),
    )


async def _bill_rate(ask: Asking, staffing: Staffing) -> Money | None:
    """Return what an hour sells for on the first day: an estimate, for the day of the work will decide."""
    terms, project = staffing.terms, staffing.project.ref
    if terms.contract is None or (line := terms.line(project)).model not in HOURLY:
        return None
    person = await ask.word(staffing.person.ref, System.PSA)
    work = Work(staffing.role.ref, person, terms.region(project), staffing.start)
    return rate((await prices_of(ask, terms, line)).versions, work)


async def _planned(ask: Asking, staffing: Staffing) -> Step:
    mapped = await ask.word(staffing.role.ref, System.FORECAST) is not None
    return Step(
        name="forecast.allocation",
        kind=Kind.RETRIABLE,
        binding=ask.binding(System.FORECAST),
        write=forecast.CreateAllocation(
            assignment=ASSIGNMENT,
            code=Later("code", "code"),
            engagement=staffing.terms.engagement.ref,
            resource=staffing.person.ref,
            role=staffing.role.ref,
            start=staffing.start,
            end=staffing.end,
            hours_per_day=(staffing.share * staffing.schedule.hours_per_day).quantize(HUNDREDTH, ROUND_HALF_UP),
            billable=staffing.terms.contract is not None,
        ),
        canonical=ASSIGNMENT,
        optional=Code.FORECAST_REJECTED if mapped else Code.FORECAST_ROLE_UNMAPPED,
    )


def _filled(demand: RoleDemandRow) -> Step:
    return Step(
        name="forecast.demand",
        kind=Kind.RETRIABLE,
        binding=demand.ref.binding,
        write=forecast.FillDemand(demand=demand.ref, assignment=ASSIGNMENT),
        optional=Code.FORECAST_REJECTED,
    )
