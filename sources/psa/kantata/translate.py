"""What Kantata says in a way that a table of columns cannot take: money in subunits, and what two columns say."""

from __future__ import annotations

from decimal import Decimal


def hourly(rate_in_cents: int | None, currency_base_unit: int) -> Decimal | None:
    """Return a rate of an hour. The documents' cents are subunits: yen have none, and a dinar has a thousand."""
    return _units(rate_in_cents, currency_base_unit)


def spent(amount_in_cents: int | None, currency_base_unit: int) -> Decimal | None:
    """Return an amount in its currency."""
    return _units(amount_in_cents, currency_base_unit)


def active(deleted_at: str | None) -> bool:
    """Tell whether a role is still in use: one that is not keeps its record, and the instant of its end."""
    return deleted_at is None


def period(legal_entity: str, title: str) -> str:
    """Return a period as the ledger calls it, whose companies are the entities' codes without the hyphen."""
    return f"{legal_entity.replace('-', '').lower()}-{title}"


def _units(subunits: int | None, base_unit: int) -> Decimal | None:
    if subunits is None:
        return None
    if type(subunits) is not int or type(base_unit) is not int:
        raise TypeError
    return Decimal(subunits) / base_unit
