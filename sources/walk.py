"""The rows of a list behind a place: none twice, none passed over, in their order; or a failure that says which."""

from __future__ import annotations

from abc import ABC, abstractmethod
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import msgspec

from schema.problems import Code, Problem
from schema.rows import Row
from sources.contract import Position, SourceFailure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from schema.rows import Origin, Ref
    from sources.contract import Answer
    from sources.translation import RowReader


class Place(msgspec.Struct, frozen=True):
    """One row of a list: how to go on behind it, and itself."""

    position: Position
    row: Row | Problem


class Walk(ABC):
    """One walk from a place on, fed with the source's pages."""

    def __init__(self, reader: RowReader, origin: Origin, after: Position | None) -> None:
        self._reader, self._origin, self._after = reader, origin, after
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
            self.places.append(Place(Position(count, ref.id), self._reader.read(raw, ref, self._origin)))


class ByNumber(Walk):
    """A list whose source counts rows and pages: the row at the place comes along, and says if counting still holds."""

    _next: int | None = None

    def take(self, answer: Answer) -> None:
        """Take the page; it must begin where the last one ended, and the first one not behind the place."""
        first = answer.first or 0
        if first != self._next if self._next is not None else first > max(self._before - 1, 0):
            raise SourceFailure(Code.SOURCE_MISBEHAVED, "the pages of the list overlap or leave rows out")
        for index, raw in enumerate(answer.rows, start=first + 1):
            ref = self._ref(raw)
            if index > self._before:
                self._keep(raw, ref, index)
            elif index == self._before and self._after is not None and ref.id != self._after.id:
                raise self._moved()
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
        for raw in answer.rows:
            self._keep(raw, self._ref(raw), self._before + len(self.places) + 1)
        ids = [place.position.id for place in self.places]
        if not _in_order([self._after.id, *ids] if self._after else ids):
            raise SourceFailure(Code.SOURCE_MISBEHAVED, "the rows of the list are not in the order of their ids")

    def goes_on(self, asked: int) -> bool:
        """Tell so of one that was answered in full: it may have asked for fewer rows than are wanted."""
        received, rest, self._received = self._received, self._rest, 0
        if rest is not None and received < min(rest, asked):
            raise SourceFailure(Code.SOURCE_MISBEHAVED, "the list has fewer rows than it counts")
        return received >= asked if rest is None else received < rest


def contradicting(system: str) -> Problem:
    """Say that two records with one id can't both be true."""
    return Problem(Code.BAD_ROW, f"{system} sent two records with one id that contradict each other", system=system)


# Databases compare by code point, without case, by number, or without punctuation; which one, they don't tell.
ORDERS: tuple[Callable[[str], Any], ...] = (
    str,
    str.casefold,
    lambda id_: (len(id_), id_),
    lambda id_: ("".join(filter(str.isalnum, id_.casefold())), id_),
)


def _in_order(ids: Sequence[str]) -> bool:
    return any(all(left < right for left, right in pairwise(map(order, ids))) for order in ORDERS)
