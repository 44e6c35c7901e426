"""The gates: which ratio of two figures is wanted, and what came of it."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from benchmarks.method import Peak, Results

LISTS: Final = ("join3", "full100", "full1000")
LONGEST: Final = 100.0


class Measured(NamedTuple):
    """All that was measured: end to end, its growth, what one request of 10,000 rows takes, and in one process."""

    results: Results
    growth: Results
    peaks: Mapping[str, Peak]
    inside: Mapping[str, Mapping[str, list[float]]]


class Gate(NamedTuple):
    """A wish, the figure that it is about, and whether it is met; None where it was not measured."""

    wish: str
    found: str
    met: bool | None


def gates(measured: Measured) -> Iterator[Gate]:
    """Yield every gate of the goal, cell by cell."""
    yield from _inside(measured.inside)
    yield from _end_to_end(measured.results)
    yield from _calls(measured.results)
    yield from _growth(measured)


def _inside(inside: Mapping[str, Mapping[str, list[float]]]) -> Iterator[Gate]:
    for case in LISTS:
        own = inside["colonnade"].get(case, [])
        stock, hand = inside["strawberry"].get(case, []), inside["hand-written"].get(case, [])
        yield _at_least(f"in process, {case}: 20 times as fast as stock Strawberry", stock, own, 20)
        yield _at_most(f"in process, {case}: 2.5 times the hand-written code", own, hand, 2.5)


def _end_to_end(results: Results) -> Iterator[Gate]:
    for case in LISTS:
        own = _cpu(results, "colonnade", case)
        yield _at_least(f"{case}: 10 times stock Strawberry", _cpu(results, "strawberry", case), own, 10)
        times = 5 if case == "full1000" else 2
        yield _at_least(f"{case}: {times} times Apollo Server", _cpu(results, "apollo", case), own, times)
    one = _cpu(results, "colonnade", "one")
    yield _at_least("one, uncached: 3 times stock Strawberry", _cpu(results, "strawberry", "one"), one, 3)
    cached = _cpu(results, "colonnade-cached", "person")
    apollo = _cpu(results, "apollo", "person")
    yield _at_least("one from the entity cache: ahead of Apollo Server without a cache", apollo, cached, 1)
    for case in LISTS:
        own, rows = _cpu(results, "colonnade", case), _cpu(results, "colonnade-rows", case)
        yield _at_most(f"{case}: rows decide, within 25 % of the same without", rows, own, 1.25)


def _calls(results: Results) -> Iterator[Gate]:
    for case, own in results["colonnade"].items():
        stock = results.get("strawberry", {}).get(case)
        said = f"{own.calls:g} beside {stock.calls:g}" if stock else "not measured"
        met = own.calls <= stock.calls if stock else None
        yield Gate(f"{case}: no more upstream requests than stock Strawberry", said, met)


def _growth(measured: Measured) -> Iterator[Gate]:
    few, many = (_cpu(measured.growth, "colonnade", name) for name in ("grown100", "grown10000"))
    yield _at_most(
        "CPU a row, 10,000 rows: within 1.5 times that of 100",
        [one / 10_000 for one in many],
        [one / 100 for one in few],
        1.5,
    )
    peak = measured.peaks.get("colonnade")
    said = f"{peak.longest:.0f} ms" if peak else "not measured"
    met = peak.longest <= LONGEST if peak else None
    yield Gate("10,000 rows: the longest wait of others within 100 ms", said, met)


def _cpu(results: Results, server: str, case: str) -> list[float]:
    series = results.get(server, {}).get(case)
    return series.cpu if series else []


def _at_least(wish: str, over: list[float], under: list[float], times: float) -> Gate:
    ratio = _ratio(over, under)
    return Gate(wish, _said(ratio), None if ratio is None else ratio >= times)


def _at_most(wish: str, over: list[float], under: list[float], times: float) -> Gate:
    ratio = _ratio(over, under)
    return Gate(wish, _said(ratio), None if ratio is None else ratio <= times)


def _ratio(over: list[float], under: list[float]) -> float | None:
    return statistics.median(over) / statistics.median(under) if over and under else None


def _said(ratio: float | None) -> str:
    return "not measured" if ratio is None else f"{ratio:.2f}"
