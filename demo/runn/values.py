"""How Runn writes values: minutes, plain numbers, instants to the millisecond, references to other systems."""

from datetime import datetime, timedelta
from decimal import Decimal

from demo.emulator import Row
from demo.firm.model import Firm


def minutes(hours: Decimal) -> int:
    """Return hours in minutes."""
    return int(hours * 60)


def number(value: Decimal | None) -> Decimal | None:
    """Return a number without the zeros that say nothing."""
    return None if value is None else Decimal(f"{value.normalize():f}")


def written(instant: datetime) -> str:
    """Return a point in time."""
    return instant.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def stamps(firm: Firm, position: int) -> Row:
    """Return when the nth record of its kind was made, in the firm's order, and when all were last changed."""
    created = firm.as_of - timedelta(days=180) + timedelta(minutes=position)
    return {"createdAt": written(created), "updatedAt": written(firm.as_of - timedelta(days=1))}


def references(**known: str | None) -> list[Row]:
    """Return what other systems call a thing; what has no name there is left out."""
    return [{"referenceName": name, "externalId": id_} for name, id_ in known.items() if id_ is not None]


def custom_fields(*texts: Row) -> Row:
    """Return custom fields of which only those of type text are in use."""
    return {"select": [], "text": list(texts), "checkbox": [], "date": []}
