"""Chance without chance: every choice is a hash of its own name, and money is rounded per currency."""

from collections.abc import Sequence
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from hashlib import sha256
from typing import Final, TypeVar

from demo.firm.vocabulary import RoundingMode

Choice = TypeVar("Choice")

SEED: Final = "northbeam-2026-04-08"
MINOR_UNITS: Final = {"USD": 2, "GBP": 2, "EUR": 2, "JPY": 0, "KWD": 3}
MODES: Final[dict[RoundingMode, str]] = {
    "HALF_UP": ROUND_HALF_UP,
    "HALF_EVEN": ROUND_HALF_EVEN,
    "DOWN": ROUND_DOWN,
}
HOURS: Final = Decimal("0.01")
RATIO: Final = Decimal("0.0001")


def h(*key: object) -> int:
    """Return the number that belongs to this key: 64 bits, the same on every machine and in every year."""
    text = "|".join((SEED, *map(str, key)))
    return int.from_bytes(sha256(text.encode()).digest()[:8], "big")


def pick(choices: Sequence[Choice], *key: object) -> Choice:
    """Choose one of the choices by the number of this key."""
    return choices[h(*key) % len(choices)]


def quantize(amount: Decimal, currency: str, mode: RoundingMode = "HALF_UP") -> Decimal:
    """Round an amount to the currency's minor units: none for JPY, three digits for KWD."""
    return amount.quantize(Decimal(1).scaleb(-MINOR_UNITS[currency]), rounding=MODES[mode])


def hours(amount: Decimal | int | str) -> Decimal:
    """Give an amount of hours its two decimals."""
    return Decimal(amount).quantize(HOURS)


def ratio(part: Decimal | int, whole: Decimal | int) -> Decimal:
    """Divide to four decimals; a share of nothing is 0."""
    return (Decimal(part) / Decimal(whole)).quantize(RATIO) if whole else Decimal("0.0000")
