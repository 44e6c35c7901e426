"""The command `colonnade`."""

from __future__ import annotations

import logging
import math
from pathlib import Path  # noqa: TC003  typer reads the annotations
from typing import TYPE_CHECKING, Annotated, Literal

import typer
import uvicorn

from colonnade import heap, telemetry
from colonnade.audit import app as audit_app
from colonnade.commands_cli import app as commands_app
from colonnade.contract import app as schema_app
from colonnade.edge.heads import BoundedHeads
from colonnade.files_cli import listed
from colonnade.http import create
from colonnade.identity import app as identity_app
from colonnade.keys import app as token_app
from colonnade.rules import app as rules_app
from colonnade.settings import Settings
from colonnade.sources_cli import app as sources_app
from colonnade.subjects import app as subject_app
from colonnade.terminal import CONFIG, Config, refuse
from colonnade.wiring import Application, Role
from schema.checks import OwnershipError
from schema.tomlfile import FileError
from store.lock import alone

if TYPE_CHECKING:
    from starlette.types import ASGIApp

UNSAFE = "{config}: identity.issuer: {issuer} is not encrypted, as only a demo's is; name your provider's https address"
APART = (
    "{config}: store.url: an SQLite store has one process for both roles; leave --role {role} out, or use PostgreSQL"
)
# A message of a socket: no more than a body may have.
MESSAGE_BYTES = 128 * 1024

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # a traceback's local variables hold secrets
    help="One GraphQL graph over the firm's systems of record.",
)
app.add_typer(audit_app, name="audit")
app.add_typer(commands_app, name="commands")
app.command("files")(listed)
app.add_typer(schema_app, name="schema")
app.add_typer(sources_app, name="sources")
app.add_typer(identity_app, name="identity")
app.add_typer(rules_app, name="rules")
app.add_typer(subject_app, name="subject")
app.add_typer(token_app, name="token")


@app.command()
def serve(
    config: Config = CONFIG,
    role: Annotated[
        Role,
        typer.Option(help="What the process is there for: to answer, to run commands, or both. Apart on PostgreSQL."),
    ] = "both",
) -> None:
    """Serve the graph over the systems that the configuration binds."""
    telemetry.configure()
    try:
        settings = Settings.read(config)
        _possible(config, settings, role)
        with alone(settings.store.url):
            _run(create(Application(settings, role=role)), settings)
    except (FileError, OwnershipError) as error:
        refuse(error)


def _possible(config: Path, settings: Settings, role: Role) -> None:
    """Raise FileError where the configuration does not let the process serve, or not in this role."""
    if not settings.identity.issuer.startswith("https://"):
        raise FileError(UNSAFE.format(config=config, issuer=settings.identity.issuer))
    if role != "both" and settings.store.url.startswith("sqlite"):
        raise FileError(APART.format(config=config, role=role))


def _run(face: ASGIApp, settings: Settings) -> None:
    heap.settle()
    uvicorn.run(
        face,
        host=settings.server.host,
        port=settings.server.port,
        log_config=None,
        access_log=False,
        server_header=False,
        ws="websockets-sansio",
        ws_max_size=MESSAGE_BYTES,
        http=BoundedHeads,
        # A stream never ends by itself: it must not keep the process from ending.
        timeout_graceful_shutdown=math.ceil(settings.server.deadline),
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
    unlinked: Annotated[
        bool, typer.Option("--unlinked", help="Without cross-references, to try `colonnade identity` on.")
    ] = False,
) -> None:
    """Start a fictional firm's systems and the graph over them, and show what it can do. Loopback only."""
    # The only command that needs the demo's rooms; a firm's server never loads them.
    from colonnade.demo import run  # noqa: PLC0415

    telemetry.configure(logging.WARNING)
    try:
        run(port=port, fast=fast, once=once, systems=systems, linked=not unlinked)
    except FileError as error:
        refuse(error)
