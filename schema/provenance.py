"""Which system said it, and when."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003  Strawberry reads the annotations
from typing import TYPE_CHECKING, Self

import strawberry

from schema.rows import System  # noqa: TC001  Strawberry reads the annotations

if TYPE_CHECKING:
    from schema.rows import Row


@strawberry.federation.type(shareable=True)
class Provenance:
    """One contributing system: its role, the binding that plays it, the record's id there, and when it was asked.

    It is stale if that was longer ago, when the request came, than the record may be old. `version` is the system's own
    mark of the record's state, to be compared with itself alone; null where the product tells none.
    """

    system: System
    binding: str
    source_id: str
    as_of: datetime
    stale: bool
    version: str | None

    @classmethod
    def of(cls, row: Row, began: datetime) -> Self:
        """Tell where a row came from, to a request that began at this instant."""
        origin = row.origin
        return cls(
            system=origin.system,
            binding=origin.binding,
            source_id=row.ref.id,
            as_of=origin.as_of,
            stale=origin.as_of + row.cadence < began,
            version=row.revision,
        )
