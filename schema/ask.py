"""What a field asks of a system, and what becomes of the answer. Both executors go through it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from schema.problems import Code, Problem
from schema.rows import Ref, System
from schema.values import DateRange, Days

if TYPE_CHECKING:
    from collections.abc import Callable


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """What a field asks: one batched call per question and level.

    The words of a link are told at `schema.graph.link`. `pick` is the field of a facet, `derive` makes a field of the
    home's row and the answered one.
    """

    system: System
    question: str
    key: str = "ref"
    of: str | None = None
    pick: str | None = None
    where: str | None = None
    top: bool = False
    at_most: int | None = None
    may_miss: bool = False
    within: Callable[[Any], DateRange | None] | None = None
    paged: bool = False
    derive: Callable[[Any, Any], Any] | None = None

    def key_on(self, row: Any) -> Any:
        """Return the row's key or list of keys, or the None or Problem that answers the field without a call."""
        if row is None or isinstance(row, Problem):
            return row
        key = getattr(row, self.key)
        return self._too_many() if isinstance(key, list) and self._exceeds(key) else key

    def each(self, found: list[Any]) -> list[Any]:
        """Turn what was found for each of a row's keys into the field's value; what may not be seen is left out."""
        seen = [one for one in found if not (isinstance(one, Problem) and one.code is Code.FORBIDDEN)]
        return [None if self._unlinked(one) else self._no_record() if one is None else one for one in seen]

    def answer(self, row: Any, found: Any, days: Days | None = None) -> Any:
        """Turn what the loader found for a row into the field's value, of which only some days may be wanted."""
        found = None if (unlinked := self._unlinked(found)) else found
        if isinstance(found, Problem):
            return found
        if self.derive is not None:
            return self.derive(row, found)
        if self.pick is not None:
            return None if found is None else getattr(found, self.pick)
        if found is None:
            # Asked by the record's own name, nothing is knowledge: its owner has nothing yet. A stored reference says
            # that there should be something.
            return None if unlinked or self._own else self._no_record()
        if self.where is not None:
            parent = None if self.top else row.ref
            found = [item for item in found if _belongs(item, self.where, parent)]
        if self.within is not None and days is not None:
            found = [item for item in found if _meets(self.within, item, days)]
        return self._too_many() if self._exceeds(found) else found

    def _unlinked(self, found: Any) -> bool:
        unknown = isinstance(found, Problem) and found.code is Code.REFERENCE_UNKNOWN
        return unknown and (self._own or self.may_miss)

    def _exceeds(self, found: Any) -> bool:
        return self.at_most is not None and len(found) > self.at_most

    def _no_record(self) -> Problem:
        return self._problem(Code.NOT_FOUND, "{} has no record for this link")

    def _too_many(self) -> Problem:
        return self._problem(Code.TOO_MANY, f"{{}} has more than {self.at_most} records here")

    @property
    def _own(self) -> bool:
        return self.key == "ref"

    def _problem(self, code: Code, said: str) -> Problem:
        return Problem(code, said.format(self.system.name), system=self.system.name, question=self.question)


def _belongs(item: Any, attribute: str, parent: Ref | None) -> bool:
    # What cannot be read may belong anywhere: it shows wherever it may.
    holder = item.refs if isinstance(item, Problem) else {attribute: getattr(item, attribute)}
    return attribute not in holder or holder[attribute] == parent


def _meets(within: Callable[[Any], DateRange | None], item: Any, days: Days) -> bool:
    # What does not tell its days may be wanted, too.
    range_ = None if isinstance(item, Problem) else within(item)
    return range_ is None or days.meet(range_)
