"""The files that are exchanged, and their lines."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "files",
        sa.Column("binding", sa.String(80), primary_key=True),
        sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("sends", sa.Integer, nullable=False),
        sa.Column("answers", sa.JSON, nullable=False),
        sa.Column("meant_at", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT),
        sa.Column("sent_at", INSTANT),
        sa.Column("answered_at", INSTANT),
    )
    op.create_index("files_by_state", "files", ["binding", "state"])
    op.create_table(
        "file_lines",
        sa.Column("key", sa.String(255), primary_key=True),
        sa.Column("round", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("binding", sa.String(80), nullable=False),
        sa.Column("command_id", sa.String(36), nullable=False),
        sa.Column("gate", sa.String(900), nullable=False),
        sa.Column("fields", sa.JSON, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("sequence", sa.Integer),
        sa.Column("position", sa.Integer),
        sa.Column("code", sa.String(60)),
        sa.Column("answer", sa.JSON),
        sa.Column("collected_at", INSTANT, nullable=False),
        sa.Column("answered_at", INSTANT),
    )
    op.create_index("lines_by_state", "file_lines", ["binding", "state", "collected_at"])
    op.create_index("lines_by_file", "file_lines", ["binding", "sequence", "position"])
    op.create_index("lines_by_command", "file_lines", ["command_id"])
