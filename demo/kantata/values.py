"""How Kantata writes values: minutes, percent, money in the subunits of its currency, instants with an offset."""

from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from demo.emulator import Row
from demo.firm.model import Firm

# The documents call them cents, and say "the subunits of the currency": yen have none, a dinar has a thousand.
BASE_UNIT: Final = {"JPY": 1, "KWD": 1000}


def base_unit(currency: str) -> int:
    """Return how many subunits make one unit of a currency."""
    return BASE_UNIT.get(currency, 100)


def subunits(amount: Decimal | None, currency: str) -> int | None:
    """Return an amount in subunits."""
    return None if amount is None else int(amount * base_unit(currency))


def exact(amount: Decimal | None) -> str | None:
    """Return an amount as a custom field of type currency shows it."""
    return None if amount is None else str(amount)


def minutes(hours: Decimal | None) -> int | None:
    """Return hours in whole minutes, the nearest."""
    return None if hours is None else int((hours * 60).to_integral_value(ROUND_HALF_UP))


def percent(ratio: Decimal) -> int:
    """Return a ratio as whole percent."""
    return int(ratio * 100)


def stamps(firm: Firm, position: int) -> Row:
    """Return when the nth record of its kind was made, in the firm's order, and when all were last changed."""
    created = firm.as_of - timedelta(days=180) + timedelta(minutes=position)
    return {"created_at": written(created), "updated_at": written(firm.as_of - timedelta(days=1))}


def written(instant: datetime) -> str:
    """Return an instant with its offset from UTC."""
    return instant.isoformat(timespec="seconds")
