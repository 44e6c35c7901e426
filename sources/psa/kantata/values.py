"""How Kantata writes values: minutes, days, instants with an offset, money in the subunits of its currency."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any, TypeAlias

from schema.problems import Code
from schema.values import minor_units
from sources.contract import SourceFailure

if TYPE_CHECKING:
    from datetime import date

    from schema.engagement import EngagementStatus
    from schema.values import Money
    from sources.writes import Said

Attributes: TypeAlias = dict[str, Any]


def status_key(status: EngagementStatus, said: Said) -> int:
    """Return the number of a workspace's status."""
    return int(said.code("workspace_status", status))


def minutes(hours: Decimal | None) -> int | None:
    """Return hours in whole minutes, the nearest: 7.33 hours are the 440 minutes that they were rounded from."""
    return None if hours is None else int((hours * 60).to_integral_value(ROUND_HALF_UP))


def day(given: date | None) -> str | None:
    """Return a day."""
    return None if given is None else given.isoformat()


def instant(said: Said) -> str:
    """Return the instant of the write."""
    return said.at.isoformat(timespec="seconds")


def exact(amount: Money | None) -> str | None:
    """Return an amount as a field of the tenant's own takes it: every digit."""
    return None if amount is None else str(amount.amount)


def subunits(rate: Money | None) -> int | None:
    """Return a rate in whole subunits of its currency, or raise SourceFailure: the product knows no finer one."""
    if rate is None:
        return None
    whole = rate.amount.scaleb(minor_units(rate.currency))
    if whole != whole.to_integral_value():
        raise SourceFailure(Code.SOURCE_REFUSED, "a rate is finer than the subunits of its currency", unsent=True)
    return int(whole)
