"""What becomes of planned days when the work that they belong to ends on another day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple


class Span(NamedTuple):
    """From a day to a day."""

    start: date
    end: date


def shifted(span: Span, since: date, days: int) -> Span:
    """Return where a span lies when everything from a day on moves by so many days.

    What has ended before stays, what begins later moves as a whole. What is under way ends later or earlier, but not
    before that day.
    """
    moved = timedelta(days=days)
    if span.end < since:
        return span
    if span.start >= since:
        return Span(span.start + moved, span.end + moved)
    return Span(span.start, max(span.end + moved, since))
