"""A project enters another phase: what moves with it, what is unusual, and what policies must know."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import sources.erp.writes as erp
import sources.forecast.writes as forecast
import sources.psa.writes as psa
from commands.change_project_phase import ChangeProjectPhase, change_project_phase
from commands.plan import Kind, Step, read, said
from schema.problems import Code
from schema.project import ProjectPhase
from tests.commands.conftest import codes, stopped
from tests.conftest import rewritten

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from demo.firm.model import Firm
    from demo.systems import Bound
    from schema.rows import Ref
    from tests.commands.conftest import Asks

    Refs = Callable[..., Ref]

MANAGER = "engagement-manager"
TODAY, END = date(2026, 4, 8), date(2026, 9, 30)
P = ProjectPhase


def change(ref: Refs, node: str, to: ProjectPhase, **values: object) -> ChangeProjectPhase:
    """Return the input that moves a node to another phase today."""
    meant = {"project_id": ref("Project", node).encode(), "to_phase": to, "effective_date": TODAY, **values}
    return ChangeProjectPhase(**meant)  # type: ignore[arg-type]


def wanting(firm: Firm) -> Firm:
    """Return the firm with three open demands of ENG-001: on its first workstream, its second, and on none."""
    nodes = {"DEM-064": "ENG-001-W1", "DEM-065": "ENG-001-W2", "DEM-066": None}
    demands = (
        replace(one, engagement="ENG-001", opportunity=None, project=nodes[one.code]) if one.code in nodes else one
        for one in firm.role_demands
    )
    return replace(firm, role_demands=tuple(demands))


async def test_a_phase_alone_moves_nothing_else(asking: Asks, ref: Refs) -> None:
    """ENG-001 goes from building to testing: one step, undone by the phase before."""
    node, engagement = ref("Project", "ENG-001-P"), ref("Engagement", "ENG-001")
    judged = await change_project_phase(await asking(MANAGER), change(ref, "ENG-001-P", P.TEST))
    assert list(judged.plan.first) == [
        Step(
            name="psa.phase",
            kind=Kind.COMPENSATABLE,
            binding="psa",
            write=psa.SetPhase(project=node, phase=P.TEST, planned_end=END),
            undo=psa.SetPhase(project=node, phase=P.BUILD, planned_end=END),
        )
    ]
    assert (judged.facts, judged.findings) == ({"backward": False, "days_moved": 0}, ())
    assert [row.ref for row in judged.scope] == [engagement]
    assert judged.subjects == (node, engagement)
    assert [(one.kind, one.key) for one in judged.claims] == [("project", node.encode())]


async def test_a_new_end_moves_what_lies_ahead(asking: Asks, ref: Refs, firm: Firm) -> None:
    """Ten days earlier: ENG-001's bookings end earlier, finance knows, the plan follows, and demands move whole."""
    ask = await asking(MANAGER, wanting(firm))
    sooner = END - timedelta(days=10)
    judged = await change_project_phase(ask, change(ref, "ENG-001-P", P.TEST, new_planned_end=sooner))
    moved = [one for one in firm.assignments if one.engagement == "ENG-001"]
    ids = {one.code: ref("Assignment", one.code) for one in moved}
    demands = [ref("RoleDemand", f"DEM-{number:03}") for number in (64, 65, 66)]
    assert [step.name for step in judged.plan.first] == [
        "psa.phase",
        *(f"psa.assignment.{ids[one.code].id}" for one in moved),
        "erp.dates",
        *(f"forecast.allocation.{ids[one.code].id}" for one in moved),
        *(f"forecast.demand.{demand.id}" for demand in demands),
    ]
    first = moved[0]
    by_name = {step.name: step for step in judged.plan.first}
    assert by_name[f"psa.assignment.{ids[first.code].id}"] == Step(
        name=f"psa.assignment.{ids[first.code].id}",
        kind=Kind.COMPENSATABLE,
        binding="psa",
        write=psa.SetAssignmentDates(assignment=ids[first.code], start=first.start, end=first.end - timedelta(days=10)),
        undo=psa.SetAssignmentDates(assignment=ids[first.code], start=first.start, end=first.end),
    )
    assert by_name["erp.dates"] == Step(
        name="erp.dates",
        kind=Kind.RETRIABLE,
        binding="erp",
        write=erp.SetProjectDates(engagement=ref("Engagement", "ENG-001"), start=date(2026, 1, 5), end=sooner),
    )
    assert by_name[f"forecast.allocation.{ids[first.code].id}"].write == forecast.SetAllocationDates(
        assignment=ids[first.code], start=first.start, end=first.end - timedelta(days=10)
    )
    assert by_name[f"forecast.demand.{demands[0].id}"] == Step(
        name=f"forecast.demand.{demands[0].id}",
        kind=Kind.RETRIABLE,
        binding="forecast",
        write=forecast.SetDemandDates(demand=demands[0], start=date(2026, 6, 26), end=date(2026, 9, 17)),
        optional=Code.FORECAST_REJECTED,
    )
    assert judged.facts == {"backward": False, "days_moved": 10}
    assert read(said(judged.plan)) == judged.plan


