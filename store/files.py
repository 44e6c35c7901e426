"""The rows of files that are exchanged, and of their lines.

Everything that changes one takes the connection of a `transaction`. A line is COLLECTED, FILED (in a file), and then
ACKNOWLEDGED or REJECTED. A file is MEANT, SENT, and ANSWERED as soon as each of its lines is.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import func, insert, select, update

from store.file_tables import FILE_LINES, FILES
from store.tables import read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

# Any number, the same in every process.
FILE_LOCK: Final = 0xF11E
COLLECTED, FILED, ACKNOWLEDGED, REJECTED = "COLLECTED", "FILED", "ACKNOWLEDGED", "REJECTED"
MEANT, SENT, ANSWERED = "MEANT", "SENT", "ANSWERED"
# How many files are looked after at a time: further ones wait for their turn.
AT_ONCE: Final = 100


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A change that is handed over in a file.

    `gate` is the period that must be open, in JSON as the plan says it, empty where there is none; `sequence` and
    `position` are its place in a file; `code` is why it was rejected, `answer` the fields of its acknowledgement.
    """

    key: str
    round: int
    binding: str
    command_id: str
    gate: str
    fields: list[str]
    state: str = COLLECTED
    sequence: int | None = None
    position: int | None = None
    code: str | None = None
    answer: list[str] | None = None
    collected_at: datetime
    answered_at: datetime | None = None


class File(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was meant."""

    binding: str
    sequence: int
    name: str
    digest: str
    content: str
    state: str = MEANT
    sends: int = 0
    answers: list[str] = []
    meant_at: datetime
    due_at: datetime | None = None
    sent_at: datetime | None = None
    answered_at: datetime | None = None


async def newest(connection: AsyncConnection, key: str) -> Line | None:
    """Return the line of a key, the last one where it was given again."""
    found = select(FILE_LINES).where(FILE_LINES.c.key == key).order_by(FILE_LINES.c.round.desc()).limit(1)
    row = (await connection.execute(found)).mappings().one_or_none()
    return None if row is None else read(Line, row)


async def collect(connection: AsyncConnection, line: Line) -> None:
    """Store a line that waits for a file."""
    await connection.execute(insert(FILE_LINES).values(**msgspec.structs.asdict(line)))


async def gates(connection: AsyncConnection, binding: str) -> list[str]:
    """Return for what periods lines wait that are in no file yet, each once."""
    own = (FILE_LINES.c.binding == binding, FILE_LINES.c.state == COLLECTED)
    return list((await connection.execute(select(FILE_LINES.c.gate).where(*own).distinct())).scalars())


async def collected(connection: AsyncConnection, binding: str, open_: Sequence[str], most: int) -> list[Line]:
    """Return lines that wait for a file and for one of these periods, in the order in which they came."""
    which = (
        select(FILE_LINES)
        .where(FILE_LINES.c.binding == binding, FILE_LINES.c.state == COLLECTED, FILE_LINES.c.gate.in_(open_))
        .order_by(FILE_LINES.c.collected_at, FILE_LINES.c.key)
        .limit(most)
    )
    return [read(Line, row) for row in (await connection.execute(which)).mappings()]


async def next_sequence(connection: AsyncConnection, binding: str) -> int:
    """Return the number of the next file."""
    last = await connection.scalar(select(func.max(FILES.c.sequence)).where(FILES.c.binding == binding))
    return (last or 0) + 1


async def mean(connection: AsyncConnection, file: File, lines: Sequence[Line]) -> None:
    """Store a file that is to be sent, with the lines that stand in it, in this order."""
    await connection.execute(insert(FILES).values(**msgspec.structs.asdict(file)))
    for position, line in enumerate(lines, 1):
        await change_line(connection, line, state=FILED, sequence=file.sequence, position=position)


async def unanswered(connection: AsyncConnection, binding: str) -> list[File]:
    """Return the files of which answers are missing, the oldest first."""
    which = (
        select(FILES)
        .where(FILES.c.binding == binding, FILES.c.state != ANSWERED)
        .order_by(FILES.c.sequence)
        .limit(AT_ONCE)
    )
    return [read(File, row) for row in (await connection.execute(which)).mappings()]


async def waiting(connection: AsyncConnection, binding: str) -> tuple[int, datetime | None]:
    """Return how many files have no answer, and when the oldest of them was meant."""
    own = (FILES.c.binding == binding, FILES.c.state != ANSWERED)
    count, since = (await connection.execute(select(func.count(), func.min(FILES.c.meant_at)).where(*own))).one()
    return count, since


async def lines_of(connection: AsyncConnection, file: File) -> list[Line]:
    """Return what stands in a file."""
    own = (FILE_LINES.c.binding == file.binding, FILE_LINES.c.sequence == file.sequence)
    which = select(FILE_LINES).where(*own).order_by(FILE_LINES.c.position)
    return [read(Line, row) for row in (await connection.execute(which)).mappings()]


async def change(connection: AsyncConnection, file: File, **values: Any) -> bool:
    """Change a file's row if it is as it was read, as to how often it was sent; tell if it was."""
    own = (FILES.c.binding == file.binding, FILES.c.sequence == file.sequence, FILES.c.sends == file.sends)
    changed = await connection.execute(update(FILES).where(*own, FILES.c.state != ANSWERED).values(**values))
    return changed.rowcount == 1


async def change_line(connection: AsyncConnection, line: Line, **values: Any) -> None:
    """Change a line's row."""
    own = (FILE_LINES.c.key == line.key, FILE_LINES.c.round == line.round)
    await connection.execute(update(FILE_LINES).where(*own).values(**values))


async def listed(connection: AsyncConnection, command_id: str | None, most: int) -> list[tuple[File, list[Line]]]:
    """Return the newest files, or those by which a command went, each with its lines."""
    which = select(FILES).order_by(FILES.c.meant_at.desc(), FILES.c.sequence.desc()).limit(most)
    if command_id is not None:
        which = which.where(
            select(FILE_LINES.c.key)
            .where(FILE_LINES.c.command_id == command_id)
            .where(FILE_LINES.c.binding == FILES.c.binding, FILE_LINES.c.sequence == FILES.c.sequence)
            .exists()
        )
    files = [read(File, row) for row in (await connection.execute(which)).mappings()]
    return [(file, await lines_of(connection, file)) for file in files]
