"""Projects, contracts and change orders in Dynamics: made as one act, found again, undone while that is possible."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from schema.contract import BillingModel, CapBehavior
from schema.engagement import ErpProjectStatus
from schema.problems import Code
from schema.rows import Ref
from schema.values import DateRange, Money
from sources.erp.dynamics.records import by
from sources.erp.writes import (
    ActivateAmendment,
    CreateProject,
    DeleteAmendment,
    DraftAmendment,
    Due,
    LedgerPrice,
    Line,
    ReplanRevenue,
    ReplicateRates,
    SetControlStatus,
    SetProjectDates,
)

if TYPE_CHECKING:
    from tests.sources.clerk import Clerk

ENGAGEMENT = Ref("Engagement", "psa", "ENG-003")
FIXED = Line(
    description="Data platform",
    model=BillingModel.FIXED_FEE_MILESTONE,
    amount=Money.of(Decimal("90000.00"), "GBP"),
    schedule=(
        Due(due_date=date(2026, 5, 29), amount=Money.of(Decimal("30000.00"), "GBP")),
        Due(due_date=date(2026, 7, 31), amount=Money.of(Decimal("60000.00"), "GBP")),
    ),
)
CAPPED = Line(
    description="Support",
    model=BillingModel.TIME_AND_MATERIALS_CAPPED,
    amount=Money.of(Decimal("20000.00"), "GBP"),
    cap=Money.of(Decimal("20000.00"), "GBP"),
    cap_behavior=CapBehavior.SPLIT,
    rate_card=Ref("RateCard", "psa", "RC-BILL-NB-UK-V2"),
)


def gbp(amount: str) -> Money:
    """Return pounds."""
    return Money.of(Decimal(amount), "GBP")


def project(**changed: Any) -> CreateProject:
    """Return the project of the engagement after the firm's last."""
    said: dict[str, Any] = {
        "engagement": Ref("Engagement", "psa", "ENG-003"),
        "code": "ENG-024",
        "name": "Claims Data Platform",
        "legal_entity": Ref("LegalEntity", "erp", "nbuk"),
        "customer": Ref("Customer", "crm", "CUS-02"),
        "currency": "GBP",
        "start": date(2026, 5, 4),
        "end": date(2026, 7, 31),
        "lines": (FIXED, CAPPED),
    }
    return CreateProject(**(said | changed))


async def test_a_project_comes_with_its_contract(erp: Clerk) -> None:
    """Numbers follow the last project's; the contract's lines, schedule and revenue are there at once."""
    done = await erp.write(project())

    assert done.id == "P-000024"
    assert done.values == {"reference": "ERP-ENG-024", "contract": "PC-000024", "line": "PC-000024-1"}
    engagement = await erp.read("engagements_erp", "Engagement", "P-000024")
    assert (engagement.erp_status, engagement.contract_value) == (ErpProjectStatus.OPEN, gbp("110000.00"))
    assert engagement.contracting_entity == erp.ref("LegalEntity", "nbuk")
    contract = await erp.read("contracts_by_id", "Contract", "PC-000024")
    assert (contract.currency, contract.range) == ("GBP", DateRange(start=date(2026, 5, 4), end=date(2026, 7, 31)))
    assert contract.customer_reference is None
    lines = await erp.read("contract_lines_by_contract", "Contract", "PC-000024")
    assert [(line.description, line.model, line.amount, line.cap, line.tax_code) for line in lines] == [
        ("Data platform", BillingModel.FIXED_FEE_MILESTONE, gbp("90000.00"), None, "GB-VAT-20"),
        ("Support", BillingModel.TIME_AND_MATERIALS_CAPPED, gbp("20000.00"), gbp("20000.00"), "GB-VAT-20"),
    ]
    assert [line.rate_card for line in lines] == [None, erp.ref("RateCard", "RC-BILL-NB-UK-V2")]
    schedule = await erp.read("schedule_entries_by_contract_line", "ContractLine", "PC-000024-1")
    assert [(entry.due_date, entry.amount) for entry in schedule] == [
        (date(2026, 5, 29), gbp("30000.00")),
        (date(2026, 7, 31), gbp("60000.00")),
    ]
    revenue = await erp.read("revenue_entries_by_revenue_schedule", "RevenueSchedule", "REV-024")
    assert [(entry.fiscal_period.id, entry.planned) for entry in revenue] == [
        ("nbuk-2026-P05", gbp("30000.00")),
        ("nbuk-2026-P07", gbp("60000.00")),
    ]


