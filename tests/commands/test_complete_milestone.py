"""completeMilestone, judged over the firm's systems: ENG-019 is a fixed fee of two milestones at 47 500."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from msgspec import structs
from strawberry import ID

import sources.erp.writes as erp
import sources.forecast.writes as forecast
import sources.psa.writes as psa
from commands.command import COMMANDS, command
from commands.complete_milestone import CompleteMilestone, complete_milestone
from commands.plan import Kind, Step
from schema.billing_event import BillingEventKind
from schema.problems import Code
from schema.rows import Ref
from schema.values import Money
from tests.commands.conftest import codes, stopped, written

if TYPE_CHECKING:
    from collections.abc import Callable

    from demo.firm.model import Firm
    from tests.commands.conftest import Asks

    Refs = Callable[..., Ref]

DAY = date(2026, 4, 7)


def completing(ref: Refs, milestone: str, **more: Any) -> CompleteMilestone:
    """Return the input that completes a milestone."""
    return CompleteMilestone(milestone_id=ID(ref("Milestone", milestone).encode()), actual_date=DAY, **more)


@pytest.fixture(scope="module")
def changed(firm: Firm) -> Firm:
    """The firm with a milestone that the customer must accept, one that bills nothing, and one that no line bills."""
    said: dict[str, dict[str, Any]] = {
        "ENG-019-M1": {"acceptance": "REQUIRED", "acceptance_evidence": None},
        "ENG-019-M2": {"billable": False},
    }
    milestones = tuple(replace(one, **said.get(one.code, {})) for one in firm.milestones)
    contracts = tuple(
        replace(one, lines=(replace(one.lines[0], schedule=one.lines[0].schedule[:2]),))
        if one.engagement == "ENG-006"
        else one
        for one in firm.contracts
    )
    return replace(firm, milestones=milestones, contracts=contracts)


async def test_what_was_not_declared_is_not_planned(asking: Asks, ref: Refs) -> None:
    """A command that asks a system for more than it says is not begun."""
    less = command("completeLess", CompleteMilestone, changes=(psa.CompleteMilestone, psa.ReopenMilestone))
    judge = less(complete_milestone)
    del COMMANDS["completeLess"]
    with pytest.raises(RuntimeError, match=r"does not declare erp\.CreateBillingEvent, forecast\.RecordMilestone"):
        await judge(await asking("engagement-manager"), completing(ref, "ENG-019-M1", acceptance_evidence="a mail"))


async def test_a_milestone_becomes_billable(asking: Asks, ref: Refs, firm: Firm) -> None:
    """It is completed in delivery, billed in finance by the contract's amount, and shown in the plan."""
    judged = await complete_milestone(
        await asking("engagement-manager"), completing(ref, "ENG-019-M1", acceptance_evidence="mail of 7 April")
    )
    milestone, engagement = ref("Milestone", "ENG-019-M1"), ref("Engagement", "ENG-019")
    (name,) = [one.name for one in firm.milestones if one.code == "ENG-019-M1"]
    assert judged.plan.branches == ()
    assert judged.plan.first == (
        Step(
            name="psa.milestone",
            kind=Kind.COMPENSATABLE,
            binding="psa",
            write=psa.CompleteMilestone(milestone=milestone, actual_date=DAY, evidence="mail of 7 April"),
            undo=psa.ReopenMilestone(milestone=milestone),
        ),
        Step(
            name="erp.event",
            kind=Kind.PIVOT,
            binding="erp",
            write=erp.CreateBillingEvent(
                code="BE-ENG-019-M1",
                engagement=engagement,
                contract_line=Ref("ContractLine", "erp", "PC-000019-1"),
                kind=BillingEventKind.MILESTONE,
                start=DAY,
                end=DAY,
                due_date=DAY,
                amount=Money.of(Decimal(47_500), "GBP"),
                milestone=milestone,
                accepted=True,
            ),
        ),
        Step(
            name="forecast.milestone",
            kind=Kind.RETRIABLE,
            binding="forecast",
            write=forecast.RecordMilestone(engagement=engagement, milestone=milestone, name=name, reached=DAY),
            canonical=milestone,
            optional=Code.FORECAST_REJECTED,
        ),
    )
    assert (judged.entity, judged.facts) == ("NB-UK", {"amount": Decimal("47500.00")})
    assert [row.ref for row in judged.scope] == [engagement]
    assert judged.subjects == (milestone, engagement)
    assert [claim.key for claim in judged.claims] == [milestone.encode()]
    assert judged.findings == ()


@pytest.mark.parametrize(("evidence", "accepted"), [(None, False), ("signed sheet", True)])
async def test_what_the_customer_must_accept(
    asking: Asks, ref: Refs, changed: Firm, evidence: str | None, *, accepted: bool
) -> None:
    """Without evidence the event is held by the ERP: progress alone makes nothing due."""
    ask = await asking("engagement-manager", changed)
    judged = await complete_milestone(ask, completing(ref, "ENG-019-M1", acceptance_evidence=evidence))
    assert written(judged, "erp.event", erp.CreateBillingEvent).accepted is accepted


async def test_one_that_is_not_billable(asking: Asks, ref: Refs, changed: Firm) -> None:
    """Finance is not told, and no amount is known or needed."""
    judged = await complete_milestone(await asking("engagement-manager", changed), completing(ref, "ENG-019-M2"))
    assert [step.name for step in judged.plan.first] == ["psa.milestone", "forecast.milestone"]
    assert (judged.entity, judged.facts) == (None, {})


async def test_a_dollar_amount_in_a_dollar_entity(asking: Asks, ref: Refs) -> None:
    """The third milestone of ENG-006 is above the limit that is approved by nobody."""
    judged = await complete_milestone(await asking("engagement-manager"), completing(ref, "ENG-006-M3"))
    assert (judged.entity, judged.facts) == ("NB-US", {"amount": Decimal("180000.00")})


async def test_one_that_is_completed_already(asking: Asks, ref: Refs) -> None:
    """Only a planned milestone can be completed."""
    found = await stopped(complete_milestone(await asking("engagement-manager"), completing(ref, "ENG-011-M1")))
    assert codes(found) == [Code.INVALID_TRANSITION]


async def test_one_that_no_line_bills(asking: Asks, ref: Refs, changed: Firm) -> None:
    """The amount is the contract's word, and never delivery's copy of it."""
    ask = await asking("engagement-manager", changed)
    found = await stopped(complete_milestone(ask, completing(ref, "ENG-006-M3")))
    assert codes(found) == [Code.MASTER_DATA_MISSING]


async def test_what_is_no_milestone(asking: Asks, ref: Refs) -> None:
    """Another type's id, one that is not there, and another version than the expected one."""
    ask = await asking("engagement-manager")
    other = CompleteMilestone(milestone_id=ID(ref("Engagement", "ENG-019").encode()), actual_date=DAY)
    gone = structs.replace(ref("Milestone", "ENG-019-M1"), id="310019909")
    missing = CompleteMilestone(milestone_id=ID(gone.encode()), actual_date=DAY)
    stale = completing(ref, "ENG-019-M1", expected_version="1999")
    found = [codes(await stopped(complete_milestone(ask, said))) for said in (other, missing, stale)]
    assert found == [[Code.BAD_INPUT], [Code.NOT_FOUND], [Code.STALE_VERSION]]
