"""The rows of a list behind a place: none twice, none passed over, in their order; or a failure that says which."""

from __future__ import annotations

from abc import ABC, abstractmethod
from itertools import count as numbers
from itertools import groupby, pairwise, repeat
from operator import attrgetter, le, lt
from typing import TYPE_CHECKING, Any
from unicodedata import normalize

import msgspec
import structlog

from schema.problems import Code, Problem
from schema.rows import Row
from sources.contract import Position, SourceFailure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from schema.rows import Origin, Ref
    from sources.contract import Answer
    from sources.selection import Selection
    from sources.translation import RowReader

log = structlog.get_logger("colonnade.sources")


class Place(msgspec.Struct, frozen=True):
    """One row of a list: how to go on behind it, and itself."""

    position: Position
    row: Row | Problem


class Walk(ABC):
    """One walk from a place on, fed with the source's pages."""

    def __init__(self, reader: RowReader, origin: Origin, after: Position | None, wanted: Selection) -> None:
        self._reader, self._origin, self._after, self._wanted = reader, origin, after, wanted
        self._before = after.count if after else 0
        self._seen: dict[str, tuple[int, Any]] = {}
        self._counted: int | None = None
        self._doubled = False
        self.places: list[Place] = []

    @property
    def position(self) -> Position | None:
        """Where to go on."""
        return self.places[-1].position if self.places else self._after

    @property
    def total(self) -> int | None:
        """How many records the list has; a source that shows one twice counts it twice, too."""
        return None if self._doubled else self._counted

    @abstractmethod
    def take(self, answer: Answer) -> None:
        """Take one page, or raise SourceFailure where it can't be what follows."""

    @abstractmethod
    def goes_on(self, asked: int) -> bool:
        """Tell, when a request for so many rows has no more pages, whether another one is due."""

    def _ref(self, raw: Any) -> Ref:
        if (ref := self._reader.ref(raw)) is None:
            raise SourceFailure(Code.SOURCE_MISBEHAVED, "a row of the list has no id")
        return ref

    def _keep_all(self, raws: Sequence[Any], count: int) -> bool:
        """Keep rows that follow a count, if all of them are ordinary, new and wanted; else keep none."""
        found = self._reader.page(raws, self._reader.id, self._origin)
        if found is None:
            return False
        ids, order = [str(key) for key in found.keys], self._wanted.order
        behind = self._after is not None and self._after.id in ids
        if behind or len(set(ids)) < len(ids) or not self._seen.keys().isdisjoint(ids):
            return False
        if self._wanted.tests and not all(map(self._wanted.holds, found.rows)):
            return False
        keys = repeat("") if order is None else (order.key(self._reader, raw) for raw in raws)
        self._seen.update(zip(ids, zip(numbers(len(self.places)), raws), strict=False))
        self.places += map(Place, map(Position, numbers(count + 1), ids, keys), found.rows)
        return True

    def _keep(self, raw: Any, ref: Ref, count: int) -> None:
        if not self._reader.belongs(raw) or (self._after is not None and ref.id == self._after.id):
            self._doubled = True
        elif ref.id in self._seen:
            self._doubled = True
            index, first = self._seen[ref.id]
            if raw != first:
                self.places[index] = Place(self.places[index].position, contradicting(self._origin.system.name))
        else:
            self._seen[ref.id] = len(self.places), raw
            self.places.append(Place(self._position(count, ref, raw), self._wanted_row(raw, ref)))

    def _position(self, count: int, ref: Ref, raw: Any) -> Position:
        order = self._wanted.order
        return Position(count, ref.id) if order is None else Position(count, ref.id, order.key(self._reader, raw))

    def _wanted_row(self, raw: Any, ref: Ref) -> Row | Problem:
        row = self._reader.read(raw, ref, self._origin)
        if not self._wanted.holds(row):
            # It may have left out as well as added: no part of the list is believed.
            log.warning("contract alarm", binding=self._reader.binding, entity=ref.type, unfiltered=True)
            raise SourceFailure(Code.SOURCE_MISBEHAVED, "a row of the list is not among the wanted ones")
        return row

    def _in_order(self, *, by_id: bool) -> bool:
        """Tell whether all rows stand in the wanted order, and equal ones, if `by_id`, in the order of their ids."""
        positions = [*([self._after] if self._after else []), *(place.position for place in self.places)]
        if self._wanted.order is None:
            return not by_id or _ascending([place.id for place in positions], strictly=True)
        keys = [place.key for place in positions][:: -1 if self._wanted.order.descending else 1]
        if not _ascending(keys, strictly=False):
            return False
        if not by_id:
            return True
        alike = groupby(positions, key=attrgetter("key"))
        return _ascending(*([place.id for place in group] for _, group in alike), strictly=True)


