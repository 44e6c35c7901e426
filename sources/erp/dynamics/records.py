"""How Dynamics' records are addressed, told and looked up in OData.

Our key stands in the alternate key NBFacadeKey of whatever we make. A second record with the same key is refused, and
the first one is found by it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sources.contract import Request
from sources.families.odata import NOON, literal
from sources.writes import Act, Done, W

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date
    from decimal import Decimal

    from schema.values import Money
    from sources.writes import Record, Said

DATA, ACTIONS = "/data", "Microsoft.Dynamics.DataEntities"
KEY = "NBFacadeKey"
# Without it a write, too, sees the default company alone.
EVERYWHERE = ("cross-company", "true")
NO_DAY = "1900-01-01T12:00:00Z"
SAFE = "'"


def at(entity_set: str, record: str | None = None, action: str = "") -> str:
    """Return the address of a set, of one of its records, or of an action of either."""
    named = "" if record is None else f"({quote(literal(record), safe=SAFE)})"
    return f"{DATA}/{entity_set}{named}" + (f"/{ACTIONS}.{action}" if action else "")


def send(path: str, body: Mapping[str, Any], method: str = "POST") -> Request:
    """Return a change in whichever company; what is None is left out."""
    said = {column: value for column, value in body.items() if value is not None}
    return Request(path, (EVERYWHERE,), said, method=method)


def by(entity_set: str, column: str, value: str, *columns: str) -> Request:
    """Ask for the records with a value."""
    chosen = (("$filter", f"{column} eq {literal(value)}"), ("$select", ",".join(columns)))
    return Request(f"{DATA}/{entity_set}", (EVERYWHERE, *chosen))


def keyed(
    entity_set: str,
    columns: Sequence[str],
    ask: Callable[[W, Said], Request],
    brought: Callable[[W, Any], Done],
    key: str = KEY,
) -> Act[W]:
    """Return an act whose record carries our key: found again, it is read as it was when it was made."""

    def look(_write: W, said: Said) -> Request:
        return by(entity_set, key, said.key, *columns)

    def seen(write: W, answer: Any) -> Done | None:
        return brought(write, answer["value"][0]) if answer["value"] else None

    return Act(ask, brought, look, seen)


def deleting(entity_set: str, key: str, record: Callable[[W], Record]) -> Act[W]:
    """Return an act that deletes a record: it was done if there is none."""

    def ask(write: W, said: Said) -> Request:
        return Request(at(entity_set, said.id(record(write))), (EVERYWHERE,), method="DELETE")

    def look(write: W, said: Said) -> Request:
        return by(entity_set, key, said.id(record(write)) or "", key)

    return Act(ask, look=look, seen=lambda _write, answer: None if answer["value"] else Done())


def noon(day: date | None) -> str:
    """Return a day as its noon, and no day as the product writes it."""
    return NO_DAY if day is None else f"{day.isoformat()}{NOON}"


def amount(money: Money | None) -> Decimal | None:
    """Return the bare amount: its currency stands beside it in the product."""
    return None if money is None else money.amount
