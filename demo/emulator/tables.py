"""The data of an emulated system: SQLite tables in the vendor's own words, exact to the last digit."""

import sqlite3
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import msgspec

Row: TypeAlias = dict[str, Any]
Change: TypeAlias = Callable[[Iterable[Row]], Iterable[Row]]
"""What makes one system's table differ from the firm's truth."""
Changes: TypeAlias = Mapping[str, Sequence[Change]]
UNCHANGED: Final[Changes] = {}


@dataclass(frozen=True, slots=True)
class Kind:
    """How a Python type is kept in a column."""

    column: str
    write: Callable[[Any], Any]
    read: Callable[[Any], Any]
    numeric: bool = False


def _same(value: Any) -> Any:
    return value


_TEXT: Final = Kind("TEXT", _same, _same)
# Nothing has stood there yet: the first value says what stands there.
_UNTOLD: Final = Kind("", _same, _same)
_KINDS: Final[Mapping[type, Kind]] = {
    str: _TEXT,
    bool: Kind("INTEGER", int, bool),
    int: Kind("INTEGER", _same, _same, numeric=True),
    # SQLite has no decimals: text keeps every digit, the collation compares by value.
    Decimal: Kind("TEXT COLLATE EXACT", str, Decimal, numeric=True),
    dict: Kind("TEXT", msgspec.json.encode, msgspec.json.decode),
    list: Kind("TEXT", msgspec.json.encode, msgspec.json.decode),
}


def _compare(left: str, right: str) -> int:
    a, b = Decimal(left), Decimal(right)
    return (a > b) - (a < b)


@dataclass(frozen=True, slots=True)
class Effect:
    """One row that came, changed or went, by its table and key."""

    table: str
    id: str
    what: Literal["came", "changed", "went"]


class Database:
    """One system's own database: in memory, or in the file given; `changes` spoil tables by their names.

    What a call writes is kept by `commit` and forgotten by `rollback`; `restore` goes back to where `keep` was called.
    """

    def __init__(self, path: Path | None = None, changes: Changes = UNCHANGED) -> None:
        """Open it; the server's thread reads what this one writes, never both at once."""
        self._changes = changes
        self._connection = sqlite3.connect(path or ":memory:", check_same_thread=False)
        self._connection.row_factory = sqlite3.Row
        self._connection.create_collation("EXACT", _compare)
        self._kept = sqlite3.connect(":memory:", check_same_thread=False)
        for connection in (self._connection, self._kept):
            weakref.finalize(self, connection.close)
        self.tables: dict[str, Table] = {}
        self._made: list[Effect] = []

    def create(
        self, name: str, rows: Iterable[Row], *, key: str, mandatory: tuple[str, ...], columns: tuple[str, ...] = ()
    ) -> None:
        """Project rows into a new table; `mandatory` names texts that no row may be without.

        `columns` are those of a table in which nothing stands yet.
        """
        for change in self._changes.get(name, ()):
            rows = change(rows)
        table = self.tables[name] = Table(
            self._connection, name, list(rows), key=key, mandatory=mandatory, columns=columns
        )
        table.made = self._made

    def keep(self) -> None:
        """Remember all tables as they are."""
        self._connection.backup(self._kept)

    def restore(self) -> None:
        """Bring back what was kept."""
        self.rollback()
        self._kept.backup(self._connection)

    def commit(self) -> list[Effect]:
        """Keep what was written since the last time, and return it."""
        self._connection.commit()
        made = list(self._made)
        self._made.clear()
        return made

    def rollback(self) -> None:
        """Forget what was written since the last time."""
        self._connection.rollback()
        self._made.clear()


