"""The command `colonnade`."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Annotated, Literal

import typer
import uvicorn
from rich.console import Console
from rich.table import Table

from colonnade import telemetry
from colonnade.http import create
from colonnade.settings import Settings
from colonnade.wiring import Anyone, Application, SystemClock, graph
from resolvers.sdl import sdl
from schema.checks import OwnershipError
from schema.tomlfile import FileError, load
from sources.checkup import Finding, examine
from sources.manifest import Manifest
from sources.registry import connect, vendors

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # a traceback's local variables hold secrets
    help="One GraphQL graph over the firm's systems of record.",
)
schema_app = typer.Typer(no_args_is_help=True, help="The contract.")
sources_app = typer.Typer(no_args_is_help=True, help="The systems of record.")
app.add_typer(schema_app, name="schema")
app.add_typer(sources_app, name="sources")

Config = Annotated[Path, typer.Option("--config", "-c", help="The configuration file.")]
CONFIG = Path("colonnade.toml")


@app.command()
def serve(config: Config = CONFIG) -> None:
    """Serve the graph over the systems that the configuration binds."""
    telemetry.configure()
    try:
        settings = Settings.read(config)
        application = Application(settings)
    except (FileError, OwnershipError) as error:
        _refuse(error)
    uvicorn.run(
        create(application),
        host=settings.server.host,
        port=settings.server.port,
        log_config=None,
        access_log=False,
        server_header=False,
    )


@app.command()
def demo(
    port: Annotated[int, typer.Option(help="Where the graph is served; 0 takes a free port.")] = 8000,
    fast: Annotated[
        bool, typer.Option("--fast", help="No tour: print one JSON line with the addresses and stay up.")
    ] = False,
    once: Annotated[bool, typer.Option("--once", help="End after the tour.")] = False,
    systems: Annotated[
        Literal["emulated", "mutated", "real"],
        typer.Option(help="Emulated; mutated: with planted contradictions; real: ERP, CRM and HR from a Tryton."),
    ] = "emulated",
) -> None:
    """Start a fictional firm's systems and the graph over them, and show what it can do. Loopback only."""
    # The only command that needs the demo's rooms; a firm's server never loads them.
    from colonnade.demo import run  # noqa: PLC0415

    telemetry.configure(logging.WARNING)
    try:
        run(port=port, fast=fast, once=once, systems=systems)
    except FileError as error:
        _refuse(error)


@schema_app.command("print")
def schema_print() -> None:
    """Print the SDL, sorted: the contract as it is committed in schema.graphql."""
    typer.echo(sdl(graph()), nl=False)


@sources_app.command("list")
def sources_list() -> None:
    """List every system that this house knows."""
    table = Table("role", "vendor", "product", "API", "entities", "verified")
    for role, vendor, path in vendors():
        manifest = load(path, Manifest)
        verified = ", ".join(f"{what}: {level}" for what, level in manifest.quality.items())
        table.add_row(role, vendor, manifest.product, manifest.api, str(len(manifest.entities)), verified)
    _show(table)


@sources_app.command("check")
def sources_check(config: Config = CONFIG) -> None:
    """Ask every bound system small questions; name what is wrong and its cure. Exit 1 if anything is."""
    telemetry.configure(logging.ERROR)
    try:
        findings = asyncio.run(_examined(Settings.read(config)))
    except FileError as error:
        _refuse(error)
    table = Table("binding", "what", "state", "cure")
    for finding in findings:
        table.add_row(finding.binding, finding.subject, finding.wrong or "right", finding.cure)
    _show(table)
    raise typer.Exit(code=any(finding.wrong for finding in findings))


async def _examined(settings: Settings) -> list[Finding]:
    sources = [connect(binding, SystemClock()) for binding in settings.connections()]
    try:
        return [finding for source in sources for finding in await examine(source, Anyone())]
    finally:
        await asyncio.gather(*(source.wire.aclose() for source in sources))


def _show(table: Table) -> None:
    # Away from a terminal nobody has said how wide it is: what is searched for must stand in one line.
    Console(width=None if Console().is_terminal else 200).print(table)


def _refuse(error: Exception) -> None:
    typer.echo(str(error), err=True)
    raise typer.Exit(code=2)