async def test_a_project_is_made_once(erp: Clerk) -> None:
    """A second one with the same key is the first one; the next one has the next number."""
    first = await erp.write(project())
    made = erp.changed()
    again = await erp.write(project())
    assert (again.id, again.values, again.found) == (first.id, first.values, True)
    assert erp.changed() == made
    assert (await erp.write(project(code="ENG-025"), "another-key")).id == "P-000025"


async def test_a_lost_project_is_found(erp: Clerk) -> None:
    """An answer that went missing after the effect is looked up by our key; one before it is asked for again."""
    await erp.lost(project(), "lose_answer")
    found = await erp.write(project(), again=True)
    assert (found.id, found.values["line"], found.found) == ("P-000024", "PC-000024-1", True)
    await erp.lost(project(code="ENG-025"), "fail_before", "another-key")
    made = await erp.write(project(code="ENG-025"), "another-key", again=True)
    assert (made.id, made.found) == ("P-000025", False)


async def test_an_internal_project_has_no_contract(erp: Clerk) -> None:
    """Without a customer there is nothing to bill."""
    done = await erp.write(project(customer=None, lines=()))
    assert done.values == {"reference": "ERP-ENG-024", "contract": None, "line": None}
    await erp.lost(project(customer=None, lines=(), code="ENG-025"), "lose_answer", "another-key")
    found = await erp.write(project(customer=None, lines=(), code="ENG-025"), "another-key", again=True)
    assert (found.id, found.values["line"]) == ("P-000025", None)


async def test_a_project_of_nobody_is_refused(erp: Clerk) -> None:
    """An unknown customer, or one without a line: no number is used up."""
    assert await erp.refused(project(customer=erp.ref("Customer", "C-99999"))) is Code.SOURCE_REFUSED
    assert await erp.refused(project(lines=())) is Code.SOURCE_REFUSED
    assert await erp.refused(project(legal_entity=erp.ref("LegalEntity", "nbxx"))) is Code.SOURCE_REFUSED
    assert (await erp.write(project())).id == "P-000024"


async def test_a_projects_state_and_days(erp: Clerk) -> None:
    """Each state is set and set back; what is so already is no change."""
    for status in (ErpProjectStatus.BLOCKED, ErpProjectStatus.CLOSED, ErpProjectStatus.OPEN):
        await erp.write(SetControlStatus(engagement=ENGAGEMENT, status=status))
        assert (await erp.read("engagements_erp", "Engagement", "P-000003")).erp_status is status
    moved = SetProjectDates(engagement=ENGAGEMENT, start=date(2026, 1, 5), end=date(2026, 9, 30))
    await erp.write(moved)
    await erp.write(moved)
    assert erp.changed() == [("ProjectsV2", "P-000003")] * 4
    unknown = SetControlStatus(engagement=erp.ref("Engagement", "P-999999"), status=ErpProjectStatus.OPEN)
    assert await erp.refused(unknown) is Code.SOURCE_REFUSED


def order(erp: Clerk) -> DraftAmendment:
    """Return a change order for ENG-002, whose first two milestones are reached."""
    return DraftAmendment(
        contract=erp.ref("Contract", "PC-000002"),
        line=erp.ref("ContractLine", "PC-000002-1"),
        reference="CO-7 One more module",
        effective_date=date(2026, 5, 1),
        amount=gbp("350000.00"),
        change=gbp("30000.00"),
        schedule=(
            Due(due_date=date(2026, 2, 13), amount=gbp("80000.00"), milestone=Ref("Milestone", "psa", "ENG-002-M1")),
            Due(due_date=date(2026, 6, 30), amount=gbp("270000.00")),
        ),
    )


