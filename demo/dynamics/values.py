"""How Dynamics writes values: never null, so that nothing has words of its own.

An absent text is "", an absent day 1900-01-01 and an open end 2154-12-31; a day is its noon in UTC; Boolean columns
are the enum NoYes; enum columns show their symbol. Only this tenant's own decimals (`NB...`) know null.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Final

NO_DAY: Final = "1900-01-01T12:00:00Z"
NO_INSTANT: Final = "1900-01-01T00:00:00Z"
FOREVER: Final = "2154-12-31T23:59:59Z"


def day(value: date | None) -> str:
    """Return a calendar day as its noon."""
    return NO_DAY if value is None else f"{value.isoformat()}T12:00:00Z"


def instant(value: datetime | None) -> str:
    """Return a point in time."""
    return NO_INSTANT if value is None else value.strftime("%Y-%m-%dT%H:%M:%SZ")


def text(value: str | None) -> str:
    """Return a text, empty where there is none."""
    return value or ""


def yes_no(value: object) -> str:
    """Return the symbol of the enum NoYes."""
    return "Yes" if value else "No"


def plain(value: object) -> object:
    """Return a decimal without the zeros that say nothing: 13125.400 is 13125.4, and 19713000 stays as it is."""
    return Decimal(f"{value.normalize():f}") if isinstance(value, Decimal) else value
