"""A won deal becomes an engagement in every system, or what keeps it from that is named."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from msgspec import structs

import sources.crm.writes as crm
import sources.erp.writes as erp
import sources.forecast.writes as forecast
import sources.psa.writes as psa
from commands.agreeing import BillingTerms, Instalment
from commands.breakdown import NewWorkstream
from commands.convert_opportunity import ConvertOpportunity, convert_opportunity
from commands.money import Amount
from commands.own import DrawCode, LinkReference
from commands.plan import Kind, Step, read, said
from schema.billing_event import BillingEventKind
from schema.contract import BillingModel, CapBehavior
from schema.engagement import EngagementStatus
from schema.problems import Code
from schema.project import ProjectKind, ProjectPhase
from schema.rows import Ref
from schema.values import CurrencyCode, Money
from sources.writes import Later
from tests.commands.conftest import codes, stopped, written
from tests.conftest import rewritten

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from commands.command import Judgement
    from demo.firm.model import Firm
    from demo.systems import Bound
    from tests.commands.conftest import Asks

    Refs = Callable[..., Ref]

CODE, ENGAGEMENT, TOP = Later("code", "code"), Later("psa.engagement"), Later("psa.project")
START, END = date(2026, 5, 4), date(2026, 10, 11)
SALES = "sales-operations"


def usd(amount: str) -> Money:
    """Return US dollars."""
    return Money(amount=Decimal(amount), currency=CurrencyCode("USD"))


def of(amount: str, currency: str = "USD") -> Amount:
    """Return an amount as an input says it."""
    return Amount(amount=Decimal(amount), currency=currency)


def won(firm: Firm, code: str) -> Firm:
    """Return the firm after it has won a deal."""
    deals = (
        replace(deal, stage="WON", closed_date=date(2026, 4, 7)) if deal.code == code else deal
        for deal in firm.opportunities
    )
    return replace(firm, opportunities=tuple(deals))


def convert(ref: Refs, code: str, **values: object) -> ConvertOpportunity:
    """Return the input that converts a deal."""
    return ConvertOpportunity(opportunity_id=ref("Opportunity", code).encode(), **values)  # type: ignore[arg-type]


def names(judged: Judgement, beginning: str = "") -> list[str]:
    """Return the names of the plan's steps, in order."""
    return [one.name for one in judged.plan.first if one.name.startswith(beginning)]


