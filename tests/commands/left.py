"""What a command has left behind, in every system and in our own store: what kills must not change.

Rows are compared with all their columns but the instants at which something was done. The command's own id differs from
run to run; and of records that are made side by side, which one gets which of the next ids is left to chance.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from sqlalchemy import select

from colonnade.settings import Settings
from schema.problems import Problem
from schema.rows import Ref
from store import audit_verdict, database
from store.audit import Kind
from store.audit_tables import AUDIT
from store.command_tables import APPROVALS, CLAIMS, COMMANDS, EXCEPTIONS, HOLDS, STEPS
from store.tables import CROSS_REFERENCES
from store.transaction import snapshot
from tests.commands.rig import still

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sqlalchemy import Table
    from sqlalchemy.ext.asyncio import AsyncConnection

    from tests.commands.rig import Rig

State = dict[str, dict[str, list[dict[str, Any]]]]
# Of our own tables, what does not depend on when, or on how often it was tried.
KEPT: Mapping[Table, tuple[str, ...]] = {
    COMMANDS: ("name", "state", "waiting"),
    STEPS: ("item", "name", "position", "state", "code"),
    CLAIMS: ("kind", "key"),
    HOLDS: ("hold",),
    EXCEPTIONS: ("item", "step", "code", "tier", "state"),
    APPROVALS: ("rule", "role", "state"),
    CROSS_REFERENCES: ("entity_type", "canonical_id", "system", "source_type", "source_id", "state"),
}


class Left(NamedTuple):
    """The rows that have come, changed or gone, each with its place."""

    rows: Counter[tuple[str, str]]

    def lost(self, now: Left) -> list[tuple[str, str]]:
        """Return what is there no more."""
        return list((self.rows - now.rows).elements())

    def doubled(self, now: Left) -> list[tuple[str, str]]:
        """Return what has come to be there, or is there twice."""
        return list((now.rows - self.rows).elements())


class Before(NamedTuple):
    """The systems as they were: their rows as texts by role and table, and all values of each table as texts."""

    rows: dict[tuple[str, str], set[str]]
    values: dict[str, set[str]]


def before(rig: Rig) -> Before:
    """Return the systems as they are."""
    found = Before({}, {})
    for role, tables in rig.dump().items():
        for table, rows in tables.items():
            found.rows[role, table] = {repr(row) for row in rows}
            found.values.setdefault(table, set()).update(str(one) for row in rows for one in row.values())
    return found


def left(rig: Rig, before: Before, command_id: str) -> Left:
    """Return what has come of the command of that id since there was none."""
    ref = Ref.decode(command_id)
    assert not isinstance(ref, Problem)
    own = json.loads(json.dumps(asyncio.run(_own(rig))).replace(ref.id, "COMMAND"))
    new = {line["id"] for line in rig.effects() if line["id"] not in before.values[line["table"]]}
    new |= {one["code"] for one in own.pop("drawn")}
    return Left(Counter(_changed({**rig.dump(ref.id), "facade": own}, before, new)))


def _changed(now: State, before: Before, new: set[str]) -> Iterator[tuple[str, str]]:
    for role, tables in now.items():
        for table, rows in tables.items():
            known = before.rows.get((role, table), set())
            said = {repr(row): row for row in rows} if known else dict(enumerate(rows))
            for text, row in said.items():
                if text not in known:
                    yield f"{role} {table}", json.dumps(_masked(still(row), new), sort_keys=True)
            yield from ((f"{role} {table}: gone", text) for text in known - said.keys())


def _masked(value: Any, new: set[str]) -> Any:
    if isinstance(value, dict):
        return {name: _masked(one, new) for name, one in value.items()}
    if isinstance(value, list):
        return [_masked(one, new) for one in value]
    return "NEW" if str(value) in new else value


async def _own(rig: Rig) -> dict[str, Any]:
    engine = database.connect(Settings.read(rig.config).store.url)
    try:
        verdict = await audit_verdict.verify(engine)
        async with snapshot(engine) as connection:
            tables = {table.name: await _table(connection, table, names) for table, names in KEPT.items()}
            tables["audit"] = [{"broken": verdict.broken}, *await _writes(connection)]
            drawn = select(STEPS.c.brought).where(STEPS.c.name == "code", STEPS.c.state == "DONE")
            tables["drawn"] = [dict(one) for one in (await connection.execute(drawn)).scalars()]
    finally:
        await engine.dispose()
    return tables


async def _table(connection: AsyncConnection, table: Table, names: Iterable[str]) -> list[dict[str, Any]]:
    found = await connection.execute(select(*(table.c[name] for name in names)))
    return [{name: _plain(value) for name, value in row.items()} for row in found.mappings()]


async def _writes(connection: AsyncConnection) -> list[dict[str, Any]]:
    """Return the steps that the trail says were carried out, and those that it says were undone."""
    told = (await connection.execute(select(AUDIT.c.content).where(AUDIT.c.kind == Kind.WRITE.value))).scalars()
    bodies = [msgspec.json.decode(one)["body"] for one in told]
    return [{name: body.get(name) for name in ("item", "step", "undone")} for body in bodies]


def _plain(value: Any) -> Any:
    """Take a reference of ours apart, so that what the system calls its record can be told from the rest."""
    ref = Ref.decode(value) if isinstance(value, str) else None
    return [ref.type, ref.binding, ref.id] if isinstance(ref, Ref) else value
