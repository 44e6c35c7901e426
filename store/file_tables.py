"""The tables of the files that are exchanged: what each is meant to hold, and what was answered line by line."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Index, Integer, String, Table, Text

from store.tables import METADATA, Instant

# A file that was meant once: its bytes stay, whatever comes, and are sent under the same name. `answers` are the
# digests of the answers that were read. Until `due_at` nobody sends it again.
FILES = Table(
    "files",
    METADATA,
    Column("binding", String(80), primary_key=True),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("name", String(40), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("content", Text, nullable=False),
    Column("state", String(12), nullable=False),
    Column("sends", Integer, nullable=False),
    Column("answers", JSON, nullable=False),
    Column("meant_at", Instant, nullable=False),
    Column("due_at", Instant),
    Column("sent_at", Instant),
    Column("answered_at", Instant),
)
Index("files_by_state", FILES.c.binding, FILES.c.state)

# A change that is handed over in a file, by our key. A line that was rejected may be given again: `round` counts that.
FILE_LINES = Table(
    "file_lines",
    METADATA,
    Column("key", String(255), primary_key=True),
    Column("round", Integer, primary_key=True, autoincrement=False),
    Column("binding", String(80), nullable=False),
    Column("command_id", String(36), nullable=False),
    Column("gate", String(900), nullable=False),
    Column("fields", JSON, nullable=False),
    Column("state", String(12), nullable=False),
    Column("sequence", Integer),
    Column("position", Integer),
    Column("code", String(60)),
    Column("answer", JSON(none_as_null=True)),
    Column("collected_at", Instant, nullable=False),
    Column("answered_at", Instant),
)
Index("lines_by_state", FILE_LINES.c.binding, FILE_LINES.c.state, FILE_LINES.c.collected_at)
Index("lines_by_file", FILE_LINES.c.binding, FILE_LINES.c.sequence, FILE_LINES.c.position)
Index("lines_by_command", FILE_LINES.c.command_id)
