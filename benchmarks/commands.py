"""What a command costs: its answer, its whole run, and beside them a bare start of the engine.

    python -m benchmarks.commands [COUNT]        writes benchmarks/COMMANDS.md

Each mutation is given COUNT times, one after the other, to a server in a process of its own, warm. `p50` is how long
the client waited for the answer, `own CPU` what the server's process spent until the command rested: one that awaits
an approval is taken in and not run, the other one is run to its end before the next is given.
"""

from __future__ import annotations

import asyncio
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx

from colonnade import demo
from colonnade.settings import Settings
from demo.firm import northbeam
from demo.issuer import issuer
from demo.systems import emulated
from schema.graph import HOMES
from schema.rows import Ref
from store.engine import Engine, engine_url, executor_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from demo.issuer import Issuer
    from demo.systems import Bound

HERE = Path(__file__).parent
WARM = 20
TICK = os.sysconf("SC_CLK_TCK")
STATUS = "query($id: ID!) { command(id: $id) { status } }"


class Row(NamedTuple):
    """One measured thing: milliseconds the client waited, and milliseconds of CPU that the server spent, for each."""

    name: str
    waited: Sequence[float]
    cpu: float

    def line(self) -> str:
        """Return it as a row of the table."""
        p50, p95 = statistics.median(self.waited), statistics.quantiles(self.waited, n=20)[-1]
        return f"| {self.name} | {len(self.waited)} | {p50:.1f} | {p95:.1f} | {self.cpu:.1f} |"


def main(count: int) -> None:
    """Measure, and write the table."""
    with ExitStack() as stack:
        bound = stack.enter_context(emulated(northbeam()))
        provider = stack.enter_context(issuer())
        rows = [
            _given(bound, provider, INTERNAL, count),
            _given(bound, provider, STAFFING, count),
            asyncio.run(_bare(count)),
        ]
    stamp = datetime.now(UTC).date().isoformat()
    head = [
        f"# Commands: {stamp}",
        "",
        "`python -m benchmarks.commands`, on SQLite and the demo's systems, on a machine of two shared cores.",
        "",
        "| what | times | p50 ms | p95 ms | own CPU ms |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    (HERE / "COMMANDS.md").write_text("\n".join([*head, *(row.line() for row in rows)]) + "\n", encoding="utf-8")
    print("\n".join(row.line() for row in rows))  # noqa: T201


def _given(bound: Sequence[Bound], provider: Issuer, act: Act, count: int) -> Row:
    with tempfile.TemporaryDirectory(prefix="colonnade-bench-") as folder, _server(bound, provider, folder) as at:
        url, pid = at
        headers = {"Authorization": f"Bearer {provider.token(act.persona)}"}
        with httpx.Client(headers=headers, timeout=60, trust_env=False) as client:
            waited = []
            for number in range(WARM + count):
                if number == WARM:
                    began = _cpu(pid)
                since = time.perf_counter()
                id_ = _give(client, url, act, act.input(bound, number))
                waited.append((time.perf_counter() - since) * 1000)
                _follow(client, url, id_)
            return Row(act.name, waited[WARM:], (_cpu(pid) - began) * 1000 / count)


def _give(client: httpx.Client, url: str, act: Act, given: dict[str, Any]) -> str:
    headers = {"Idempotency-Key": uuid.uuid4().hex}
    answer = client.post(url, json={"query": act.mutation, "variables": {"input": given}}, headers=headers).json()
    (payload,) = answer["data"].values()
    if payload["problems"]:
        raise SystemExit(f"the command was not accepted: {payload['problems']}")
    return str(payload["command"]["id"])


def _ref(bound: Sequence[Bound], type_: str, code: str) -> str:
    role = HOMES[type_].system.value
    (word,) = (system.words[type_](code) for system in bound if system.role == role)
    return Ref(type_, role, word or "").encode()


def _internal(bound: Sequence[Bound], number: int) -> dict[str, Any]:
    entity = _ref(bound, "LegalEntity", "NB-UK")
    return {"name": f"Bench {number}", "legalEntityId": entity, "plannedStart": "2026-05-04"}


def _staffing(bound: Sequence[Bound], _number: int) -> dict[str, Any]:
    return {
        "projectId": _ref(bound, "Project", "ENG-007-P"),
        "resourceId": _ref(bound, "Resource", "RES-008"),
        "roleId": _ref(bound, "Role", "SENIOR"),
        "range": {"start": "2026-06-01", "end": "2026-06-30"},
        "hoursPerDay": "1",
        "commitment": "TENTATIVE",
    }


class Act(NamedTuple):
    """A mutation that is given again and again."""

    name: str
    persona: str
    field: str
    input: Callable[[Sequence[Bound], int], dict[str, Any]]

    @property
    def mutation(self) -> str:
        """The document."""
        kind = self.field[0].upper() + self.field[1:]
        asked = "{ command { id status } problems { code message } }"
        return f"mutation($input: {kind}Input!) {{ {self.field}(input: $input) {asked} }}"


INTERNAL = Act("createEngagement: taken in, awaits an approval", "engagement-manager", "createEngagement", _internal)
STAFFING = Act("staffAssignment: taken in, and run to its end", "resource-manager", "staffAssignment", _staffing)


def _follow(client: httpx.Client, url: str, id_: str) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        answer = client.post(url, json={"query": STATUS, "variables": {"id": id_}}).json()
        status = answer["data"]["command"]["status"]
        if status in {"SUCCEEDED", "AWAITING_APPROVAL"}:
            return
        time.sleep(0.005)
    raise SystemExit("the command did not come to its end")


async def _bare(count: int) -> Row:
    """Start runs that do nothing."""
    with tempfile.TemporaryDirectory(prefix="colonnade-bench-") as folder:
        store = f"sqlite+aiosqlite:///{folder}/colonnade.db"

        async def nothing(_id: str, _run: int) -> None:
            return

        engine = Engine(engine_url(store), executor_name(store), nothing)
        await engine.launch()
        waited = []
        for number in range(WARM + count):
            if number == WARM:
                began = time.process_time()
            since = time.perf_counter()
            await engine.start(f"bare-{number}", 1)
            waited.append((time.perf_counter() - since) * 1000)
        # Its empty runs are over as soon as they were begun; the engine still writes that down.
        await asyncio.sleep(1)
        spent = (time.process_time() - began) * 1000 / count
        await engine.stop(5)
        return Row("a bare start of the engine, and its empty run", waited[WARM:], spent)


@contextmanager
def _server(bound: Sequence[Bound], provider: Issuer, folder: str) -> Iterator[tuple[str, int]]:
    config = demo.configure(Path(folder), bound, provider.url)
    asyncio.run(demo._link(Settings.read(config).store.url, bound, mutated=False))  # noqa: SLF001
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    provider.register(f"http://127.0.0.1:{port}")
    arguments = [sys.executable, "-m", "benchmarks.serving", str(config), str(port), "both"]
    with subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=HERE.parent) as server:
        try:
            _await(f"http://127.0.0.1:{port}/livez")
            yield f"http://127.0.0.1:{port}/graphql", server.pid
        finally:
            server.terminate()


def _await(url: str) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            if httpx.get(url, timeout=1, trust_env=False).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise SystemExit("the server did not come up")


def _cpu(pid: int) -> float:
    """Return the seconds of CPU that a process has spent."""
    fields: list[Any] = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
