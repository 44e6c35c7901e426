"""completeMilestone: the only event that makes a fixed fee billable.

C  PSA       the milestone is completed            undone: reopened
P  ERP       its billing event comes to be         the gates (acceptance, tax, credit) are the ERP's to check
R  FORECAST  the plan shows it                     set aside if refused
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import strawberry

import sources.erp.writes as erp
import sources.forecast.writes as forecast
import sources.psa.writes as psa
from commands.command import Claimed, CommandInput, Finding, Judgement, Stop, command
from commands.items import same_version
from commands.plan import Kind, Plan, Step
from schema.billing_event import BillingEventKind
from schema.contract import ContractLineRow, ContractRow, ScheduleEntryRow
from schema.engagement import EngagementRow
from schema.milestone import CustomerAcceptance, MilestoneRow, MilestoneStatus
from schema.problems import Code
from schema.rows import System

if TYPE_CHECKING:
    from commands.asking import Asking
    from schema.rows import Ref
    from schema.values import Money


@strawberry.input
class CompleteMilestone(CommandInput):
    """A milestone that was reached, the day, and where the customer's acceptance is kept."""

    milestone_id: strawberry.ID
    actual_date: date
    acceptance_evidence: str | None = None


@command(
    "completeMilestone",
    CompleteMilestone,
    changes=(psa.CompleteMilestone, psa.ReopenMilestone, erp.CreateBillingEvent, forecast.RecordMilestone),
)
async def complete_milestone(ask: Asking, said: CompleteMilestone) -> Judgement:
    """Complete a milestone in delivery and, where it is billable, make its billing event in finance."""
    ref = ask.ref(said.milestone_id, "Milestone", "input", "milestoneId")
    milestone = await ask.one("milestones_by_id", ref, "input", "milestoneId", row=MilestoneRow)
    same_version(said, [milestone])
    if milestone.status is not MilestoneStatus.PLANNED or milestone.engagement is None:
        raise Stop(Finding(Code.INVALID_TRANSITION, "only a planned milestone can be completed"), subjects=(ref,))
    engagement = await ask.one("engagements_by_id", milestone.engagement, row=EngagementRow)
    steps = [_completed(ask, milestone, said)]
    entity, facts = None, {}
    if milestone.billable:
        contract = await ask.one("contracts_by_engagement", engagement.ref, row=ContractRow)
        line, amount = await _scheduled(ask, contract, milestone)
        steps.append(_billable(engagement, milestone, said, line, amount))
        if contract.legal_entity is not None:
            entity = await ask.entity(contract.legal_entity)
            functional = await ask.functional(amount, entity, said.actual_date)
            facts = {} if functional is None else {"amount": functional}
    steps.append(_planned(ask, engagement, milestone, said))
    return Judgement(
        plan=Plan(first=tuple(steps)),
        subjects=(ref, engagement.ref),
        scope=(engagement,),
        entity=entity.code if entity else None,
        facts=facts,
        claims=(Claimed("milestone", ref.encode()),),
    )


async def _scheduled(ask: Asking, contract: ContractRow, milestone: MilestoneRow) -> tuple[Ref, Money]:
    """Return the contract line that bills the milestone, and how much: the contract's word, never the PSA's copy."""
    for line in await ask.many("contract_lines_by_contract", contract.ref, row=ContractLineRow):
        for entry in await ask.many("schedule_entries_by_contract_line", line.ref, row=ScheduleEntryRow):
            if await _means(ask, entry, milestone) and entry.amount is not None:
                return line.ref, entry.amount
    raise Stop(
        Finding(Code.MASTER_DATA_MISSING, "no line of the contract bills this milestone"), subjects=(milestone.ref,)
    )


async def _means(ask: Asking, entry: ScheduleEntryRow, milestone: MilestoneRow) -> bool:
    if entry.milestone is None:
        return False
    word = await ask.word(milestone.ref, System.ERP)
    return entry.milestone in {milestone.ref, word}


def _completed(ask: Asking, milestone: MilestoneRow, said: CompleteMilestone) -> Step:
    return Step(
        name="psa.milestone",
        kind=Kind.COMPENSATABLE,
        binding=ask.binding(System.PSA, milestone.ref),
        write=psa.CompleteMilestone(
            milestone=milestone.ref, actual_date=said.actual_date, evidence=said.acceptance_evidence
        ),
        undo=psa.ReopenMilestone(milestone=milestone.ref),
    )


def _billable(
    engagement: EngagementRow, milestone: MilestoneRow, said: CompleteMilestone, line: Ref, amount: Money
) -> Step:
    outstanding = milestone.customer_acceptance is CustomerAcceptance.REQUIRED and not said.acceptance_evidence
    return Step(
        name="erp.event",
        kind=Kind.PIVOT,
        binding=line.binding,
        write=erp.CreateBillingEvent(
            code=f"BE-{milestone.code}",
            engagement=engagement.ref,
            contract_line=line,
            kind=BillingEventKind.MILESTONE,
            start=said.actual_date,
            end=said.actual_date,
            due_date=said.actual_date,
            amount=amount,
            milestone=milestone.ref,
            accepted=not outstanding,
        ),
    )


def _planned(ask: Asking, engagement: EngagementRow, milestone: MilestoneRow, said: CompleteMilestone) -> Step:
    return Step(
        name="forecast.milestone",
        kind=Kind.RETRIABLE,
        binding=ask.binding(System.FORECAST),
        write=forecast.RecordMilestone(
            engagement=engagement.ref, milestone=milestone.ref, name=milestone.name, reached=said.actual_date
        ),
        canonical=milestone.ref,
        optional=Code.FORECAST_REJECTED,
    )
