"""JSON-RPC 1.0 with `search_read`: the id list travels in a body (batch strategy A)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from schema.problems import Code
from sources.contract import Answer, Request, SourceFailure, decode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sources.manifest import Asked, Entity, RpcDialect

INSTANT = ("year", "month", "day", "hour", "minute", "second")


class JsonRpc:
    """One endpoint; a domain chooses the rows, ids are numbers, and an answer is never cut into pages."""

    def __init__(self, dialect: RpcDialect) -> None:
        self.dialect = dialect

    def by_ids(self, entity: Entity, asked: Asked, ids: Sequence[str], columns: Sequence[str], size: int) -> Request:
        """Ask for the rows whose column is in the list. Never `read`: one unknown id would fail the whole batch."""
        del size
        return self._search(
            entity, [[asked.name, "in", _numbers(ids)], *_equal(entity.where | asked.where)], None, columns
        )

    def page(self, entity: Entity, after: str | None, size: int, columns: Sequence[str]) -> Request:
        """Ask for the rows whose id follows, by id."""
        behind = [["id", ">", *_numbers([after])]] if after is not None else []
        return self._search(entity, [*behind, *_equal(entity.where)], size, columns)

    def read(self, request: Request, body: bytes) -> Answer:
        """Take the result; an error is one although its status is 200."""
        del request
        content = decode(body)
        if not isinstance(content, dict) or content.get("error"):
            raise SourceFailure(Code.SOURCE_REFUSED, "the call was answered with an error")
        rows = content.get("result")
        if not isinstance(rows, list):
            raise SourceFailure(Code.SOURCE_MISBEHAVED, "the result is not a list")
        return Answer([_typed(row, self.dialect.hint) for row in rows])

    def value(self, row: Mapping[str, Any], at: str) -> Any:
        """Follow the path; a relation's fields stand under its name with a dot behind it."""
        *relations, column = at.split(".")
        for relation in relations:
            nested = row.get(f"{relation}.")
            if not isinstance(nested, dict):
                return None
            row = nested
        return row.get(column)

    def _search(self, entity: Entity, domain: list[Any], size: int | None, columns: Sequence[str]) -> Request:
        params = [domain, 0, size, [["id", "ASC"]], list(columns), self.dialect.context]
        method = self.dialect.method.replace("{entity}", entity.path)
        return Request(self.dialect.path, body={"id": 1, "method": method, "params": params})


def _numbers(ids: Sequence[str]) -> list[int]:
    """Ids that are no numbers can't be this system's: none of its rows has one."""
    return [int(id_) for id_ in ids if id_.isascii() and id_.isdigit()]


def _equal(where: Mapping[str, str]) -> list[list[str]]:
    return [[name, "=", value] for name, value in where.items()]


def _typed(value: Any, hint: str) -> Any:  # noqa: PLR0911  a case for each kind of value
    """Turn marked objects into the values that they spell."""
    if isinstance(value, list):
        return [_typed(item, hint) for item in value]
    if not isinstance(value, dict):
        return value
    match value.get(hint):
        case None:
            return {name: _typed(item, hint) for name, item in value.items()}
        case "Decimal":
            return Decimal(value["decimal"])
        case "date":
            return date(value["year"], value["month"], value["day"])
        case "datetime":
            year, month, day, hour, minute, second = (value[part] for part in INSTANT)
            return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        case "timedelta":
            return timedelta(seconds=float(value["seconds"]))
        case _:
            return value
