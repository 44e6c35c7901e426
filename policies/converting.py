"""An amount in another currency, for a threshold to be held against: never for a document."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

    from schema.exchange_rate import ExchangeRateRow
    from schema.values import Money


def converted(money: Money, currency: str, rates: Iterable[ExchangeRateRow]) -> Decimal | None:
    """Return an amount by the newest of these rates: directly, backwards, or by a currency in which both are quoted.

    None where no rate leads from one to the other.
    """
    newest = {(str(one.base), str(one.quote)): one.rate for one in sorted(rates, key=lambda one: one.day)}
    if (direct := newest.get((money.currency, currency))) is not None:
        return money.amount * direct
    if (back := newest.get((currency, money.currency))) is not None:
        return money.amount / back
    theirs = {quote: rate for (base, quote), rate in newest.items() if base == money.currency}
    ours = {quote: rate for (base, quote), rate in newest.items() if base == currency}
    common = sorted(theirs.keys() & ours.keys())
    return money.amount * theirs[common[0]] / ours[common[0]] if common else None
