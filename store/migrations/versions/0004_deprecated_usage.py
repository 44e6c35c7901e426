"""Which clients still use what is going to be removed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the counts."""
    op.create_table(
        "deprecated_usage",
        sa.Column("field", sa.String(200), primary_key=True),
        sa.Column("client", sa.String(64), primary_key=True),
        sa.Column("version", sa.String(64), primary_key=True),
        sa.Column("operations", sa.BigInteger, nullable=False),
        sa.Column("last_used", sa.DateTime(timezone=True), nullable=False),
    )
