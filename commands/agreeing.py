"""Terms that are agreed for a new engagement: said in an input, checked, and made into the line of its contract.

A fixed fee is billed by its schedule. A retainer or a subscription is billed in advance, a twelfth of its amount a
month where no schedule is said. Work by the hour is priced by a rate card.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

import strawberry

from commands.command import Finding, Stop
from commands.money import Amount
from commands.terms import HOURLY
from policies.instalments import MONTHS_OF_YEAR, months_on, split
from policies.rates import Scope, versions
from schema.contract import BillingModel, CapBehavior
from schema.customer import CustomerErpRow
from schema.problems import Code
from schema.rate_card import RateCardRow
from schema.rows import Ref, System
from sources.erp.writes import Due, Line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from commands.asking import Asking
    from schema.values import Money

IN_ADVANCE = frozenset({BillingModel.RETAINER, BillingModel.SUBSCRIPTION})
TERMS = ("input", "billingTerms")


@strawberry.input
class Instalment:
    """What a contract bills on a day."""

    due_date: date
    amount: Amount


@strawberry.input
class BillingTerms:
    """How work becomes money. What is not said of a deal is as the deal says it."""

    model: BillingModel | None = None
    amount: Amount | None = None
    cap: Amount | None = None
    cap_behavior: CapBehavior | None = None
    rate_card_id: strawberry.ID | None = None
    schedule: list[Instalment] | None = None


class Billed(NamedTuple):
    """What is billed in advance for some days."""

    start: date
    end: date
    amount: Money


class Contract(NamedTuple):
    """Between whom a contract is, and in which currency."""

    customer: Ref
    legal_entity: Ref
    currency: str


async def debtor(ask: Asking, customer: Ref) -> CustomerErpRow | None:
    """Return a customer as finance may bill it; None where it lacks what the law wants on an invoice."""
    known = await ask.maybe("customers_erp", customer, row=CustomerErpRow)
    return known if known is not None and known.legal_name and known.billing_country else None


async def agreed(ask: Asking, said: BillingTerms, name: str, contract: Contract, start: date) -> Line:
    """Return the line of a contract as these terms say, or stop: what is missing or contradicts itself is named."""
    model = _complete(said)
    amount, cap = _money(said.amount, "amount"), _money(said.cap, "cap")
    schedule = tuple(_due(number, one) for number, one in enumerate(said.schedule or []))
    if amount is not None and model in IN_ADVANCE and not schedule:
        shares = split(amount, MONTHS_OF_YEAR)
        schedule = tuple(Due(due_date=months_on(start, month), amount=share) for month, share in enumerate(shares))
    _in_currency(contract.currency, [amount, cap, *(due.amount for due in schedule)])
    _adds_up(amount, schedule)
    return Line(
        description=name,
        model=model,
        amount=amount,
        cap=cap,
        cap_behavior=said.cap_behavior,
        rate_card=await _rate_card(ask, said, contract) if model in HOURLY else None,
        schedule=schedule,
    )


def in_advance(line: Line) -> Iterator[Billed]:
    """Yield what a line bills in advance: each instalment for the days up to the next one, the last for a month."""
    if line.model not in IN_ADVANCE:
        return
    starts = [due.due_date for due in line.schedule]
    ends = [*starts[1:], months_on(starts[-1], 1)]
    for due, following in zip(line.schedule, ends, strict=True):
        yield Billed(due.due_date, following - timedelta(days=1), due.amount)


def _complete(said: BillingTerms) -> BillingModel:
    """Return the model, or stop where it needs what was not said, or cannot have what was."""
    model, capped = said.model, said.model is BillingModel.TIME_AND_MATERIALS_CAPPED
    if model is None:
        raise Stop(Finding(Code.MASTER_DATA_MISSING, "a contract needs a billing model", (*TERMS, "model")))
    wanted = {
        "amount": said.amount is None and model not in HOURLY,
        "cap": capped and said.cap is None,
        "capBehavior": capped and said.cap_behavior is None,
        "schedule": model is BillingModel.FIXED_FEE_MILESTONE and not said.schedule,
    }
    if missing := [_missing(name) for name, lacks in wanted.items() if lacks]:
        raise Stop(*missing)
    if said.cap is not None and not capped:
        raise Stop(Finding(Code.BAD_INPUT, "only time and materials can have a cap, as its own model", (*TERMS, "cap")))
    days = [one.due_date for one in said.schedule or []]
    if days != sorted(set(days)):
        raise Stop(Finding(Code.BAD_INPUT, "'schedule' must go from day to day", (*TERMS, "schedule")))
    return model


def _missing(name: str) -> Finding:
    return Finding(Code.MASTER_DATA_MISSING, f"this billing model needs '{name}'", (*TERMS, name))


def _money(said: Amount | None, *path: str) -> Money | None:
    return None if said is None else _positive(said, *path)


def _positive(said: Amount, *path: str) -> Money:
    if said.amount <= 0:
        raise Stop(Finding(Code.BAD_INPUT, "an amount of a contract is greater than zero", (*TERMS, *path)))
    return said.money(*TERMS, *path)


def _due(number: int, said: Instalment) -> Due:
    return Due(due_date=said.due_date, amount=_positive(said.amount, "schedule", str(number), "amount"))


def _in_currency(currency: str, amounts: Sequence[Money | None]) -> None:
    others = dict.fromkeys(money.currency for money in amounts if money is not None and money.currency != currency)
    if others:
        said = f"the terms are in {' and '.join(others)}, and the contract is in {currency}"
        raise Stop(Finding(Code.CURRENCY_MISMATCH, said, TERMS))


def _adds_up(amount: Money | None, schedule: Sequence[Due]) -> None:
    total = sum((due.amount.amount for due in schedule), Decimal(0))
    if schedule and amount is not None and total != amount.amount:
        said = f"the schedule adds up to {total}, and the amount is {amount.amount} {amount.currency}"
        raise Stop(Finding(Code.SCHEDULE_SUM_MISMATCH, said, (*TERMS, "schedule")))


async def _rate_card(ask: Asking, said: BillingTerms, contract: Contract) -> Ref | None:
    """Return the card that is named, else the newest of the narrowest scope in the contract's currency."""
    if said.rate_card_id is not None:
        path = (*TERMS, "rateCardId")
        card = await ask.one("rate_cards_by_id", ask.ref(said.rate_card_id, "RateCard", *path), *path, row=RateCardRow)
        if card.currency != contract.currency:
            found = f"the rate card is in {card.currency}, and the contract is in {contract.currency}"
            raise Stop(Finding(Code.CURRENCY_MISMATCH, found, path))
        return card.ref
    cards = [card for card in await ask.find("RateCard") if isinstance(card, RateCardRow)]
    customer, entity = [await ask.word(one, System.PSA) for one in (contract.customer, contract.legal_entity)]
    fitting = versions(cards, Scope(None, customer, entity), contract.currency, None)
    return fitting[0].ref if fitting else None
