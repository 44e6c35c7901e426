"""What Kantata is asked to change in these tests."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from demo import kantata
from schema.assignment import Commitment
from schema.rows import Ref
from schema.values import Money
from sources.psa import writes

if TYPE_CHECKING:
    from schema.project import ProjectKind

US, UK = Ref("LegalEntity", "erp", "nbus"), Ref("LegalEntity", "erp", "nbuk")
MANAGER, CONSULTANT = Ref("Resource", "hr", "6"), Ref("Resource", "hr", "17")


def known(type_: str, id_: str) -> Ref:
    """Return a record of Kantata's own."""
    return Ref(type_, "psa", id_)


ENGAGEMENT = known("Engagement", kantata.workspace_id("ENG-001"))
PROJECT = known("Project", kantata.story_id("ENG-001-W1-BUILD"))
TASK = known("Task", kantata.story_id("ENG-001-W1-BUILD-T3"))
SENIOR = known("Role", kantata.role_id("SENIOR"))
ASSIGNMENT = known("Assignment", kantata.allocation_id("ASG-001"))
DRAFTED = known("TimeEntry", kantata.time_entry_id("TE-03443"))
SUBMITTED = known("TimeEntry", kantata.time_entry_id("TE-03232"))
APPROVED_IN_JANUARY = known("TimeEntry", kantata.time_entry_id("TE-00001"))
INVOICED = known("TimeEntry", kantata.time_entry_id("TE-00003"))
EXPENSE = known("Expense", kantata.expense_id("EXP-0004"))
MILESTONE = known("Milestone", kantata.story_id("ENG-002-M3"))
UK_CARD = known("RateCard", kantata.rate_card_version_id("RC-BILL-NB-UK-V2"))


def engagement(**details: Any) -> writes.CreateEngagement:
    """Return the conversion of the deal that was won."""
    return writes.CreateEngagement(
        code="ENG-024",
        name="Network rollout wave 2",
        customer=Ref("Customer", "crm", "001"),
        opportunity=Ref("Opportunity", "crm", "006"),
        opportunity_code="OPP-020",
        manager=MANAGER,
        practice=known("Practice", "STRATEGY"),
        legal_entity=US,
        currency="USD",
        planned_start=date(2026, 5, 4),
        planned_end=date(2026, 12, 18),
        planned_hours=Decimal("2280.00"),
        planned_revenue=Money.of(Decimal(480000), "USD"),
        planned_cost=Money.of(Decimal("219120.00"), "USD"),
        **details,
    )


def node(parent: Ref, over: Ref | None, kind: ProjectKind, code: str) -> writes.CreateProject:
    """Return a node of that engagement's breakdown."""
    return writes.CreateProject(
        engagement=parent,
        parent=over,
        kind=kind,
        code=code,
        name="Wave 2",
        region="US-EAST",
        delivering_entity=US,
        planned_start=date(2026, 5, 4),
        planned_end=date(2026, 12, 18),
    )


def assignment(**measure: Any) -> writes.CreateAssignment:
    """Return a booking of twenty working days on ENG-001."""
    return writes.CreateAssignment(
        code="ASG-058",
        engagement=ENGAGEMENT,
        project=PROJECT,
        resource=CONSULTANT,
        role=SENIOR,
        start=date(2026, 4, 13),
        end=date(2026, 5, 8),
        commitment=Commitment.FIRM,
        billable=True,
        bill_rate=Money.of(Decimal("176.55"), "GBP"),
        request=Ref("RoleDemand", "forecast", "4711"),
        **measure,
    )


def hours(**details: Any) -> writes.CreateTimeEntry:
    """Return a day's hours on ENG-001."""
    entry = {
        "code": "TE-03496",
        "engagement": ENGAGEMENT,
        "project": PROJECT,
        "task": TASK,
        "resource": CONSULTANT,
        "role": SENIOR,
        "work_date": date(2026, 4, 8),
        "hours": Decimal("7.33"),
        "billable_hours": Decimal("7.00"),
        "billable": True,
        "bill_rate": Money.of(Decimal("176.55"), "GBP"),
    }
    return writes.CreateTimeEntry(**{**entry, **details})


def third_version() -> writes.DraftRateCard:
    """Return the UK's third price list: two roles, one of them for a region."""
    return writes.DraftRateCard(
        card=UK_CARD,
        version=3,
        rates=(
            writes.NewRate(card_role=SENIOR, amount=Money.of(Decimal("190.00"), "GBP"), start=date(2026, 7, 1)),
            writes.NewRate(
                card_role=known("Role", kantata.role_id("ANALYST")),
                region="UK-NORTH",
                amount=Money.of(Decimal("120.50"), "GBP"),
                start=date(2026, 7, 1),
                end=date(2026, 12, 31),
            ),
        ),
    )
