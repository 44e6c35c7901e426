"""What the commands have in common: the configuration file, the store, tables, refusals."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn, TypeVar

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.text import Text
from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from colonnade import telemetry
from colonnade.settings import Settings, Store
from schema.tomlfile import FileError
from store import database
from store.transaction import StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from rich.table import Table
    from sqlalchemy.ext.asyncio import AsyncEngine

T = TypeVar("T")

Config = Annotated[Path, typer.Option("--config", "-c", help="The configuration file.")]
CONFIG = Path("colonnade.toml")
NAME_LENGTH = 100
STORE_URL = "sqlite+aiosqlite:// or postgresql+psycopg://"


def show(table: Table) -> None:
    """Print a table; away from a terminal nobody has said how wide it is: what is searched for stands in one line."""
    Console(width=None if Console().is_terminal else 200).print(table)


def plain(text: str) -> Text:
    """Show a system's text as nothing but text: no markup of tables, no control of the terminal."""
    return Text("".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text))


def refuse(error: Exception) -> NoReturn:
    """Say what is wrong, and end with exit code 2."""
    typer.echo(str(error), err=True)
    raise typer.Exit(code=2)


def named(by: str) -> str:
    """Return the name of who decides, or raise FileError."""
    name = by.strip()
    if not 1 <= len(name) <= NAME_LENGTH or not name.isprintable():
        raise FileError(f"--by: write a name of 1 to {NAME_LENGTH} printable characters")
    return name


def with_store(
    config: Path, act: Callable[[AsyncEngine], Awaitable[T]], *, url: str | None = None, reads: bool = False
) -> T:
    """Do something with the store of a configuration; whatever is refused ends the command with exit code 2.

    `url` is a store that is meant instead. What only `reads` neither makes a store nor brings it up to date.
    """
    telemetry.configure(logging.ERROR)
    try:
        meant = Settings.read(config).store if url is None else Store(url=url)
        if reads and _missing(meant.url):
            raise FileError("there is no such store; see to store.url, or to --store")  # noqa: TRY301
        return asyncio.run(_opened(meant.url, act, migrates=not reads))
    except ValidationError:
        refuse(FileError(f"--store: write it as store.url is written, beginning {STORE_URL}"))
    except (FileError, StoreUnavailableError) as error:
        refuse(error)
    except SQLAlchemyError:
        refuse(FileError("the store does not take it now; see to store.url, or try again; nothing was written"))


async def _opened(url: str, act: Callable[[AsyncEngine], Awaitable[T]], *, migrates: bool) -> T:
    engine = database.connect(url)
    try:
        if migrates:
            await database.migrate(engine)
        return await act(engine)
    finally:
        await engine.dispose()


def _missing(url: str) -> bool:
    """Tell whether it would be a new file: what only reads must not find an empty store where a name was mistyped."""
    address = make_url(url)
    return address.get_backend_name() == "sqlite" and not Path(address.database or "").is_file()
