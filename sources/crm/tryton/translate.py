"""What this tenant notes in an opportunity and its lines, a `key: value` a line, and what a state makes of a date."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

ENDS = ("won", "lost", "cancelled")


def closed(state: str, end_date: date | None) -> date | None:
    """Return the day it was decided: Tryton's one date is the expected one until then."""
    return end_date if state in ENDS else None


def expected_start(comment: str | None) -> str | None:
    """Return the day on which work should begin."""
    return _noted(comment, "expected_start")


def billing_model(comment: str | None) -> str | None:
    """Return the code of the agreed billing model."""
    return _noted(comment, "billing_model")


def proposed_entity(comment: str | None) -> str | None:
    """Return the code of the entity that should sign; `company` is only whose list the opportunity stands in."""
    return _noted(comment, "proposed_entity")


def unit_price(note: str | None) -> str | None:
    """Return the price of an hour: a line of an opportunity has none of its own."""
    return _noted(note, "unit_price")


def region(note: str | None) -> str | None:
    """Return the region of the work."""
    return _noted(note, "region")


def _noted(text: str | None, key: str) -> str | None:
    notes = (line.partition(":") for line in (text or "").splitlines())
    return next((value.strip() for name, _, value in notes if name.strip() == key), None)
