"""The tables of commands: what was asked, what was done, what waits, and what went wrong."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Index, Integer, String, Table, Text

from store.tables import METADATA, Instant

# A command's row is the truth on it: the engine only runs it. `sequence` is the order of acceptance. `run` counts how
# often it was begun or gone on with; whoever writes for an older run is too late.
COMMANDS = Table(
    "commands",
    METADATA,
    Column("sequence", Integer, primary_key=True),
    Column("id", String(36), nullable=False, unique=True),
    Column("name", String(60), nullable=False),
    Column("key", String(64), nullable=False, unique=True),
    Column("fingerprint", String(64), nullable=False),
    Column("actor", String(255), nullable=False),
    Column("acting_key", String(80)),
    Column("person", String(700)),
    Column("roles", JSON, nullable=False),
    Column("entities", JSON, nullable=False),
    Column("entity", String(80)),
    Column("correlation_id", String(128), nullable=False),
    Column("input", JSON, nullable=False),
    Column("plan", JSON, nullable=False),
    Column("plan_digest", String(64), nullable=False),
    Column("parties", JSON, nullable=False),
    Column("state", String(30), nullable=False),
    Column("waiting", String(30)),
    Column("run", Integer, nullable=False),
    Column("versions", JSON, nullable=False),
    Column("snapshot", JSON, nullable=False),
    Column("accepted_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("ended_at", Instant),
    sqlite_autoincrement=True,
)
Index("commands_by_state", COMMANDS.c.state, COMMANDS.c.sequence)
Index("commands_by_actor", COMMANDS.c.actor, COMMANDS.c.sequence)
Index("commands_by_name", COMMANDS.c.name, COMMANDS.c.sequence)
Index("commands_by_correlation", COMMANDS.c.correlation_id, COMMANDS.c.sequence)
Index("commands_by_acceptance", COMMANDS.c.accepted_at, COMMANDS.c.sequence)

# The records that a command is about.
SUBJECTS = Table(
    "command_subjects",
    METADATA,
    Column("subject", String(700), primary_key=True),
    Column("command_id", String(36), primary_key=True),
)
Index("subjects_by_command", SUBJECTS.c.command_id)

# The journal: one row a step that was begun. What is DONE here is never done again.
STEPS = Table(
    "command_steps",
    METADATA,
    Column("command_id", String(36), primary_key=True),
    Column("item", String(700), primary_key=True),
    Column("name", String(80), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("state", String(30), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("attempted_at", Instant, nullable=False),
    Column("unanswered_at", Instant),
    Column("done_at", Instant),
    Column("code", String(60)),
    Column("found", Integer, nullable=False, server_default="0"),
    Column("brought", JSON, nullable=False),
)

# What only one living command may do at a time.
CLAIMS = Table(
    "command_claims",
    METADATA,
    Column("kind", String(60), primary_key=True),
    Column("key", String(700), primary_key=True),
    Column("command_id", String(36), nullable=False),
)
Index("claims_by_command", CLAIMS.c.command_id)

# What a parked command waits for, in the order of acceptance.
HOLDS = Table(
    "command_holds",
    METADATA,
    Column("hold", String(800), primary_key=True),
    Column("sequence", Integer, primary_key=True),
    Column("command_id", String(36), nullable=False),
    Column("since", Instant, nullable=False),
)
Index("holds_by_command", HOLDS.c.command_id)

# What went wrong or was unusual; an open one that was set aside waits for a person.
EXCEPTIONS = Table(
    "command_exceptions",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("command_id", String(36), nullable=False),
    Column("item", String(700), nullable=False),
    Column("step", String(80), nullable=False),
    Column("code", String(60), nullable=False),
    Column("tier", String(30), nullable=False),
    Column("message", Text, nullable=False),
    Column("state", String(20), nullable=False),
    Column("said", Text),
    Column("created_at", Instant, nullable=False),
    Column("due_at", Instant),
    Column("resolved_at", Instant),
    Column("resolved_by", String(255)),
)
Index("exceptions_by_command", EXCEPTIONS.c.command_id)
Index("exceptions_by_state", EXCEPTIONS.c.state, EXCEPTIONS.c.created_at)

APPROVALS = Table(
    "approvals",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("command_id", String(36), nullable=False),
    Column("plan_digest", String(64), nullable=False),
    Column("rule", String(40), nullable=False),
    Column("role", String(60), nullable=False),
    Column("entity", String(80)),
    Column("state", String(20), nullable=False),
    Column("requested_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("decided_at", Instant),
    Column("decided_by", String(255)),
)
Index("approvals_by_command", APPROVALS.c.command_id)
Index("approvals_by_state", APPROVALS.c.state, APPROVALS.c.expires_at)

# The next number of each kind of code.
NUMBERS = Table(
    "numbers",
    METADATA,
    Column("kind", String(40), primary_key=True),
    Column("next", Integer, nullable=False),
)

# Which number was drawn by whom: a step that is carried out again draws the same.
DRAWN = Table(
    "numbers_drawn",
    METADATA,
    Column("key", String(255), primary_key=True),
    Column("number", Integer, nullable=False),
)
