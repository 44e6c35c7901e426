"""`colonnade sources`: which systems are known, whether the bound ones are right, and whether they are as they were."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from pathlib import Path  # noqa: TC003  typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from colonnade import telemetry
from colonnade.principals import Facade
from colonnade.settings import Settings
from colonnade.terminal import CONFIG, Config, refuse, show
from colonnade.wiring import SystemClock
from commands.registry import DEFINITIONS
from schema.tomlfile import FileError, load
from sources import capabilities, drift
from sources.checkup import Finding, examine
from sources.conformance import judge, worth
from sources.contract import SourceFailure
from sources.manifest import CASES, CHANGING, READING, Manifest
from sources.registry import connect, vendors

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from sources.conformance import Verdict, Worth
    from sources.manifest import Case
    from sources.source import Source

app = typer.Typer(no_args_is_help=True, help="The systems of record.")


@app.command("list")
def list_() -> None:
    """List every system that this house knows."""
    table = Table("role", "vendor", "product", "API", "entities", "rules")
    for role, vendor, path in vendors():
        manifest = load(path, Manifest)
        rules = f"version {manifest.version}"
        table.add_row(role, vendor, manifest.product, manifest.api, str(len(manifest.entities)), rules)
    show(table)


@app.command()
def quality(
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="Try the systems of this configuration, now.")
    ] = None,
) -> None:
    """Show against what each source was verified; or try the bound systems, by reading. Exit 1 if one is wrong."""
    telemetry.configure(logging.CRITICAL)
    try:
        rows, worths = (_recorded(), []) if config is None else asyncio.run(_tried(Settings.read(config)))
    except (FileError, SourceFailure) as error:
        refuse(error)
    # What changes something is not tried on a firm's systems.
    for cases in (READING, CHANGING) if config is None else (READING,):
        table = Table("source", *cases)
        for name, said in rows:
            table.add_row(name, *(said[case].partition(":")[0] for case in cases))
        show(table)
    for name, said in rows:
        for case, word in said.items():
            if ":" in word:
                typer.echo(f"{name} {case} {word}")
    for name, one in worths:
        typer.echo(f"{name}: {one.ids} records of {one.type} read one by one take {one.times:.0f} times one batch")
    raise typer.Exit(code=any(word.startswith("wrong") for _, said in rows for word in said.values()))


def _recorded() -> list[tuple[str, dict[Case, str]]]:
    manifests = [(f"{role}/{vendor}", load(path, Manifest)) for role, vendor, path in vendors()]
    return [(name, {case: manifest.quality.get(case, "unverified") for case in CASES}) for name, manifest in manifests]


async def _tried(settings: Settings) -> tuple[list[tuple[str, dict[Case, str]]], list[tuple[str, Worth]]]:
    bound, clock = settings.connections(), SystemClock()
    rows = [(binding.name, _words(await judge(binding, clock))) for binding in bound]
    return rows, [(binding.name, found) for binding in bound if (found := await worth(binding, clock))]


def _words(verdicts: Sequence[Verdict]) -> dict[Case, str]:
    return {one.case: one.word for one in verdicts}


@app.command()
def writes(
    *, markdown: Annotated[bool, typer.Option("--markdown", help="As docs/capabilities.md has it.")] = False
) -> None:
    """Show which system takes which change and which command, how a lost answer is made good, or why it is not."""
    try:
        found = capabilities.tables()
    except FileError as error:
        refuse(error)
    commands = {name: {change.called for change in one.changes} for name, one in DEFINITIONS.items()}
    if markdown:
        typer.echo(capabilities.markdown(found, commands), nl=False)
        return
    for one in found:
        names = [vendor.vendor for vendor in one.vendors]
        changes, asking = Table(one.role.name, *names), Table("command", *names)
        for called in one.changes:
            changes.add_row(called, *(vendor.words[called] for vendor in one.vendors))
        for command, cells in capabilities.commanded(one, commands):
            asking.add_row(command, *cells)
        show(changes)
        show(asking)
        for vendor in one.vendors:
            for said in capabilities.told_of(vendor):
                typer.echo(f"{vendor.vendor}: {said}")


@app.command()
def check(
    *,
    config: Config = CONFIG,
    contract: Annotated[
        bool, typer.Option("--contract", help="Compare what they send with what was accepted, instead.")
    ] = False,
    accept: Annotated[bool, typer.Option("--accept", help="With --contract: accept it as it is now.")] = False,
) -> None:
    """Ask every bound system small questions; name what is wrong and its cure. Exit 1 if anything is."""
    telemetry.configure(logging.ERROR)
    try:
        settings = Settings.read(config)
        findings = asyncio.run(_compared(settings, accept=accept) if contract or accept else _examined(settings))
    except FileError as error:
        refuse(error)
    table = Table("binding", "what", "state", "cure")
    for finding in findings:
        table.add_row(finding.binding, finding.subject, finding.wrong or "right", finding.cure)
    show(table)
    raise typer.Exit(code=any(finding.wrong for finding in findings))


async def _examined(settings: Settings) -> list[Finding]:
    async with _connected(settings) as sources:
        return [finding for source in sources for finding in await examine(source, Facade())]


async def _compared(settings: Settings, *, accept: bool) -> list[Finding]:
    """Compare every bound system with its accepted shape. What is accepted is what was read: all of it, or nothing."""
    path = settings.contract.shapes
    known = drift.read(path)
    async with _connected(settings) as sources:
        looked = {source.binding: await drift.drift(source, known.get(source.binding), Facade()) for source in sources}
    now = {binding: shape for binding, (_, shape) in looked.items() if shape is not None}
    findings = [finding for found, _ in looked.values() for finding in found]
    if not accept:
        return findings
    if len(now) == len(looked):
        drift.write(path, now)
        return [Finding(binding, f"contract accepted in {path.name}") for binding in now]
    return [finding for finding in findings if finding.binding not in now]


@asynccontextmanager
async def _connected(settings: Settings) -> AsyncIterator[list[Source]]:
    sources = [connect(binding, SystemClock()) for binding in settings.connections()]
    try:
        yield sources
    finally:
        await asyncio.gather(*(source.wire.aclose() for source in sources))
