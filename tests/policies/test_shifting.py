"""Planned days that move with the end of their work."""

from __future__ import annotations

from datetime import date

import pytest

from policies.shifting import Span, shifted

SINCE = date(2026, 5, 4)


@pytest.mark.parametrize(
    ("span", "days", "there"),
    [
        (Span(date(2026, 1, 5), date(2026, 5, 3)), 14, Span(date(2026, 1, 5), date(2026, 5, 3))),
        (Span(date(2026, 1, 5), date(2026, 5, 4)), 14, Span(date(2026, 1, 5), date(2026, 5, 18))),
        (Span(date(2026, 5, 4), date(2026, 5, 8)), 14, Span(date(2026, 5, 18), date(2026, 5, 22))),
        (Span(date(2026, 5, 4), date(2026, 5, 8)), -7, Span(date(2026, 4, 27), date(2026, 5, 1))),
        (Span(date(2026, 1, 5), date(2026, 6, 30)), -7, Span(date(2026, 1, 5), date(2026, 6, 23))),
        (Span(date(2026, 1, 5), date(2026, 6, 30)), -90, Span(date(2026, 1, 5), SINCE)),
    ],
)
def test_what_lies_ahead_moves(span: Span, days: int, there: Span) -> None:
    """Past days stay, days to come move, and what is under way ends on another day, but not before the change."""
    assert shifted(span, SINCE, days) == there
