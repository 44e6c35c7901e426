"""Reads records: names become columns, literals become values of the field's type, rows become records."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from demo.emulator import Database, Row, Table
from demo.salesforce.ids import whole
from demo.salesforce.objects import SOBJECTS, instant
from demo.salesforce.soql import Condition, Junction, Literal, SoqlError, Statement

VERSION: Final = "v62.0"
DATA: Final = f"/services/data/{VERSION}"
# The kind of literal that a type of field is compared with.
_LITERALS: Final = {
    "id": "text",
    "string": "text",
    "boolean": "name",
    "double": "number",
    "int": "number",
    "date": "date",
    "datetime": "datetime",
}
_COLLATIONS: Final = {"string": " COLLATE NOCASE", "double": " COLLATE EXACT"}
_BOOLEANS: Final = {"true": 1, "false": 0}


@dataclass(frozen=True, slots=True)
class Path:
    """A field of the object asked for or, with a relation, of the one it names."""

    sobject: str
    field: str
    type: str
    relation: str | None = None
    key: str = ""


class Reader:
    """The org's records, asked by name."""

    def __init__(self, database: Database) -> None:
        """Read a database whose tables are the objects."""
        self._database = database

    def table(self, name: str) -> Table:
        """Return an object's records; one that the org does not have is refused."""
        real = {known.lower(): known for known in self._database.tables}.get(name.lower())
        if real is None:
            raise SoqlError(f"sObject type '{name}' is not supported.", "INVALID_TYPE")
        return self._database.tables[real]

    def path(self, table: Table, source: str) -> Path:
        """Return what a name means for an object's records; at most one relation may stand before the field."""
        head, dot, tail = source.partition(".")
        if not dot:
            return field_of(table, source)
        relations = SOBJECTS[table.name].relations
        relation = next((known for known in relations if known.lower() == head.lower()), None)
        if relation is None or "." in tail:
            raise SoqlError(f"Didn't understand relationship '{head}' in field path.", "INVALID_FIELD")
        key, other = relations[relation]
        found = field_of(self._database.tables[other], tail)
        return Path(other, found.field, found.type, relation, key)

    def rows(self, statement: Statement) -> tuple[Table, list[Row]]:
        """Return the rows that a statement asks for."""
        table = self.table(statement.sobject)
        where, values = self._junction(table, statement.where)
        order = ", ".join(f"{_sql(table, self.path(table, name))} {way}" for name, way in statement.orders)
        return table, table.select(where, values, order)[: statement.limit]

    def records(self, table: Table, paths: Iterable[Path], rows: list[Row]) -> list[Row]:
        """Return rows as records that show these paths."""
        wanted = list(paths)
        related: dict[str | None, dict[str, Row]] = {
            path.relation: self._related(path, rows) for path in wanted if path.relation
        }
        return [dict(_shown(table, row, wanted, related)) for row in rows]

    def _related(self, path: Path, rows: list[Row]) -> dict[str, Row]:
        keys = dict.fromkeys(row[path.key] for row in rows if row[path.key] is not None)
        return {row["Id"]: row for row in self._database.tables[path.sobject].among("Id", keys)}

    def _junction(self, table: Table, junction: Junction) -> tuple[str, list[Any]]:
        parts = [
            self._junction(table, part) if isinstance(part, Junction) else self._condition(table, part)
            for part in junction.parts
        ]
        joined = f" {junction.word} ".join(f"({sql})" for sql, _ in parts)
        return joined or "TRUE", [value for _, values in parts for value in values]

    def _condition(self, table: Table, condition: Condition) -> tuple[str, list[Any]]:
        path = self.path(table, condition.path)
        sql = _sql(table, path)
        values = [_value(path, literal) for literal in condition.values]
        if condition.operator == "IN":
            return f"{sql} IN ({', '.join('?' * len(values))})", values
        if values == [None]:
            if condition.operator != "=":
                raise SoqlError(f"invalid operator on null: {condition.operator}")
            return f"{sql} IS NULL", []
        if condition.operator == "LIKE":
            if path.type != "string":
                message = f"invalid operator on {path.type} field"
                raise SoqlError(message, "INVALID_QUERY_FILTER_OPERATOR")
            return f"{sql} LIKE ? ESCAPE '\\'", values
        return f"{sql} {condition.operator} ?", values


def field_of(table: Table, name: str) -> Path:
    """Return what a name without a dot means for an object's records."""
    real = {known.lower(): known for known in table.kinds}.get(name.lower())
    if real is None:
        message = (
            f"No such column '{name}' on entity '{table.name}'. If you are attempting to use a custom field, "
            "be sure to append the '__c' after the custom field name. "
            "Please reference your WSDL or the describe call for the appropriate names."
        )
        raise SoqlError(message, "INVALID_FIELD")
    return Path(table.name, real, SOBJECTS[table.name].type_of(real))


def _sql(table: Table, path: Path) -> str:
    column = f'"{table.name}"."{path.field}"'
    if path.relation:
        # Every name comes from the tables themselves, none from the statement.
        column = f'(SELECT far."{path.field}" FROM "{path.sobject}" far WHERE far."Id" = "{table.name}"."{path.key}")'  # noqa: S608
    return column + _COLLATIONS.get(path.type, "")


def _value(path: Path, literal: Literal) -> Any:
    """Return a literal as the column keeps it."""
    word = literal.text.lower()
    if literal.kind == "name" and word == "null":
        return None
    known = literal.kind == _LITERALS[path.type] and (literal.kind != "name" or word in _BOOLEANS)
    if not known:
        quoted = " and should be enclosed in quotes" if path.type in {"id", "string"} else ""
        message = f"value of filter criterion for field '{path.field}' must be of type {path.type}{quoted}"
        raise SoqlError(message, "INVALID_FIELD")
    if path.type == "id":
        found = whole(literal.text)
        if found is None:
            raise SoqlError(f"invalid ID field: {literal.text}", "INVALID_QUERY_FILTER_OPERATOR")
        return found
    if path.type == "datetime":
        return instant(datetime.fromisoformat(literal.text).astimezone(UTC))
    return _BOOLEANS[word] if path.type == "boolean" else literal.text


def _shown(table: Table, row: Row, paths: list[Path], related: Mapping[str | None, dict[str, Row]]) -> Iterator[Any]:
    """Yield a record's members: what it is, its fields in the order asked for, and the records it names."""
    yield "attributes", _attributes(table.name, row)
    for path in paths:
        if not path.relation:
            yield path.field, plain(row[path.field])
    for relation in dict.fromkeys(path.relation for path in paths if path.relation):
        inner = [path for path in paths if path.relation == relation]
        far = related[relation].get(row[inner[0].key])
        shown = {path.field: plain(far[path.field]) for path in inner} if far else {}
        yield relation, {"attributes": _attributes(inner[0].sobject, far), **shown} if far else None


def _attributes(sobject: str, row: Row) -> Row:
    return {"type": sobject, "url": f"{DATA}/sobjects/{sobject}/{row['Id']}"}


def plain(value: object) -> object:
    """Return a number as the product writes doubles, with at least one decimal: 480000.00 is 480000.0."""
    if not isinstance(value, Decimal):
        return value
    text = f"{value.normalize():f}"
    return Decimal(text if "." in text else f"{text}.0")
