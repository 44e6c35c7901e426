"""What was measured, as Markdown: medians with their spread, ratios, gates, and where others are ahead."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
from collections import Counter
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.gates import gates
from benchmarks.method import CONTROL
from benchmarks.servers import COLONNADE, NODE, PEERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from benchmarks.gates import Gate, Measured
    from benchmarks.method import Plan, Results, Series
    from benchmarks.processes import Cores
    from benchmarks.servers import Server

PACKAGES: Final = (
    *("strawberry-graphql", "graphql-core", "starlette", "uvicorn", "uvloop", "httptools", "httpx", "httpx-aiohttp"),
    *("aiohttp", "aiodataloader", "msgspec", "orjson"),
)
PEER_PACKAGES: Final = ("@apollo/server", "graphql", "dataloader", "mercurius", "graphql-jit", "graphql-yoga", "undici")
ROWS: Final = {"grown100": 100, "grown1000": 1_000, "grown10000": 10_000}


def report(measured: Measured, plan: Plan, cores: Cores, servers: Sequence[Server]) -> str:
    """Return the whole report."""
    judged = list(gates(measured))
    sections = [
        _head(plan, cores),
        _section("The servers", _servers(servers)),
        _section("The goal", _gates(judged)),
        _section("End to end: milliseconds of the server's CPU a request", _table(measured.results, _cpu)),
        _section("The same, as multiples of the first server", _table(measured.results, _times(measured.results))),
        _section("End to end: requests a second, one core for the server", _table(measured.results, _rate)),
        _section("End to end: p50 and p99 in milliseconds", _table(measured.results, _waited)),
        _section("Upstream requests an operation", _table(measured.results, lambda _case, series: f"{series.calls:g}")),
        _section("With provenance: milliseconds of CPU a request, beside join3", _table(measured.traced, _cpu)),
        _section("Growth: microseconds of CPU a row", _table(measured.growth, _by_row)),
        _section("Growth: one request of 10,000 rows", _peaks(measured)),
        _section("In process: microseconds of CPU an operation", _inside(measured.inside)),
        _section("Where others are ahead", _ahead(measured.results)),
    ]
    return "\n".join(sections)


def _head(plan: Plan, cores: Cores) -> str:
    pinned = (
        "nothing could be pinned: servers, upstream and load shared the processor, and the figures are worth little"
        if cores.server is None
        else f"servers on core {cores.server}, upstream and load on core {cores.others}"
    )
    short = "" if plan.part == 1 and plan.rounds >= 5 else "\n\n**A short run: it proves that it works, and no more.**"  # noqa: PLR2004
    return f"""# Results: {datetime.now(UTC).date().isoformat()}

`make bench`; how to read it stands in [README.md](README.md). Only ratios within one run mean anything.{short}

- Machine: {_processor()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end; {pinned}.
- Method: {plan.warm:g} s of warming up, {plan.rounds} interleaved rounds of fixed, drained counts; median (least-most).
- Python {platform.python_version()}: {", ".join(f"{name} {version(name)}" for name in PACKAGES)}.
- {_node()}.
"""


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if Path("/proc/cpuinfo").exists() else []
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())


def _node() -> str:
    if not NODE.exists():
        return "No node and no packages of npm here: none of their servers was measured"
    said = json.loads((PEERS / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    peers = ", ".join(f"{name} {said[f'node_modules/{name}']['version']}" for name in PEER_PACKAGES)
    node = subprocess.run([NODE, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    return f"Node {node}: {peers}"


def _section(title: str, lines: Iterable[str]) -> str:
    return "\n".join([f"## {title}", "", *lines, ""])


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _lines(head: Sequence[str], rows: Iterable[Sequence[str]], aligned: str = "---:") -> Iterator[str]:
    yield _row(head)
    yield _row(["---", *[aligned] * (len(head) - 1)])
    yield from map(_row, rows)


def _servers(servers: Sequence[Server]) -> Iterator[str]:
    rows = [[server.name, server.what if server.installed else f"{server.what}: not installed"] for server in servers]
    return _lines(
        ["server", "what it is"], [*rows, [CONTROL, f"{servers[0].name} once more: what differs is noise"]], "---"
    )


def _gates(judged: Sequence[Gate]) -> Iterator[str]:
    counts = Counter(gate.verdict.strip("*") for gate in judged if gate.gate != "-")
    yield f"Of {sum(counts.values())} gates: {'; '.join(f'{count} {verdict}' for verdict, count in counts.items())}."
    yield ""
    yield from _lines(["figure", "gate", "stretch", "found", "by hand", "reached"], judged, "---")


def _table(results: Results, cell: Callable[[str, Series], str]) -> Iterator[str]:
    cases = list(next(iter(results.values()), {}))
    rows = ([name, *(_shown(case, own[case], cell) for case in cases)] for name, own in results.items())
    return _lines(["server", *cases], rows)


def _shown(case: str, series: Series, cell: Callable[[str, Series], str]) -> str:
    return cell(case, series) if series.same else "answers otherwise"


def _spread(figures: Sequence[float]) -> str:
    return f"{_short(statistics.median(figures))} ({_short(min(figures))}-{_short(max(figures))})"


def _short(figure: float) -> str:
    return f"{figure:.0f}" if figure >= 100 else f"{figure:.3g}"  # noqa: PLR2004


def _cpu(_case: str, series: Series) -> str:
    return _spread(series.cpu)


def _times(results: Results) -> Callable[[str, Series], str]:
    def times(case: str, series: Series) -> str:
        return f"{statistics.median(series.cpu) / statistics.median(results[COLONNADE.name][case].cpu):.2f}"

    return times


def _rate(_case: str, series: Series) -> str:
    return _short(statistics.median(sample.rate for sample in series.samples))


def _waited(_case: str, series: Series) -> str:
    return " / ".join(_short(statistics.median(getattr(one, at) for one in series.samples)) for at in ("p50", "p99"))


def _by_row(case: str, series: Series) -> str:
    return _spread([1000 * cpu / ROWS[case] for cpu in series.cpu])


def _peaks(measured: Measured) -> Iterator[str]:
    rows = (
        [name, f"{peak.memory / ROWS['grown10000']:.0f}", f"{peak.longest:.0f}"]
        for name, peak in measured.peaks.items()
    )
    return _lines(["server", "bytes a row", "longest wait of others, ms"], rows)


def _inside(inside: Mapping[str, Mapping[str, Sequence[float]]]) -> Iterator[str]:
    cases = list(inside["colonnade"])
    rows = ([name, *(_spread(own[case]) for case in cases)] for name, own in inside.items())
    return _lines(["what runs", *cases], rows)


def _ahead(results: Results) -> Iterator[str]:
    own = results[COLONNADE.name]
    others = {name: found for name, found in results.items() if not name.startswith(COLONNADE.name) and name != CONTROL}
    behind = [
        f"- {case}: {name} takes {ratio:.2f} of our CPU."
        for case, series in own.items()
        for name, found in others.items()
        if found[case].same and (ratio := statistics.median(found[case].cpu) / statistics.median(series.cpu)) < 1
    ]
    yield from behind or ["Nowhere."]
