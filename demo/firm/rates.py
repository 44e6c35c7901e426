"""What an hour of each role costs and sells for, and the rate cards that say so."""

from collections.abc import Iterable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from demo.firm.clock import APRIL
from demo.firm.draws import quantize
from demo.firm.engagements import TERMS, Terms
from demo.firm.model import LegalEntity, Rate, RateCard
from demo.firm.organisation import ENTITIES, ENTITY
from demo.firm.vocabulary import RateCardKind

# Bill and cost of an hour in USD.
HOURLY: Final = {
    "ANALYST": (140, 62),
    "CONSULTANT": (180, 84),
    "SENIOR": (220, 104),
    "MANAGER": (260, 126),
    "PRINCIPAL": (320, 160),
}
MULTIPLIER: Final = {
    "USD": Decimal(1),
    "GBP": Decimal("0.8"),
    "EUR": Decimal("0.9"),
    "JPY": Decimal(150),
    "KWD": Decimal("0.31"),
}
CARDS_START: Final = date(2025, 7, 1)
LAST_OLD_DAY: Final = date(2026, 3, 31)
UK_RISE: Final = Decimal("1.05")
TRANSFER_MARKUP: Final = Decimal("1.10")


def bill_rate(role: str, currency: str) -> Decimal:
    """Return the list price of an hour of that role in that currency."""
    return quantize(HOURLY[role][0] * MULTIPLIER[currency], currency)


def cost_rate(role: str, currency: str) -> Decimal:
    """Return the standard cost of an hour of that role in that currency."""
    return quantize(HOURLY[role][1] * MULTIPLIER[currency], currency)


def rate_cards() -> tuple[RateCard, ...]:
    """Return bill and cost cards per entity, the one transfer card, and the prices held for running UK contracts."""
    bill = [_bill_card(entity) for entity in ENTITIES]
    held = [_held_card(terms) for terms in TERMS if holds_rates(terms)]
    cost = [_cost_card(entity) for entity in ENTITIES]
    return (*bill, _uk_second_version(), *held, *cost, _transfer_card())


def holds_rates(terms: Terms) -> bool:
    """Tell whether an engagement keeps the prices it began with.

    NB-UK raised its list on 1 April; contracts that ran before keep their prices to their end, which is why their
    April time is still priced at the first version.
    """
    return terms.entity == "NB-UK" and terms.start < APRIL


def card_code(kind: RateCardKind, scope: str, version: int = 1) -> str:
    """Return the code of a rate card, such as RC-BILL-NB-UK-V2."""
    return f"RC-{kind}-{scope}-V{version}"


def card_of(terms: Terms) -> str:
    """Return the bill card that prices an engagement's time."""
    return card_code("BILL", terms.code if holds_rates(terms) else terms.entity)


def _rates(amounts: Iterable[tuple[str, Decimal]], start: date, end: date | None = None) -> tuple[Rate, ...]:
    return tuple(
        Rate(role=role, person=None, region=None, amount=amount, unit="HOUR", start=start, end=end)
        for role, amount in amounts
    )


def _bill_card(entity: LegalEntity) -> RateCard:
    end = LAST_OLD_DAY if entity.code == "NB-UK" else None
    return RateCard(
        code=card_code("BILL", entity.code),
        name=f"{entity.name} list prices",
        kind="BILL",
        entity=entity.code,
        to_entity=None,
        customer=None,
        engagement=None,
        currency=entity.currency,
        version=1,
        status="ACTIVE",
        rates=_rates(((role, bill_rate(role, entity.currency)) for role in HOURLY), CARDS_START, end),
    )


def _uk_second_version() -> RateCard:
    entity = ENTITY["NB-UK"]
    raised = (
        (role, quantize((bill_rate(role, "GBP") * UK_RISE).quantize(Decimal(1), ROUND_HALF_UP), "GBP"))
        for role in HOURLY
    )
    return RateCard(
        code=card_code("BILL", entity.code, 2),
        name=f"{entity.name} list prices",
        kind="BILL",
        entity=entity.code,
        to_entity=None,
        customer=None,
        engagement=None,
        currency="GBP",
        version=2,
        status="ACTIVE",
        rates=_rates(raised, APRIL),
    )


def _held_card(terms: Terms) -> RateCard:
    return RateCard(
        code=card_code("BILL", terms.code),
        name=f"{terms.name}: contract prices",
        kind="BILL",
        entity=terms.entity,
        to_entity=None,
        customer=terms.customer,
        engagement=terms.code,
        currency=terms.currency,
        version=1,
        status="ACTIVE",
        rates=_rates(((role, bill_rate(role, terms.currency)) for role in HOURLY), CARDS_START, terms.end),
    )


def _cost_card(entity: LegalEntity) -> RateCard:
    return RateCard(
        code=card_code("COST", entity.code),
        name=f"{entity.name} standard cost",
        kind="COST",
        entity=entity.code,
        to_entity=None,
        customer=None,
        engagement=None,
        currency=entity.currency,
        version=1,
        status="ACTIVE",
        rates=_rates(((role, cost_rate(role, entity.currency)) for role in HOURLY), CARDS_START),
    )


def _transfer_card() -> RateCard:
    priced = ((role, quantize(cost_rate(role, "GBP") * TRANSFER_MARKUP, "GBP")) for role in HOURLY)
    return RateCard(
        code=card_code("TRANSFER", "NB-UK-NB-US"),
        name="NB-UK staff lent to NB-US",
        kind="TRANSFER",
        entity="NB-UK",
        to_entity="NB-US",
        customer=None,
        engagement=None,
        currency="GBP",
        version=1,
        status="ACTIVE",
        rates=_rates(priced, CARDS_START),
    )
