"""The command `colonnade subject`: which employee or customer a subject of the identity provider is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from colonnade.edge.identity.tokens import sound
from colonnade.terminal import CONFIG, Config, named, show, with_store
from schema.tomlfile import FileError
from store.subjects import Kind, Linked, Subjects

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncEngine

app = typer.Typer(no_args_is_help=True, help="Who callers are in the systems of record.")

Subject = Annotated[str, typer.Argument(help="The subject, as the identity provider's tokens write it.")]
NUMBER_LENGTH = 80


@app.command()
def link(
    subject: Subject,
    by: Annotated[str, typer.Option("--by", help="Who says so.")],
    employee: Annotated[str | None, typer.Option(help="The employee number, as HR writes it.")] = None,
    customer: Annotated[str | None, typer.Option(help="The CRM's own id of the customer whose contact it is.")] = None,
    config: Config = CONFIG,
) -> None:
    """Say which employee a subject is, or of which customer a contact."""

    async def act(engine: AsyncEngine) -> None:
        if not sound(subject):
            raise FileError("SUBJECT: write it as the tokens do: 1 to 255 printable characters, not 'key:...'")
        kind, number = _meant(employee, customer)
        said = Linked(subject=subject, kind=kind, number=number, linked_by=named(by), valid_from=datetime.now(UTC))
        if not await Subjects(engine).link([said]):
            raise FileError(f"{subject}: is linked already; unlink it first, if it is somebody else now")

    with_store(config, act)
    typer.echo("linked")


@app.command()
def unlink(subject: Subject, config: Config = CONFIG) -> None:
    """Forget who a subject is. Running servers feel it within five seconds."""

    async def act(engine: AsyncEngine) -> None:
        if not await Subjects(engine).unlink(subject):
            raise FileError(f"{subject}: is not linked; nothing was changed")

    with_store(config, act)
    typer.echo("unlinked")


@app.command("list")
def list_(config: Config = CONFIG) -> None:
    """List all links."""

    async def act(engine: AsyncEngine) -> Sequence[Linked]:
        return await Subjects(engine).all()

    table = Table("subject", "is", "number", "linked by", "since")
    for one in with_store(config, act):
        table.add_row(one.subject, one.kind.value, one.number, one.linked_by, f"{one.valid_from:%Y-%m-%d %H:%M}")
    show(table)


def _meant(employee: str | None, customer: str | None) -> tuple[Kind, str]:
    said = {Kind.EMPLOYEE: employee, Kind.CUSTOMER: customer}
    meant = [(kind, number.strip()) for kind, number in said.items() if number is not None]
    if len(meant) != 1:
        raise FileError("say either --employee or --customer")
    if not 1 <= len(meant[0][1]) <= NUMBER_LENGTH or not meant[0][1].isprintable():
        raise FileError(f"--{meant[0][0].value}: write 1 to {NUMBER_LENGTH} printable characters")
    return meant[0]
