"""The tables of the audit trail."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text

from store.tables import METADATA

# On SQLite only INTEGER is the key by which the rows themselves stand.
SEQUENCE = BigInteger().with_variant(Integer, "sqlite")

# Rows are added, and by retention removed at the old end. `at` and `content` are text exactly as it was hashed, so that
# any tool reads the same; the columns between them repeat what the content says, for looking it up.
AUDIT = Table(
    "audit",
    METADATA,
    Column("sequence", SEQUENCE, primary_key=True, autoincrement=False),
    Column("at", String(27), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("command_id", Text),
    Column("command", Text),
    Column("actor", Text, nullable=False),
    Column("on_behalf_of", Text),
    Column("correlation_id", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)
Index("audit_by_command", AUDIT.c.command_id)
Index("audit_by_actor", AUDIT.c.actor)

# Free text and personal data: what has been erased has neither text nor salt any more, and nobody can guess it.
PERSONAL = Table(
    "audit_personal",
    METADATA,
    Column("sequence", SEQUENCE, primary_key=True, autoincrement=False),
    Column("name", String(80), primary_key=True),
    Column("text", Text),
    Column("salt", String(32)),
)
