"""The command `colonnade identity`: what systems call the same thing, from three strangers to one firm."""

from __future__ import annotations

import asyncio
import logging
from contextlib import contextmanager
from pathlib import Path  # noqa: TC003  Typer reads the annotations
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError

from colonnade import linkfile, queuefile, telemetry
from colonnade.settings import Settings
from colonnade.stewardship import stewardship
from colonnade.terminal import CONFIG, Config, named, plain, refuse, show
from schema.graph import HOMES
from schema.tomlfile import FileError
from sources.contract import SourceFailure
from store.reference import CrossReference, Score
from store.register import Decision
from store.transaction import StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from colonnade.stewardship import Covered, Stewardship
    from store.admission import Refusal
    from store.register import Decided

app = typer.Typer(no_args_is_help=True, help="Who is who: the cross-references between the bound systems.")

DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and write nothing.")]
Types = Annotated[list[str] | None, typer.Option("--type", help="Only this type; may be given several times.")]
SHOWN = 100
FILE = typer.Argument(exists=True, dir_okay=False, help="A CSV file.")
TO = typer.Option("--to", help="The file to write; without it, standard output.")


@app.command("import")
def import_(file: Annotated[Path, FILE], dry_run: DryRun = False, config: Config = CONFIG) -> None:
    """Store the links of a CSV file, all or none. It needs the columns type, home_id, system and source_id."""
    with _settings(config) as settings:
        asyncio.run(_import(settings, file, dry_run=dry_run))


async def _import(settings: Settings, file: Path, *, dry_run: bool) -> None:
    async with stewardship(settings) as steward:
        lines, refused = linkfile.links(file, settings.bindings, steward.clock.now())
        admission = await steward.register.admit(lines, dry_run=dry_run or bool(refused))
        _refused(f"{file}:", sorted([*refused, *admission.refused]))
        would = "would be " if dry_run else ""
        typer.echo(
            f"{would}linked {len(admission.added) + len(admission.activated)}, known before {admission.unchanged}, "
            f"{would}withdrawn {len(admission.withdrawn)} proposals"
        )


@app.command("export")
def export(to: Annotated[Path | None, TO] = None, config: Config = CONFIG) -> None:
    """Write every reference as CSV: `import` of it into an empty store makes the same references."""
    with _settings(config) as settings:
        rows = map(linkfile.row_of, asyncio.run(_references(settings)))
        _write(linkfile.write(linkfile.COLUMNS, rows), to)


async def _references(settings: Settings) -> list[CrossReference]:
    async with stewardship(settings) as steward:
        return await steward.register.references()


@app.command("match")
def match(type_: Types = None, dry_run: DryRun = False, config: Config = CONFIG) -> None:
    """Read the systems' records and propose which are the same. Nothing is linked: a proposal waits for a person."""
    with _settings(config) as settings:
        asyncio.run(_match(settings, _types(type_), dry_run=dry_run))


async def _match(settings: Settings, types: Sequence[str], *, dry_run: bool) -> None:
    async with stewardship(settings) as steward:
        matched = await steward.match(types, dry_run=dry_run)
        proposed, would = matched.proposed, "would be " if dry_run else ""
        typer.echo(
            f"{would}proposed {len(proposed.new)}, proposed before {len(proposed.kept)}, "
            f"{would}withdrawn {len(proposed.withdrawn)}"
        )
        if dry_run:
            show(_queue(proposed.new))
        else:
            await _coverage(steward, types)
        for name, failure in matched.failed.items():
            cure = "see `colonnade sources check` and [identity] of its source.toml, then match again"
            typer.echo(f"{name}: could not be read ({failure.code.name}); {cure}", err=True)
        raise typer.Exit(code=1 if matched.failed else 0)


@app.command("verify")
def verify(type_: Types = None, config: Config = CONFIG) -> None:
    """Look for the records of every link: one that is gone breaks the link, one that is back mends it."""

    async def run(settings: Settings) -> None:
        async with stewardship(settings) as steward:
            verified = await steward.verify(_types(type_))
            counts = (len(verified.seen), len(verified.broken), len(verified.mended))
            typer.echo("seen {}, broken {}, mended {}".format(*counts))
            for one in verified.broken:
                typer.echo(f"broken: {one.entity_type} {one.binding} {one.source_id}", err=True)

    with _settings(config) as settings:
        asyncio.run(run(settings))


@app.command("rekey")
def rekey(
    file: Annotated[Path, FILE],
    by: Annotated[str, typer.Option(help="Who decides: it is recorded.")],
    dry_run: DryRun = False,
    config: Config = CONFIG,
) -> None:
    """Give records new ids: columns type, old_home_id and home_id. What led to the old ids leads to the new ones."""
    with _settings(config) as settings:
        asyncio.run(_rekey(settings, file, named(by), dry_run=dry_run))


async def _rekey(settings: Settings, file: Path, by: str, *, dry_run: bool) -> None:
    async with stewardship(settings) as steward:
        moves, refused = linkfile.moves(file, settings.bindings)
        rekeyed = await steward.rekey(moves, by, dry_run=dry_run or bool(refused))
        _refused(f"{file}:", sorted([*refused, *rekeyed.refused]))
        typer.echo(f"{'would be ' if dry_run else ''}moved {len(rekeyed.moved)}, moved before {rekeyed.unchanged}")


@app.command("coverage")
def coverage(type_: Types = None, config: Config = CONFIG) -> None:
    """Count, by type and system, which records are linked, proposed, ambiguous or unknown."""

    async def run(settings: Settings) -> None:
        async with stewardship(settings) as steward:
            await _coverage(steward, _types(type_))

    with _settings(config) as settings:
        asyncio.run(run(settings))


