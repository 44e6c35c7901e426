"""What not everybody may read: marked on the declaration, decided before anything is asked for it."""

from __future__ import annotations

from enum import Enum, unique

import strawberry
from strawberry.federation.schema_directive import Location, schema_directive


@strawberry.enum(name="OwnerRestriction")
@unique
class Restriction(Enum):
    """Why a value is not for everybody: who may read it is decided by this kind, never by field."""

    ABSENCE = "ABSENCE"
    COST_RATE = "COST_RATE"
    MARGIN = "MARGIN"
    PERSONAL = "PERSONAL"
    TAX_ID = "TAX_ID"


@schema_directive(
    locations=[Location.OBJECT, Location.FIELD_DEFINITION],
    name="restricted",
    compose=True,
    import_url="https://colonnade.example/restricted/v1.0",
)
class Restricted:
    """Read by those alone who may read this kind; for everybody else it is null, whatever there is."""

    kind: Restriction


def marked(kind: Restriction | None) -> list[object]:
    """Return the directives that print a mark into the SDL."""
    return [] if kind is None else [Restricted(kind=kind)]
