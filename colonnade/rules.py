"""`colonnade rules`: what was approved, what has changed since, and pinning it anew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer
from rich.markup import escape
from rich.table import Table

from colonnade.terminal import refuse, show
from policies import rules as policies
from schema.lock import RuleSet, approved, compare, pin
from schema.tomlfile import FileError
from sources import rules as translation
from sources.registry import vendors

app = typer.Typer(no_args_is_help=True, help="The rules of translation and the policies, and their approval.")

Folder = Annotated[Path | None, typer.Option(help="A vendor's folder of your own, instead of what is in this house.")]
Policy = Annotated[Path | None, typer.Option(help="A policy's file of your own, instead of what is in this house.")]


class Book(NamedTuple):
    """Sets of rules, and the lock in which they are pinned."""

    sets: list[RuleSet]
    lock: Path


@app.command()
def diff(
    folder: Folder = None,
    policy: Policy = None,
    since: Annotated[Path | None, typer.Option(help="Another lock of the same rules, say of the last release.")] = None,
) -> None:
    """Show every rule that is not as it was approved. Exit 1 if there is one."""
    try:
        books = _books(folder, policy)
        if since is not None:
            books = [Book(book.sets, since) for book in books if _among(book.sets, since)]
        changes = [change for book in books for change in compare(book.sets, book.lock)]
    except (FileError, OSError, ValueError) as error:
        refuse(error)
    table = Table("rules", "rule", "was", "is")
    for change in changes:
        table.add_row(change.rules, change.place, _shown(change.was), _shown(change.now))
    if changes:
        show(table)
    raise typer.Exit(code=bool(changes))


@app.command()
def lock(folder: Folder = None, policy: Policy = None) -> None:
    """Pin the rules as they are. What changed needs a new `version` in its file, and who approved it."""
    try:
        books = _books(folder, policy)
        for book in books:
            pin(book.sets, book.lock)
    except (FileError, OSError, ValueError) as error:
        refuse(error)
    for book in books:
        typer.echo(f"{len(book.sets)} sets of rules are pinned in {book.lock}")


def _books(folder: Path | None, policy: Path | None) -> list[Book]:
    """Read what is named, or all of this house."""
    books = []
    if folder is not None or policy is None:
        paths = [path for _, _, path in vendors()] if folder is None else [(folder / "source.toml").absolute()]
        books.append(Book([translation.read(path) for path in paths], translation.lock_of(paths[0])))
    if policy is not None or folder is None:
        paths = policies.shipped() if policy is None else [policy.absolute()]
        books.append(Book([policies.read(path) for path in paths], policies.lock_of(paths[0])))
    return books


def _among(sets: list[RuleSet], since: Path) -> bool:
    return any(rules.name in approved(since) for rules in sets)


def _shown(value: Any) -> str:
    return "" if value is None else escape(json.dumps(value, ensure_ascii=False))