def network_rollout(ref: Refs) -> list[Step]:
    """Return what OPP-020 becomes, step by step."""
    customer, deal = ref("Customer", "CUS-08"), ref("Opportunity", "OPP-020")
    entity, name = ref("LegalEntity", "NB-US"), "Network rollout wave 2"

    def node(step: str, suffix: str, name: str, region: str | None = None, parent: Later | None = None) -> Step:
        write = psa.CreateProject(
            engagement=ENGAGEMENT,
            parent=parent,
            kind=ProjectKind.PROJECT if parent is None else ProjectKind.WORKSTREAM,
            code=Later("code", "code", suffix=suffix),
            name=name,
            region=region,
            delivering_entity=entity,
            planned_start=START,
            planned_end=END,
        )
        return Step(name=step, kind=Kind.COMPENSATABLE, binding="psa", write=write)

    def demand(number: int, role: str, end: date, hours: str, region: str) -> Step:
        write = forecast.CreateDemand(
            engagement=ENGAGEMENT,
            code=Later("code", "code", suffix=f"-D{number}"),
            role=ref("Role", role),
            role_code=role,
            start=START,
            end=end,
            hours_per_week=Decimal(hours),
            region=region,
        )
        return Step(
            name=f"forecast.demand.{number}",
            kind=Kind.RETRIABLE,
            binding="forecast",
            write=write,
            optional=Code.FORECAST_REJECTED,
        )

    return [
        Step(name="code", kind=Kind.COMPENSATABLE, binding="facade", write=DrawCode(kind="engagement")),
        Step(
            name="psa.engagement",
            kind=Kind.COMPENSATABLE,
            binding="psa",
            write=psa.CreateEngagement(
                code=CODE,
                name=name,
                customer=customer,
                opportunity=deal,
                opportunity_code="OPP-020",
                legal_entity=entity,
                currency="USD",
                planned_start=START,
                planned_end=END,
                planned_hours=Decimal(2280),
                planned_revenue=usd("480000.00"),
                planned_cost=usd("229680.00"),
            ),
            undo=psa.CancelEngagement(engagement=ENGAGEMENT),
        ),
        node("psa.project", "-P", name),
        node("psa.project.1", "-W1", "East", "US-EAST", TOP),
        node("psa.project.2", "-W2", "West", "US-WEST", TOP),
        Step(
            name="erp.project",
            kind=Kind.PIVOT,
            binding="erp",
            write=erp.CreateProject(
                engagement=ENGAGEMENT,
                code=CODE,
                name=name,
                legal_entity=entity,
                customer=customer,
                currency="USD",
                start=START,
                end=END,
                lines=(
                    erp.Line(
                        description=name,
                        model=BillingModel.TIME_AND_MATERIALS,
                        amount=usd("480000.00"),
                        rate_card=ref("RateCard", "RC-BILL-NB-US-V1"),
                    ),
                ),
            ),
            canonical=ENGAGEMENT,
        ),
        Step(
            name="opportunity",
            kind=Kind.RETRIABLE,
            binding="facade",
            write=LinkReference(canonical=deal, known_as=Later("psa.engagement", "opportunity", type="Opportunity")),
        ),
        Step(
            name="psa.active",
            kind=Kind.RETRIABLE,
            binding="psa",
            write=psa.ActivateEngagement(
                engagement=ENGAGEMENT,
                status=EngagementStatus.PLANNED,
                erp_reference=Later("erp.project", "reference"),
            ),
        ),
        Step(
            name="forecast.project",
            kind=Kind.RETRIABLE,
            binding="forecast",
            write=forecast.OpenProject(
                engagement=ENGAGEMENT, customer=customer, code=CODE, name=name, legal_entity=entity
            ),
            canonical=ENGAGEMENT,
            optional=Code.FORECAST_REJECTED,
        ),
        demand(1, "MANAGER", date(2026, 7, 26), "40.00", "US-EAST"),
        demand(2, "SENIOR", END, "39.13", "US-EAST"),
        demand(3, "CONSULTANT", END, "39.13", "US-WEST"),
        Step(
            name="crm.engagement",
            kind=Kind.RETRIABLE,
            binding="crm",
            write=crm.RecordEngagement(opportunity=deal, code=CODE),
            optional=Code.CRM_WRITEBACK_FAILED,
        ),
    ]


async def test_the_won_deal_becomes_an_engagement_in_every_system(asking: Asks, ref: Refs) -> None:
    """OPP-020 is planned as agreed: 480,000 dollars by the hour, East and West, a demand for each line."""
    judged = await convert_opportunity(await asking(SALES), convert(ref, "OPP-020"))
    assert list(judged.plan.first) == network_rollout(ref)
    assert judged.plan.branches == ()


async def test_what_policies_need_to_know_of_a_deal(asking: Asks, ref: Refs) -> None:
    """Amount and planned margin are known in the entity's currency, and the deal is claimed."""
    judged = await convert_opportunity(await asking(SALES), convert(ref, "OPP-020"))
    deal = ref("Opportunity", "OPP-020")
    assert judged.facts == {"amount": Decimal("480000.00"), "margin": Decimal("0.5215")}
    assert (judged.entity, judged.parties, judged.findings) == ("NB-US", {}, ())
    assert judged.subjects == (deal,)
    assert [row.ref for row in judged.scope] == [deal]
    assert [(one.kind, one.key) for one in judged.claims] == [("opportunity", deal.encode())]


