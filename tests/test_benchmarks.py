"""The benchmark in its shortest form: whether it works. What it measures on the way is worth nothing."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import msgspec
import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from benchmarks.gates import gates
from benchmarks.load import Load, Measured
from benchmarks.method import CONTROL
from benchmarks.processes import PYTHON, ROOT, Cores
from benchmarks.questions import CASES, GROWTH
from benchmarks.report import report
from benchmarks.run import GROWING, QUICK, measure
from benchmarks.servers import SERVERS
from demo.emulator import serve

if TYPE_CHECKING:
    from starlette.requests import Request

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


def test_each_request_shows_the_next_token() -> None:
    """The first comes again after the last, whoever of the connections sends it."""
    shown: list[str] = []

    async def noted(request: Request) -> JSONResponse:
        shown.append(request.headers["authorization"])
        return JSONResponse({})

    with serve(Starlette(routes=[Route("/graphql", noted, methods=["POST"])])) as server:
        load = Load(int(server.url.rpartition(":")[2]), b"{}", 1, 5, 0, ["a", "b"])
        command = [*PYTHON, "benchmarks.load"]
        done = subprocess.run(command, input=msgspec.json.encode(load), capture_output=True, cwd=ROOT, check=True)

    assert msgspec.json.decode(done.stdout, type=Measured).requests == len(shown)
    assert shown == ["Bearer a", "Bearer b", "Bearer a", "Bearer b", "Bearer a"]


def _rows(text: str, title: str) -> list[str]:
    """Return the first cells of the rows of a section's table."""
    section = text.split(f"## {title}\n")[1].split("\n## ", maxsplit=1)[0]
    return re.findall(r"^\| (.+?) \|", section, re.MULTILINE)[2:]