@app.command("review")
def review(  # noqa: PLR0917  options, each by its name
    accept: Annotated[list[int] | None, typer.Option(help="Accept a proposal by its id.")] = None,
    reject: Annotated[list[int] | None, typer.Option(help="Reject a proposal, or retire a link, by its id.")] = None,
    decisions: Annotated[Path | None, typer.Option(help="A queue written by --to, its decisions filled in.")] = None,
    accept_unambiguous: Annotated[
        bool, typer.Option("--accept-unambiguous", help="Accept whatever has the same, unique human key.")
    ] = False,
    by: Annotated[str | None, typer.Option(help="Who decides: it is recorded.")] = None,
    type_: Types = None,
    to: Annotated[Path | None, TO] = None,
    config: Config = CONFIG,
) -> None:
    """List the proposals that wait, or decide on them. What is rejected is not proposed again."""
    with _settings(config) as settings:
        said = [Decision(id_, accept=word) for word, ids in ((True, accept), (False, reject)) for id_ in ids or ()]
        orders = Orders(said, decisions, accept_unambiguous, named(by) if by is not None else "")
        if orders.any and not orders.by:
            raise FileError("say who decides: --by NAME")
        asyncio.run(_review(settings, _types(type_), orders, to))


class Orders(NamedTuple):
    """What a person decides: references one by one, a file of decisions, all that is exact; and who it is."""

    said: list[Decision]
    file: Path | None
    exact: bool
    by: str

    @property
    def any(self) -> bool:
        """Whether there is anything to decide."""
        return bool(self.said or self.file or self.exact)


async def _review(settings: Settings, types: Sequence[str], orders: Orders, to: Path | None) -> None:
    async with stewardship(settings) as steward:
        if orders.any:
            _decided(await steward.decide(await _decisions(steward, types, orders), orders.by))
        waiting = [one for one in await steward.register.references() if one.proposed and one.entity_type in types]
        if to is not None:
            _write(linkfile.write(queuefile.COLUMNS, map(queuefile.row_of, waiting)), to)
        elif not orders.any:
            show(_queue(waiting))
        typer.echo(f"waiting {len(waiting)}")


async def _decisions(steward: Stewardship, types: Sequence[str], orders: Orders) -> list[Decision]:
    known = await steward.register.references()
    decisions = list(orders.said)
    if orders.file is not None:
        found, refused = queuefile.decisions(orders.file, known)
        _refused(f"{orders.file}:", refused)
        decisions += found
    if orders.exact:
        sure = (one for one in known if one.proposed and one.score is Score.EXACT and one.entity_type in types)
        decisions += [Decision(one.id, accept=True) for one in sure if one.id is not None]
    return decisions


def _decided(decided: Decided) -> None:
    _refused("reference ", decided.refused)
    typer.echo(f"accepted {len(decided.accepted)}, rejected {len(decided.retired)}, before {decided.unchanged}")


def _refused(where: str, refused: Iterable[Refusal]) -> None:
    said = [f"{where}{refusal}" for refusal in refused]
    if said:
        raise FileError("\n".join([*said, "nothing was written"]))


def _queue(waiting: Sequence[CrossReference]) -> Table:
    more = f"and {len(waiting) - SHOWN} more: review --to FILE" if len(waiting) > SHOWN else None
    table = Table("id", "type", "home", "is said to be", "score", "agrees", "differs", caption=more)
    for one in waiting[:SHOWN]:
        row = queuefile.row_of(one)
        home, other = (" ".join(filter(None, (row[f"{side}_key"], row[f"{side}_name"]))) for side in ("home", "source"))
        sides = (f"{one.canonical.binding} {one.canonical.id}: {home}", f"{one.binding} {one.source_id}: {other}")
        cells = (row["id"], row["type"], *sides, row["score"], row["agrees"], row["differs"])
        table.add_row(*map(plain, cells))
    return table


async def _coverage(steward: Stewardship, types: Sequence[str]) -> None:
    table = Table("type", "system", "records", "linked", "proposed", "ambiguous", "unlinked", "gone")
    for one in await steward.coverage(types):
        table.add_row(*one.kind, *map(_count, _counts(one)))
    show(table)


def _counts(one: Covered) -> tuple[int | None, ...]:
    return one.records, one.linked, one.proposed, one.ambiguous, one.unlinked, one.gone


def _count(number: int | None) -> str:
    return "-" if number is None else str(number)


def _types(said: Sequence[str] | None) -> list[str]:
    strange = sorted(set(said or ()) - HOMES.keys())
    if strange:
        raise FileError(f"--type: {strange} are no types of ours; known: {sorted(HOMES)}")
    return sorted(said or HOMES)


def _write(text: str, to: Path | None) -> None:
    if to is None:
        typer.echo(text, nl=False)
        return
    try:
        to.write_bytes(text.encode())
    except OSError as error:
        raise FileError(f"{to}: cannot be written ({error.strerror}); name another file") from error


@contextmanager
def _settings(config: Path) -> Iterator[Settings]:
    """Read the configuration; whatever the command then refuses ends it with exit code 2."""
    telemetry.configure(logging.ERROR)
    try:
        yield Settings.read(config)
    except (FileError, StoreUnavailableError) as error:
        refuse(error)
    except SourceFailure as failure:
        refuse(FileError(f"a system could not be asked ({failure.code.name}); nothing was written"))
    except SQLAlchemyError:
        refuse(FileError("the store does not take it now; see to store.url, or try again; nothing was written"))