async def test_who_will_run_the_engagement_may_be_said(asking: Asks, ref: Refs, firm: Firm) -> None:
    """Delivery knows them from the start; it must be somebody whom HR has as active."""
    said = convert(ref, "OPP-020", manager_id=ref("Resource", "RES-006").encode())
    judged = await convert_opportunity(await asking(SALES), said)
    assert written(judged, "psa.engagement", psa.CreateEngagement).manager == ref("Resource", "RES-006")
    people = tuple(replace(one, employment_status="ON_LEAVE") if one.code == "RES-006" else one for one in firm.people)
    (finding,) = await stopped(convert_opportunity(await asking(SALES, replace(firm, people=people)), said))
    assert (finding.code, finding.path) == (Code.RESOURCE_NOT_ACTIVE, ("input", "managerId"))


async def test_a_plan_is_stored_and_read_back_as_it_was(asking: Asks, ref: Refs) -> None:
    """Every write of the chain survives JSON, with what is still to come in it."""
    judged = await convert_opportunity(await asking(SALES), convert(ref, "OPP-020"))
    assert read(said(judged.plan)) == judged.plan


async def test_a_won_deal_without_a_legal_entity_waits_for_one(asking: Asks, ref: Refs, firm: Firm) -> None:
    """OPP-021 names nobody who signs: the CRM has to."""
    ask = await asking(SALES, won(firm, "OPP-021"))
    (finding,) = await stopped(convert_opportunity(ask, convert(ref, "OPP-021")))
    assert finding.code is Code.AWAITING_MASTER_DATA
    assert finding.message == "the legal entity that signs is missing of the won deal"


async def test_who_converts_may_say_which_legal_entity_signs(asking: Asks, ref: Refs, firm: Firm) -> None:
    """OPP-021 goes ahead for the entity that the input names."""
    ask = await asking(SALES, won(firm, "OPP-021"))
    entity = ref("LegalEntity", "NB-US")
    judged = await convert_opportunity(ask, convert(ref, "OPP-021", legal_entity_id=entity.encode()))
    assert written(judged, "erp.project", erp.CreateProject).legal_entity == entity
    assert judged.entity == "NB-US"


async def test_every_attribute_that_a_deal_lacks_is_named(asking: Asks, ref: Refs, firm: Firm) -> None:
    """A deal without entity whose customer finance does not know by name names both."""
    customers = tuple(
        replace(one, legal_name="") if one.code == "CUS-07" else one for one in won(firm, "OPP-021").customers
    )
    ask = await asking(SALES, replace(won(firm, "OPP-021"), customers=customers))
    findings = await stopped(convert_opportunity(ask, convert(ref, "OPP-021")))
    assert [finding.message for finding in findings] == [
        "the legal entity that signs is missing of the won deal",
        "the customer's legal data in the ERP is missing of the won deal",
    ]


async def test_a_role_that_nobody_knows_is_set_aside_alone(asking: Asks, ref: Refs, firm: Firm) -> None:
    """OPP-022 wants a cloud architect: that demand is expected to fail, those of the open deal go on as they are."""
    ask = await asking(SALES, won(firm, "OPP-022"))
    judged = await convert_opportunity(ask, convert(ref, "OPP-022"))
    assert names(judged, "forecast") == ["forecast.project", "forecast.demand.1"]
    demand = written(judged, "forecast.demand.1", forecast.CreateDemand)
    assert judged.plan.first[-2].optional is Code.FORECAST_ROLE_UNMAPPED
    assert (demand.role, demand.role_code) == (Ref("Role", "crm", "CLOUD_ARCHITECT"), "CLOUD_ARCHITECT")
    assert written(judged, "forecast.project", forecast.OpenProject).opportunity == ref("Opportunity", "OPP-022")
    assert judged.facts == {"amount": Decimal("352800.00")}


async def test_a_billing_model_that_nobody_translates_stops_the_deal(
    asking: Asks, ref: Refs, firm: Firm, tmp_path: Path
) -> None:
    """Money depends on it: it is not guessed."""

    def unmapped(system: Bound) -> Bound:
        line = 'Time_Materials = "TIME_AND_MATERIALS"\n'
        return rewritten(system, tmp_path, line, "") if system.role == "crm" else system

    ask = await asking(SALES, firm, unmapped)
    findings = await stopped(convert_opportunity(ask, convert(ref, "OPP-020")))
    assert codes(findings) == [Code.UNMAPPED_FINANCIAL_CODE]


