"""Commands: what was asked, what was done, what waits, and what went wrong."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    _commands()
    _journal()
    _waits()
    _people()


def _commands() -> None:
    op.create_table(
        "commands",
        sa.Column("sequence", sa.Integer, primary_key=True),
        sa.Column("id", sa.String(36), nullable=False, unique=True),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("key", sa.String(64), nullable=False, unique=True),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("actor", sa.String(255), nullable=False),
        sa.Column("acting_key", sa.String(80)),
        sa.Column("person", sa.String(700)),
        sa.Column("roles", sa.JSON, nullable=False),
        sa.Column("entities", sa.JSON, nullable=False),
        sa.Column("entity", sa.String(80)),
        sa.Column("correlation_id", sa.String(128), nullable=False),
        sa.Column("input", sa.JSON, nullable=False),
        sa.Column("plan", sa.JSON, nullable=False),
        sa.Column("plan_digest", sa.String(64), nullable=False),
        sa.Column("parties", sa.JSON, nullable=False),
        sa.Column("state", sa.String(30), nullable=False),
        sa.Column("waiting", sa.String(30)),
        sa.Column("run", sa.Integer, nullable=False),
        sa.Column("versions", sa.JSON, nullable=False),
        sa.Column("snapshot", sa.JSON, nullable=False),
        sa.Column("accepted_at", INSTANT, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
        sqlite_autoincrement=True,
    )
    op.create_index("commands_by_state", "commands", ["state", "sequence"])
    op.create_index("commands_by_actor", "commands", ["actor", "sequence"])
    op.create_index("commands_by_name", "commands", ["name", "sequence"])
    op.create_index("commands_by_correlation", "commands", ["correlation_id", "sequence"])
    op.create_index("by_source_id", "cross_references", ["source_id"])
    op.create_index("commands_by_acceptance", "commands", ["accepted_at", "sequence"])
    op.create_table(
        "command_subjects",
        sa.Column("subject", sa.String(700), primary_key=True),
        sa.Column("command_id", sa.String(36), primary_key=True),
    )
    op.create_index("subjects_by_command", "command_subjects", ["command_id"])


def _journal() -> None:
    op.create_table(
        "command_steps",
        sa.Column("command_id", sa.String(36), primary_key=True),
        sa.Column("item", sa.String(700), primary_key=True),
        sa.Column("name", sa.String(80), primary_key=True),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("state", sa.String(30), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("attempted_at", INSTANT, nullable=False),
        sa.Column("unanswered_at", INSTANT),
        sa.Column("done_at", INSTANT),
        sa.Column("code", sa.String(60)),
        sa.Column("found", sa.Integer, nullable=False, server_default="0"),
        sa.Column("brought", sa.JSON, nullable=False),
    )
    op.create_table(
        "numbers",
        sa.Column("kind", sa.String(40), primary_key=True),
        sa.Column("next", sa.Integer, nullable=False),
    )
    op.create_table(
        "numbers_drawn",
        sa.Column("key", sa.String(255), primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
    )


def _waits() -> None:
    op.create_table(
        "command_claims",
        sa.Column("kind", sa.String(60), primary_key=True),
        sa.Column("key", sa.String(700), primary_key=True),
        sa.Column("command_id", sa.String(36), nullable=False),
    )
    op.create_index("claims_by_command", "command_claims", ["command_id"])
    op.create_table(
        "command_holds",
        sa.Column("hold", sa.String(800), primary_key=True),
        sa.Column("sequence", sa.Integer, primary_key=True),
        sa.Column("command_id", sa.String(36), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
    )
    op.create_index("holds_by_command", "command_holds", ["command_id"])


def _people() -> None:
    op.create_table(
        "command_exceptions",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("command_id", sa.String(36), nullable=False),
        sa.Column("item", sa.String(700), nullable=False),
        sa.Column("step", sa.String(80), nullable=False),
        sa.Column("code", sa.String(60), nullable=False),
        sa.Column("tier", sa.String(30), nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("said", sa.Text),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT),
        sa.Column("resolved_at", INSTANT),
        sa.Column("resolved_by", sa.String(255)),
    )
    op.create_index("exceptions_by_command", "command_exceptions", ["command_id"])
    op.create_index("exceptions_by_state", "command_exceptions", ["state", "created_at"])
    op.create_table(
        "approvals",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("command_id", sa.String(36), nullable=False),
        sa.Column("plan_digest", sa.String(64), nullable=False),
        sa.Column("rule", sa.String(40), nullable=False),
        sa.Column("role", sa.String(60), nullable=False),
        sa.Column("entity", sa.String(80)),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("requested_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("decided_at", INSTANT),
        sa.Column("decided_by", sa.String(255)),
    )
    op.create_index("approvals_by_command", "approvals", ["command_id"])
    op.create_index("approvals_by_state", "approvals", ["state", "expires_at"])
