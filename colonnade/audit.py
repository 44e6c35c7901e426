"""The command `colonnade audit`: whether the trail is whole, what it says, and what it may forget."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from sqlalchemy import inspect

from colonnade.settings import Settings
from colonnade.terminal import CONFIG, Config, named, with_store
from schema.tomlfile import FileError
from store import audit, audit_retention, audit_verdict
from store.audit import Anchor
from store.audit_retention import Rule, Whose
from store.audit_tables import AUDIT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.ext.asyncio import AsyncEngine

    from store.audit_retention import Pruned, Span
    from store.audit_verdict import Verdict

app = typer.Typer(no_args_is_help=True, help="The audit trail.")

Url = Annotated[str | None, typer.Option("--store", help="The address of a store, if not the configuration's.")]
Known = Annotated[Path | None, typer.Option("--anchor", help="Where the trail stood, as an export wrote it.")]
By = Annotated[str, typer.Option("--by", help="Who says so.")]


@app.command()
def verify(store: Url = None, anchor: Known = None, config: Config = CONFIG) -> None:
    """Follow the whole chain. Exit 1 at the first record that was changed, removed, inserted, moved or cut off."""

    async def act(engine: AsyncEngine) -> Verdict:
        await _exists(engine)
        return await audit_verdict.verify(engine, _read(anchor))

    verdict = with_store(config, act, url=store, reads=True)
    _stop_if_broken(verdict)
    end = f"the last is {verdict.last.sequence} {verdict.last.hash}"
    typer.echo(f"{verdict.records} records are whole, {verdict.erased} of their texts are erased; {end}")


@app.command()
def export(
    since: Annotated[int, typer.Option(min=1, help="Only the records from this number on.")] = 1,
    anchor_out: Annotated[Path | None, typer.Option(help="Write to this file where the trail stands.")] = None,
    store: Url = None,
    config: Config = CONFIG,
) -> None:
    """Print the records, one JSON object a line, without the texts beside the chain."""

    async def act(engine: AsyncEngine) -> None:
        await _exists(engine)
        last = await audit.anchor(engine)
        async for record in audit.records(engine, since):
            sys.stdout.buffer.write(msgspec.json.encode(record) + b"\n")
            last = Anchor(record.sequence, record.hash, record.at)
        sys.stdout.buffer.flush()
        if anchor_out is not None:
            _write(anchor_out, last)

    with_store(config, act, url=store, reads=True)


@app.command()
def erase(
    *,
    by: By,
    subject: Annotated[str | None, typer.Option(help="Texts of what this subject did, or was done for it.")] = None,
    mentions: Annotated[str | None, typer.Option(help="Texts of records that have one with these words.")] = None,
    records: Annotated[list[int] | None, typer.Option("--record", help="Texts of this record; several times.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say which records it would be.")] = False,
    config: Config = CONFIG,
) -> None:
    """Erase free texts and personal data of a person. The chain keeps their hashes, and records the erasure."""

    async def act(engine: AsyncEngine) -> list[Span]:
        whose, operator = Whose(subject or None, (mentions or "").strip() or None, records or ()), named(by)
        if not any(whose):
            raise FileError("say whose texts: --subject, --mentions or --record")
        if dry_run:
            return await audit_retention.mentioned(engine, whose)
        return await audit_retention.erase(engine, datetime.now(UTC), whose, operator)

    spans = with_store(config, act)
    typer.echo(f"{'would erase' if dry_run else 'erased'} the texts of {_numbers(spans)}")


@app.command()
def prune(by: By, anchor: Known = None, config: Config = CONFIG) -> None:
    """Remove what is older than the configuration keeps. Exit 1, with nothing removed, if the trail is broken."""

    async def act(engine: AsyncEngine) -> Verdict | Pruned:
        kept, operator = Settings.read(config).audit, named(by)
        verdict = await audit_verdict.verify(engine, _read(anchor))
        if verdict.broken is not None:
            return verdict
        rule = Rule(kept.keep_years, timedelta(days=kept.keep_personal_days))
        return await audit_retention.prune(engine, datetime.now(UTC), rule, operator)

    done = with_store(config, act)
    if isinstance(done, audit_verdict.Verdict):
        _stop_if_broken(done)
    else:
        typer.echo(f"removed {done.records} records, erased the texts of {done.texts}")


def _stop_if_broken(verdict: Verdict) -> None:
    if verdict.broken is not None:
        typer.echo(f"record {verdict.broken.sequence}: {verdict.broken.what}")
        raise typer.Exit(code=1)


async def _exists(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        if not await connection.run_sync(lambda sync: inspect(sync).has_table(AUDIT.name)):
            raise FileError("the store has no audit trail; name the one that a server of this release writes")


def _read(path: Path | None) -> Anchor | None:
    if path is None:
        return None
    try:
        return msgspec.json.decode(path.read_bytes(), type=Anchor)
    except OSError as error:
        raise FileError(f"--anchor: {path} cannot be read ({error.strerror}); name an existing file") from error
    except msgspec.MsgspecError as error:
        raise FileError(f"--anchor: {path} is no anchor; name a file that --anchor-out wrote") from error


def _write(path: Path, anchor: Anchor) -> None:
    try:
        path.write_bytes(msgspec.json.encode(anchor) + b"\n")
    except OSError as error:
        raise FileError(f"--anchor-out: {path} cannot be written ({error.strerror}); name another file") from error


def _numbers(spans: Iterable[Span]) -> str:
    said = [str(span.first) if span.first == span.last else f"{span.first}-{span.last}" for span in spans]
    return f"records {', '.join(said)}" if said else "no record"
