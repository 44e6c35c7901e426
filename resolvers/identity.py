"""Who is who: the cross-references, and any record by what some system calls it."""

from __future__ import annotations

from typing import Any

import strawberry

from schema.context import Info  # noqa: TC001  Strawberry reads the annotations
from schema.cross_reference import CrossReference, EntityType
from schema.graph import Node, Owner
from schema.problems import Code, Problem
from schema.rows import Ref, System

MOST = 500
# No system's id is longer; the store keeps none that is.
ID_LENGTH = 255
# What one may read who may ask by the names of systems.
REFERENCES = CrossReference.__name__


async def _cross_reference(
    info: Info,
    entity_type: EntityType,
    system: System,
    source_id: str,
    *,
    source_type: str | None = None,
    binding: str | None = None,
) -> Any:
    if (refused := info.context.unread(REFERENCES)) is not None:
        return refused
    foreign = _foreign(entity_type, system, binding, source_id)
    if isinstance(foreign, Problem):
        return foreign
    found = await info.context.identities.named(foreign, source_type)
    if isinstance(found, Problem) or not found:
        return found or None
    return (
        found[0]
        if len(found) == 1
        else Problem(
            Code.REFERENCE_AMBIGUOUS,
            f"{system.name} has more than one cross-reference of this name",
            system=system.name,
        )
    )


async def _cross_references(info: Info, id: strawberry.ID) -> Any:  # noqa: A002  as `node` calls it
    canonical = Ref.decode(id)
    if (refused := info.context.unread(REFERENCES)) is not None or isinstance(canonical, Problem):
        return refused or canonical
    found = await info.context.identities.of(canonical, MOST)
    if found == [] and (successor := await info.context.successor(canonical)) is not None:
        # They went over to the id that the record has now.
        found = successor if isinstance(successor, Problem) else await info.context.identities.of(successor, MOST)
    if not isinstance(found, Problem) and len(found) > MOST:
        return Problem(Code.TOO_MANY, f"this record has more than {MOST} cross-references")
    return found


async def _node_by_source(
    info: Info, entity_type: EntityType, system: System, source_id: str, binding: str | None = None
) -> Any:
    named = _foreign(entity_type, system, binding, source_id)
    if (refused := info.context.unread(REFERENCES)) is not None or isinstance(named, Problem):
        return refused or named
    # Asked in another system's words, the home's loader looks them up: none and several are its Problems.
    return await info.context.find(entity_type.value, named)


def _foreign(entity_type: EntityType, system: System, binding: str | None, source_id: str) -> Ref | Problem:
    if not 1 <= len(source_id) <= ID_LENGTH or "\0" in source_id or not source_id.isprintable():
        return Problem(Code.BAD_INPUT, f"'sourceId' must have 1 to {ID_LENGTH} printable characters")
    if binding is not None and binding.partition(".")[0] != system.value:
        return Problem(Code.BAD_INPUT, "'binding' must be one of the system's: its name, or its name with '.name'")
    return Ref(entity_type.value, binding or system.value, source_id)


@strawberry.type
class IdentityQuery:
    """Look-up by the names that systems give."""

    cross_reference: CrossReference | None = strawberry.field(
        resolver=_cross_reference,
        description="What is stored of another system's record: proposed, standing or broken; null where nothing is.",
        directives=[Owner(system=System.FACADE)],
    )
    cross_references: list[CrossReference] | None = strawberry.field(
        resolver=_cross_references,
        description="Everything stored of a record, retired references too, in the order in which it came about.",
        directives=[Owner(system=System.FACADE)],
    )
    node_by_source: Node | None = strawberry.field(
        resolver=_node_by_source,
        description="One record by what a system calls it. `binding` names one of several systems of that role.",
    )
