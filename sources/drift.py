"""Has a vendor changed what it sends? The shapes of live records beside those that somebody once looked at.

A column that is gone or holds another kind of value often still reads as something: as nothing, or as a record that
cannot be read. Here it is told before anybody misses it.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from schema.tomlfile import FileError
from sources.checkup import Finding
from sources.contract import Scope, Several, SourceFailure
from sources.registry import questions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from schema.context import Principal
    from schema.rows import Row
    from sources.source import Source

# So many records of each entity are looked at.
SAMPLE = 100
NULL, GONE = "null", "absent"
CURE = "compare the manifest with the vendor's release notes; if this is right, accept it: --contract --accept"

Kinds: TypeAlias = list[str]
Columns: TypeAlias = dict[str, Kinds]


class Shape(msgspec.Struct, frozen=True):
    """What a system sends: of each entity, the kinds of value that stand in each column that is read."""

    product: str
    api: str
    entities: dict[str, Columns]


Shapes: TypeAlias = dict[str, Shape]
"""The shapes of the bound systems, by the binding's name."""


def read(path: Path) -> Shapes:
    """Return the shapes that were accepted, none where nobody has accepted any, or raise FileError."""
    if not path.exists():
        return {}
    try:
        return msgspec.json.decode(path.read_bytes(), type=Shapes)
    except (OSError, msgspec.DecodeError) as error:
        raise FileError(f"{path}: holds no shapes ({error}); accept them anew: --contract --accept") from error


def write(path: Path, shapes: Shapes) -> None:
    """Keep shapes as accepted: a line for each column, so that a change of them can be reviewed."""
    ordered = msgspec.json.encode(shapes, order="sorted")
    path.write_bytes(msgspec.json.format(ordered, indent=2) + b"\n")


async def shape(source: Source, principal: Principal, seconds: float = 60.0) -> Shape:
    """Return the shape of what a system sends now, or raise SourceFailure."""
    scope = Scope(principal, "sources-contract", asyncio.get_running_loop().time() + seconds)
    rows = {question.rows.type: question.rows for question in questions(source.system).values()}
    entities = {name: await _columns(source, rows[name], scope) for name in source.manifest.entities}
    return Shape(source.manifest.product, source.manifest.api, entities)


async def _columns(source: Source, row: type[Row], scope: Scope) -> Columns:
    reader, sampled = source.reader(row), list[Any]()
    async with aclosing(source.raw(row, reader.columns, scope, page=SAMPLE)) as rows:
        async for raw in rows:
            if len(sampled) == SAMPLE:
                break
            sampled += [raw] if isinstance(raw, dict) else []
    return {at: sorted({_kind(raw, at, reader.get(raw, at)) for raw in sampled}) for at in reader.columns}


def _kind(raw: Mapping[str, Any], at: str, value: Any) -> str:
    first = at.partition(".")[0]
    if value is None:
        return NULL if not {at, first, f"{first}."}.isdisjoint(raw) else GONE
    if isinstance(value, bool):
        return "flag"
    if isinstance(value, int | Decimal):
        return "number"
    if isinstance(value, Several | list):
        return "list"
    return "object" if isinstance(value, dict) else "text" if isinstance(value, str) else type(value).__name__


def compare(binding: str, was: Shape | None, now: Shape) -> list[Finding]:
    """Return what is not as it was accepted. What a sample does not show is no change."""
    if was is None:
        return [Finding(binding, "contract", "nobody has accepted its shape", "look at it, and accept it: --accept")]
    if (was.product, was.api) != (now.product, now.api):
        wrong = f"accepted for {was.product} {was.api}, the manifest is now for {now.product} {now.api}"
        return [Finding(binding, "contract", wrong, CURE)]
    found = [
        Finding(binding, f"{name}.{at}", wrong, CURE)
        for name, columns in now.entities.items()
        for at, wrong in _changed(was.entities.get(name, {}), columns)
    ]
    return found or [Finding(binding, "contract")]


def _changed(was: Columns, now: Columns) -> Iterator[tuple[str, str]]:
    for at, kinds in now.items():
        known, seen = _values(was.get(at, [])), _values(kinds)
        if kinds == [GONE] and GONE not in was.get(at, [GONE]):
            yield at, "no record has this column any more"
        elif known and (strange := [kind for kind in seen if kind not in known]):
            yield at, f"was {' or '.join(known)}, is {' or '.join(strange)} now"


def _values(kinds: Sequence[str]) -> list[str]:
    return [kind for kind in kinds if kind not in (NULL, GONE)]


async def drift(source: Source, was: Shape | None, principal: Principal) -> tuple[list[Finding], Shape | None]:
    """Compare a bound system with its accepted shape; return also what it is now, None where it cannot be read."""
    try:
        now = await shape(source, principal)
    except SourceFailure as failure:
        cure = "see `colonnade sources check`"
        return [Finding(source.binding, "contract", f"cannot be read ({failure.code.name})", cure)], None
    ending = [Finding(source.binding, path, said, "move to what follows it") for path, said in source.wire.endings()]
    return compare(source.binding, was, now) + ending, now
