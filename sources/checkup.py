"""Is a binding right? One small call for each thing that can be wrong, and the cure of what is."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from schema.problems import Code, Problem
from sources.contract import Request, Scope, SourceFailure, decode, walk
from sources.registry import questions

if TYPE_CHECKING:
    from schema.context import Principal
    from schema.rows import Row
    from sources.source import Source

NOT_FOUND = 404


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
    entities = [await _entity(source, rows[name], scope) for name in source.manifest.entities]
    if entities and all(finding.wrong == _gone(source, finding.subject) for finding in entities):
        wrong = f"none of the paths of {source.manifest.product} {source.manifest.api} is served at this address"
        return [
            Finding(
                source.binding,
                "version",
                wrong,
                f"correct bindings.{source.binding}.address, or pin the version in the manifest",
            )
        ]
    return [entry, *entities]


async def _entry(source: Source, scope: Scope) -> Finding:
    """Enter: somebody must be there, let us in, and be the version that the manifest was written for."""
    place, manifest = f"bindings.{source.binding}", source.manifest
    try:
        await source.wire.enter(scope)
        if (probe := manifest.probe) is not None:
            told = walk(decode(await source.wire.send(Request(probe.path, body=probe.body), scope)), probe.at)
            if not str(told).startswith(probe.expects):
                wrong = f"the system says version {told!s:.40}, the manifest is written for {probe.expects}"
                return Finding(
                    source.binding,
                    "version",
                    wrong,
                    "bind a system of that version, or review the manifest for the new one",
                )
    except SourceFailure as failure:
        if failure.code is Code.SOURCE_DENIED:
            return Finding(
                source.binding,
                "credential",
                "the system does not accept it",
                f"renew the secrets of {place}.credentials",
            )
        return Finding(source.binding, "address", _said(failure), f"start the system, or correct {place}.address")
    return Finding(source.binding, "entry")


async def _entity(source: Source, row: type[Row], scope: Scope) -> Finding:
    """Read one record, and translate it."""
    name, entity = row.type, source.manifest.entities[row.type]
    manifest = f"entities.{name} of the manifest"
    try:
        places, _ = await source.page(row, None, 1, scope)
    except SourceFailure as failure:
        if failure.status == NOT_FOUND:
            return Finding(source.binding, name, _gone(source, name), f"correct the path {entity.path!r} in {manifest}")
        if failure.code is Code.SOURCE_DENIED:
            return Finding(
                source.binding, name, "the credential may not read it", "grant the service account this right"
            )
        return Finding(source.binding, name, _said(failure), f"compare {manifest} with what the system offers")
    if any(isinstance(place.row, Problem) for place in places):
        return Finding(
            source.binding, name, "its records cannot be translated", f"compare the fields of {manifest} with a record"
        )
    return Finding(source.binding, name)


def _gone(source: Source, name: str) -> str:
    return f"missing: {source.manifest.product} has no {name} at its path"


SAID = {
    Code.SOURCE_UNAVAILABLE: "nothing usable answers there",
    Code.SOURCE_TIMEOUT: "it does not answer in time",
    Code.SOURCE_THROTTLED: "it asks us to slow down",
    Code.SOURCE_REFUSED: "the question was refused",
    Code.SOURCE_MISBEHAVED: "what answers there is not this product",
}


def _said(failure: SourceFailure) -> str:
    return SAID.get(failure.code, "it failed")
