"""Thousands of documents that nobody would write: each is answered, in time, and nothing is left behind in memory."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TYPE_CHECKING

import httpx
import msgspec
import pytest

from tests.conformance.fuzzing.documents import documents
from tests.conformance.fuzzing.server import served
from tests.conformance.hostile.documents import FILES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from colonnade.demo import Running
    from tests.conformance.callers import Caller

pytestmark = [pytest.mark.conformance, pytest.mark.timeout(900)]

CASES = 5_000
# After more documents than a server keeps prepared: what it holds for good, it holds by then.
WARM = 1_200
# Another one makes other documents: SEED=5 make test-conformance.
SEED = int(os.environ.get("SEED", "4"))
AT_ONCE = 2
LATE, SLOW = 10.0, 2.0


class Outcome(msgspec.Struct):
    """What came of the documents: who was answered with 500 or above, who too late, and the pulse meanwhile."""

    answered: int = 0
    broken: list[str] = []
    late: list[str] = []
    slowest: float = 0.0
    pulse: list[float] = []

    def hear(self, document: str, status: int, seconds: float) -> None:
        """Take an answer into account; what broke the server or held it up is kept, to be asked again in every run."""
        self.answered += 1
        self.slowest = max(self.slowest, seconds)
        if status >= 500:
            self.broken.append(document)
        if seconds >= LATE:
            self.late.append(document)
        if status >= 500 or seconds >= SLOW:
            name = hashlib.sha256(document.encode()).hexdigest()[:16]
            (FILES / f"fuzzed-{name}.json").write_text(json.dumps({"query": document}), encoding="utf-8")


def made_by_two() -> list[str]:
    """Make the documents in two processes, for it takes longer than to answer them."""
    half = CASES // 2
    with ProcessPoolExecutor(2, get_context("spawn")) as makers:
        made = list(makers.map(documents, (half, half), (2 * SEED, 2 * SEED + 1)))
    return [text for part in zip(*made, strict=True) for text in part]


async def throw(url: str, caller: Caller, texts: Sequence[str], outcome: Outcome) -> None:
    """Ask for all of them, and feel the server's pulse until they are answered."""
    left = iter(texts)
    async with httpx.AsyncClient(trust_env=False, timeout=LATE, headers=caller.headers) as client:

        async def ask() -> None:
            for text in left:
                began = time.perf_counter()
                try:
                    status = (await client.post(f"{url}/graphql", json={"query": text})).status_code
                except httpx.TimeoutException:
                    status = 504
                outcome.hear(text, status, time.perf_counter() - began)

        async def feel() -> None:
            while True:
                began = time.perf_counter()
                (await client.get(f"{url}/livez")).raise_for_status()
                outcome.pulse.append(time.perf_counter() - began)
                await asyncio.sleep(0.05)

        pulse = asyncio.create_task(feel())
        await asyncio.gather(*(ask() for _ in range(AT_ONCE)))
        if pulse.done():
            await pulse
        pulse.cancel()


def test_five_thousand_documents(demo: Running, widest: Caller, tmp_path: Path, tell: Callable[[object], None]) -> None:
    """Who may ask for everything breaks nothing, waits for nothing, fills no memory and keeps nobody waiting."""
    tell(f"schemathesis: {CASES} cases, seed {SEED}")
    made, cases = made_by_two(), Outcome()
    with served(demo.config, tmp_path) as server:
        asyncio.run(throw(server.url, widest, made[:WARM], cases))
        before = server.resident()
        asyncio.run(throw(server.url, widest, made[WARM:], cases))
        growth = server.resident() / before - 1
    pulse = sorted(cases.pulse)
    p99 = pulse[int(len(pulse) * 0.99)]
    tell(
        f"FIGURE schemathesis {cases.answered} cases: {len(cases.broken)} server errors, {len(cases.late)} time-outs, "
        f"memory {growth:+.1%}, slowest {cases.slowest:.2f} s, livez p99 {p99 * 1000:.0f} ms of {len(pulse)}"
    )
    assert (cases.answered, cases.broken, cases.late) == (CASES, [], [])
    assert growth < 0.10
