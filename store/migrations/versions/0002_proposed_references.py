"""What speaks for a proposed reference, who decided on it, and which old ids are still understood."""

from __future__ import annotations

from typing import Literal

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

CLAIMS = "(state = 'ACTIVE' OR (state = 'PENDING' AND (score IS NULL OR score <> 'AMBIGUOUS')))"
INDEXES = {
    "one_record_one_reference": (["system", "source_type", "source_id"], CLAIMS),
    "one_reference_a_system": (
        ["entity_type", "canonical_id", "system", "source_type"],
        f"{CLAIMS} AND cardinality = 'ONE'",
    ),
}


def upgrade() -> None:
    """Add the columns; proposals that compete claim nothing, so uniqueness leaves them out."""
    for name in INDEXES:
        op.drop_index(name, "cross_references")
    # SQLite's is made anew, so that it gives no id twice: a decision by an old list must not meet another proposal.
    anew: Literal["always", "never"] = "always" if op.get_bind().dialect.name == "sqlite" else "never"
    sequence = {"sqlite_autoincrement": True}
    with op.batch_alter_table("cross_references", recreate=anew, table_kwargs=sequence) as table:
        table.add_column(sa.Column("score", sa.String(10)))
        table.add_column(sa.Column("evidence", sa.JSON))
        table.add_column(sa.Column("decided_by", sa.String(100)))
        table.add_column(sa.Column("decided_at", sa.DateTime(timezone=True)))
    for name, (columns, where) in INDEXES.items():
        op.create_index(
            name,
            "cross_references",
            columns,
            unique=True,
            sqlite_where=sa.text(where),
            postgresql_where=sa.text(where),
        )
    op.create_table(
        "aliases",
        sa.Column("old_id", sa.String(700), primary_key=True),
        sa.Column("new_id", sa.String(700), nullable=False),
        sa.Column("decided_by", sa.String(100), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("by_new_id", "aliases", ["new_id"])
