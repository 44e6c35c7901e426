"""A person is booked on a project: what stands against it, what policies must know, and what is written."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from msgspec import structs

import sources.forecast.writes as forecast
import sources.psa.writes as psa
from commands.own import DrawCode
from commands.plan import Kind, Step, read, said
from commands.staff_assignment import StaffAssignment, staff_assignment
from schema.assignment import Commitment
from schema.problems import Code
from schema.values import CurrencyCode, Days, Money
from sources.writes import Later
from tests.commands.conftest import codes, stopped, without_roles, written

if TYPE_CHECKING:
    from collections.abc import Callable

    from demo.firm.model import Firm
    from schema.rows import Ref
    from tests.commands.conftest import Asks

    Refs = Callable[..., Ref]

RESOURCES = "resource-manager"
START, END = date(2026, 7, 1), date(2026, 7, 31)


def staff(ref: Refs, **values: object) -> StaffAssignment:
    """Return the input that books RES-018, a consultant half of whose time is free, on ENG-005 for July."""
    meant = {
        "project_id": ref("Project", "ENG-005-W1").encode(),
        "resource_id": ref("Resource", "RES-018").encode(),
        "role_id": ref("Role", "CONSULTANT").encode(),
        "range": Days(start=START, end=END),
        "commitment": Commitment.FIRM,
        "allocation": Decimal("0.5"),
        **values,
    }
    return StaffAssignment(**meant)  # type: ignore[arg-type]


async def test_a_booking_is_made_in_delivery_and_shown_in_the_plan(asking: Asks, ref: Refs) -> None:
    """Half of RES-018's time for July, at what ENG-005's contract says that a consultant sells for."""
    judged = await staff_assignment(await asking(RESOURCES), staff(ref))
    made = Later("psa.assignment")
    assert list(judged.plan.first) == [
        Step(name="code", kind=Kind.COMPENSATABLE, binding="facade", write=DrawCode(kind="assignment")),
        Step(
            name="psa.assignment",
            kind=Kind.COMPENSATABLE,
            binding="psa",
            write=psa.CreateAssignment(
                code=Later("code", "code"),
                engagement=ref("Engagement", "ENG-005"),
                project=ref("Project", "ENG-005-W1"),
                resource=ref("Resource", "RES-018"),
                role=ref("Role", "CONSULTANT"),
                start=START,
                end=END,
                commitment=Commitment.FIRM,
                allocation=Decimal("0.5"),
                billable=True,
                bill_rate=Money(amount=Decimal("144.00"), currency=CurrencyCode("GBP")),
            ),
            undo=psa.CancelAssignment(assignment=made),
        ),
        Step(
            name="forecast.allocation",
            kind=Kind.RETRIABLE,
            binding="forecast",
            write=forecast.CreateAllocation(
                assignment=made,
                code=Later("code", "code"),
                engagement=ref("Engagement", "ENG-005"),
                resource=ref("Resource", "RES-018"),
                role=ref("Role", "CONSULTANT"),
                start=START,
                end=END,
                hours_per_day=Decimal("4.00"),
                billable=True,
            ),
            canonical=made,
            optional=Code.FORECAST_REJECTED,
        ),
    ]
    assert read(said(judged.plan)) == judged.plan


async def test_what_policies_need_to_know_of_a_booking(asking: Asks, ref: Refs) -> None:
    """It is firm, of 31 days, within one country, and about a person whom nobody else may book meanwhile."""
    judged = await staff_assignment(await asking(RESOURCES), staff(ref))
    assert judged.facts == {"firm": True, "days": 31, "cross_border": False}
    assert (judged.entity, judged.findings) == ("NB-UK", ())
    assert [row.ref for row in judged.scope] == [ref("Engagement", "ENG-005")]
    assert [(one.kind, one.key) for one in judged.claims] == [("resource", ref("Resource", "RES-018").encode())]


@pytest.mark.parametrize(
    ("measure", "planned"),
    [
        ({"hours_per_day": Decimal(6)}, "6.00"),
        # July has 23 working days.
        ({"total_hours": Decimal(100)}, "4.35"),
    ],
)
async def test_any_of_three_measures_says_how_much(
    asking: Asks, ref: Refs, measure: dict[str, Decimal], planned: str
) -> None:
    """The PSA is told the measure that was given, and the plan hours a day."""
    judged = await staff_assignment(await asking(RESOURCES), staff(ref, allocation=None, **measure))
    made = written(judged, "psa.assignment", psa.CreateAssignment)
    assert (made.hours_per_day, made.total_hours) == (measure.get("hours_per_day"), measure.get("total_hours"))
    assert str(written(judged, "forecast.allocation", forecast.CreateAllocation).hours_per_day) == planned


@pytest.mark.parametrize(
    "wrong",
    [
        {"allocation": None},
        {"hours_per_day": Decimal(4)},
        {"allocation": Decimal(0)},
        {"range": Days(start=START)},
        {"range": Days(start=END, end=START)},
        {"allocation": None, "total_hours": Decimal(8), "range": Days(start=date(2026, 7, 4), end=date(2026, 7, 5))},
    ],
)
async def test_a_booking_says_once_how_much_and_how_long(asking: Asks, ref: Refs, wrong: dict[str, object]) -> None:
    """No measure, two of them, nothing, no end, an end before the beginning, a weekend: all are refused."""
    assert codes(await stopped(staff_assignment(await asking(RESOURCES), staff(ref, **wrong)))) == [Code.BAD_INPUT]


@pytest.mark.parametrize(
    ("allocation", "found"),
    [
        ("0.5", []),
        ("0.6", [(Code.OVERALLOCATED, "110%")]),
        ("0.7", [(Code.OVERALLOCATED, "120%")]),
        ("0.71", [(Code.ALLOCATION_EXCEEDED, "121%")]),
    ],
)
async def test_firm_bookings_take_no_more_than_a_persons_time(
    asking: Asks, ref: Refs, allocation: str, found: list[tuple[Code, str]]
) -> None:
    """RES-018 is half booked until September, and the other half until June."""
    days = Days(start=START, end=date(2026, 9, 30))
    booking = staff(ref, range=days, allocation=Decimal(allocation))
    judged = await staff_assignment(await asking(RESOURCES), booking)
    assert codes(judged.findings) == [code for code, _ in found]
    assert all(share in finding.message for finding, (_, share) in zip(judged.findings, found, strict=True))


async def test_a_tentative_booking_takes_nobodys_time(asking: Asks, ref: Refs) -> None:
    """RES-018 is fully booked until June, and may be planned elsewhere all the same."""
    days = Days(start=date(2026, 6, 1), end=date(2026, 6, 30))
    tentative = staff(ref, range=days, commitment=Commitment.TENTATIVE)
    judged = await staff_assignment(await asking(RESOURCES), tentative)
    assert (judged.findings, judged.facts["firm"]) == ((), False)
    firm = await staff_assignment(await asking(RESOURCES), staff(ref, range=days))
    assert codes(firm.findings) == [Code.ALLOCATION_EXCEEDED]


async def test_only_who_is_employed_all_along_is_booked(asking: Asks, ref: Refs, firm: Firm) -> None:
    """HR's word counts for every day: who is gone, on leave, leaves or comes meanwhile is not booked."""
    changed: dict[str, dict[str, Any]] = {
        "RES-017": {"employment_status": "TERMINATED"},
        "RES-019": {"employment_status": "ON_LEAVE"},
        "RES-020": {"termination_date": date(2026, 10, 29)},
        "RES-021": {"hire_date": date(2026, 10, 2)},
    }
    people = tuple(replace(one, **changed.get(one.code, {})) for one in firm.people)
    ask = await asking(RESOURCES, replace(firm, people=people))
    october = Days(start=date(2026, 10, 1), end=date(2026, 10, 30))
    for code in changed:
        booking = staff(ref, resource_id=ref("Resource", code).encode(), range=october)
        judged = await staff_assignment(ask, booking)
        assert codes(judged.findings) == [Code.RESOURCE_NOT_ACTIVE]