async def test_a_template_that_is_not_there_is_named(asking: Asks, ref: Refs) -> None:
    """An engagement that nobody has gives no breakdown."""
    nobody = structs.replace(ref("Engagement", "ENG-006"), id="99").encode()
    (finding,) = await stopped(
        convert_opportunity(await asking(SALES), convert(ref, "OPP-020", project_template=nobody))
    )
    assert (finding.code, finding.path) == (Code.NOT_FOUND, ("input", "projectTemplate"))


async def test_another_entity_than_the_deal_proposes_is_refused(asking: Asks, ref: Refs) -> None:
    """OPP-020 is NB-US's: NB-UK does not sign it."""
    said = convert(ref, "OPP-020", legal_entity_id=ref("LegalEntity", "NB-UK").encode())
    (finding,) = await stopped(convert_opportunity(await asking(SALES), said))
    assert (finding.code, finding.path) == (Code.LEGAL_ENTITY_MISMATCH, ("input", "legalEntityId"))


async def test_an_open_deal_is_not_converted(asking: Asks, ref: Refs) -> None:
    """OPP-023 is still being sold."""
    findings = await stopped(convert_opportunity(await asking(SALES), convert(ref, "OPP-023")))
    assert codes(findings) == [Code.INVALID_TRANSITION]


async def test_a_deal_is_converted_once(asking: Asks, ref: Refs) -> None:
    """OPP-007 has its engagement, which the answer names."""
    (finding,) = await stopped(convert_opportunity(await asking(SALES), convert(ref, "OPP-007")))
    assert finding.code is Code.ALREADY_DONE
    assert finding.message == "the opportunity has become engagement ENG-007"


async def test_a_deal_whose_engagement_was_cancelled_is_converted_anew(asking: Asks, ref: Refs, firm: Firm) -> None:
    """What came to nothing does not stand in the way."""
    engagements = tuple(replace(one, status="CANCELLED") if one.code == "ENG-007" else one for one in firm.engagements)
    ask = await asking(SALES, replace(firm, engagements=engagements))
    judged = await convert_opportunity(ask, convert(ref, "OPP-007"))
    assert written(judged, "erp.project", erp.CreateProject).lines[0].amount == usd("1400000.00")


async def test_a_deal_that_has_changed_is_decided_upon_again(asking: Asks, ref: Refs) -> None:
    """A version that is not the deal's stops everything."""
    findings = await stopped(
        convert_opportunity(await asking(SALES), convert(ref, "OPP-020", expected_version="yesterday"))
    )
    assert codes(findings) == [Code.STALE_VERSION]


async def test_the_id_of_something_else_is_refused(asking: Asks, ref: Refs) -> None:
    """A customer is no opportunity, and one that nobody has is not found."""
    ask = await asking(SALES)
    customer = ConvertOpportunity(opportunity_id=ref("Customer", "CUS-08").encode())  # type: ignore[arg-type]
    nobody = ConvertOpportunity(opportunity_id=Ref("Opportunity", "crm", "006000000000000AAA").encode())  # type: ignore[arg-type]
    assert codes(await stopped(convert_opportunity(ask, customer))) == [Code.BAD_INPUT]
    assert codes(await stopped(convert_opportunity(ask, nobody))) == [Code.NOT_FOUND]


