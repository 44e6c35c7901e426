"""Commands read: one, a page of them, requests for approval, and what was set aside.

Who may see what of it is decided by `commands.machinery.seeing`.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from sqlalchemy import select

from commands.machinery.view import View, shown
from store import commands as rows
from store import exceptions
from store.approvals import ApprovalRow
from store.command_tables import APPROVALS, COMMANDS, EXCEPTIONS, SUBJECTS
from store.transaction import snapshot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Table
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from store.commands import Stored


class Sought(msgspec.Struct, frozen=True, kw_only=True):
    """Which commands are sought; what is None is not asked for. `actor` is the one whose commands may be seen."""

    statuses: tuple[str, ...] | None = None
    names: tuple[str, ...] | None = None
    actor: str | None = None
    subject: str | None = None
    correlation_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class Found(NamedTuple):
    """A command with all that belongs to it, its requests for approval as the store has them too."""

    stored: Stored
    view: View
    approvals: Sequence[ApprovalRow]


class Reading:
    """Reads what the store knows of commands."""

    def __init__(self, store: AsyncEngine) -> None:
        self._store = store

    async def command(self, id_: str) -> Found | None:
        """Return a command with all that belongs to it."""
        async with snapshot(self._store) as connection:
            stored = await rows.by_id(connection, id_)
            return None if stored is None else (await _found(connection, [stored]))[0]

    async def of_exception(self, id_: str) -> Found | None:
        """Return the command that an exception is of."""
        async with snapshot(self._store) as connection:
            found = await exceptions.by_id(connection, id_)
            stored = None if found is None else await rows.by_id(connection, found.command_id)
            return None if stored is None else (await _found(connection, [stored]))[0]

    async def commands(self, sought: Sought, first: int, before: int | None) -> list[Found]:
        """Return the newest commands before a sequence number."""
        where = _conditions(sought)
        if before is not None:
            where.append(COMMANDS.c.sequence < before)
        chosen = select(*rows.KNOWN).where(*where).order_by(COMMANDS.c.sequence.desc()).limit(first)
        async with snapshot(self._store) as connection:
            return await _found(connection, [rows.stored(row) for row in (await connection.execute(chosen)).mappings()])

    async def approvals(
        self, state: str, roles: Sequence[str] | None, actor: str, first: int, skipped: int
    ) -> list[tuple[str, Found]]:
        """Return requests for approval in a state, the oldest first: their ids, each with its command.

        With `roles`, those alone that these approve, and those of the actor's own commands.
        """
        where = [APPROVALS.c.state == state]
        if roles is not None:
            where.append(APPROVALS.c.role.in_(roles) | (COMMANDS.c.actor == actor))
        return await self._with(APPROVALS, APPROVALS.c.requested_at, where, first, skipped)

    async def set_aside(self, state: str, actor: str | None, first: int) -> list[tuple[str, Found]]:
        """Return exceptions in a state, the oldest first: their ids, each with its command; of one actor if given."""
        where = [EXCEPTIONS.c.state == state]
        if actor is not None:
            where.append(COMMANDS.c.actor == actor)
        return await self._with(EXCEPTIONS, EXCEPTIONS.c.created_at, where, first, 0)

    async def _with(
        self, table: Any, age: Any, where: Sequence[Any], first: int, skipped: int
    ) -> list[tuple[str, Found]]:
        """Return commands for rows that stand beside them, the oldest first: the rows' ids, each with its command."""
        chosen = select(*rows.KNOWN, table.c.id.label("beside")).join(table, table.c.command_id == COMMANDS.c.id)
        chosen = chosen.where(*where).order_by(age, table.c.id).limit(first).offset(skipped)
        async with snapshot(self._store) as connection:
            listed = [(row["beside"], rows.stored(row)) for row in (await connection.execute(chosen)).mappings()]
            known = {one.id: one for _, one in listed}
            found = {one.stored.id: one for one in await _found(connection, list(known.values()))}
        return [(id_, found[one.id]) for id_, one in listed]


async def _found(connection: AsyncConnection, stored: Sequence[Stored]) -> list[Found]:
    """Return commands with all that belongs to them: in as many statements, however many they are."""
    ids = [one.id for one in stored]
    journals = await rows.journals(connection, ids)
    about = await _beside(connection, SUBJECTS, ids)
    left = await _beside(connection, EXCEPTIONS, ids, EXCEPTIONS.c.created_at, EXCEPTIONS.c.id)
    asked = await _beside(connection, APPROVALS, ids, APPROVALS.c.requested_at, APPROVALS.c.id)
    found = []
    for one in stored:
        subjects = [row["subject"] for row in about[one.id]]
        view = shown(one, journals[one.id], subjects, left[one.id], asked[one.id])
        found.append(Found(one, view, [ApprovalRow(**row) for row in asked[one.id]]))
    return found


async def _beside(
    connection: AsyncConnection, table: Table, ids: Sequence[str], *order: Any
) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of a table that belong to commands, by command."""
    chosen = select(table).where(table.c.command_id.in_(ids)).order_by(*order)
    beside: dict[str, list[dict[str, Any]]] = {id_: [] for id_ in ids}
    for row in (await connection.execute(chosen)).mappings():
        beside[row["command_id"]].append({str(name): value for name, value in row.items()})
    return beside


def _conditions(sought: Sought) -> list[ColumnElement[bool]]:
    where: list[Any] = []
    if sought.statuses is not None:
        where.append(COMMANDS.c.state.in_(sought.statuses))
    if sought.names is not None:
        where.append(COMMANDS.c.name.in_(sought.names))
    if sought.actor is not None:
        where.append(COMMANDS.c.actor == sought.actor)
    if sought.subject is not None:
        about = select(SUBJECTS.c.command_id).where(SUBJECTS.c.subject == sought.subject)
        where.append(COMMANDS.c.id.in_(about))
    if sought.correlation_id is not None:
        where.append(COMMANDS.c.correlation_id == sought.correlation_id)
    if sought.since is not None:
        where.append(COMMANDS.c.accepted_at >= sought.since)
    if sought.until is not None:
        where.append(COMMANDS.c.accepted_at < sought.until)
    return where
