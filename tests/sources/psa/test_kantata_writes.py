"""Every change of delivery that Kantata can be asked for, read back, and undone by its opposite."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from demo import kantata
from schema.assignment import AssignmentStatus, Commitment
from schema.engagement import EngagementStatus
from schema.milestone import CustomerAcceptance, MilestoneStatus
from schema.project import ProjectKind, ProjectPhase
from schema.rate_card import RateCardStatus
from schema.rows import System
from schema.values import Money
from sources.psa import writes
from sources.writes import WRITES
from tests.sources.psa.asked import (
    ASSIGNMENT,
    ENGAGEMENT,
    MILESTONE,
    PROJECT,
    SENIOR,
    UK_CARD,
    assignment,
    engagement,
    node,
    third_version,
)

if TYPE_CHECKING:
    from sources.writes import Write
    from tests.sources.written import Written


def test_every_change_of_the_role_is_offered(psa: Written) -> None:
    """Kantata takes all kinds of change that a PSA can be asked for."""
    asked = [kind for kind in WRITES.values() if kind.system is System.PSA]
    assert len(asked) == 25
    assert [kind.called for kind in asked if not psa.writer.offers(kind)] == []


async def test_an_engagement_is_made(psa: Written) -> None:
    """A workspace comes to be with the next id, and reads as it was said; our key is in the effect."""
    done = await psa.do(engagement(), "key-1")
    assert done.id == "4200024"
    row = await psa.row("engagements_by_id", psa.ref("Engagement", done.id))
    assert (row.code, row.name, row.delivery_status) == ("ENG-024", "Network rollout wave 2", EngagementStatus.PROPOSED)
    assert (row.planned_start, row.planned_end) == (date(2026, 5, 4), date(2026, 12, 18))
    assert (row.planned_hours, row.planned_revenue) == (Decimal(2280), Money.of(Decimal("480000.00"), "USD"))
    assert row.planned_cost == Money.of(Decimal("219120.00"), "USD")
    assert (row.manager.id, row.customer.id) == (kantata.user_id("RES-006"), kantata.group_id("CUS-08"))
    assert row.practice.id == "STRATEGY"
    assert [(line["path"], line["key"], line["table"], line["id"]) for line in psa.effects()] == [
        ("/api/v1/workspaces.json", "key-1", "workspaces", "4200024"),
        ("/api/v1/workspaces.json", "key-1", "external_references", "6600001"),
    ]


async def test_an_engagement_is_activated_and_cancelled_with_its_breakdown(psa: Written) -> None:
    """Nodes that stand where their engagement stands move with it, and end with it."""
    made = psa.ref("Engagement", (await psa.do(engagement())).id)
    top = psa.ref("Project", (await psa.do(node(made, None, ProjectKind.PROJECT, "ENG-024-P"))).id)
    await psa.do(node(made, top, ProjectKind.WORKSTREAM, "ENG-024-W1"))
    nodes = await psa.row("projects_by_engagement", made)
    assert [(row.code, row.kind, row.parent and row.parent.id, row.status.value) for row in nodes] == [
        ("ENG-024-P", ProjectKind.PROJECT, None, "PROPOSED"),
        ("ENG-024-W1", ProjectKind.WORKSTREAM, top.id, "PROPOSED"),
    ]
    assert (nodes[1].region, nodes[1].delivering_entity.id) == ("US-EAST", "NB-US")

    await psa.do(writes.ActivateEngagement(engagement=made, status=EngagementStatus.PLANNED, erp_reference="P-000024"))
    assert (await psa.row("engagements_by_id", made)).delivery_status is EngagementStatus.PLANNED
    assert {row.status.value for row in await psa.row("projects_by_engagement", made)} == {"PLANNED"}

    await psa.do(writes.CancelEngagement(engagement=made))
    assert (await psa.row("engagements_by_id", made)).delivery_status is EngagementStatus.CANCELLED
    assert {row.status.value for row in await psa.row("projects_by_engagement", made)} == {"CANCELLED"}


@pytest.mark.parametrize("status", [EngagementStatus.ON_HOLD, EngagementStatus.COMPLETED, EngagementStatus.CLOSED])
async def test_where_an_engagement_stands(psa: Written, status: EngagementStatus) -> None:
    """It stands where it is set, and after that where it stood before; its breakdown too."""
    before = await psa.state("engagements_by_id", ENGAGEMENT), await psa.state("projects_by_id", PROJECT)
    await psa.do(writes.SetEngagementStatus(engagement=ENGAGEMENT, status=status, reason="the customer asked for it"))
    assert (await psa.row("engagements_by_id", ENGAGEMENT)).delivery_status is status
    await psa.do(writes.SetEngagementStatus(engagement=ENGAGEMENT, status=EngagementStatus.ACTIVE))
    assert (await psa.state("engagements_by_id", ENGAGEMENT), await psa.state("projects_by_id", PROJECT)) == before


async def test_the_phase_of_a_project(psa: Written) -> None:
    """A phase and a planned end are set, and set back; without an end it stays."""
    before = await psa.state("projects_by_id", PROJECT)
    await psa.do(writes.SetPhase(project=PROJECT, phase=ProjectPhase.TEST, planned_end=date(2026, 12, 31)))
    row = await psa.row("projects_by_id", PROJECT)
    assert (row.phase, row.planned_end) == (ProjectPhase.TEST, date(2026, 12, 31))
    await psa.do(writes.SetPhase(project=PROJECT, phase=ProjectPhase.DEPLOY))
    assert (await psa.row("projects_by_id", PROJECT)).planned_end == date(2026, 12, 31)
    await psa.do(writes.SetPhase(project=PROJECT, phase=before["phase"], planned_end=before["planned_end"]))
    assert await psa.state("projects_by_id", PROJECT) == before


@pytest.mark.parametrize(
    "measure",
    [{"allocation": Decimal("0.5")}, {"hours_per_day": Decimal("4.00")}, {"total_hours": Decimal("80.00")}],
    ids=["allocation", "hours_per_day", "total_hours"],
)
async def test_an_assignment_is_made_by_any_measure(psa: Written, measure: dict[str, Decimal]) -> None:
    """Half of twenty days of eight hours is the same, whichever way it is said; cancelled, it stays as that."""
    made = psa.ref("Assignment", (await psa.do(assignment(**measure))).id)
    assert made.id == "5600058"
    row = await psa.row("assignments_by_id", made)
    assert (row.allocation, row.hours_per_day, row.total_hours) == (Decimal("0.5"), Decimal(4), Decimal(80))
    assert (row.code, row.status, row.commitment) == ("ASG-058", AssignmentStatus.FIRM, Commitment.FIRM)
    assert (row.engagement.id, row.project.id, row.role.id) == (ENGAGEMENT.id, PROJECT.id, SENIOR.id)
    assert (row.resource.id, row.request.id) == (kantata.user_id("RES-017"), "DEM-001")
    assert (row.billable, row.bill_rate) == (True, Money.of(Decimal("176.55"), "GBP"))
    assert [line["table"] for line in psa.effects()] == [
        "workspace_resources",
        "workspace_allocations",
        "external_references",
    ]

    await psa.do(writes.CancelAssignment(assignment=made))
    assert (await psa.row("assignments_by_id", made)).status is AssignmentStatus.CANCELLED


async def test_a_person_is_rolled_off_and_comes_back(psa: Written) -> None:
    """The days change with what they add up to; the days and the status before bring everything back."""
    before = await psa.state("assignments_by_id", ASSIGNMENT)
    days = before["range"]
    await psa.do(writes.SetAssignmentDates(assignment=ASSIGNMENT, start=days.start, end=date(2026, 4, 10), ended=True))
    row = await psa.row("assignments_by_id", ASSIGNMENT)
    assert (row.range.end, row.status, row.total_hours) == (date(2026, 4, 10), AssignmentStatus.ENDED, Decimal(560))
    back = writes.SetAssignmentDates(
        assignment=ASSIGNMENT, start=days.start, end=days.end, status=AssignmentStatus.ACTIVE
    )
    await psa.do(back)
    assert await psa.state("assignments_by_id", ASSIGNMENT) == before


async def test_a_milestone_is_completed_and_reopened(psa: Written) -> None:
    """With evidence its customer has accepted; reopened, it waits for that again."""
    before = await psa.state("milestones_by_id", MILESTONE)
    reached = date(2026, 4, 7)
    await psa.do(writes.CompleteMilestone(milestone=MILESTONE, actual_date=reached, evidence="acceptance/M3.pdf"))
    row = await psa.row("milestones_by_id", MILESTONE)
    assert (row.status, row.actual_date) == (MilestoneStatus.COMPLETED, reached)
    assert (row.customer_acceptance, row.acceptance_evidence) == (CustomerAcceptance.RECEIVED, "acceptance/M3.pdf")
    await psa.do(writes.ReopenMilestone(milestone=MILESTONE, acceptance=CustomerAcceptance.REQUIRED))
    assert await psa.state("milestones_by_id", MILESTONE) == before


async def test_a_milestone_without_evidence_leaves_acceptance_alone(psa: Written) -> None:
    """It is reached, and its customer is still to accept it."""
    before = await psa.state("milestones_by_id", MILESTONE)
    await psa.do(writes.CompleteMilestone(milestone=MILESTONE, actual_date=date(2026, 4, 7)))
    row = await psa.row("milestones_by_id", MILESTONE)
    assert (row.status, row.customer_acceptance) == (MilestoneStatus.COMPLETED, CustomerAcceptance.REQUIRED)
    await psa.do(writes.ReopenMilestone(milestone=MILESTONE))
    assert await psa.state("milestones_by_id", MILESTONE) == before


async def test_planned_revenue_follows_the_contract(psa: Written) -> None:
    """The PSA's copy is what it is set to, to the penny."""
    revised = Money.of(Decimal("812345.67"), "GBP")
    await psa.do(writes.SetPlannedRevenue(engagement=ENGAGEMENT, planned_revenue=revised))
    assert (await psa.row("engagements_by_id", ENGAGEMENT)).planned_revenue == revised


