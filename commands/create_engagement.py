"""createEngagement: an engagement that no deal stands behind, or internal work; `commands.setting_up` draws the chain.

Internal work has no customer, no terms and no contract, and is never billed. Whoever makes an engagement runs it.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import strawberry

from commands.agreeing import TERMS, BillingTerms, Contract, agreed, debtor
from commands.breakdown import taken_over
from commands.command import CommandInput, Finding, Judgement, Stop, command
from commands.items import same_version
from commands.plan import Plan
from commands.setting_up import SETTING_UP, Setup, steps
from schema.legal_entity import LegalEntityRow
from schema.problems import Code

if TYPE_CHECKING:
    from commands.asking import Asking


@strawberry.input
class CreateEngagement(CommandInput):
    """What is undertaken, for whom, by which legal entity, on which terms; without a customer it is internal."""

    name: str
    legal_entity_id: strawberry.ID
    planned_start: date
    customer_id: strawberry.ID | None = None
    billing_terms: BillingTerms | None = None
    project_template: strawberry.ID | None = None


@command("createEngagement", CreateEngagement, changes=(*SETTING_UP,))
async def create_engagement(ask: Asking, said: CreateEngagement) -> Judgement:
    """Set up an engagement without a deal: in delivery, in finance with its contract, and in the forecast."""
    same_version(said, ())
    signing = ask.ref(said.legal_entity_id, "LegalEntity", "input", "legalEntityId")
    entity = await ask.one("legal_entities_by_id", signing, "input", "legalEntityId", row=LegalEntityRow)
    contract = await _contract(ask, said, entity)
    terms = said.billing_terms or BillingTerms()
    line = None if contract is None else await agreed(ask, terms, said.name, contract, said.planned_start)
    setup = Setup(
        name=said.name,
        entity=entity,
        currency=contract.currency if contract else entity.functional_currency,
        start=said.planned_start,
        customer=contract.customer if contract else None,
        manager=await ask.person(),
        line=line,
        breakdown=await taken_over(ask, said.project_template),
    )
    amount = await ask.functional(line.amount if line else None, entity, said.planned_start)
    return Judgement(
        plan=Plan(first=steps(ask, setup)),
        subjects=(signing, contract.customer) if contract else (signing,),
        scope=(entity,),
        entity=entity.code,
        facts={} if amount is None else {"amount": amount},
    )


async def _contract(ask: Asking, said: CreateEngagement, entity: LegalEntityRow) -> Contract | None:
    """Return whom the contract is with, None for internal work; or stop, finance not knowing the customer."""
    path = ("input", "customerId")
    terms = said.billing_terms
    if said.customer_id is None:
        if terms is not None:
            raise Stop(Finding(Code.BAD_INPUT, "internal work is not billed: it has no terms", TERMS))
        return None
    customer = ask.ref(said.customer_id, "Customer", *path)
    await ask.one("customers_by_id", customer, *path)
    billed = await debtor(ask, customer)
    if billed is None:
        raise Stop(Finding(Code.MASTER_DATA_MISSING, "the ERP lacks the customer's legal data", path))
    stated = terms and (terms.amount or terms.cap)
    currency = stated.currency if stated else billed.billing_currency or entity.functional_currency
    return Contract(customer, entity.ref, currency)
