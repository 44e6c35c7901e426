"""What a rate card says after a change: a range is closed the day before the next, and none is said otherwise."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from policies.rates import Segment, Work, rate

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from schema.rows import Ref
    from schema.values import Money

DAY = timedelta(days=1)


class Change(NamedTuple):
    """A new rate of a role, or of one person in it, from a day on."""

    role: Ref
    person: Ref | None
    amount: Money
    start: date

    @property
    def work(self) -> Work:
        """The first hour that it prices."""
        return Work(self.role, self.person, None, self.start)


class Version(NamedTuple):
    """What the version before says of the days before the new one's first, and what the new one says from then on."""

    closed: tuple[Segment, ...]
    new: tuple[Segment, ...]


class OverwritingError(Exception):
    """A change to a day on or after which another rate of the same role and person is set already."""

    def __init__(self, since: date) -> None:
        super().__init__(f"from {since.isoformat()} on another rate is set already")


def changed(segments: Sequence[Segment], changes: Iterable[Change]) -> Version:
    """Return a card's next version. It begins with the first change, and has all that holds from that day on.

    Raises OverwritingError where something would be said otherwise than it was.
    """
    wanted = sorted(changes, key=lambda change: change.start)
    first = wanted[0].start
    found = list(segments)
    for change in wanted:
        found = _with(found, change)
    closed = (one._replace(end=_earlier(one.end, first - DAY)) for one in found if one.start < first)
    new = (one._replace(start=max(one.start, first)) for one in found if one.end is None or one.end >= first)
    return Version(tuple(closed), tuple(new))


def decrease(segments: Sequence[Segment], changes: Iterable[Change]) -> Decimal:
    """Return the greatest part by which a rate falls; 0 if none does."""
    falls = [Decimal(0)]
    for change in changes:
        held = rate([segments], change.work)
        if held is not None and held.amount:
            falls.append((held.amount - change.amount.amount) / held.amount)
    return max(falls)


def _with(segments: Sequence[Segment], change: Change) -> list[Segment]:
    same = [one for one in segments if (one.role, one.person, one.region) == (change.role, change.person, None)]
    later = [one.start for one in same if one.start >= change.start]
    if later:
        raise OverwritingError(min(later))
    held = next((one for one in same if one.covers(change.start)), None)
    kept = [one._replace(end=change.start - DAY) if one is held else one for one in segments]
    end = held.end if held else None
    return [*kept, Segment(change.role, change.person, None, change.amount, change.start, end)]


def _earlier(end: date | None, last: date) -> date:
    return last if end is None else min(end, last)
