"""The tables of the facade's own store."""

from __future__ import annotations

from sqlalchemy import Column, DateTime, Index, Integer, MetaData, String, Table, text

METADATA = MetaData()

LIVE = text("state IN ('PENDING', 'ACTIVE')")
LIVE_ONE = text("state IN ('PENDING', 'ACTIVE') AND cardinality = 'ONE'")

CROSS_REFERENCES = Table(
    "cross_references",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("entity_type", String(40), nullable=False),
    Column("canonical_id", String(700), nullable=False),
    Column("system", String(40), nullable=False),
    Column("source_type", String(80), nullable=False),
    Column("source_id", String(255), nullable=False),
    Column("source_key", String(255)),
    Column("role", String(10), nullable=False),
    Column("cardinality", String(15), nullable=False),
    Column("state", String(10), nullable=False),
    Column("established_by", String(10), nullable=False),
    Column("valid_from", DateTime(timezone=True), nullable=False),
    Column("valid_to", DateTime(timezone=True)),
    Column("last_verified_at", DateTime(timezone=True)),
)
Index(
    "one_record_one_reference",
    *(CROSS_REFERENCES.c[name] for name in ("system", "source_type", "source_id")),
    unique=True,
    sqlite_where=LIVE,
    postgresql_where=LIVE,
)
Index(
    "one_reference_a_system",
    *(CROSS_REFERENCES.c[name] for name in ("entity_type", "canonical_id", "system", "source_type")),
    unique=True,
    sqlite_where=LIVE_ONE,
    postgresql_where=LIVE_ONE,
)
Index("by_canonical_id", CROSS_REFERENCES.c.canonical_id)