class Table:
    """One table; its columns are those of its first row, their kinds those of the first values."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        name: str,
        rows: Sequence[Row],
        *,
        key: str,
        mandatory: tuple[str, ...],
        columns: tuple[str, ...],
    ) -> None:
        """Write the rows; two with the same key are an error of the projection."""
        self.name, self.key, self.mandatory = name, key, mandatory
        self.made: list[Effect] = []
        self._connection = connection
        self.kinds = {column: _kind(row[column] for row in rows) for column in (rows[0] if rows else columns or (key,))}
        declared = ", ".join(f'"{column}" {kind.column}' for column, kind in self.kinds.items())
        with connection:
            connection.execute(f'DROP TABLE IF EXISTS "{name}"')
            connection.execute(f'CREATE TABLE "{name}" ({declared}, PRIMARY KEY ("{key}"))')
            places = ", ".join(f":{column}" for column in self.kinds)
            # The names are this module's callers' own; values always travel as parameters.
            connection.executemany(f'INSERT INTO "{name}" VALUES ({places})', map(self._written, rows))  # noqa: S608

    def select(self, where: str = "TRUE", params: Sequence[Any] = (), order: str = "") -> list[Row]:
        """Return the rows for which the condition holds, in that order and then by key."""
        by = f'{order}, "{self.key}"' if order else f'"{self.key}"'
        statement = f'SELECT * FROM "{self.name}" WHERE {where} ORDER BY {by}'  # noqa: S608
        return [self._read(found) for found in self._connection.execute(statement, params)]

    def among(self, column: str, values: Iterable[str]) -> list[Row]:
        """Return the rows whose column holds one of the values."""
        given = tuple(values)
        return self.select(f'"{column}" IN ({places(given)})', given)

    def row(self, key: Any) -> Row | None:
        """Return the row with that key, None if there is none."""
        return next(iter(self.select(f'"{self.key}" = ?', (key,))), None)

    def told(self, expression: str) -> Any:
        """Return what an expression says of all rows, such as `max(updated_at)`."""
        return self._connection.execute(f'SELECT {expression} FROM "{self.name}"').fetchone()[0]  # noqa: S608

    def takes(self, column: str, value: Any) -> bool:
        """Tell whether there is such a column, and a value is of its kind."""
        kind = self.kinds.get(column)
        return kind is not None and (value is None or kind is _UNTOLD or kind is _KINDS.get(type(value)))

    def insert(self, row: Row) -> Row:
        """Add a row with all columns, and return it."""
        given = ", ".join(f":{column}" for column in self.kinds)
        self._connection.execute(f'INSERT INTO "{self.name}" VALUES ({given})', self._written(row))  # noqa: S608
        return self._noted(row, "came")

    def update(self, row: Row) -> Row:
        """Write a row that there is, by its key, and return it."""
        given = ", ".join(f'"{column}" = :{column}' for column in self.kinds)
        statement = f'UPDATE "{self.name}" SET {given} WHERE "{self.key}" = :{self.key}'  # noqa: S608
        self._connection.execute(statement, self._written(row))
        return self._noted(row, "changed")

    def delete(self, row: Row) -> None:
        """Remove a row, by its key."""
        statement = f'DELETE FROM "{self.name}" WHERE "{self.key}" = ?'  # noqa: S608
        self._connection.execute(statement, (row[self.key],))
        self._noted(row, "went")

    def _noted(self, row: Row, what: Literal["came", "changed", "went"]) -> Row:
        self.made.append(Effect(self.name, str(row[self.key]), what))
        return row

    def _written(self, row: Row) -> Row:
        if row.keys() != self.kinds.keys():
            message = f"{self.name}: {sorted(row.keys() ^ self.kinds.keys())} stand in some rows only"
            raise ValueError(message)
        for column, value in row.items():
            if value is not None and self.kinds[column] is _UNTOLD:
                self.kinds[column] = _KINDS[type(value)]
        return {column: None if row[column] is None else kind.write(row[column]) for column, kind in self.kinds.items()}

    def _read(self, found: sqlite3.Row) -> Row:
        return {
            column: None if found[column] is None else kind.read(found[column]) for column, kind in self.kinds.items()
        }


def _kind(values: Iterable[Any]) -> Kind:
    return next((_KINDS[type(value)] for value in values if value is not None), _UNTOLD)


def places(values: Sequence[Any]) -> str:
    """Return as many placeholders as there are values."""
    return ", ".join("?" * len(values))
