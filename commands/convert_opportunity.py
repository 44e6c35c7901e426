"""convertOpportunity: a won deal becomes an engagement in every system; `commands.setting_up` draws the chain.

After it, R  CRM  the deal has the engagement's code, set aside if refused. What the deal lacks is waited for: it is the
CRM's to complete. Nothing is posted, so that no period matters.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec
import strawberry

import sources.crm.writes as crm
from commands.agreeing import BillingTerms, Contract, agreed, debtor
from commands.breakdown import Breakdown, NewWorkstream, Workstream, taken_over, workstreams
from commands.command import Claimed, CommandInput, Fact, Finding, Judgement, Stop, command
from commands.items import same_version
from commands.ledger_rates import cost_of_hour, price_of_loan
from commands.money import Amount, known
from commands.plan import Kind, Plan, Step
from commands.setting_up import CODE, SETTING_UP, Need, Setup, last_day, steps
from policies.rounding import rounded
from schema.contract import BillingModel
from schema.engagement import EngagementRow, EngagementStatus
from schema.legal_entity import LegalEntityRow
from schema.opportunity import OpportunityLineRow, OpportunityRow, OpportunityStage
from schema.problems import Code
from schema.resource import EmploymentStatus, ResourceRow
from schema.role import RoleRow
from schema.role_demand import RoleDemandRow
from schema.rows import Ref, System
from schema.values import CurrencyCode, DateRange, Money

if TYPE_CHECKING:
    from collections.abc import Sequence

    from commands.asking import Asking
    from sources.erp.writes import Line


@strawberry.input
class ConvertOpportunity(CommandInput):
    """A won opportunity; what is said beside it completes the deal, and must not contradict it.

    The manager is who will run the engagement and approve its time; without one, delivery has still to name somebody.
    """

    opportunity_id: strawberry.ID
    manager_id: strawberry.ID | None = None
    legal_entity_id: strawberry.ID | None = None
    project_template: strawberry.ID | None = None
    workstreams: list[NewWorkstream] | None = None
    billing_terms: BillingTerms | None = None
    planned_start: date | None = None


class Deal(msgspec.Struct, frozen=True):
    """A won opportunity with everything that a conversion cannot do without."""

    row: OpportunityRow
    customer: Ref
    entity: LegalEntityRow
    amount: Money
    model: BillingModel
    start: date


@command("convertOpportunity", ConvertOpportunity, changes=(*SETTING_UP, crm.RecordEngagement))
async def convert_opportunity(ask: Asking, said: ConvertOpportunity) -> Judgement:
    """Make a won opportunity an engagement: in delivery, in finance with its contract, in the forecast, in the CRM."""
    ref = ask.ref(said.opportunity_id, "Opportunity", "input", "opportunityId")
    row = await ask.one("opportunities_by_id", ref, "input", "opportunityId", row=OpportunityRow)
    same_version(said, [row])
    await _convertible(ask, row)
    deal = await _complete(ask, row, said)
    lines = await ask.many("opportunity_lines_by_opportunity", ref, row=OpportunityLineRow)
    line = await _line(ask, deal, lines, said)
    demands = await ask.many("role_demands_by_opportunity", ref, row=RoleDemandRow)
    needs = await _needs(ask, lines, demands)
    breakdown = await _breakdown(ask, deal, lines, said)
    amount = None if line.amount is None else await ask.functional(line.amount, deal.entity, deal.start)
    cost = await _cost(ask, deal, needs, breakdown)
    setup = Setup(
        name=row.name,
        entity=deal.entity,
        currency=deal.amount.currency,
        start=deal.start,
        customer=deal.customer,
        deal=row,
        forecast_deal=ref if demands else None,
        manager=await _manager(ask, said),
        line=line,
        cost=_in_contract_currency(deal, cost, amount, line.amount),
        breakdown=breakdown,
        needs=needs,
    )
    return Judgement(
        plan=Plan(first=(*steps(ask, setup), _told(ask, row))),
        subjects=(ref,),
        scope=(row,),
        entity=deal.entity.code,
        facts=_facts(amount, cost),
        claims=(Claimed("opportunity", ref.encode()),),
    )


async def _convertible(ask: Asking, row: OpportunityRow) -> None:
    if row.stage is not OpportunityStage.WON:
        raise Stop(Finding(Code.INVALID_TRANSITION, "only a won opportunity can be converted"), subjects=(row.ref,))
    before = await ask.maybe("engagements_by_opportunity", row.ref, row=EngagementRow)
    if before is not None and before.delivery_status is not EngagementStatus.CANCELLED:
        said = f"the opportunity has become engagement {before.code or before.name}"
        raise Stop(Finding(Code.ALREADY_DONE, said), subjects=(row.ref, before.ref))


async def _complete(ask: Asking, row: OpportunityRow, said: ConvertOpportunity) -> Deal:
    """Return the deal as a whole, or stop with each attribute that is missing."""
    signing = await _signing(ask, row, said)
    terms = said.billing_terms or BillingTerms()
    model, start = terms.model or row.billing_model, said.planned_start or row.expected_start_date
    lacking = {
        "the legal entity that signs": signing,
        "the amount": row.amount,
        "the billing model": model,
        "the expected start": start,
        "the customer": row.customer,
        "the customer's legal data in the ERP": row.customer and await debtor(ask, row.customer),
    }
    if missing := [name for name, value in lacking.items() if not value]:
        findings = (Finding(Code.AWAITING_MASTER_DATA, f"{name} is missing of the won deal") for name in missing)
        raise Stop(*findings, subjects=(row.ref,))
    assert signing and row.amount and start and row.customer  # noqa: S101, PT018  nothing is missing
    entity = await ask.entity(signing)
    return Deal(row, row.customer, entity, row.amount, known(model, "the deal's billing model"), start)


async def _manager(ask: Asking, said: ConvertOpportunity) -> Ref | None:
    """Return who will run the engagement, or stop: it must be somebody who works here."""
    path = ("input", "managerId")
    if said.manager_id is None:
        return None
    ref = ask.ref(said.manager_id, "Resource", *path)
    person = await ask.one("resources_by_id", ref, *path, row=ResourceRow)
    if person.employment_status is not EmploymentStatus.ACTIVE:
        raise Stop(Finding(Code.RESOURCE_NOT_ACTIVE, "HR does not have the manager as active", path))
    return ref


async def _signing(ask: Asking, row: OpportunityRow, said: ConvertOpportunity) -> Ref | None:
    """Return the legal entity that signs: the deal's. One that is said must be that one, or fill the gap."""
    path = ("input", "legalEntityId")
    given = None if said.legal_entity_id is None else ask.ref(said.legal_entity_id, "LegalEntity", *path)
    proposed = row.proposed_legal_entity and await ask.word(row.proposed_legal_entity, System.ERP)
    if given is not None and proposed is not None and given != proposed:
        finding = Finding(Code.LEGAL_ENTITY_MISMATCH, "the deal proposes another legal entity to sign", path)
        raise Stop(finding, subjects=(row.ref,))
    return proposed or given


