"""Which rows of a list are wanted, and in which order: said in a source's words, and held against every row that comes.

A source that takes no notice of a filter answers with rows that look like any others: it is never believed.
"""

from __future__ import annotations

import dataclasses
import re
from datetime import UTC, date, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec
from strawberry.utils.str_converters import to_camel_case

from schema.graph import HOMES
from schema.problems import Code, Problem
from schema.rows import Ref, Row
from schema.values import CurrencyCode
from sources.contract import SourceFailure
from sources.converting import core_of, hints_of
from sources.fields import CALL, Leaf, Parts, RuleError
from sources.manifest import Entity, Filter, Stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from schema.connection import Wanted
    from sources.translation import RowReader

    Test: TypeAlias = Callable[[Any], bool]
    Tables: TypeAlias = Mapping[str, Mapping[str, str]]

Form: TypeAlias = Literal["text", "number", "flag", "id", "day", "noon"]
UNCHOSEN = ("sql",)
TEXTS = (str, CurrencyCode)
KINDS = (*TEXTS, bool, date, Ref)
INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)?")


class Condition(msgspec.Struct, frozen=True):
    """One filter in the source's words: its column has one of `values`, or is a day from `start` to `end`."""

    filter: Filter
    column: str
    form: Form
    values: tuple[str, ...] = ()
    start: date | None = None
    end: date | None = None

    @property
    def by(self) -> str:
        """The column, or the parameter in its place."""
        return self.filter.by or self.column


class Order(msgspec.Struct, frozen=True):
    """One order: where rows have what they are ordered by, the source's word for it, and how it is written."""

    column: str
    by: str
    form: Form
    descending: bool

    def key(self, reader: RowReader, raw: Any) -> str:
        """Return what a row stands in the order by, as text."""
        value = reader.get(raw, self.column) if isinstance(raw, dict) else None
        if isinstance(value, date) and not isinstance(value, datetime):
            return value.isoformat()
        if not isinstance(value, str) or (self.form != "text" and not INSTANT.fullmatch(value)):
            raise SourceFailure(Code.SOURCE_MISBEHAVED, "a row has nothing to stand in the order by")
        return value


class Since(msgspec.Struct, frozen=True):
    """Rows that were changed at or after an instant, by any of these stamps."""

    stamps: tuple[Stamp, ...]
    instant: datetime


class Selection(msgspec.Struct, frozen=True):
    """All that is wanted of one source's list. Each of `words` stands in one of the columns `searched`.

    `nothing` says that no record of this source can be among the wanted ones.
    """

    conditions: tuple[Condition, ...] = ()
    words: tuple[str, ...] = ()
    searched: tuple[str, ...] = ()
    param: str = ""
    order: Order | None = None
    since: Since | None = None
    tests: tuple[Any, ...] = ()
    nothing: bool = False

    def holds(self, row: Row | Problem) -> bool:
        """Tell whether a row is among the wanted ones. One that cannot be read may be: it shows as what it is."""
        return isinstance(row, Problem) or all(test(row) for test in self.tests)


EVERYTHING = Selection()


def instant(since: Since) -> str:
    """Write an instant as RFC 3339 does, to the second."""
    return since.instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def changed(since: Since, operator: str, either: str) -> str:
    """Write the condition of what was changed, in a language that compares a column with an instant."""
    terms = [f"{stamp.at} {operator} {instant(since)}" for stamp in since.stamps]
    return f"({f' {either} '.join(terms)})"


