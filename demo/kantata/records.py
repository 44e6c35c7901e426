"""The records of one account as they are written: with an id that follows the last, and the instant of the change.

What another system calls a record comes along as its external reference, and is kept beside it. The product does not
mind two of the same: who sends a record twice has two.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from demo.emulator import Database, Row, Table
from demo.kantata.values import written

REFERENCES: Final = "external_references"
REFERENCE: Final = ("id", "service_name", "service_model", "service_model_ref", "subject_type", "subject_id")
FIRST_REFERENCE: Final = 6_600_001


class RefusedError(ValueError):
    """A change that the product does not make, in its own words."""

    def __init__(self, message: str, status: int = 422) -> None:
        """Say why, and with which HTTP status."""
        super().__init__(message)
        self.status = status


class Records:
    """One account. Its clock stands still, but for a second with every change."""

    def __init__(self, database: Database, as_of: datetime) -> None:
        """Write to the database of a firm as it was at an instant."""
        self.tables: Mapping[str, Table] = database.tables
        self._as_of = as_of

    def found(self, name: str, id_: str) -> Row:
        """Return a record, or raise RefusedError."""
        row = self.tables[name].row(id_)
        if row is None:
            raise RefusedError("Page Not Found", 404)
        return row

    def add(self, name: str, row: Row) -> Row:
        """Add a record, and return it with its id."""
        now = self._now(name)
        return self.tables[name].insert({**row, "id": self._next_id(name), "created_at": now, "updated_at": now})

    def set(self, name: str, row: Row) -> Row:
        """Write a record that there is."""
        return self.tables[name].update({**row, "updated_at": self._now(name)})

    def refer(self, name: str, id_: str, reference: Mapping[str, str]) -> str:
        """Keep what another system calls a record, and return that; raise RefusedError if it is nothing."""
        ref = reference.get("service_model_ref")
        if not ref:
            raise RefusedError("Service model ref can't be blank")
        table = self.tables[REFERENCES]
        known = table.told("max(CAST(id AS INTEGER))")
        given = {column: reference.get(column) for column in REFERENCE}
        own = {"id": str(known + 1 if known else FIRST_REFERENCE), "subject_type": name, "subject_id": id_}
        table.insert({**given, **own})
        return ref

    def _next_id(self, name: str) -> str:
        return str(self.tables[name].told("max(CAST(id AS INTEGER))") + 1)

    def _now(self, name: str) -> str:
        latest = datetime.fromisoformat(self.tables[name].told("max(updated_at)"))
        return written(max(latest, self._as_of) + timedelta(seconds=1))
