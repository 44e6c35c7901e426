"""`colonnade schema`: the contract in print, what it has changed since its release, and who uses what it will lose."""

from __future__ import annotations

import asyncio
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from graphql import GraphQLError
from rich.table import Table

from colonnade.explaining import explain
from colonnade.settings import Settings
from colonnade.terminal import CONFIG, Config, refuse, show
from colonnade.wiring import SystemClock, graph
from resolvers.lifecycle import compare, contract_of, deprecations, removal
from resolvers.sdl import sdl
from schema.problems import Code
from schema.tomlfile import FileError
from store import database
from store.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from store.usage import Used

app = typer.Typer(no_args_is_help=True, help="The contract.")

app.command()(explain)

RELEASED = Path(str(files("schema") / "released.graphql"))


@app.command("print")
def print_() -> None:
    """Print the SDL, sorted: the contract as it is committed in schema.graphql."""
    typer.echo(sdl(graph()), nl=False)


@app.command()
def check(
    against: Annotated[Path, typer.Option(help="The released contract to compare with.")] = RELEASED,
) -> None:
    """Compare the contract with the released one. Exit 1 if a client that follows the rules would break."""
    try:
        changes = compare(against.read_text(encoding="utf-8"), sdl(graph()), _today())
    except (OSError, UnicodeDecodeError, GraphQLError) as error:
        refuse(FileError(f"{against}: no contract can be read from it ({error}); name a printed schema"))
    for change in changes:
        if change.grade != "SAFE":
            typer.echo(f"{change.grade}: {change.description}")
    broken = sum(change.grade == "BREAKING" for change in changes)
    typer.echo(f"{len(changes)} changes since the release, {broken} breaking")
    raise typer.Exit(code=bool(broken))


@app.command()
def usage(config: Config = CONFIG) -> None:
    """Show which clients used deprecated fields, as far as all servers have written it down: once a minute."""
    try:
        settings = Settings.read(config)
    except FileError as error:
        refuse(error)
    days = {where: removal(reason) for where, reason in deprecations(contract_of(sdl(graph())))}
    table = Table("field", "removal", "client", "version", "operations", "last used")
    for used in asyncio.run(_counted(settings.store.url)):
        said = str(days[used.use.field]) if used.use.field in days else "is gone"
        use, last = used.use, f"{used.last_used:%Y-%m-%d %H:%M}Z"
        table.add_row(use.field, said, use.client, use.version, str(used.operations), last)
    show(table)


async def _counted(url: str) -> Sequence[Used]:
    engine = database.connect(url)
    try:
        await database.migrate(engine)
        return await Usage(engine).all()
    finally:
        await engine.dispose()


@app.command()
def errors() -> None:
    """Print the error codes as they are documented in docs/errors.md."""
    typer.echo(ERRORS_HEAD, nl=False)
    for code in Code:
        typer.echo(f"| `{code.name}` | {code.status} | {'yes' if code.retryable else 'no'} | {code.cure} |")


ERRORS_HEAD = """\
# Error codes

Every error carries `extensions { code retryable correlationId }`, one that concerns a system its `system` too. A code
never changes its meaning. The status is that of a whole request that was not executed for this reason; an error beside
data travels with 200. Printed by `colonnade schema errors`.

| code | status | again? | cure |
| --- | --- | --- | --- |
"""


def _today() -> date:
    return SystemClock().now().date()
