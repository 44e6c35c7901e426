"""The account's tables as calls change them: ids go on, and each change is stamped a second after the one before."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from demo.emulator import Database, Row
from demo.runn.bodies import RequestError
from demo.runn.values import written

NOT_FOUND: Final = 404
NAMES: Final = {
    "assignments": "Assignment",
    "clients": "Client",
    "people": "Person",
    "projects": "Project",
    "role_demands": "Demand",
    "roles": "Role",
    "teams": "Team",
}


class Records:
    """One account's rows, to be found, added, changed and removed."""

    def __init__(self, database: Database, as_of: datetime) -> None:
        """Go on from the firm's own instant."""
        self._database, self._now = database, as_of

    def one(self, table: str, id_: int) -> Row:
        """Return a row, or raise RequestError where there is none."""
        row = self._database.tables[table].row(id_)
        if row is None:
            raise self.missing(table)
        return row

    def missing(self, table: str) -> RequestError:
        """Return what is said of a record that is not there."""
        return RequestError(f"{NAMES[table]} not found", NOT_FOUND)

    def where(self, table: str, condition: str, *values: Any) -> list[Row]:
        """Return the rows for which a condition holds."""
        return self._database.tables[table].select(condition, values)

    def add(self, table: str, row: Row) -> Row:
        """Add a row under the next id."""
        last = self.where(table, f'"id" = (SELECT max("id") FROM "{table}")')  # noqa: S608  the name is our own
        stamp = self._stamp()
        return self._database.tables[table].insert(
            {**row, "id": last[0]["id"] + 1 if last else 1, "createdAt": stamp, "updatedAt": stamp}
        )

    def change(self, table: str, row: Row, said: Row) -> Row:
        """Change a row to what is said; what is so already is no change."""
        changed = {**row, **said}
        if changed == row:
            return row
        return self._database.tables[table].update({**changed, "updatedAt": self._stamp()})

    def remove(self, table: str, rows: Sequence[Row]) -> None:
        """Remove rows."""
        for row in rows:
            self._database.tables[table].delete(row)

    def _stamp(self) -> str:
        self._now += timedelta(seconds=1)
        return written(self._now)
