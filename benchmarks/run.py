"""The benchmark: `python -m benchmarks.run [--rounds N]` writes benchmarks/RESULTS.md, with `--quick` it prints."""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks.gates import Measured
from benchmarks.method import Plan, bench
from benchmarks.processes import PYTHON, ROOT, Cores, free_port, pinned
from benchmarks.product import configure, key
from benchmarks.questions import CASES, GROWTH, TRACED
from benchmarks.report import report
from benchmarks.servers import APOLLO, COLONNADE, HAND, JIT, SERVERS, STOCK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.method import Bench
    from benchmarks.servers import Server

RESULTS: Final = Path(__file__).with_name("RESULTS.md")
QUICK: Final = Plan(rounds=1, warm=0, part=0.01, growth=1)
# Of whom it is told what ever more rows take.
GROWING: Final = (COLONNADE, STOCK, HAND, APOLLO, JIT)


def measure(servers: Sequence[Server], plan: Plan, cores: Cores) -> Measured:
    """Measure the servers end to end and as their answers grow, and the Python ones in one process."""
    growing = [server.name for server in servers if server in GROWING]
    with bench(servers, plan, cores) as up:
        # First of all: memory that was taken once is seldom given back.
        peaks = {name: up.peak(name, GROWTH[-1]) for name in growing} if plan.growth == len(GROWTH) else {}
        results = up.measure(CASES, [server.name for server in servers])
        traced = up.measure(TRACED, [server.name for server in servers if server.role])
        growth = up.measure(GROWTH[: plan.growth], growing)
        return Measured(results, traced, growth, peaks, _inside(up, plan, cores))


def _inside(up: Bench, plan: Plan, cores: Cores) -> Any:
    with tempfile.TemporaryDirectory(prefix="colonnade-bench-") as folder:
        config = configure(Path(folder), up.upstream, free_port(), COLONNADE.settings)
        command = [*PYTHON, "benchmarks.inprocess", str(config), key(config, COLONNADE.role), str(plan.rounds)]
        with pinned(cores.server):
            env = {**os.environ, "UPSTREAM": up.upstream}
            done = subprocess.run(command, capture_output=True, check=False, cwd=ROOT, env=env)
    if done.returncode:
        raise SystemExit(done.stderr.decode()[-2000:])
    return json.loads(done.stdout)


def main(arguments: Sequence[str]) -> None:
    """Measure, and write the report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run")
    parser.add_argument("--quick", action="store_true", help="one short round: whether it works, and no more")
    parser.add_argument("--rounds", type=int, default=Plan().rounds, help="how often each server is measured")
    given = parser.parse_args(arguments)
    plan = QUICK if given.quick else Plan(given.rounds)
    # To be ended is to end what was started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    cores, servers = Cores.found(), [server for server in SERVERS if server.installed]
    text = report(measure(servers, plan, cores), plan, cores, SERVERS)
    if given.quick:
        print(text)  # noqa: T201  its figures are worth nothing: they must not take the place of others
    else:
        RESULTS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