async def _line(ask: Asking, deal: Deal, lines: Sequence[OpportunityLineRow], said: ConvertOpportunity) -> Line:
    terms = said.billing_terms or BillingTerms()
    agreed_upon = terms.amount or Amount(amount=deal.amount.amount, currency=deal.amount.currency)
    terms = replace(terms, model=deal.model, amount=agreed_upon)
    if any(line.unit_price is not None and line.unit_price.currency != deal.amount.currency for line in lines):
        found = Finding(Code.CURRENCY_MISMATCH, f"the deal is in {deal.amount.currency}, and not all of its lines are")
        raise Stop(found, subjects=(deal.row.ref,))
    contract = Contract(deal.customer, deal.entity.ref, deal.amount.currency)
    return await agreed(ask, terms, deal.row.name, contract, deal.start)


async def _needs(
    ask: Asking, lines: Sequence[OpportunityLineRow], demands: Sequence[RoleDemandRow]
) -> tuple[Need, ...]:
    """Return what each line needs. What is wanted for the deal already goes on as it is, and is not wanted twice."""
    roles = {row.code: row.ref for row in await ask.find("Role") if isinstance(row, RoleRow)}
    wanted = {demand.role for demand in demands}
    needs: list[Need] = []
    for line in lines:
        if line.role_code and line.hours:
            called = Ref("Role", line.ref.binding, line.role_code)
            role = roles.get(line.role_code) or await ask.word(called, System.PSA) or called
            word = await ask.word(role, System.FORECAST)
            mapped = Code.FORECAST_REJECTED if word else Code.FORECAST_ROLE_UNMAPPED
            aside = None if word and word in wanted else mapped
            needs.append(Need(line.role_code, role, line.hours, line.region, line.workstream, aside))
    return tuple(needs)