async def test_a_retainer_is_billed_in_advance_month_by_month(asking: Asks, ref: Refs, firm: Firm) -> None:
    """OPP-027 as a retainer of 100,000: twelve months that lose no cent, each event due on its month's first day."""
    ask = await asking(SALES, won(firm, "OPP-027"))
    judged = await convert_opportunity(ask, convert(ref, "OPP-027", billing_terms=BillingTerms(amount=of("100000"))))
    events = [one.write for one in judged.plan.first if isinstance(one.write, erp.CreateBillingEvent)]
    assert names(judged, "erp") == ["erp.project", *(f"erp.event.{number}" for number in range(1, 13))]
    assert events[0] == erp.CreateBillingEvent(
        code=Later("code", "code", suffix="-R1"),
        engagement=ENGAGEMENT,
        contract_line=Later("erp.project", "line", type="ContractLine"),
        kind=BillingEventKind.RETAINER,
        start=date(2026, 5, 4),
        end=date(2026, 6, 3),
        due_date=date(2026, 5, 4),
        amount=usd("8333.33"),
    )
    assert (events[-1].start, events[-1].end) == (date(2027, 4, 4), date(2027, 5, 3))
    assert sum(event.amount.amount for event in events) == Decimal("100000.00")
    assert {str(event.amount.amount) for event in events} == {"8333.33", "8333.34"}
    assert written(judged, "psa.engagement", psa.CreateEngagement).planned_end == date(2027, 5, 3)


async def test_a_retainer_may_have_instalments_of_its_own(asking: Asks, ref: Refs, firm: Firm) -> None:
    """Each is billed for the days up to the next one, the last for a month."""
    parts = [(date(2026, 5, 4), "100000.00"), (date(2026, 7, 1), "80000.00")]
    terms = BillingTerms(
        amount=of("180000"), schedule=[Instalment(due_date=day, amount=of(part)) for day, part in parts]
    )
    ask = await asking(SALES, won(firm, "OPP-027"))
    judged = await convert_opportunity(ask, convert(ref, "OPP-027", billing_terms=terms))
    events = [one.write for one in judged.plan.first if isinstance(one.write, erp.CreateBillingEvent)]
    assert [(event.start, event.end, event.amount) for event in events] == [
        (date(2026, 5, 4), date(2026, 6, 30), usd("100000.00")),
        (date(2026, 7, 1), date(2026, 7, 31), usd("80000.00")),
    ]


async def test_a_fixed_fee_needs_a_schedule(asking: Asks, ref: Refs, firm: Firm) -> None:
    """Hours do not make OPP-025's fee due, and the deal does not say what does."""
    ask = await asking(SALES, won(firm, "OPP-025"))
    (finding,) = await stopped(convert_opportunity(ask, convert(ref, "OPP-025")))
    assert (finding.code, finding.path) == (Code.MASTER_DATA_MISSING, ("input", "billingTerms", "schedule"))


@pytest.mark.parametrize(("last", "code"), [("63360.00", None), ("63359.99", Code.SCHEDULE_SUM_MISMATCH)])
async def test_a_schedule_adds_up_to_the_amount(
    asking: Asks, ref: Refs, firm: Firm, last: str, code: Code | None
) -> None:
    """OPP-025 is sold for 190,080 pounds: a schedule that is a penny short is refused."""
    ask = await asking(SALES, won(firm, "OPP-025"))
    parts = [(date(2026, 7, 31), "126720.00"), (date(2026, 9, 30), last)]
    terms = BillingTerms(schedule=[Instalment(due_date=day, amount=of(part, "GBP")) for day, part in parts])
    judging = convert_opportunity(ask, convert(ref, "OPP-025", billing_terms=terms))
    if code is not None:
        assert codes(await stopped(judging)) == [code]
        return
    (line,) = written(await judging, "erp.project", erp.CreateProject).lines
    assert [(due.due_date, str(due.amount.amount)) for due in line.schedule] == parts
    assert (line.model, line.rate_card) == (BillingModel.FIXED_FEE_MILESTONE, None)


CAPPED = BillingModel.TIME_AND_MATERIALS_CAPPED


