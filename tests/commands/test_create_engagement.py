"""Engagements that no deal stands behind: for a customer on agreed terms, or internal."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

import sources.erp.writes as erp
import sources.forecast.writes as forecast
import sources.psa.writes as psa
from commands.agreeing import BillingTerms
from commands.create_engagement import CreateEngagement, create_engagement
from commands.money import Amount
from commands.plan import Kind
from schema.contract import BillingModel
from schema.engagement import EngagementStatus
from schema.problems import Code
from schema.rows import Ref
from schema.values import CurrencyCode, Money
from sources.writes import Later
from tests.commands.conftest import codes, stopped, written

if TYPE_CHECKING:
    from collections.abc import Callable

    from demo.firm.model import Firm
    from tests.commands.conftest import Asks

    Refs = Callable[..., Ref]

HOURLY = BillingModel.TIME_AND_MATERIALS
MANAGER = "engagement-manager"


def create(ref: Refs, customer: str | None = None, **values: object) -> CreateEngagement:
    """Return the input of an engagement of NB-UK from 1 April on."""
    said = {
        "name": "Water quality review",
        "legal_entity_id": ref("LegalEntity", "NB-UK").encode(),
        "planned_start": date(2026, 4, 1),
        "customer_id": ref("Customer", customer).encode() if customer else None,
        **values,
    }
    return CreateEngagement(**said)  # type: ignore[arg-type]


async def test_work_for_a_customer_is_set_up_on_its_terms(asking: Asks, ref: Refs) -> None:
    """CUS-05 is worked for by the hour: the list's newest version prices it, and whoever makes it runs it."""
    terms = BillingTerms(model=HOURLY, amount=Amount(amount=Decimal(60000), currency="GBP"))
    judged = await create_engagement(await asking(MANAGER), create(ref, "CUS-05", billing_terms=terms))
    pounds = Money(amount=Decimal("60000.00"), currency=CurrencyCode("GBP"))
    assert [(step.name, step.kind) for step in judged.plan.first] == [
        ("code", Kind.COMPENSATABLE),
        ("psa.engagement", Kind.COMPENSATABLE),
        ("psa.project", Kind.COMPENSATABLE),
        ("erp.project", Kind.PIVOT),
        ("psa.active", Kind.RETRIABLE),
        ("forecast.project", Kind.RETRIABLE),
    ]
    assert written(judged, "psa.engagement", psa.CreateEngagement) == psa.CreateEngagement(
        code=Later("code", "code"),
        name="Water quality review",
        customer=ref("Customer", "CUS-05"),
        manager=ref("Resource", "RES-022"),
        legal_entity=ref("LegalEntity", "NB-UK"),
        currency="GBP",
        planned_start=date(2026, 4, 1),
        planned_revenue=pounds,
    )
    assert written(judged, "erp.project", erp.CreateProject).lines == (
        erp.Line(
            description="Water quality review",
            model=HOURLY,
            amount=pounds,
            rate_card=ref("RateCard", "RC-BILL-NB-UK-V2"),
        ),
    )
    assert written(judged, "psa.active", psa.ActivateEngagement).status is EngagementStatus.ACTIVE
    assert written(judged, "forecast.project", forecast.OpenProject).customer == ref("Customer", "CUS-05")
    assert (judged.facts, judged.entity, judged.findings) == ({"amount": Decimal("60000.00")}, "NB-UK", ())
    assert judged.subjects == (ref("LegalEntity", "NB-UK"), ref("Customer", "CUS-05"))


@pytest.mark.parametrize(("currency", "facts"), [("USD", {"amount": Decimal(100000) / Decimal("1.2710")}), ("CHF", {})])
async def test_an_amount_is_converted_where_a_rate_leads(
    asking: Asks, ref: Refs, currency: str, facts: dict[str, Decimal]
) -> None:
    """The ERP quotes pounds in dollars: that is read backwards; what nothing quotes counts as if it were too much."""
    terms = BillingTerms(model=HOURLY, amount=Amount(amount=Decimal(100000), currency=currency))
    judged = await create_engagement(await asking(MANAGER), create(ref, "CUS-05", billing_terms=terms))
    assert judged.facts == facts


async def test_work_without_an_estimate_is_in_the_customers_currency(asking: Asks, ref: Refs) -> None:
    """Where the terms name no amount, none is known, and CUS-06 is billed in dollars."""
    said = create(ref, "CUS-06", billing_terms=BillingTerms(model=HOURLY))
    judged = await create_engagement(await asking(MANAGER), said)
    project = written(judged, "erp.project", erp.CreateProject)
    assert (project.currency, project.lines[0].amount, judged.facts) == ("USD", None, {})


async def test_internal_work_has_no_contract(asking: Asks, ref: Refs) -> None:
    """Without a customer nothing is agreed, billed or priced: the ERP has a project of the entity alone."""
    judged = await create_engagement(await asking(MANAGER), create(ref, planned_start=date(2026, 9, 1)))
    assert written(judged, "erp.project", erp.CreateProject) == erp.CreateProject(
        engagement=Later("psa.engagement"),
        code=Later("code", "code"),
        name="Water quality review",
        legal_entity=ref("LegalEntity", "NB-UK"),
        currency="GBP",
        start=date(2026, 9, 1),
    )
    assert written(judged, "psa.active", psa.ActivateEngagement).status is EngagementStatus.PLANNED
    assert (judged.facts, judged.subjects) == ({}, (ref("LegalEntity", "NB-UK"),))


async def test_work_for_a_customer_needs_terms(asking: Asks, ref: Refs) -> None:
    """Nobody knows how CUS-05 would be billed."""
    (finding,) = await stopped(create_engagement(await asking(MANAGER), create(ref, "CUS-05")))
    assert (finding.code, finding.path) == (Code.MASTER_DATA_MISSING, ("input", "billingTerms", "model"))


async def test_internal_work_with_terms_is_refused(asking: Asks, ref: Refs) -> None:
    """Terms without a customer are a mistake, not internal work."""
    said = create(ref, billing_terms=BillingTerms(model=HOURLY))
    assert codes(await stopped(create_engagement(await asking(MANAGER), said))) == [Code.BAD_INPUT]


async def test_finance_must_know_the_customer(asking: Asks, ref: Refs, firm: Firm) -> None:
    """A customer without a legal name cannot be billed."""
    customers = tuple(replace(one, legal_name="") if one.code == "CUS-05" else one for one in firm.customers)
    ask = await asking(MANAGER, replace(firm, customers=customers))
    said = create(ref, "CUS-05", billing_terms=BillingTerms(model=HOURLY))
    (finding,) = await stopped(create_engagement(ask, said))
    assert (finding.code, finding.path) == (Code.MASTER_DATA_MISSING, ("input", "customerId"))


async def test_a_customer_or_entity_that_is_none_is_refused(asking: Asks, ref: Refs) -> None:
    """Ids of other things, and of nothing, are named by their place."""
    ask = await asking(MANAGER)
    deal = create(ref, customer_id=ref("Opportunity", "OPP-001").encode())
    nobody = create(ref, customer_id=Ref("Customer", "crm", "001000000000000AAA").encode())
    nowhere = create(ref, legal_entity_id=Ref("LegalEntity", "erp", "nbxx").encode())
    for said, code, field in (
        (deal, Code.BAD_INPUT, "customerId"),
        (nobody, Code.NOT_FOUND, "customerId"),
        (nowhere, Code.NOT_FOUND, "legalEntityId"),
    ):
        (finding,) = await stopped(create_engagement(ask, said))
        assert (finding.code, finding.path) == (code, ("input", field))
