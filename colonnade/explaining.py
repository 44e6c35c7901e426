"""`colonnade schema explain`: what a document asks of whom, level by level, before anybody asks it."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  Typer reads the annotations
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.tree import Tree

from colonnade.plans import calls
from colonnade.settings import Settings
from colonnade.terminal import plain, refuse
from colonnade.wiring import SystemClock, graph
from execution.documents import Documents, Prepared
from execution.limits import Limits
from execution.planned.compiling import Unplanned
from execution.planned.explaining import asked
from execution.planned.planner import Planner
from schema.tomlfile import FileError
from sources.questions import QUESTIONS
from sources.registry import connect

if TYPE_CHECKING:
    from collections.abc import Sequence

    from execution.planned.explaining import Step, Told
    from sources.source import Source


def explain(
    file: Annotated[Path, typer.Argument(help="A file with a GraphQL document.")],
    operation: Annotated[str | None, typer.Option(help="Which operation, if there are several.")] = None,
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", help="Reckon the calls to this configuration's systems."),
    ] = None,
) -> None:
    """Show what an operation asks: every field that asks, its level, whom and what; and each level's calls.

    Lists are reckoned as for an operation's cost: by the document, the defaults of its variables, and the schema.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        refuse(FileError(f"{file}: cannot be read ({error})"))
    schema = graph()
    prepared = Documents(schema.core, Limits()).prepare(text)
    if not isinstance(prepared, Prepared):
        refuse(FileError(f"{file}: {prepared[0].message}"))
    planner = Planner(schema, lambda _: None)
    try:
        found = planner.explained(text, prepared.document, operation, {})
    except Unplanned as reason:
        typer.echo(f"not planned: {reason}. graphql-core executes it")
        return
    try:
        sources = [] if config is None else [connect(one, SystemClock()) for one in Settings.read(config).connections()]
    except FileError as error:
        refuse(error)
    _print(found, sources)


def _print(found: Told, sources: Sequence[Source]) -> None:
    tree = Tree("answer")
    _grow(tree, found.steps)
    levels = Tree("levels: one call for each batch of keys that a system takes")
    for number, questions in asked(found).items():
        level = levels.add(f"level {number}")
        for question, (fields, keys) in questions:
            said = f"{_named(question)}, asked by {_count(fields, 'field')} for {_count(keys, 'key')}"
            told = [f"{_count(number, 'call')} to {name}" for name, number in calls(question, keys, sources).items()]
            level.add(": ".join([said, ", ".join(told)] if told else [said]))
    console = Console(width=None if Console().is_terminal else 200)
    console.print(tree)
    console.print(levels)


def _grow(tree: Tree, found: Sequence[Step]) -> None:
    for step in found:
        if step.questions:
            said = ", then ".join(
                f"level {step.level + ahead}: {_named(name)}" for ahead, name in enumerate(step.questions)
            )
        else:
            said = f"level {step.level}: by its resolver"
        _grow(tree.add(plain(f"{step.place}  {said}")), step.below)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _named(question: str) -> str:
    known: Any = QUESTIONS[question]
    return f"{known.role.name} {question}"