@pytest.mark.parametrize(
    ("terms", "code", "path"),
    [
        (BillingTerms(model=CAPPED, cap=of("1")), Code.MASTER_DATA_MISSING, "capBehavior"),
        (BillingTerms(model=CAPPED, cap_behavior=CapBehavior.SPLIT), Code.MASTER_DATA_MISSING, "cap"),
        (BillingTerms(cap=of("500000")), Code.BAD_INPUT, "cap"),
        (BillingTerms(amount=of("1.001")), Code.BAD_INPUT, "amount"),
        (
            BillingTerms(schedule=[Instalment(due_date=START, amount=of("240000")) for _ in range(2)]),
            Code.BAD_INPUT,
            "schedule",
        ),
    ],
)
async def test_terms_that_do_not_hold_together_are_refused(
    asking: Asks, ref: Refs, terms: BillingTerms, code: Code, path: str
) -> None:
    """What a model needs, what it cannot have, and what no currency has is named where it stands."""
    judging = convert_opportunity(await asking(SALES), convert(ref, "OPP-020", billing_terms=terms))
    (finding,) = await stopped(judging)
    assert (finding.code, finding.path[2]) == (code, path)


@pytest.mark.parametrize(
    "terms",
    [
        BillingTerms(amount=of("480000", "EUR")),
        BillingTerms(model=CAPPED, cap=of("480000", "EUR"), cap_behavior=CapBehavior.BLOCK),
    ],
)
async def test_a_contract_has_one_currency(asking: Asks, ref: Refs, terms: BillingTerms) -> None:
    """The deal is in dollars, and so is everything that is agreed on it."""
    judging = convert_opportunity(await asking(SALES), convert(ref, "OPP-020", billing_terms=terms))
    assert codes(await stopped(judging)) == [Code.CURRENCY_MISMATCH]


async def test_a_named_rate_card_prices_the_hours(asking: Asks, ref: Refs) -> None:
    """A card of the deal's currency is taken as it is named; one of another currency is refused."""
    ask = await asking(SALES)
    cards = {code: ref("RateCard", f"RC-BILL-{code}-V1").encode() for code in ("ENG-005", "NB-US")}
    own = BillingTerms(rate_card_id=cards["NB-US"])  # type: ignore[arg-type]
    judged = await convert_opportunity(ask, convert(ref, "OPP-020", billing_terms=own))
    (line,) = written(judged, "erp.project", erp.CreateProject).lines
    assert line.rate_card == ref("RateCard", "RC-BILL-NB-US-V1")
    pounds = BillingTerms(rate_card_id=cards["ENG-005"])  # type: ignore[arg-type]
    judging = convert_opportunity(ask, convert(ref, "OPP-020", billing_terms=pounds))
    assert codes(await stopped(judging)) == [Code.CURRENCY_MISMATCH]


@pytest.mark.parametrize(("entity", "margin"), [("NB-UK", Decimal("0.4835")), ("NB-DE", None)])
async def test_lent_work_costs_the_transfer_price(asking: Asks, ref: Refs, entity: str, margin: Decimal | None) -> None:
    """East delivered by NB-UK costs what it lends its people for; NB-DE has no such price, and no margin is known."""
    east = NewWorkstream(name="East", delivering_entity=ref("LegalEntity", entity).encode())  # type: ignore[arg-type]
    said = convert(ref, "OPP-020", workstreams=[east, NewWorkstream(name="West")])
    judged = await convert_opportunity(await asking(SALES), said)
    assert written(judged, "psa.project.1", psa.CreateProject).delivering_entity == ref("LegalEntity", entity)
    found = judged.facts.get("margin")
    assert (found if found is None else round(found, 4)) == margin  # type: ignore[arg-type]


async def test_a_template_brings_its_phases_to_every_workstream(asking: Asks, ref: Refs) -> None:
    """ENG-006 was designed and built: so are East and West."""
    said = convert(ref, "OPP-020", project_template=ref("Engagement", "ENG-006").encode())
    judged = await convert_opportunity(await asking(SALES), said)
    assert names(judged, "psa.project") == [
        "psa.project",
        *("psa.project.1", "psa.project.1.design", "psa.project.1.build"),
        *("psa.project.2", "psa.project.2.design", "psa.project.2.build"),
    ]
    design = written(judged, "psa.project.1.design", psa.CreateProject)
    assert (design.kind, design.phase, design.parent) == (
        *(ProjectKind.PHASE, ProjectPhase.DESIGN),
        Later("psa.project.1"),
    )
    assert (design.code, design.name) == (Later("code", "code", suffix="-W1-DESIGN"), "East: Design")
