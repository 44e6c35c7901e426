"""The tables of the facade's own store."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

import msgspec
from sqlalchemy import JSON, BigInteger, Column, DateTime, Index, Integer, MetaData, String, Table, TypeDecorator, text

if TYPE_CHECKING:
    from sqlalchemy import Dialect, RowMapping

METADATA = MetaData()
S = TypeVar("S", bound=msgspec.Struct)

# What says that a record is taken: a fact, a reservation, a proposal that stands alone. Of proposals that compete,
# none claims anything until a person has chosen.
CLAIMS = "(state = 'ACTIVE' OR (state = 'PENDING' AND (score IS NULL OR score <> 'AMBIGUOUS')))"
LIVE = text(CLAIMS)
LIVE_ONE = text(f"{CLAIMS} AND cardinality = 'ONE'")


class Instant(TypeDecorator[datetime]):
    """An instant in UTC, also where the database keeps no zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Write it in UTC."""
        del dialect
        return value if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Read it as what it was written."""
        del dialect
        return value if value is None else value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


def read(kind: type[S], row: RowMapping) -> S:
    """Return a row of a table as a struct of the same fields. A result's own keys are no plain texts."""
    return kind(**{name: row[name] for name in kind.__struct_fields__})


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
    Column("valid_from", Instant, nullable=False),
    Column("valid_to", Instant),
    Column("last_verified_at", Instant),
    Column("score", String(10)),
    Column("evidence", JSON(none_as_null=True)),
    Column("decided_by", String(100)),
    Column("decided_at", Instant),
    # An id on a steward's list never comes to mean another proposal.
    sqlite_autoincrement=True,
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
# A reservation is found by our key alone, within the transaction of every step that makes a record.
Index("by_source_id", CROSS_REFERENCES.c.source_id)

# A record that was re-keyed, or whose home was replaced: what it was called before still leads to it.
ALIASES = Table(
    "aliases",
    METADATA,
    Column("old_id", String(700), primary_key=True),
    Column("new_id", String(700), nullable=False),
    Column("decided_by", String(100), nullable=False),
    Column("valid_from", Instant, nullable=False),
)
Index("by_new_id", ALIASES.c.new_id)

# The key of an internal tool. Its secret is known to the tool alone; while a key is rotated, two have one name.
SERVICE_KEYS = Table(
    "service_keys",
    METADATA,
    Column("id", String(16), primary_key=True),
    Column("name", String(80), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("roles", JSON, nullable=False),
    Column("entities", JSON, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("revoked_at", Instant),
)
Index("by_name", SERVICE_KEYS.c.name)

# Whom the identity provider's subject is to the systems of record: an employee by number, or a customer by code.
SUBJECTS = Table(
    "subjects",
    METADATA,
    Column("subject", String(255), primary_key=True),
    Column("kind", String(10), nullable=False),
    Column("number", String(80), nullable=False),
    Column("linked_by", String(100), nullable=False),
    Column("valid_from", Instant, nullable=False),
)

# Which clients still use what the contract is going to lose.
DEPRECATED_USAGE = Table(
    "deprecated_usage",
    METADATA,
    Column("field", String(200), primary_key=True),
    Column("client", String(64), primary_key=True),
    Column("version", String(64), primary_key=True),
    Column("operations", BigInteger, nullable=False),
    Column("last_used", Instant, nullable=False),
)
