"""Is a binding right? One small call for each thing that can be wrong, and the cure of what is."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from schema.problems import Code, Problem
from sources.contract import Request, Scope, SourceFailure, decode, walk
from sources.registry import questions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schema.context import Principal
    from schema.rows import Row
    from sources.source import Source
    from sources.walk import Place

    Said: TypeAlias = SourceFailure | list[Place]

NOT_FOUND, UNAUTHORIZED = 404, 401
# So many records of each entity show most of what is wrong with their translation.
SAMPLE = 100
NOBODY_THERE = (Code.SOURCE_UNAVAILABLE, Code.SOURCE_TIMEOUT, Code.SOURCE_MISBEHAVED)


class Finding(msgspec.Struct, frozen=True):
    """What was looked at, whether it is right, what is wrong, and what to do."""

    binding: str
    subject: str
    wrong: str = ""
    cure: str = ""


async def examine(source: Source, principal: Principal, seconds: float = 20.0) -> list[Finding]:
    """Look at the address, the credential, the version and every entity; on a broken one nothing more can stand."""
    scope = Scope(principal, "sources-check", asyncio.get_running_loop().time() + seconds)
    entry = await _entry(source, scope)
    if entry.wrong:
        return [entry]
    rows = {question.rows.type: question.rows for question in questions(source.system).values()}
    read = {name: await _read(source, rows[name], scope) for name in source.manifest.entities}
    kinds = {_kind(said) if isinstance(said, SourceFailure) else None for said in read.values()}
    if len(kinds) == 1 and (common := _common(source, next(iter(read.values())))) is not None:
        return [common]
    return [entry, *(_entity(source, name, said) for name, said in read.items()), *_unmapped(source)]


async def _entry(source: Source, scope: Scope) -> Finding:
    """Enter: somebody must be there, let us in, and be the version that the manifest was written for."""
    manifest = source.manifest
    try:
        await source.wire.enter(scope)
        if (probe := manifest.probe) is not None:
            said = await source.wire.send(Request(probe.path, body=probe.body), scope, "probe")
            told = walk(decode(bytes(said)), probe.at)
            if not str(told).startswith(probe.expects):
                wrong = f"the system says version {told!s:.40}, the manifest is written for {probe.expects}"
                return Finding(
                    source.binding,
                    "version",
                    wrong,
                    "bind a system of that version, or review the manifest for the new one",
                )
    except SourceFailure as failure:
        return _barred(source, failure)
    return Finding(source.binding, "entry")


def _barred(source: Source, failure: SourceFailure) -> Finding:
    place = f"bindings.{source.binding}"
    if failure.code is Code.UNAUTHENTICATED:
        cure = "ask the graph for it with a caller's token: it is never asked in the firm's own name"
        return Finding(source.binding, "credential", "not checked: it lets nobody in but callers", cure)
    if failure.code is Code.SOURCE_DENIED:
        cure = f"renew the secrets of {place}.credentials"
        return Finding(source.binding, "credential", "the system does not accept it", cure)
    # Whoever refuses what the product takes from anybody is somebody else.
    said = SAID[Code.SOURCE_MISBEHAVED] if failure.code is Code.SOURCE_REFUSED else _said(failure)
    return Finding(source.binding, "address", said, f"start the system, or correct {place}.address")


def _kind(failure: SourceFailure) -> object:
    # What is away for one is away for all, be it found out anew or known by now.
    return failure.code, None if failure.code in NOBODY_THERE else failure.status


def _common(source: Source, said: Said) -> Finding | None:
    """Name what bars every entity alike. Nobody checks a fixed token on entering: the entities are the first to."""
    if not isinstance(said, SourceFailure):
        return None
    if said.status == NOT_FOUND:
        wrong = f"none of the paths of {source.manifest.product} {source.manifest.api} is served at this address"
        cure = f"correct bindings.{source.binding}.address, or pin the version in the manifest"
        return Finding(source.binding, "version", wrong, cure)
    return _barred(source, said) if said.status == UNAUTHORIZED or said.code in NOBODY_THERE else None


async def _read(source: Source, row: type[Row], scope: Scope) -> Said:
    """Read some records, and translate them."""
    try:
        places, _ = await source.page(row, None, SAMPLE, scope)
    except SourceFailure as failure:
        return failure
    return places


def _entity(source: Source, name: str, said: Said) -> Finding:
    entity = source.manifest.entities[name]
    manifest = f"entities.{name} of the manifest"
    if isinstance(said, SourceFailure):
        if said.status == NOT_FOUND:
            gone = f"missing: {source.manifest.product} has no {name} at its path"
            return Finding(source.binding, name, gone, f"correct the path {entity.path!r} in {manifest}")
        if said.code is Code.SOURCE_DENIED:
            cure = "grant the service account this right"
            return Finding(source.binding, name, "the credential may not read it", cure)
        return Finding(source.binding, name, _said(said), f"compare {manifest} with what the system offers")
    if bad := sum(isinstance(place.row, Problem) for place in said):
        wrong = f"{bad} of {len(said)} records cannot be translated"
        return Finding(source.binding, name, wrong, f"compare the fields of {manifest} with a record")
    return Finding(source.binding, name)


def _unmapped(source: Source) -> Iterator[Finding]:
    """Show the steward every code that came and that no rule maps."""
    for seen in source.unmapped.sightings():
        cure = "add it to the table of codes of the manifest, under a new version"
        yield Finding(source.binding, seen.field, f"the code {seen.code} is in no table ({seen.count} times)", cure)


SAID = {
    Code.SOURCE_UNAVAILABLE: "nothing usable answers there",
    Code.SOURCE_TIMEOUT: "it does not answer in time",
    Code.SOURCE_THROTTLED: "it asks us to slow down",
    Code.SOURCE_REFUSED: "the question was refused",
    Code.SOURCE_MISBEHAVED: "what answers there is not this product",
}


def _said(failure: SourceFailure) -> str:
    return SAID.get(failure.code, "it failed")
