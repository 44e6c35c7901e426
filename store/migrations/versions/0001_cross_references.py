"""Who is who in the other systems."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

LIVE = sa.text("state IN ('PENDING', 'ACTIVE')")
LIVE_ONE = sa.text("state IN ('PENDING', 'ACTIVE') AND cardinality = 'ONE'")


def upgrade() -> None:
    """Create the cross-references."""
    op.create_table(
        "cross_references",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("entity_type", sa.String(40), nullable=False),
        sa.Column("canonical_id", sa.String(700), nullable=False),
        sa.Column("system", sa.String(40), nullable=False),
        sa.Column("source_type", sa.String(80), nullable=False),
        sa.Column("source_id", sa.String(255), nullable=False),
        sa.Column("source_key", sa.String(255)),
        sa.Column("role", sa.String(10), nullable=False),
        sa.Column("cardinality", sa.String(15), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("established_by", sa.String(10), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_to", sa.DateTime(timezone=True)),
        sa.Column("last_verified_at", sa.DateTime(timezone=True)),
    )
    op.create_index(
        "one_record_one_reference",
        "cross_references",
        ["system", "source_type", "source_id"],
        unique=True,
        sqlite_where=LIVE,
        postgresql_where=LIVE,
    )
    op.create_index(
        "one_reference_a_system",
        "cross_references",
        ["entity_type", "canonical_id", "system", "source_type"],
        unique=True,
        sqlite_where=LIVE_ONE,
        postgresql_where=LIVE_ONE,
    )
    op.create_index("by_canonical_id", "cross_references", ["canonical_id"])