async def test_a_change_order_in_force_changes_the_line(erp: Clerk) -> None:
    """Drafted it is none yet; activated, line, schedule and contract value say what it says, and revenue follows."""
    done = await erp.write(order(erp))
    assert done.id == "PC-000002-A1"
    assert await erp.read("contract_amendments_by_contract", "Contract", "PC-000002") == []
    amendment = erp.ref("ContractAmendment", "PC-000002-A1")
    for _ in range(2):
        await erp.write(ActivateAmendment(amendment=amendment, signed_date=date(2026, 4, 8)))
    (row,) = await erp.read("contract_amendments_by_contract", "Contract", "PC-000002")
    assert (row.description, row.signed_date, row.change) == (
        "CO-7 One more module",
        date(2026, 4, 8),
        gbp("30000.00"),
    )
    line = await erp.read("contract_lines_by_id", "ContractLine", "PC-000002-1")
    assert line.amount == gbp("350000.00")
    assert (await erp.read("engagements_erp", "Engagement", "P-000002")).contract_value == gbp("350000.00")
    schedule = await erp.read("schedule_entries_by_contract_line", "ContractLine", "PC-000002-1")
    assert [(entry.amount, entry.milestone and entry.milestone.id) for entry in schedule] == [
        (gbp("80000.00"), "ENG-002-M1"),
        (gbp("270000.00"), None),
    ]
    line_ref = erp.ref("ContractLine", "PC-000002-1")
    for _ in range(2):
        await erp.write(ReplanRevenue(line=line_ref))
    revenue = await erp.read("revenue_entries_by_revenue_schedule", "RevenueSchedule", "REV-002")
    planned = sum(entry.planned.amount for entry in revenue if not entry.recognized.amount)
    recognized = sum(entry.recognized.amount for entry in revenue)
    assert (recognized, planned) == (Decimal("160000.00"), Decimal("190000.00"))


async def test_a_drafted_change_order_is_deleted(erp: Clerk) -> None:
    """Deleted it has left nothing but its number; deleted twice it is deleted; in force it stays."""
    await erp.write(order(erp))
    deleted = DeleteAmendment(amendment=erp.ref("ContractAmendment", "PC-000002-A1"))
    await erp.lost(deleted, "lose_answer")
    assert (await erp.write(deleted, again=True)).found
    assert (await erp.write(order(erp), "another-key")).id == "PC-000002-A2"
    active = DeleteAmendment(amendment=erp.ref("ContractAmendment", "PC-000018-A1"))
    assert await erp.refused(active) is Code.STALE_VERSION


@pytest.mark.parametrize("what", ["lose_answer", "fail_after"])
async def test_a_lost_change_order_is_found(erp: Clerk, what: str) -> None:
    """Its answer goes missing, and it is there once."""
    await erp.lost(order(erp), what)
    found = await erp.write(order(erp), again=True)
    assert (found.id, found.found) == ("PC-000002-A1", True)


async def test_prices_are_replaced_as_a_whole(erp: Clerk) -> None:
    """A second list with fewer prices leaves none of the first."""

    def prices(*amounts: str) -> ReplicateRates:
        rates = tuple(
            LedgerPrice(card_role=Ref("Role", "psa", role), amount=gbp(amount), start=date(2026, 7, 1))
            for role, amount in zip(("SENIOR", "MANAGER"), amounts, strict=False)
        )
        card = "RC-BILL-NB-UK-V3"
        return ReplicateRates(card=card, currency="GBP", legal_entity=erp.ref("LegalEntity", "nbuk"), rates=rates)

    await erp.write(prices("190.00", "225.00"))
    await erp.write(prices("191.00"))
    told = await erp.ask(by("NBSalesHourPrices", "PriceListId", "RC-BILL-NB-UK-V3", "CategoryId", "Price"))
    assert [(row["CategoryId"], row["Price"]) for row in told["value"]] == [("LC-SENIOR", 191)]
    assert erp.changed() == [
        ("NBSalesHourPrices", f"RC-BILL-NB-UK-V3-{place}") for place in ("01", "02", "01", "02", "01")
    ]