class ByNumber(Walk):
    """A list whose source counts rows and pages: the row at the place comes along, and says if counting still holds."""

    _next: int | None = None

    def take(self, answer: Answer) -> None:
        """Take the page; it must begin where the last one ended, and the first one not behind the place."""
        first = answer.first or 0
        if first != self._next if self._next is not None else first > max(self._before - 1, 0):
            raise SourceFailure(Code.SOURCE_MISBEHAVED, "the pages of the list overlap or leave rows out")
        kept = first >= self._before and self._keep_all(answer.rows, first)
        for index, raw in enumerate(() if kept else answer.rows, start=first + 1):
            ref = self._ref(raw)
            if index > self._before:
                self._keep(raw, ref, index)
            elif index == self._before and self._after is not None and ref.id != self._after.id:
                raise self._moved()
        if not self._in_order(by_id=False):
            raise SourceFailure(Code.SOURCE_MISBEHAVED, "the rows of the list are not in the wanted order")
        self._next = first + len(answer.rows)
        self._counted = answer.total
        if answer.following is None:
            self._end(self._next, answer.total or 0)

    def _end(self, count: int, total: int) -> None:
        if count < total:
            raise SourceFailure(Code.SOURCE_MISBEHAVED, "the list has fewer rows than it counts")
        if count < self._before:
            raise self._moved()

    def goes_on(self, asked: int) -> bool:
        """Its pages lead to the end."""
        del asked
        return False

    @staticmethod
    def _moved() -> SourceFailure:
        # A record in front of the place came or went: to count on would lose a row, or show one twice.
        return SourceFailure(Code.MALFORMED_CURSOR, "another row stands at the cursor's place")


class ById(Walk):
    """A list in the order of its ids, asked for from an id on."""

    _received = 0
    _rest: int | None = None

    def take(self, answer: Answer) -> None:
        """Take the page, which must be in an order by which ids are compared anywhere."""
        if self._received == 0:
            self._rest = answer.total
            if self._counted is None and answer.total is not None:
                self._counted = self._before + answer.total
        self._received += len(answer.rows)
        # More rows than it counts: its count is not to be believed.
        self._doubled = self._doubled or (self._rest is not None and self._received > self._rest)
        if not self._keep_all(answer.rows, self._before + len(self.places)):
            for raw in answer.rows:
                self._keep(raw, self._ref(raw), self._before + len(self.places) + 1)
        if not self._in_order(by_id=True):
            raise SourceFailure(Code.SOURCE_MISBEHAVED, "the rows of the list are not in the wanted order")

    def goes_on(self, asked: int) -> bool:
        """Tell so of one that was answered in full: it may have asked for fewer rows than are wanted."""
        received, rest, self._received = self._received, self._rest, 0
        if rest is not None and received < min(rest, asked):
            raise SourceFailure(Code.SOURCE_MISBEHAVED, "the list has fewer rows than it counts")
        return received >= asked if rest is None else received < rest


def contradicting(system: str) -> Problem:
    """Say that two records with one id can't both be true."""
    return Problem(Code.BAD_ROW, f"{system} sent two records with one id that contradict each other", system=system)


# Databases compare by code point, without case, or without punctuation and accents: they don't tell which. Ids may also
# be compared as the numbers that they are.
ORDERS: tuple[Callable[[str], Any], ...] = (
    str,
    str.casefold,
    lambda text: ("".join(filter(str.isalnum, normalize("NFKD", text).casefold())), text),
)
ID_ORDERS: tuple[Callable[[str], Any], ...] = (*ORDERS, lambda id_: (len(id_), id_))


def _ascending(*runs: Sequence[str], strictly: bool) -> bool:
    """Tell whether all runs rise in one and the same of the orders; strictly, as ids do, or with equal ones."""
    # Mostly they are as sorting would leave them, which compares texts without a word of Python.
    if all([*run] == sorted(run) and not (strictly and len(set(run)) < len(run)) for run in runs):
        return True
    rises, orders = (lt, ID_ORDERS) if strictly else (le, ORDERS)
    ways = ([pairwise(map(order, run)) for run in runs] for order in orders)
    return any(all(rises(left, right) for pairs in way for left, right in pairs) for way in ways)
