"""`colonnade files`: which files were exchanged, and by which one a command went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from colonnade.terminal import CONFIG, Config, plain, refuse, show, with_store
from schema.problems import Problem
from schema.rows import Ref
from schema.tomlfile import FileError
from store import files
from store.transaction import snapshot

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from store.files import File, Line

MOST = 200


def listed(
    command: Annotated[str | None, typer.Option(help="Only those by which this command went.")] = None,
    first: Annotated[int, typer.Option(min=1, max=MOST, help="So many.")] = 20,
    config: Config = CONFIG,
) -> None:
    """List the files that were exchanged, the newest first, with their lines and commands."""
    id_ = None if command is None else _id(command)

    async def act(engine: AsyncEngine) -> list[tuple[File, list[Line]]]:
        async with snapshot(engine) as connection:
            return await files.listed(connection, id_, first)

    table = Table("binding", "file", "state", "sent", "digest", "command", "line", "code")
    for file, lines in with_store(config, act, reads=True):
        sent = file.sent_at.isoformat() if file.sent_at else ""
        for line in lines:
            if id_ in {None, line.command_id}:
                known = (file.binding, file.name, file.state, sent, file.digest[:12])
                table.add_row(*map(plain, (*known, line.command_id, line.state, line.code or "")))
    show(table)


def _id(command: str) -> str:
    """Return a command's own id, by which the trail knows it, too; the graph's id names it as well."""
    ref = Ref.decode(command)
    if isinstance(ref, Problem):
        return command
    if ref.type != "Command":
        refuse(FileError(f"{command}: this is no command's id; see 'commands list'"))
    return ref.id
