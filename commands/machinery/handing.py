"""A step that goes in a file: it is collected as a line, and read as an outcome when that has been answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from sources import exchange
from store import files
from store.transaction import snapshot, transaction

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from commands.plan import Gate
    from schema.context import Clock
    from sources.exchange import LineAct
    from sources.writes import Said, Write
    from store.files import Line

FILE = "file"


class Handing:
    """The lines that commands hand over."""

    def __init__(self, store: AsyncEngine, clock: Clock) -> None:
        self._store, self._clock = store, clock

    async def line(self, key: str) -> Line | None:
        """Return the line of a step as it stands, None where it was never collected."""
        async with snapshot(self._store) as connection:
            return await files.newest(connection, key)

    async def collect(self, act: LineAct[Write], write: Write, words: Said, binding: str, gate: Gate | None) -> Line:
        """Have a line wait for the next file, or raise SourceFailure where a value cannot stand in one."""
        fields = exchange.said(act, write, words)
        async with transaction(self._store) as connection:
            before = await files.newest(connection, words.key)
            line = files.Line(
                key=words.key,
                round=1 if before is None else before.round + 1,
                binding=binding,
                command_id=words.key.partition("/")[0],
                gate="" if gate is None else msgspec.json.encode(gate).decode(),
                fields=fields,
                collected_at=self._clock.now(),
            )
            await files.collect(connection, line)
        return line


def hold(key: str) -> str:
    """Return by what a command is found that waits for the answer to a line."""
    return f"{FILE}|{key}"


def answered(line: Line | None) -> bool:
    """Tell whether a line has come to its end."""
    return line is not None and line.state in {files.ACKNOWLEDGED, files.REJECTED}
