"""The trace under which every call goes out: the caller's, or one of our own."""

from __future__ import annotations

import re

import pytest

from sources.trace import Trace

ID, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
CALL = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-(0[01])")


@pytest.mark.parametrize(
    ("given", "flags"),
    [
        (f"00-{ID}-{SPAN}-01", "01"),
        (f"00-{ID}-{SPAN}-00", "00"),
        (f"00-{ID}-{SPAN}-03", "01"),
        (f"00-{ID}-{SPAN}-fe", "00"),
        (f"cc-{ID}-{SPAN}-01", "01"),
        (f"cc-{ID}-{SPAN}-01-what-the-future-brings", "01"),
    ],
)
def test_a_callers_trace_goes_on(given: str, flags: str) -> None:
    """Each call is a span of its own in it; of the flags only the one that is known is handed on."""
    trace = Trace.of(given)
    spans = [CALL.fullmatch(trace.span()) for _ in range(20)]
    assert {(span[1], span[3]) for span in spans if span} == {(ID, flags)}
    assert len({span[2] for span in spans if span} - {SPAN}) == 20


@pytest.mark.parametrize(
    "given",
    [
        "",
        "nonsense",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{ID}-{'0' * 16}-01",
        f"ff-{ID}-{SPAN}-01",
        f"00-{ID.upper()}-{SPAN}-01",
        f"00-{ID}-{SPAN}-01-more",
        f"00-{ID}-{SPAN}-1",
        f"00-{ID}-{SPAN}",
        f"00-{ID}-{SPAN}-01\n",
        f" 00-{ID}-{SPAN}-01",
    ],
)
def test_a_trace_begins_here_where_none_was_given(given: str) -> None:
    """What is no header of the recommendation is not handed on."""
    made = CALL.fullmatch(Trace.of(given).span())
    assert made is not None
    assert (made[1] != ID, made[3]) == (True, "01")
    assert Trace.of(given).id != Trace.of(given).id
