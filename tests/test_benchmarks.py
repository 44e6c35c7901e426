"""The benchmark in its shortest form: whether it works. What it measures on the way is worth nothing."""

from __future__ import annotations

import re

import pytest

from benchmarks.gates import gates
from benchmarks.method import CONTROL
from benchmarks.processes import Cores
from benchmarks.questions import CASES, GROWTH
from benchmarks.report import report
from benchmarks.run import GROWING, QUICK, measure
from benchmarks.servers import SERVERS

pytestmark = [pytest.mark.bench, pytest.mark.timeout(590)]


def test_all_servers_give_the_same_answers_and_the_report_has_a_row_for_each() -> None:
    """What was measured is what was compared, and the report shows all of it, row by row and cell by cell."""
    servers, cores = [server for server in SERVERS if server.installed], Cores.found()
    measured = measure(servers, QUICK, cores)

    names = [*(server.name for server in servers), CONTROL]
    assert names == list(measured.results)
    for cases in measured.results.values():
        assert [case.name for case in CASES] == list(cases)
    answers = [
        series
        for cases in [*measured.results.values(), *measured.traced.values(), *measured.growth.values()]
        for series in cases.values()
    ]
    assert [True] * len(answers) == [series.same for series in answers]
    growing = [server.name for server in servers if server in GROWING]
    assert [*growing, CONTROL] == list(measured.growth)
    assert [GROWTH[0].name] == list(measured.growth["colonnade"])
    assert {"one", "person", "flat100", "join3", "full100", "full1000"} == measured.inside["colonnade"].keys()

    # A question, its links, and no more: as it was counted on the upstream's side.
    assert [series.calls for series in measured.results["hand-written"].values()] == [5, 1, 1, 4, 5, 6]

    text = report(measured, QUICK, cores, SERVERS)
    for title in ("End to end: milliseconds of the server's CPU a request", "Upstream requests an operation"):
        assert names == _rows(text, title)
    assert [*measured.inside] == _rows(text, "In process: microseconds of CPU an operation")
    assert [gate.what for gate in gates(measured)] == _rows(text, "The goal")
    assert "**A short run: it proves that it works, and no more.**" in text


def _rows(text: str, title: str) -> list[str]:
    """Return the first cells of the rows of a section's table."""
    section = text.split(f"## {title}\n")[1].split("\n## ", maxsplit=1)[0]
    return re.findall(r"^\| (.+?) \|", section, re.MULTILINE)[2:]
