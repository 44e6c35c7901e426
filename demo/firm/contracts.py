"""Contracts: one per customer engagement, with one line each."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from demo.firm.draws import h, quantize
from demo.firm.engagements import CLIENT_TERMS, Terms
from demo.firm.model import Contract, ContractAmendment, ContractLine, Milestone, ScheduleEntry
from demo.firm.organisation import ENTITY
from demo.firm.rates import card_of
from demo.firm.sales import closed_on
from demo.firm.vocabulary import CapBehavior, RevenueMethod

YEAR_START: Final = date(2026, 1, 1)
MONTHS: Final = 12
CAP_BEHAVIOR: Final[dict[str, CapBehavior]] = {"ENG-003": "SPLIT", "ENG-010": "BLOCK"}
ROLLOVER: Final = {"ENG-015"}
# description, signed, effective, what the contract value contains since then
AMENDMENTS: Final[dict[str, tuple[tuple[str, date, date, str], ...]]] = {
    "ENG-005": (("Two more treatment works", date(2026, 2, 13), date(2026, 3, 1), "40000"),),
    "ENG-018": (
        ("Plant South joins", date(2026, 1, 23), date(2026, 2, 1), "60000"),
        ("Purchase order renewed", date(2026, 3, 20), date(2026, 4, 1), "0"),
    ),
}


def contracts(agreed: tuple[Milestone, ...]) -> tuple[Contract, ...]:
    """Return the nineteen contracts; fixed-fee schedules are the milestones, retainers bill a twelfth a month."""
    return tuple(_contract(terms, agreed) for terms in CLIENT_TERMS)


def line_code(terms: Terms) -> str:
    """Return the code of an engagement's contract line."""
    return f"CON-{terms.number}-L1"


def monthly_fee(terms: Terms) -> Decimal:
    """Return a retainer's fee for one month, before tax."""
    return quantize(terms.priced / MONTHS, terms.currency)


def revenue_method(terms: Terms) -> RevenueMethod:
    """Return how the line becomes revenue: hours as invoiced, fees as the output is delivered."""
    return "AS_INVOICED" if terms.hourly else "OVER_TIME_OUTPUT"


def _contract(terms: Terms, agreed: tuple[Milestone, ...]) -> Contract:
    code = f"CON-{terms.number}"
    return Contract(
        code=code,
        engagement=terms.code,
        customer=terms.client,
        entity=terms.entity,
        currency=terms.currency,
        customer_reference=f"PO-{450_000 + h('po', terms.code) % 50_000}",
        signed_date=closed_on(terms) + timedelta(7),
        start=YEAR_START if terms.model == "RETAINER" else terms.start,
        end=terms.end,
        revenue_method=revenue_method(terms),
        lines=(_line(terms, code, agreed),),
        amendments=tuple(_amendments(terms, code)),
    )


def _amendments(terms: Terms, contract: str) -> Iterator[ContractAmendment]:
    for number, (description, signed, effective, change) in enumerate(AMENDMENTS.get(terms.code, ()), 1):
        yield ContractAmendment(
            code=f"{contract}-A{number}",
            contract=contract,
            description=description,
            signed_date=signed,
            effective_date=effective,
            change=quantize(Decimal(change), terms.currency),
        )


def _line(terms: Terms, contract: str, agreed: tuple[Milestone, ...]) -> ContractLine:
    retainer, fixed = terms.model == "RETAINER", terms.model == "FIXED_FEE_MILESTONE"
    behavior = CAP_BEHAVIOR.get(terms.code)
    return ContractLine(
        code=line_code(terms),
        contract=contract,
        project=f"{terms.code}-P",
        model=terms.model,
        amount=terms.priced,
        cap=terms.priced if behavior else None,
        cap_behavior=behavior,
        rate_card=card_of(terms) if terms.hourly else None,
        schedule=_schedule(terms, agreed),
        frequency="MONTHLY" if retainer else None,
        in_advance=True if retainer else None,
        retainer_rollover=terms.code in ROLLOVER if retainer else None,
        expenses_billable=not fixed,
        expense_markup=None if fixed else Decimal("0.0000"),
        tax_code=ENTITY[terms.entity].tax_code,
        revenue_method=revenue_method(terms),
    )


def _schedule(terms: Terms, agreed: tuple[Milestone, ...]) -> tuple[ScheduleEntry, ...]:
    if terms.model == "RETAINER":
        fee = monthly_fee(terms)
        due = (date(2026, month, 1) for month in range(1, MONTHS + 1))
        return tuple(ScheduleEntry(due_date=day, milestone=None, amount=fee) for day in due)
    return tuple(
        ScheduleEntry(due_date=milestone.planned_date, milestone=milestone.code, amount=milestone.amount)
        for milestone in agreed
        if milestone.engagement == terms.code
    )
