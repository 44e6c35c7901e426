"""The audit trail, and beside it the texts that may be erased."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

SEQUENCE = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create both."""
    op.create_table(
        "audit",
        sa.Column("sequence", SEQUENCE, primary_key=True, autoincrement=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("command_id", sa.Text),
        sa.Column("command", sa.Text),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("on_behalf_of", sa.Text),
        sa.Column("correlation_id", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    op.create_index("audit_by_command", "audit", ["command_id"])
    op.create_index("audit_by_actor", "audit", ["actor"])
    op.create_table(
        "audit_personal",
        sa.Column("sequence", SEQUENCE, primary_key=True, autoincrement=False),
        sa.Column("name", sa.String(80), primary_key=True),
        sa.Column("text", sa.Text),
        sa.Column("salt", sa.String(32)),
    )