async def test_a_workstream_moves_what_is_its_own(asking: Asks, ref: Refs, firm: Firm) -> None:
    """Only the bookings and demands of ENG-001's first workstream move, and finance controls none of it."""
    ask = await asking(MANAGER, wanting(firm))
    sooner = END - timedelta(days=10)
    judged = await change_project_phase(ask, change(ref, "ENG-001-W1", P.TEST, new_planned_end=sooner))
    own = [ref("Assignment", one.code).id for one in firm.assignments if one.project == "ENG-001-W1"]
    assert [step.name for step in judged.plan.first] == [
        "psa.phase",
        *(f"psa.assignment.{id_}" for id_ in own),
        *(f"forecast.allocation.{id_}" for id_ in own),
        f"forecast.demand.{ref('RoleDemand', 'DEM-064').id}",
    ]


async def test_who_has_left_is_not_moved(asking: Asks, ref: Refs, firm: Firm) -> None:
    """Bookings that have ended or were cancelled stay as they are."""
    over = tuple(replace(one, status="ENDED") if one.engagement == "ENG-001" else one for one in firm.assignments)
    ask = await asking(MANAGER, replace(firm, assignments=over))
    later = change(ref, "ENG-001-P", P.TEST, new_planned_end=END - timedelta(days=1))
    judged = await change_project_phase(ask, later)
    assert [step.name for step in judged.plan.first] == ["psa.phase", "erp.dates"]


async def test_going_back_needs_a_reason(asking: Asks, ref: Refs) -> None:
    """From building back to designing: refused without a reason, and with one for an approver to decide."""
    ask = await asking(MANAGER)
    (finding,) = await stopped(change_project_phase(ask, change(ref, "ENG-001-P", P.DESIGN)))
    assert (finding.code, finding.path) == (Code.BAD_INPUT, ("input", "reason"))
    judged = await change_project_phase(ask, change(ref, "ENG-001-P", P.DESIGN, reason="the design was not accepted"))
    assert judged.facts["backward"] is True


async def test_days_without_a_contract_are_unusual(asking: Asks, ref: Refs) -> None:
    """Beyond ENG-001's contract both days are named, and the change goes ahead."""
    beyond = change(
        *(ref, "ENG-001-P", P.RUN_OFF), effective_date=date(2026, 10, 1), new_planned_end=date(2026, 11, 30)
    )
    judged = await change_project_phase(await asking(MANAGER), beyond)
    assert [(one.code, one.path[1]) for one in judged.findings] == [
        (Code.OUTSIDE_CONTRACT, "effectiveDate"),
        (Code.OUTSIDE_CONTRACT, "newPlannedEnd"),
    ]
    assert judged.findings[0].message == "the contract runs from 2026-01-05 to 2026-09-30"
    assert judged.facts == {"backward": False, "days_moved": 61}


async def test_a_project_does_not_end_before_a_phase(asking: Asks, ref: Refs) -> None:
    """A planned end before the effective date is refused."""
    wrong = change(ref, "ENG-001-P", P.TEST, new_planned_end=TODAY - timedelta(days=1))
    (finding,) = await stopped(change_project_phase(await asking(MANAGER), wrong))
    assert (finding.code, finding.path) == (Code.BAD_INPUT, ("input", "newPlannedEnd"))


async def test_a_change_that_changes_nothing_is_done_already(asking: Asks, ref: Refs) -> None:
    """ENG-001 is being built, and ends on 30 September; a new end alone is a change."""
    ask = await asking(MANAGER)
    same = change(ref, "ENG-001-P", P.BUILD, new_planned_end=END)
    assert codes(await stopped(change_project_phase(ask, same))) == [Code.ALREADY_DONE]
    judged = await change_project_phase(ask, change(ref, "ENG-001-P", P.BUILD, new_planned_end=date(2026, 9, 29)))
    assert judged.facts == {"backward": False, "days_moved": 1}


async def test_what_is_over_enters_no_phase(asking: Asks, ref: Refs, firm: Firm) -> None:
    """A closed engagement's project stays as it is."""
    engagements = tuple(replace(one, status="CLOSED") if one.code == "ENG-001" else one for one in firm.engagements)
    ask = await asking(MANAGER, replace(firm, engagements=engagements))
    assert codes(await stopped(change_project_phase(ask, change(ref, "ENG-001-P", P.TEST)))) == [Code.PROJECT_CLOSED]


async def test_a_phase_that_cannot_be_read_is_not_changed(asking: Asks, ref: Refs, firm: Firm, tmp_path: Path) -> None:
    """Nobody knows whether the change would go forwards, or what would undo it."""

    def unmapped(system: Bound) -> Bound:
        return rewritten(system, tmp_path, 'PH-BLD = "BUILD"\n', "") if system.role == "psa" else system

    ask = await asking(MANAGER, firm, unmapped)
    findings = await stopped(change_project_phase(ask, change(ref, "ENG-001-P", P.TEST)))
    assert codes(findings) == [Code.INVALID_TRANSITION]


async def test_a_project_that_has_changed_is_decided_upon_again(asking: Asks, ref: Refs) -> None:
    """A version that is not the project's stops everything."""
    old = change(ref, "ENG-001-P", P.TEST, expected_version="old")
    assert codes(await stopped(change_project_phase(await asking(MANAGER), old))) == [Code.STALE_VERSION]
