"""Rounding at the line: the vectors of the domain model, 8.1."""

from __future__ import annotations

from decimal import Decimal

import pytest

from policies.rounding import rounded
from schema.legal_entity import RoundingMode
from schema.values import Money


@pytest.mark.parametrize(
    ("mode", "amount"), [(RoundingMode.HALF_UP, "2503"), (RoundingMode.HALF_EVEN, "2502"), (RoundingMode.DOWN, "2502")]
)
def test_yen_have_no_decimals(mode: RoundingMode, amount: str) -> None:
    """2.5 h at 1 001 yen are 2 502.5, which each mode rounds in its way."""
    assert rounded(Decimal("2.5") * 1001, "JPY", mode) == Money.of(Decimal(amount), "JPY")


def test_dinars_have_three_decimals() -> None:
    """An amount keeps its currency's own digits: 1.5 h at 43.405 dinars are 65.108, and 65.10750 before."""
    assert rounded(Decimal("1.5") * Decimal("43.405"), "KWD", RoundingMode.HALF_UP).amount == Decimal("65.108")


def test_a_correction_is_rounded_like_what_it_corrects() -> None:
    """The same hours with a minus come to the same amount with a minus, whatever the mode."""
    for mode in RoundingMode:
        amount = rounded(Decimal("2.5") * 1001, "JPY", mode).amount
        assert rounded(Decimal("-2.5") * 1001, "JPY", mode).amount == -amount
