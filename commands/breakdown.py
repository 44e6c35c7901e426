"""The breakdown of a new engagement: a project, its workstreams, and the phases that each of them goes through.

What it looks like is said with the command, or taken over from an earlier engagement.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec
import strawberry

from schema.project import ProjectKind, ProjectPhase, ProjectRow
from schema.rows import Ref, System

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from commands.asking import Asking


@strawberry.input
class NewWorkstream:
    """A part of the work, and who delivers it, if that is not the legal entity that signs."""

    name: str
    region: str | None = None
    delivering_entity: strawberry.ID | None = None


class Workstream(msgspec.Struct, frozen=True):
    """A part of the work, with the legal entity that delivers it."""

    name: str
    region: str | None
    entity: Ref


class Breakdown(msgspec.Struct, frozen=True):
    """The workstreams, and the phases that every one of them goes through."""

    workstreams: tuple[Workstream, ...] = ()
    phases: tuple[ProjectPhase, ...] = ()


class Node(NamedTuple):
    """One node: what stands behind the engagement's code in its own, and behind the first node's name in its step's."""

    suffix: str
    step: str
    parent: str | None
    kind: ProjectKind
    part: Workstream
    phase: ProjectPhase | None = None


def nodes(whole: Workstream, breakdown: Breakdown) -> Iterator[Node]:
    """Yield the nodes, parents before children."""
    yield Node("-P", "", None, ProjectKind.PROJECT, whole)
    for number, stream in enumerate(breakdown.workstreams, 1):
        yield Node(f"-W{number}", f".{number}", "", ProjectKind.WORKSTREAM, stream)
        for phase in breakdown.phases:
            name = f"{stream.name}: {phase.value.replace('_', ' ').capitalize()}"
            part = msgspec.structs.replace(stream, name=name)
            step = f".{number}.{phase.value.lower()}"
            yield Node(f"-W{number}-{phase.value}", step, f".{number}", ProjectKind.PHASE, part, phase)


def workstreams(ask: Asking, given: Sequence[NewWorkstream], signing: Ref) -> tuple[Workstream, ...]:
    """Return the workstreams of an input, or stop where an id is none of a legal entity."""
    path = ("input", "workstreams", "deliveringEntity")
    return tuple(
        Workstream(one.name, one.region, _entity(ask, one.delivering_entity, *path) or signing) for one in given
    )


async def taken_over(ask: Asking, template: strawberry.ID | None) -> Breakdown:
    """Return the breakdown of an earlier engagement, an empty one where none is named; or stop, there being none."""
    if template is None:
        return Breakdown()
    path = ("input", "projectTemplate")
    engagement = ask.ref(template, "Engagement", *path)
    await ask.one("engagements_by_id", engagement, *path)
    rows = await ask.many("projects_by_engagement", engagement, row=ProjectRow)
    streams = [row for row in rows if row.kind is ProjectKind.WORKSTREAM and row.delivering_entity is not None]
    entities = [await ask.word(row.delivering_entity, System.ERP) for row in streams if row.delivering_entity]
    found = {row.phase for row in rows if row.kind is ProjectKind.PHASE}
    return Breakdown(
        tuple(
            Workstream(row.name, row.region, entity)
            for row, entity in zip(streams, entities, strict=True)
            if entity is not None
        ),
        tuple(phase for phase in ProjectPhase if phase in found),
    )


def _entity(ask: Asking, id_: strawberry.ID | None, *path: str) -> Ref | None:
    return None if id_ is None else ask.ref(id_, "LegalEntity", *path)
