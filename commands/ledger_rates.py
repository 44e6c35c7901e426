"""What finance says an hour costs an entity, or for how much it lends one to another."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from schema.ledger_rate import LedgerRateCardRow, LedgerRateRow
from schema.rate_card import RateCardKind, RateCardStatus, RateUnit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from commands.asking import Asking
    from schema.rows import Ref
    from schema.values import DateRange, Money


class Card(NamedTuple):
    """Which card is meant: of which kind, whose, and for whom, if it lends."""

    kind: RateCardKind
    entity: Ref
    borrowing: Ref | None = None


async def cost_of_hour(ask: Asking, entity: Ref, role: Ref, days: DateRange) -> Money | None:
    """Return what an hour of a role costs an entity on the first of these days; None where one of them has no rate."""
    return await _hourly(ask, Card(RateCardKind.COST, entity), role, days)


async def price_of_loan(ask: Asking, lending: Ref, borrowing: Ref, role: Ref, days: DateRange) -> Money | None:
    """Return for how much an entity lends another an hour of a role on the first of these days.

    None where one of the days has no rate: such a loan would have no price when its time is posted.
    """
    return await _hourly(ask, Card(RateCardKind.TRANSFER, lending, borrowing), role, days)


async def _hourly(ask: Asking, meant: Card, role: Ref, days: DateRange) -> Money | None:
    cards = await ask.many("ledger_rate_cards_by_legal_entity", meant.entity, row=LedgerRateCardRow)
    active = [card for card in cards if card.status is RateCardStatus.ACTIVE]
    valid = {card.ref for card in active if (card.kind, card.borrowing_entity) == (meant.kind, meant.borrowing)}
    rates = await ask.many("ledger_rates_by_role", role, row=LedgerRateRow)
    ours = [rate for rate in rates if rate.ledger_rate_card in valid and rate.resource is None]
    return _first(days, [rate for rate in ours if rate.unit is RateUnit.HOUR and rate.effective is not None])


def _first(days: DateRange, rates: Sequence[LedgerRateRow]) -> Money | None:
    """Return the rate of the first day, if the rates follow one another to the last one."""
    amount, day = None, days.start
    for rate in sorted(rates, key=lambda one: one.effective.start if one.effective else date.min):
        held = rate.effective
        if held is None or held.start > day or (held.end is not None and held.end < day):
            continue
        amount = amount or rate.amount
        if held.end is None or (days.end is not None and held.end >= days.end):
            return amount
        day = held.end + timedelta(days=1)
    return None
