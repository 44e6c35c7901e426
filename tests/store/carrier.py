"""A process that carries the engine. What its runs do stands in a file, a line an effect, each behind its pid."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from colonnade import telemetry
from store.engine import Engine, EngineError, engine_url, executor_name


async def carry(url: str, file: Path, ticks: int, commands: list[str]) -> None:
    """Start these commands, and run until killed; a run has so many effects, twenty of them a second."""

    def note(*words: object) -> None:
        with file.open("a", encoding="utf-8") as lines:
            print(os.getpid(), *words, file=lines)

    async def work(command_id: str, run: int) -> None:
        note("begins", command_id, run)
        for _ in range(ticks):
            await asyncio.sleep(0.05)
            engine.hold()
            note("effects", command_id, run)
        note("ends", command_id, run)
        if command_id == "faulty":
            raise ValueError("what the bank said")

    engine = Engine(engine_url(url), executor_name(url), work)
    await engine.launch()
    note("launched")
    for command in commands:
        await begun(engine, command)
    note("started")
    await asyncio.Event().wait()


async def begun(engine: Engine, command: str) -> None:
    """Start a command, as the sweeper does: a machine that stalls is fenced, and begins anew."""
    while True:
        try:
            return await engine.start(command, 1)
        except EngineError:
            await asyncio.sleep(0.1)


if __name__ == "__main__":
    telemetry.configure()
    asyncio.run(carry(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]))
