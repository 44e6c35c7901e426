"""The command `colonnade token`: keys for internal tools, which no identity provider signs in."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from colonnade.terminal import CONFIG, Config, show, with_store
from schema.tomlfile import FileError
from store.service_keys import ServiceKeys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncEngine

    from store.service_keys import ServiceKey

app = typer.Typer(no_args_is_help=True, help="Keys for internal tools.")

Name = Annotated[str, typer.Argument(help="The tool's name: lower-case letters, digits and dashes.")]
Roles = Annotated[list[str], typer.Option("--role", help="What the tool may do; may be given several times.")]
Entities = Annotated[list[str] | None, typer.Option("--entity", help="Only for this legal entity; several times.")]
Days = Annotated[int, typer.Option(min=1, max=3650, help="How long the key lasts.")]
Hours = Annotated[int, typer.Option(min=0, max=24 * 365, help="For how long the old key opens beside the new one.")]
# One form for names of tools and of roles, another for codes of entities, which every firm makes for itself.
WORD, CODE = re.compile(r"[a-z][a-z0-9-]{0,79}"), re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
ONCE = "This is shown once: the store keeps no more than its hash."


@app.command()
def create(name: Name, roles: Roles, entities: Entities = None, days: Days = 365, config: Config = CONFIG) -> None:
    """Make a key, and print it."""

    async def act(engine: AsyncEngine) -> str:
        _well_formed("NAME", WORD, [name])
        _well_formed("--role", WORD, roles)
        _well_formed("--entity", CODE, entities or [])
        key = await ServiceKeys(engine).create(name, roles, entities or [], _now(), timedelta(days=days))
        if key is None:
            raise FileError(f"{name}: has a key already; rotate it, or revoke it first")
        return key

    _tell(with_store(config, act))


@app.command()
def rotate(name: Name, overlap: Hours = 24, config: Config = CONFIG) -> None:
    """Make a tool's next key, alike, and print it. The old one opens until the overlap has passed."""

    async def act(engine: AsyncEngine) -> str:
        key = await ServiceKeys(engine).rotate(name, _now(), timedelta(hours=overlap))
        if key is None:
            raise FileError(f"{name}: has no key that is valid; create one")
        return key

    _tell(with_store(config, act))


@app.command()
def revoke(name: Name, config: Config = CONFIG) -> None:
    """End all keys of a tool. Running servers feel it within five seconds."""

    async def act(engine: AsyncEngine) -> int:
        ended = await ServiceKeys(engine).revoke(name, _now())
        if not ended:
            raise FileError(f"{name}: has no key that is valid; nothing was revoked")
        return ended

    typer.echo(f"revoked {with_store(config, act)}")


@app.command("list")
def list_(config: Config = CONFIG) -> None:
    """List all keys that there ever were, without their secrets."""

    async def act(engine: AsyncEngine) -> Sequence[ServiceKey]:
        return await ServiceKeys(engine).all()

    table = Table("name", "id", "roles", "entities", "created", "expires", "state")
    for key in with_store(config, act):
        days = (f"{day:%Y-%m-%d %H:%M}" for day in (key.created_at, key.expires_at))
        table.add_row(key.name, key.id, " ".join(key.roles), " ".join(key.entities), *days, _state(key))
    show(table)


def _state(key: ServiceKey) -> str:
    if key.revoked_at is not None:
        return "revoked"
    return "valid" if key.live(_now()) else "expired"


def _well_formed(where: str, form: re.Pattern[str], words: Sequence[str]) -> None:
    wrong = [word for word in words if not form.fullmatch(word)]
    if wrong:
        raise FileError(f"{where}: {wrong} must match {form.pattern}")


def _tell(key: str) -> None:
    typer.echo(key)
    typer.echo(ONCE, err=True)


def _now() -> datetime:
    return datetime.now(UTC)
