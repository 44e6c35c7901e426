"""JSON-RPC 1.0 with `search_read`: the id list travels in a body (batch strategy A)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from schema.problems import Code
from sources.contract import Answer, Request, Several, SourceFailure, decode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sources.contract import Get, Position
    from sources.dialects import RpcDialect
    from sources.manifest import Asked, Entity
    from sources.selection import Condition, Order, Selection, Since

INSTANT = ("year", "month", "day", "hour", "minute", "second")
# A database refuses the whole list for one number beyond its 64 bits.
ID_DIGITS = 18


class JsonRpc:
    """One endpoint; a domain chooses the rows, ids are numbers, and an answer is never cut into pages."""

    numbered, several = False, True

    def __init__(self, dialect: RpcDialect) -> None:
        self.dialect = dialect

    def by_ids(self, entity: Entity, asked: Asked, ids: Sequence[str], columns: Sequence[str], size: int) -> Request:
        """Ask for the rows whose column is in the list. Never `read`: one unknown id would fail the whole batch."""
        del size
        return self._search(
            entity, [[asked.name, "in", _ids(asked, ids)], *_equal(entity.where | asked.where)], None, columns
        )

    def page(
        self, entity: Entity, after: Position | None, size: int, columns: Sequence[str], wanted: Selection
    ) -> Request:
        """Ask for the wanted rows that follow, by what they are ordered by and by id."""
        domain = [*self._behind(entity, after, wanted.order), *_equal(entity.where)]
        domain += [term for condition in wanted.conditions for term in self._chosen(condition)]
        domain += self._changed(wanted.since) if wanted.since else []
        domain += [["OR", *([column, "ilike", _part(word)] for column in wanted.searched)] for word in wanted.words]
        return self._search(entity, domain, size, columns, wanted.order)

    def read(self, request: Request, body: bytes) -> Answer:
        """Take the result; an error is one although its status is 200."""
        del request
        content = decode(body)
        if not isinstance(content, dict) or content.get("error"):
            raise SourceFailure(Code.SOURCE_REFUSED, "the call was answered with an error")
        rows = content.get("result")
        if not isinstance(rows, list):
            raise SourceFailure(Code.SOURCE_MISBEHAVED, "the result is not a list")
        try:
            return Answer([typed(row, self.dialect.hint) for row in rows])
        except RecursionError as error:
            raise SourceFailure(Code.SOURCE_MISBEHAVED, "a row is nested too deeply") from error

    def at(self, path: str) -> Get:
        """Follow the path; a relation's fields stand under its name with a dot behind it.

        Through a relation to many rows it leads to several values, each of them once.
        """
        relation, _, rest = path.partition(".")
        if not rest:
            return partial(_listed, relation)
        return partial(_nested, f"{relation}.", self.at(rest))

    def _search(
        self,
        entity: Entity,
        domain: list[Any],
        size: int | None,
        columns: Sequence[str],
        order: Order | None = None,
    ) -> Request:
        orders = [] if order is None else [[order.by, "DESC" if order.descending else "ASC"]]
        params = [domain, 0, size, [*orders, [entity.id.name, "ASC"]], list(columns), self.dialect.context]
        method = self.dialect.method.replace("{entity}", entity.path)
        return Request(self.dialect.path, body={"id": 1, "method": method, "params": params})

    def _chosen(self, condition: Condition) -> Iterable[list[Any]]:
        if condition.form in {"day", "noon"}:
            ends = ((">=", condition.start), ("<=", condition.end))
            return [[condition.by, operator, self._day(day)] for operator, day in ends if day is not None]
        if condition.form == "flag":
            return [[condition.by, "in", [value == "true" for value in condition.values]]]
        if condition.form == "text":
            return [[condition.by, "in", list(condition.values)]]
        return [[condition.by, "in", _numbers(condition.values)]]

    def _behind(self, entity: Entity, after: Position | None, order: Order | None) -> Iterable[list[Any]]:
        if after is None:
            return []
        further = [entity.id.name, ">", *_ids(entity.id, [after.id])]
        if order is None:
            return [further]
        key = after.key if order.form == "text" else self._day(date.fromisoformat(after.key))
        return [["OR", [order.by, "<" if order.descending else ">", key], [[order.by, "=", key], further]]]

    def _changed(self, since: Since) -> list[Any]:
        """Ask for what was changed, or made where it was never changed: until then its stamp is empty."""
        instant = self._instant(since.instant)
        terms: list[Any] = [[stamp.at, ">=", instant] for stamp in since.stamps]
        terms += [[[stamp.at, "=", None], [stamp.made, ">=", instant]] for stamp in since.stamps if stamp.made]
        return [["OR", *terms]]

    def _instant(self, at: datetime) -> dict[str, Any]:
        spelled = {part: getattr(at.astimezone(UTC), part) for part in INSTANT}
        return {self.dialect.hint: "datetime", **spelled, "microsecond": 0}

    def _day(self, day: date) -> dict[str, Any]:
        return {self.dialect.hint: "date", "year": day.year, "month": day.month, "day": day.day}


def _part(word: str) -> str:
    """Write a pattern of what contains the word."""
    return f"%{escaped(word)}%"


def escaped(word: str) -> str:
    """Write a word as a part of a pattern in which it means nothing but itself."""
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _ids(asked: Asked, ids: Sequence[str]) -> Sequence[str | int]:
    """Write ids as numbers. What is no number, or a longer one, can't be this system's: none of its rows has one."""
    return ids if asked.text else _numbers(ids)


def _numbers(ids: Sequence[str]) -> Sequence[int]:
    short = (id_ for id_ in ids if id_.isascii() and id_.isdigit() and len(id_) <= ID_DIGITS)
    # Nor is 007: the answer would be about 7.
    return [int(id_) for id_ in short if str(int(id_)) == id_]


def _equal(where: Mapping[str, str]) -> list[list[str]]:
    return [[name, "=", value] for name, value in where.items()]


def _listed(name: str, row: Mapping[str, Any]) -> Any:
    value = row.get(name)
    return Several(value) if isinstance(value, list) else value


def _nested(name: str, get: Get, row: Mapping[str, Any]) -> Any:
    nested = row.get(name)
    if isinstance(nested, list):
        values = [get(item) for item in nested if isinstance(item, dict)]
        flat = [one for value in values for one in (value if isinstance(value, Several) else (value,))]
        try:
            return Several(dict.fromkeys(flat))
        except TypeError:  # an object among them: no value that a field could be made of
            return Several(flat)
    return get(nested) if isinstance(nested, dict) else None


def typed(value: Any, hint: str) -> Any:
    """Turn marked objects into the values that they spell."""
    if isinstance(value, list):
        return [typed(item, hint) for item in value]
    if not isinstance(value, dict):
        return value
    if (kind := value.get(hint)) is None:
        return {name: typed(item, hint) for name, item in value.items()}
    try:
        return _spelled(kind, value)
    except (LookupError, TypeError, ValueError, ArithmeticError):
        # It stays what it is: no field can be read from an object, and only its own row is lost.
        return value


def spelled(value: Any, hint: str) -> Any:
    """Write dates and amounts, wherever they stand in a value, as the marked objects that spell them."""
    if isinstance(value, list | tuple):
        return [spelled(item, hint) for item in value]
    if isinstance(value, dict):
        return {name: spelled(item, hint) for name, item in value.items()}
    if isinstance(value, Decimal):
        return {hint: "Decimal", "decimal": str(value)}
    if isinstance(value, date):
        return {hint: "date", "year": value.year, "month": value.month, "day": value.day}
    return value


def _spelled(kind: Any, value: Mapping[str, Any]) -> Any:
    match kind:
        case "Decimal" if isinstance(value["decimal"], str):
            return Decimal(value["decimal"])
        case "date":
            return date(*_whole(value, INSTANT[:3]))
        case "datetime":
            year, month, day, hour, minute, second = _whole(value, INSTANT)
            return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        case "timedelta" if isinstance(value["seconds"], int | Decimal):
            return timedelta(microseconds=int(value["seconds"] * 1_000_000))
        case _:
            return value


def _whole(value: Mapping[str, Any], parts: Sequence[str]) -> list[int]:
    """Return the parts, whole numbers all: to Python, `true` is the first of January of the year 1."""
    if any(type(value[part]) is not int for part in parts):
        raise TypeError
    return [value[part] for part in parts]
