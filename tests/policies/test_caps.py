"""Caps: the vectors of the domain model, 8.6 and 9."""

from __future__ import annotations

from decimal import Decimal

import pytest

from policies.caps import hours, is_near, share
from schema.contract import CapBehavior

CAP, CONSUMED, NEXT = Decimal(150_000), Decimal(138_400) + Decimal(9_000), Decimal(3_600)


@pytest.mark.parametrize(
    ("behavior", "found"),
    [
        (CapBehavior.SPLIT, (Decimal(2_600), Decimal(1_000))),
        (CapBehavior.WARN, (NEXT, Decimal(0))),
        (CapBehavior.BLOCK, None),
    ],
)
def test_an_entry_that_crosses_the_cap(behavior: CapBehavior, found: tuple[Decimal, Decimal] | None) -> None:
    """8 h at 450 are 1 000 over: split, billed all the same, or not at all."""
    assert share(CAP, behavior, CONSUMED, NEXT) == found


def test_what_fits_to_the_last_cent_is_billed() -> None:
    """An amount that reaches the cap exactly is not over it."""
    assert share(CAP, CapBehavior.BLOCK, CONSUMED, Decimal(2_600)) == (Decimal(2_600), Decimal(0))


def test_nothing_fits_under_a_cap_that_is_passed() -> None:
    """What is over already leaves no room, and no negative one."""
    assert share(CAP, CapBehavior.SPLIT, CAP + 1, NEXT) == (Decimal(0), NEXT)


def test_a_correction_always_fits() -> None:
    """An amount with a minus gives room back."""
    assert share(CAP, CapBehavior.BLOCK, CAP, Decimal(-450)) == (Decimal(-450), Decimal(0))


def test_hours_are_derived_from_the_money() -> None:
    """830.00 at 140.00 are 5.93 h."""
    assert hours(Decimal("830.00"), Decimal("140.00")) == Decimal("5.93")


def test_a_cap_is_near_above_nine_tenths() -> None:
    """At nine tenths exactly nobody need be talked to yet."""
    assert [is_near(CAP, Decimal(consumed)) for consumed in ("135000.00", "135000.01")] == [False, True]