async def test_a_rate_card_is_drafted_with_its_rates_and_discarded(psa: Written) -> None:
    """A version comes with its rates in one call, takes over what its predecessor says, and goes with its rates."""
    made = psa.ref("RateCard", (await psa.do(third_version())).id)
    row = await psa.row("rate_cards_by_id", made)
    assert (row.code, row.version, row.status) == ("RC-BILL-NB-UK-V3", 3, RateCardStatus.DRAFT)
    assert (row.legal_entity.id, row.currency) == ("NB-UK", "GBP")
    rates = await psa.row("rates_by_rate_card", made)
    assert [(rate.role.id, rate.region, rate.amount.amount, rate.effective.end) for rate in rates] == [
        (kantata.role_id("SENIOR"), None, Decimal("190.00"), None),
        (kantata.role_id("ANALYST"), "UK-NORTH", Decimal("120.50"), date(2026, 12, 31)),
    ]
    assert psa.calls("POST") == 1

    await psa.do(writes.DiscardRateCard(card=made))
    assert await psa.row("rate_cards_by_id", made) is None
    assert await psa.row("rates_by_rate_card", made) == []


async def test_a_published_rate_card_retires_the_one_before(psa: Written) -> None:
    """The new version holds, and the old one's rates end on the day before; doing it twice is doing it once."""
    made = psa.ref("RateCard", (await psa.do(third_version())).id)
    for _ in range(2):
        await psa.do(writes.PublishRateCard(card=made, replaces=UK_CARD))
    assert (await psa.row("rate_cards_by_id", made)).status is RateCardStatus.ACTIVE
    assert (await psa.row("rate_cards_by_id", UK_CARD)).status is RateCardStatus.RETIRED
    ends = {rate.effective.end for rate in await psa.row("rates_by_rate_card", UK_CARD)}
    assert ends == {date(2026, 6, 30)}


async def test_a_lost_deletion_is_found_done(psa: Written) -> None:
    """Where the version is gone, it was discarded; nothing is sent again."""
    made = psa.ref("RateCard", (await psa.do(third_version())).id)
    discard: Write = writes.DiscardRateCard(card=made)
    await psa.do(discard)
    again = await psa.do(discard, attempted=datetime(2026, 4, 8, 10, tzinfo=UTC))
    assert again.found
    assert psa.calls("DELETE") == 1