async def test_nobody_is_booked_on_what_is_over(asking: Asks, ref: Refs, firm: Firm) -> None:
    """An engagement that has ended, however, takes nobody on."""
    ended = {"ENG-001": "COMPLETED", "ENG-005": "CLOSED", "ENG-016": "CANCELLED"}
    engagements = (replace(one, status=ended.get(one.code, one.status)) for one in firm.engagements)  # type: ignore[arg-type]
    ask = await asking(RESOURCES, replace(firm, engagements=tuple(engagements)))
    for code in ended:
        judged = await staff_assignment(ask, staff(ref, project_id=ref("Project", f"{code}-W1").encode()))
        assert codes(judged.findings) == [Code.PROJECT_CLOSED]


async def test_a_role_that_is_not_in_use_is_refused(asking: Asks, ref: Refs, firm: Firm) -> None:
    """The consultant was given up as a role."""
    roles = tuple(replace(one, active=False) if one.code == "CONSULTANT" else one for one in firm.roles)
    judged = await staff_assignment(await asking(RESOURCES, replace(firm, roles=roles)), staff(ref))
    assert [(one.code, one.path) for one in judged.findings] == [(Code.BAD_INPUT, ("input", "roleId"))]


async def test_lending_needs_a_price(asking: Asks, ref: Refs) -> None:
    """NB-UK lends its people to NB-US at a price, across a border; NB-DE has none for NB-UK."""
    ask = await asking(RESOURCES)
    lent = await staff_assignment(ask, staff(ref, project_id=ref("Project", "ENG-007-W1").encode()))
    assert (lent.findings, lent.facts["cross_border"], lent.entity) == ((), True, "NB-US")
    german = staff(
        *(ref,),
        resource_id=ref("Resource", "RES-031").encode(),
        range=Days(start=date(2027, 1, 4), end=date(2027, 1, 8)),
    )
    unpriced = await staff_assignment(ask, german)
    assert codes(unpriced.findings) == [Code.INTERCOMPANY_RATE_MISSING]
    assert unpriced.findings[0].message == ("NB-DE has no price for lending this role to NB-UK on each of these days")