async def _breakdown(
    ask: Asking, deal: Deal, lines: Sequence[OpportunityLineRow], said: ConvertOpportunity
) -> Breakdown:
    """Return the workstreams that are said, else those of the deal's lines, else the template's; its phases in each."""
    template = await taken_over(ask, said.project_template)
    sold: dict[str, str | None] = {}
    for line in lines:
        if line.workstream:
            sold.setdefault(line.workstream, line.region)
    streams = workstreams(ask, said.workstreams or [], deal.entity.ref) or tuple(
        Workstream(name, region, deal.entity.ref) for name, region in sold.items()
    )
    return Breakdown(streams or template.workstreams, template.phases)


async def _cost(ask: Asking, deal: Deal, needs: Sequence[Need], breakdown: Breakdown) -> Decimal | None:
    """Return what the hours cost the entity that signs, in its own currency; None where one of them has no rate."""
    delivering = {stream.name: stream.entity for stream in breakdown.workstreams}
    total = Decimal(0)
    for need in needs:
        hourly = await _hourly(ask, deal, need, delivering.get(need.workstream or "", deal.entity.ref))
        if hourly is None:
            return None
        total += hourly * need.hours
    return total if needs else None


async def _hourly(ask: Asking, deal: Deal, need: Need, delivering: Ref) -> Decimal | None:
    days = DateRange(start=deal.start, end=last_day(need, deal.start))
    signing = deal.entity.ref
    if need.role.role != System.PSA.value:
        return None
    if delivering == signing:
        price = await cost_of_hour(ask, signing, need.role, days)
    else:
        price = await price_of_loan(ask, delivering, signing, need.role, days)
    return await ask.functional(price, deal.entity, deal.start)


def _in_contract_currency(
    deal: Deal, cost: Decimal | None, functional: Decimal | None, amount: Money | None
) -> Money | None:
    """Return the planned cost as delivery keeps it: at the rate by which the contract's amount was converted."""
    if not cost or not functional or amount is None:
        return None
    mode = known(deal.entity.rounding_mode, "how the legal entity rounds")
    money = rounded(cost * amount.amount / functional, amount.currency, mode)
    return Money(amount=money.amount, currency=CurrencyCode(amount.currency))


def _facts(amount: Decimal | None, cost: Decimal | None) -> dict[str, Fact]:
    """Return what is known of amount and margin: what is not known is approved by somebody."""
    facts: dict[str, Fact] = {} if amount is None else {"amount": amount}
    if amount and cost is not None:
        facts["margin"] = (amount - cost) / amount
    return facts


def _told(ask: Asking, row: OpportunityRow) -> Step:
    return Step(
        name="crm.engagement",
        kind=Kind.RETRIABLE,
        binding=ask.binding(System.CRM, row.ref),
        write=crm.RecordEngagement(opportunity=row.ref, code=CODE),
        optional=Code.CRM_WRITEBACK_FAILED,
    )
