"""Changing fields of one record. What an administrator's rules or the product itself derive is read-only."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import msgspec

from demo.emulator import Table
from demo.salesforce.ids import whole
from demo.salesforce.objects import SOBJECTS, STAMPS, instant
from demo.salesforce.reader import Path, field_of
from demo.salesforce.soql import SoqlError

READ_ONLY: Final = frozenset({"Id", *STAMPS, "IsClosed", "IsWon", "ForecastCategory", "LastStageChangeDate"})
_DECODER: Final = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)


def _is_day(value: Any) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


_FITS: Final[Mapping[str, Callable[[Any], bool]]] = {
    "id": lambda value: isinstance(value, str) and whole(value) is not None,
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "double": lambda value: isinstance(value, int | Decimal) and not isinstance(value, bool),
    "int": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "date": _is_day,
}


def update(table: Table, key: str, body: bytes) -> bool:
    """Write the fields that a body names, and return whether there is such a record; raise SoqlError for a bad one."""
    record = whole(key)
    row = table.row(record) if record else None
    if row is None:
        return False
    try:
        said = _DECODER.decode(body)
    except msgspec.DecodeError as error:
        raise SoqlError(str(error), "JSON_PARSER_ERROR") from error
    fields = [(field_of(table, name), value) for name, value in said.items()]
    changed = {path.field: _value(table, path, value) for path, value in fields}
    if changed:
        newest = max(other["SystemModstamp"] for other in table.select())
        stamp = instant(datetime.strptime(newest, "%Y-%m-%dT%H:%M:%S.000%z") + timedelta(seconds=1))
        table.update({**row, **changed, "LastModifiedDate": stamp, "SystemModstamp": stamp})
    return True


def _value(table: Table, path: Path, value: Any) -> Any:
    if path.field in READ_ONLY:
        message = f"Unable to create/update fields: {path.field}. Please check the security settings of this field."
        raise SoqlError(message, "INVALID_FIELD_FOR_INSERT_UPDATE")
    if value is None or value == "":
        if path.field in SOBJECTS[table.name].mandatory:
            raise SoqlError(f"Required fields are missing: [{path.field}]", "REQUIRED_FIELD_MISSING")
        return None
    if not _FITS[path.type](value):
        raise SoqlError(
            f"Cannot deserialize instance of {path.type} from the value of {path.field}", "JSON_PARSER_ERROR"
        )
    return whole(value) if path.type == "id" else value