async def test_work_under_a_fee_has_no_rate_and_internal_work_is_not_billed(asking: Asks, ref: Refs) -> None:
    """ENG-002 is a fixed fee, ENG-021 internal."""
    ask = await asking(RESOURCES)
    fee = await staff_assignment(ask, staff(ref, project_id=ref("Project", "ENG-002-W1").encode()))
    internal = await staff_assignment(ask, staff(ref, project_id=ref("Project", "ENG-021-W1").encode()))
    writes = [written(judged, "psa.assignment", psa.CreateAssignment) for judged in (fee, internal)]
    assert [(write.billable, write.bill_rate) for write in writes] == [(True, None), (False, None)]


def wanting(firm: Firm) -> Firm:
    """Return the firm with an open demand: ENG-005 wants another consultant."""
    demands = (
        replace(one, engagement="ENG-005", opportunity=None) if one.code == "DEM-064" else one
        for one in firm.role_demands
    )
    return replace(firm, role_demands=tuple(demands))


async def test_a_demand_is_met(asking: Asks, ref: Refs, firm: Firm) -> None:
    """The consultant that ENG-005 wants is named: the demand is filled once the booking stands."""
    demand = ref("RoleDemand", "DEM-064")
    judged = await staff_assignment(await asking(RESOURCES, wanting(firm)), staff(ref, demand_id=demand.encode()))
    assert judged.plan.first[-1] == Step(
        name="forecast.demand",
        kind=Kind.RETRIABLE,
        binding="forecast",
        write=forecast.FillDemand(demand=demand, assignment=Later("psa.assignment")),
        optional=Code.FORECAST_REJECTED,
    )
    assert written(judged, "psa.assignment", psa.CreateAssignment).request == demand


@pytest.mark.parametrize(
    ("demand", "role", "message"),
    [
        ("DEM-021", "ANALYST", "the demand is not open any more"),
        ("DEM-064", "SENIOR", "the demand is of another role"),
        ("DEM-064", "CONSULTANT", "the demand is of another engagement"),
    ],
)
async def test_a_demand_must_be_open_and_for_this(
    asking: Asks, ref: Refs, demand: str, role: str, message: str
) -> None:
    """DEM-021 was filled long ago, and DEM-064 wants a consultant for a deal."""
    booking = staff(ref, role_id=ref("Role", role).encode(), demand_id=ref("RoleDemand", demand).encode())
    (finding,) = await stopped(staff_assignment(await asking(RESOURCES), booking))
    assert (finding.message, finding.path) == (message, ("input", "demandId"))
    assert finding.code is (Code.INVALID_TRANSITION if demand == "DEM-021" else Code.BAD_INPUT)


@pytest.mark.parametrize("field", ["project_id", "resource_id", "role_id", "demand_id"])
async def test_what_is_not_there_cannot_be_booked(asking: Asks, ref: Refs, field: str) -> None:
    """Each id is looked up at its owner, and named by its place."""
    types = {"project_id": "Project", "resource_id": "Resource", "role_id": "Role", "demand_id": "RoleDemand"}
    known = ref(
        types[field], {"Project": "ENG-005-W1", "Resource": "RES-017", "Role": "ANALYST"}.get(types[field], "DEM-064")
    )
    nobody = structs.replace(known, id="9" * len(known.id)).encode()
    (finding,) = await stopped(staff_assignment(await asking(RESOURCES), staff(ref, **{field: nobody})))
    assert (finding.code, finding.path[1]) == (Code.NOT_FOUND, field.replace("_i", "I"))


async def test_a_project_that_has_changed_is_decided_upon_again(asking: Asks, ref: Refs) -> None:
    """A version that is not the project's stops everything."""
    findings = await stopped(staff_assignment(await asking(RESOURCES), staff(ref, expected_version="old")))
    assert codes(findings) == [Code.STALE_VERSION]


async def test_a_role_that_forecasting_does_not_know_is_set_aside(asking: Asks, ref: Refs, firm: Firm) -> None:
    """The booking stands in delivery; the plan's copy of it is expected to fail."""
    judged = await staff_assignment(await asking(RESOURCES, firm, without_roles), staff(ref))
    assert judged.findings == ()
    assert judged.plan.first[-1].name == "forecast.allocation"
    assert judged.plan.first[-1].optional is Code.FORECAST_ROLE_UNMAPPED


async def test_who_has_no_working_hours_cannot_be_booked(asking: Asks, ref: Refs, firm: Firm) -> None:
    """HR has to say how a person works before anybody can say how much of it is taken."""
    people = tuple(replace(one, hours_per_week=Decimal(0)) if one.code == "RES-018" else one for one in firm.people)
    findings = await stopped(staff_assignment(await asking(RESOURCES, replace(firm, people=people)), staff(ref)))
    assert [(one.code, one.message) for one in findings] == [
        (Code.MASTER_DATA_MISSING, "the person's working hours are missing")
    ]