class Choices:
    """What one source's list of a type can be asked for, compiled at start."""

    def __init__(self, row: type[Row], entity: Entity, codes: Tables, family: str) -> None:
        self._row, self._entity, self._codes, self._family = row, entity, codes, family
        if not (entity.filters or entity.orders or entity.search):
            return
        place = HOMES.get(row.type)
        if family in UNCHOSEN or place is None or place.row is not row:
            raise RuleError(f"{row.type}: only lists of a type's home are filtered and ordered, and not in SQL")
        if family == "soap" and (entity.orders or entity.search or any(self._days(name) for name in entity.filters)):
            raise RuleError(f"{row.type}: in SOAP a list is chosen by the values of an operation's argument alone")
        for name, filter_ in entity.filters.items():
            kind_of(row, name)
            if self._leaf(name).at.endswith(CALL) and not filter_.by and family != "scan":
                raise RuleError(f"{row.type}.{name}: a computed field needs a column of its own to filter by")
        for name in entity.orders:
            self._order(name, descending=False)
        if entity.search is not None:
            self._searched(entity.search.fields)

    def _days(self, name: str) -> bool:
        return kind_of(self._row, name)[0] is date

    def lacking(self, wanted: Wanted) -> str | None:
        """Return the name of the first wish that this source cannot fulfil, None where there is none."""
        strange = [spoken(name) for name, value in wanted.filters.items() if not self._takes(name, value)]
        if wanted.search is not None and self._entity.search is None:
            strange.append("search")
        if wanted.order is not None and wanted.order not in self._entity.orders:
            strange.append(f"the order of {spoken(wanted.order)}")
        return strange[0] if strange else None

    def select(self, wanted: Wanted) -> Selection:
        """Say a wish in the source's words. Its references must be the source's own."""
        conditions = [self._condition(name, value) for name, value in wanted.filters.items()]
        search, words = self._entity.search, tuple((wanted.search or "").casefold().split())
        tests = [_test(name, value) for name, value in wanted.filters.items()]
        if search is not None and words:
            words = tuple(word for word in words if word not in search.ignores)
            tests.append(_search(search.fields, words))
        return Selection(
            conditions=tuple(conditions),
            words=words,
            searched=self._searched(search.fields) if search is not None else (),
            param=search.param if search is not None else "",
            order=None if wanted.order is None else self._order(wanted.order, descending=wanted.descending),
            tests=tuple(tests),
            nothing=any(not one.values and one.form not in {"day", "noon"} for one in conditions),
        )

    def _takes(self, name: str, value: Any) -> bool:
        filter_ = self._entity.filters.get(name)
        if filter_ is None or not isinstance(value, list):
            return filter_ is not None
        # In the form of a custom field's value brackets would begin another one.
        spoilt = filter_.custom and any(set(text) & set("():") for text in value)
        return not spoilt and len(value) <= (filter_.most or len(value))

    def _condition(self, name: str, value: Any) -> Condition:
        filter_, leaf = self._entity.filters[name], self._leaf(name)
        core, _ = kind_of(self._row, name)
        if core is date:
            return Condition(filter_, leaf.at, _day(leaf), start=value.from_, end=value.to)
        if core is bool and leaf.codes is None:
            return Condition(filter_, leaf.at, "flag", ("true" if value else "false",))
        if core is Ref:
            form: Form = "text" if filter_.literal == "text" and self._texts(name) else "id"
            return Condition(filter_, leaf.at, form, tuple(ref.id for ref in value))
        if core in TEXTS:
            return Condition(filter_, leaf.at, "text", tuple(value))
        words = self._codes[leaf.codes or ""]
        meant = {"true" if value else "false"} if core is bool else {one.name for one in value}
        codes = tuple(code for code, word in words.items() if word in meant)
        return Condition(filter_, leaf.at, filter_.literal, codes)

    def _texts(self, name: str) -> bool:
        """Tell whether a reference's ids are texts where the protocol would write numbers."""
        column = self._leaf(name).at
        return any(asked.text for asked in self._entity.ask.values() if asked.at == column)

    def _order(self, name: str, *, descending: bool) -> Order:
        leaf, (core, _) = self._leaf(name), kind_of(self._row, name)
        if core not in {str, date} or leaf.at.endswith(CALL):
            raise RuleError(f"{self._row.type}.{name}: a list is ordered by columns of texts and days alone")
        form: Form = "text" if core is str else _day(leaf)
        return Order(leaf.at, self._entity.orders[name] or leaf.at, form, descending)

    def _searched(self, fields: Sequence[str]) -> tuple[str, ...]:
        if any(kind_of(self._row, name)[0] is not str for name in fields):
            raise RuleError(f"{self._row.type}: only texts are searched")
        return tuple(self._leaf(name).at for name in fields)

    def _leaf(self, name: str) -> Leaf:
        rule: Any = self._entity.fields.get(name.partition(".")[0])
        for part in name.split(".")[1:]:
            rule = rule.parts.get(part) if isinstance(rule, Parts) else None
        if not isinstance(rule, Leaf) or not rule.at:
            raise RuleError(f"{self._row.type}.{name}: no column is said for this field")
        return rule


def spoken(name: str) -> str:
    """Return a field as the graph calls it: `range.start` is `rangeStart`."""
    return to_camel_case(name.replace(".", "_"))


def kind_of(row: type[Row], name: str) -> tuple[Any, str | None]:
    """Return of which type a field is by which lists are chosen, and whom it means if it is a reference."""
    core: Any = row
    target = None
    for part in name.split("."):
        hints = hints_of(core) if _has_parts(core) else {}
        if part not in hints:
            raise RuleError(f"{row.type}.{name}: there is no such field")
        core, _, target = core_of(hints[part])
    if core not in KINDS and not (isinstance(core, type) and issubclass(core, Enum)):
        raise RuleError(f"{row.type}.{name}: a list can't be chosen by a field of this type")
    return core, target


def _has_parts(core: Any) -> bool:
    return isinstance(core, type) and (issubclass(core, Row) or dataclasses.is_dataclass(core))


def _day(leaf: Leaf) -> Form:
    return "noon" if leaf.unit == "noon" else "day"


def _at(row: Any, name: str) -> Any:
    for part in name.split("."):
        row = None if row is None or isinstance(row, Problem) else getattr(row, part)
    return row


def _test(name: str, value: Any) -> Test:
    """Make the test by which a filter is held against a row: in our words, whatever the source was asked in."""
    if isinstance(value, bool):
        return lambda row: _at(row, name) is value
    if not isinstance(value, list):
        return lambda row: _within(_at(row, name), value)
    texts = {one.casefold() for one in value if isinstance(one, str)}
    if texts:
        # Some systems compare texts without their case.
        return lambda row: str(_at(row, name)).casefold() in texts
    members = set(value)
    return lambda row: not isinstance(said := _at(row, name), Problem) and said in members


def _within(day: Any, days: Any) -> bool:
    begun = isinstance(day, date) and (days.from_ is None or days.from_ <= day)
    return begun and (days.to is None or day <= days.to)


def _search(fields: Sequence[str], words: Sequence[str]) -> Test:
    def found(row: Any) -> bool:
        texts = [str(_at(row, name) or "").casefold() for name in fields]
        return all(any(word in text for text in texts) for word in words)

    return found
