"""The goal, cell by cell: which ratio of two figures is wanted, which would be better still, and what came of it."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from benchmarks.method import Peak, Results

LISTS: Final = ("flat100", "join3", "full100", "full1000")
LINKED: Final = LISTS[1:]
GROWN: Final = (("grown10000", 10_000), ("grown100", 100))


class Measured(NamedTuple):
    """All that was measured: end to end, provenance, growth, what one request of 10,000 rows takes, in one process."""

    results: Results
    traced: Results
    growth: Results
    peaks: Mapping[str, Peak]
    inside: Mapping[str, Mapping[str, Sequence[float]]]


class Gate(NamedTuple):
    """What is wanted of which figure: the gate, the stretch behind it, what was found, and what that means.

    `by_hand` is the same figure of the hand-written endpoint, where it has one: what Python can reach at the most.
    """

    what: str
    gate: str
    stretch: str
    found: str
    by_hand: str
    verdict: str


class Bound(NamedTuple):
    """How large a figure must be, and should be; None where nothing is wanted. With `least` it must not be less."""

    gate: float | None
    stretch: float | None = None
    least: bool = True

    def judge(self, what: str, found: float | None, by_hand: float | None = None) -> Gate:
        """Hold a figure against it."""
        said, hand = ("-" if figure is None else f"{figure:.2f}" for figure in (found, by_hand))
        return Gate(what, self._said(self.gate), self._said(self.stretch), said, hand, self._verdict(found))

    def _verdict(self, found: float | None) -> str:
        if found is None:
            return "not measured"
        if self._holds(self.stretch, found):
            return "met, and the stretch"
        if self.gate is None:
            return "not yet"
        return "met" if self._holds(self.gate, found) else "**missed**"

    def _holds(self, bound: float | None, found: float) -> bool:
        return bound is not None and (found >= bound if self.least else found <= bound)

    def _said(self, bound: float | None) -> str:
        return "-" if bound is None else f"{'at least' if self.least else 'at most'} {bound:g}"


def gates(measured: Measured) -> Iterator[Gate]:
    """Yield every gate of the goal."""
    yield from _inside(measured.inside)
    yield from _lists(measured.results)
    yield from _single(measured.results)
    for results in (measured.results, measured.growth):
        yield from _calls(results)
    yield from _growth(measured)


def _inside(inside: Mapping[str, Mapping[str, Sequence[float]]]) -> Iterator[Gate]:
    for case in LINKED:
        own, stock, hand = (inside[name].get(case, ()) for name in ("colonnade", "strawberry", "hand-written"))
        yield Bound(20, 30).judge(
            f"in process, {case}: times stock Strawberry", _ratio(stock, own), _ratio(stock, hand)
        )
        yield Bound(2.5, 1.5, least=False).judge(f"in process, {case}: of the hand-written code", _ratio(own, hand))


def _lists(results: Results) -> Iterator[Gate]:
    for case in LISTS:
        apollo = Bound(5) if case == "full1000" else Bound(2, 3)
        yield Bound(10, 20).judge(f"{case}: times stock Strawberry", *_of(results, "strawberry", case))
        yield apollo.judge(f"{case}: times Apollo Server", *_of(results, "apollo", case))
        yield Bound(None, 1).judge(f"{case}: times mercurius with graphql-jit", *_of(results, "mercurius-jit", case))
        own, rows = (_cpu(results, name, case) for name in ("colonnade", "colonnade-rows"))
        yield Bound(1.25, 1.1, least=False).judge(f"{case}: where rows decide, of the same without", _ratio(rows, own))


def _single(results: Results) -> Iterator[Gate]:
    yield Bound(3).judge("one, uncached: times stock Strawberry", *_of(results, "strawberry", "one"))
    yield Bound(None, 1).judge("one, uncached: times Apollo Server", *_of(results, "apollo", "one"))
    cached, what = "colonnade-cached", "person, from the entity cache"
    yield Bound(1).judge(f"{what}: times Apollo Server without one", *_of(results, "apollo", "person", cached))
    own, hand = (_cpu(results, name, "person") for name in (cached, "hand-written"))
    yield Bound(None, 1.5, least=False).judge(f"{what}: of the hand-written", _ratio(own, hand))


def _of(results: Results, other: str, case: str, own: str = "colonnade") -> tuple[float | None, float | None]:
    """Return how often our CPU goes into another server's, and how often that of the hand-written endpoint does."""
    theirs, ours, hand = (_cpu(results, name, case) for name in (other, own, "hand-written"))
    return _ratio(theirs, ours), _ratio(theirs, hand)


def _calls(results: Results) -> Iterator[Gate]:
    for case, own in results["colonnade"].items():
        stock = results.get("strawberry", {}).get(case)
        bound = Bound(stock.calls if stock else None, least=False)
        yield bound.judge(f"{case}: upstream requests, of stock Strawberry's", own.calls if stock else None)


def _growth(measured: Measured) -> Iterator[Gate]:
    many, few = ([cpu / rows for cpu in _cpu(measured.growth, "colonnade", case)] for case, rows in GROWN)
    yield Bound(1.5, 1.3, least=False).judge("CPU a row: with 10,000 rows, of that with 100", _ratio(many, few))
    peak = measured.peaks.get("colonnade")
    longest = Bound(100, least=False)
    yield longest.judge("10,000 rows: milliseconds that others wait at most", peak.longest if peak else None)


def _cpu(results: Results, server: str, case: str) -> list[float]:
    series = results.get(server, {}).get(case)
    return series.cpu if series else []


def _ratio(over: Sequence[float], under: Sequence[float]) -> float | None:
    return statistics.median(over) / statistics.median(under) if over and under else None
