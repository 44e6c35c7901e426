"""Amounts in inputs, and values that money depends on."""

from __future__ import annotations

from decimal import Decimal
from typing import TypeVar

import strawberry

from commands.command import Finding, Stop
from schema.problems import Code, Problem
from schema.rows import Maybe  # noqa: TC001  as above
from schema.values import CurrencyCode, Money, minor_units

T = TypeVar("T")


@strawberry.input(name="MoneyInput", description="An exact amount in one currency, with no more digits than it has.")
class Amount:
    """An amount that somebody says."""

    amount: Decimal
    currency: str

    def money(self, *path: str) -> Money:
        """Return it as money, or stop where it has more digits than its currency."""
        exact = Money.of(self.amount, self.currency)
        if -int(exact.amount.as_tuple().exponent) > minor_units(self.currency):
            raise Stop(Finding(Code.BAD_INPUT, f"{self.currency} has no such fraction", path))
        return Money(amount=exact.amount, currency=CurrencyCode(self.currency))


def known(value: Maybe[T], what: str) -> T:
    """Return a value that money depends on, or stop: what cannot be read is not guessed."""
    if value is None or isinstance(value, Problem):
        raise Stop(Finding(Code.UNMAPPED_FINANCIAL_CODE, f"{what} cannot be read"))
    return value


def stated(value: T | None, what: str) -> T:
    """Return a value that a record must have, or stop."""
    if value is None:
        raise Stop(Finding(Code.MASTER_DATA_MISSING, f"{what} is missing"))
    return value
