"""How it is measured: warm, fixed and drained counts, interleaved rounds, a control, cores of one's own.

All servers are up at a time, and idle but for the one that is asked. A case's answers are compared before it is
measured; each server is warmed up once; then rounds go through the servers to and fro. The control is the first server
once more: what differs between the two is noise.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import httpx
import msgspec

from benchmarks.load import Load, Measured
from benchmarks.processes import PYTHON, ROOT, Cores, free_port, pinned, running

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from benchmarks.questions import Case
    from benchmarks.servers import Running, Server

CONTROL: Final = "control"
# For so many seconds a server is asked before each of its rounds, after it has been idle.
AGAIN: Final = 0.3
PROBED: Final = "/livez"


class Plan(NamedTuple):
    """How much is measured: rounds, seconds of warming up, the part of each case's count, the cases of growth."""

    rounds: int = 5
    warm: float = 3.0
    part: float = 1.0
    growth: int = 3

    def count(self, case: Case) -> int:
        """Return how many requests of a case make a round."""
        return max(2, round(case.times * self.part))


class Sample(NamedTuple):
    """One round of one server: milliseconds of its CPU a request, requests a second, p50 and p99 in milliseconds."""

    cpu: float
    rate: float
    p50: float
    p99: float


class Series(NamedTuple):
    """All rounds of a server at a case, the upstream's requests an operation, and whether it answered as the first."""

    samples: list[Sample]
    calls: float
    same: bool

    @property
    def cpu(self) -> list[float]:
        """The judged figure, round by round."""
        return [sample.cpu for sample in self.samples]


class Peak(NamedTuple):
    """One request beside which nothing else ran: bytes of memory at its peak, and the longest wait beside it in ms."""

    memory: int
    longest: float


Results = dict[str, dict[str, Series]]
"""What was measured, by the server's name and the case's."""


class Bench:
    """Servers that are up over one upstream."""

    def __init__(self, plan: Plan, cores: Cores, upstream: int, entries: Mapping[str, Running]) -> None:
        self._plan, self._cores, self._upstream, self._entries = plan, cores, upstream, entries

    @property
    def upstream(self) -> str:
        """The upstream's address."""
        return f"http://127.0.0.1:{self._upstream}"

    def measure(self, cases: Sequence[Case], names: Sequence[str]) -> Results:
        """Measure these servers, the first of them twice, at every case."""
        of = {name: self._entries[name] for name in names} | {CONTROL: self._entries[names[0]]}
        found: Results = {name: {} for name in of}
        for case in cases:
            print(f"measuring {case.name}", file=sys.stderr, flush=True)  # noqa: T201  it takes a while
            wanted = self._answer(of[names[0]], case)
            same = {name: entry for name, entry in of.items() if self._answer(entry, case) == wanted}
            samples = self._rounds(same, case)
            for name, entry in of.items():
                found[name][case.name] = Series(samples.get(name, []), self._calls(entry, case), name in same)
        return found

    def _rounds(self, of: Mapping[str, Running], case: Case) -> Mapping[str, list[Sample]]:
        for name, entry in of.items():
            if name != CONTROL:
                self._warm(entry, case, self._plan.warm)
        samples: dict[str, list[Sample]] = {name: [] for name in of}
        for number in range(self._plan.rounds):
            for name in list(of)[:: -1 if number % 2 else 1]:
                samples[name].append(self._sample(name, of[name], case))
        return samples

    def peak(self, name: str, case: Case) -> Peak:
        """Tell what one request of a case takes at its peak, and how long others wait for it."""
        entry = self._entries[name]
        # What a first request loads and compiles is none of these rows' memory.
        self._answer(entry, case._replace(variables={"n": 1}))
        before = entry.process.memory()
        entry.process.forget_peak()
        measured = self._load(entry, case._replace(connections=1), 1, probed=PROBED)
        return Peak(entry.process.memory("VmHWM") - before, measured.longest)

    def _sample(self, name: str, entry: Running, case: Case) -> Sample:
        count = self._plan.count(case)
        self._warm(entry, case, min(AGAIN, self._plan.warm))
        before = entry.process.spent()
        measured = self._load(entry, case, count)
        spent = entry.process.spent() - before
        if measured.bad or measured.requests != count:
            raise SystemExit(
                f"{name}, {case.name}: {measured.bad} of {measured.requests} answers were not the first one"
            )
        return Sample(1000 * spent / count, count / measured.seconds, measured.p50, measured.p99)

    def _answer(self, entry: Running, case: Case) -> Any:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        headers |= {"Authorization": f"Bearer {entry.tokens[0]}"} if entry.tokens[0] else {}
        url = f"http://127.0.0.1:{entry.process.port}/graphql"
        return httpx.post(url, content=case.body, headers=headers, timeout=60, trust_env=False).json()

    def _calls(self, entry: Running, case: Case) -> float:
        """Count the upstream's requests of an operation that is not the first of its kind."""
        before = self._requests()
        self._answer(entry, case)
        return self._requests() - before

    def _requests(self) -> int:
        return int(httpx.get(f"{self.upstream}/requests", trust_env=False).text)

    def _warm(self, entry: Running, case: Case, seconds: float) -> None:
        if seconds:
            self._load(entry, case, 0, seconds)

    def _load(self, entry: Running, case: Case, count: int, seconds: float = 0, probed: str = "") -> Measured:
        load = Load(entry.process.port, case.body, case.connections, count, seconds, list(entry.tokens), probed)
        with pinned(self._cores.others):
            done = subprocess.run(
                [*PYTHON, "benchmarks.load"], input=msgspec.json.encode(load), capture_output=True, cwd=ROOT, check=True
            )
        measured = msgspec.json.decode(done.stdout, type=Measured)
        # The next load goes on where this one has ended.
        entry.tokens.rotate(-measured.requests)
        return measured


@contextmanager
def bench(servers: Sequence[Server], plan: Plan, cores: Cores) -> Iterator[Bench]:
    """Start the upstream and the servers, and end them whatever happens."""
    with ExitStack() as stack:
        port = free_port()
        command = [*PYTHON, "benchmarks.upstream", str(port)]
        stack.enter_context(running(command, port, "/requests", cores.others))
        address = f"http://127.0.0.1:{port}"
        entries = {server.name: stack.enter_context(server.up(address, cores.server)) for server in servers}
        yield Bench(plan, cores, port, entries)
