"""Which rate prices an hour: the card of the narrowest scope, and in it the rate of the day on which it was worked.

    Scope    for whom a card is
    Segment  what an hour sells for from a day to a day
    Work     what is priced

A card may have several versions, of which the newest that prices the day decides: one that is retired still prices the
days before its end. A gap is a gap: nothing is taken from the day before, from the list above or another currency.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from schema.rate_card import RateCardKind, RateCardStatus, RateUnit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from schema.rate_card import RateCardRow, RateRow
    from schema.rows import Ref
    from schema.values import Money

PUBLISHED = frozenset({RateCardStatus.ACTIVE, RateCardStatus.RETIRED})


class Scope(NamedTuple):
    """For whom something is priced; all in the words of the system that keeps the cards."""

    engagement: Ref | None
    customer: Ref | None
    legal_entity: Ref | None


class Work(NamedTuple):
    """What is priced: an hour in this role, of this person, in this region, on this day."""

    role: Ref | None
    person: Ref | None
    region: str | None
    on: date


class Segment(NamedTuple):
    """What an hour of a role sells for from a day to a day, both included; no end is until changed.

    It may be that of one person, or of one region, alone.
    """

    role: Ref
    person: Ref | None
    region: str | None
    amount: Money
    start: date
    end: date | None

    def covers(self, on: date) -> bool:
        """Tell whether it holds on a day."""
        return self.start <= on and (self.end is None or on <= self.end)

    def prices(self, work: Work) -> bool:
        """Tell whether it is one by which this work may be priced."""
        meant = self.role == work.role and self.person in {None, work.person} and self.region in {None, work.region}
        return meant and self.covers(work.on)


def scope_of(card: RateCardRow) -> Scope:
    """Return for whom a card is."""
    return Scope(card.engagement, card.customer, card.legal_entity)


def segments(rates: Iterable[RateRow]) -> list[Segment]:
    """Return the rates by the hour; others, and those that cannot be read, price no hour."""
    return [
        Segment(one.role, one.resource, one.region, one.amount, one.effective.start, one.effective.end)
        for one in rates
        if one.unit is RateUnit.HOUR and one.role is not None and one.amount is not None and one.effective is not None
    ]


def versions(cards: Iterable[RateCardRow], scope: Scope, currency: str, named: RateCardRow | None) -> list[RateCardRow]:
    """Return the versions of the card that prices work of this scope, the newest first.

    It is the card that the contract names, else that of the narrowest scope: engagement, customer, legal entity, all.
    """
    pricing = [
        card
        for card in cards
        if card.kind is RateCardKind.BILL and card.status in PUBLISHED and card.currency == currency
    ]
    if named is None:
        meant = [card for card in pricing if _meets(scope_of(card), scope)]
        narrowest = max((_narrowness(card) for card in meant), default=())
        same = [card for card in meant if _narrowness(card) == narrowest]
    else:
        same = [card for card in pricing if scope_of(card) == scope_of(named)]
    return sorted(same, key=lambda card: card.version or 0, reverse=True)


def rate(pricing: Iterable[Sequence[Segment]], work: Work) -> Money | None:
    """Return the rate of an hour: of the first version that has one, a person's before the role's, or None."""
    for held in pricing:
        meant = [one for one in held if one.prices(work)]
        if meant:
            return max(meant, key=lambda one: (one.person is not None, one.region is not None)).amount
    return None


def _meets(card: Scope, scope: Scope) -> bool:
    return all(mine is None or mine == theirs for mine, theirs in zip(card, scope, strict=True))


def _narrowness(card: RateCardRow) -> tuple[bool, ...]:
    return tuple(part is not None for part in scope_of(card))
