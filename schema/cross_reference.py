"""A cross-reference: what another system calls a record of ours, who says so, and how far that is settled."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeAlias

import strawberry

from schema.graph import Owner
from schema.rows import System
from schema.types import TYPES

if TYPE_CHECKING:
    EntityType: TypeAlias = Enum
else:
    # Every type with a home has cross-references; a type that comes is here at once.
    EntityType = strawberry.enum(
        Enum("EntityType", {name: name for name in sorted(cls.__name__ for cls in TYPES)}),
        description="The types whose records other systems know by names of their own.",
    )


@strawberry.enum(name="CrossReferenceRole")
class CopyRole(Enum):
    """What the other system's record is: the one that decides, a copy, or what an earlier system left behind."""

    MASTER = "MASTER"
    REPLICA = "REPLICA"
    LEGACY = "LEGACY"


@strawberry.enum(name="CrossReferenceCardinality")
class Cardinality(Enum):
    """Whether the other system has one record for ours, or keeps it in several."""

    ONE = "ONE"
    MANY_SEGMENTS = "MANY_SEGMENTS"


@strawberry.enum(name="CrossReferenceState")
class LinkState(Enum):
    """PENDING: reserved or proposed, and used by nobody. BROKEN: one of the records is gone. RETIRED: no longer so."""

    PENDING = "PENDING"
    ACTIVE = "ACTIVE"
    BROKEN = "BROKEN"
    RETIRED = "RETIRED"


# What may become of a reference: what is retired stays so, and is linked anew by a new row.
TRANSITIONS = {
    LinkState.PENDING: {LinkState.ACTIVE, LinkState.RETIRED},
    LinkState.ACTIVE: {LinkState.BROKEN, LinkState.RETIRED},
    LinkState.BROKEN: {LinkState.ACTIVE, LinkState.RETIRED},
    LinkState.RETIRED: set[LinkState](),
}


@strawberry.enum(name="CrossReferenceOrigin")
class Established(Enum):
    """How it came about: a command wrote the record, a file said so, records were alike, or a person decided."""

    COMMAND = "COMMAND"
    IMPORT = "IMPORT"
    MATCH = "MATCH"
    MANUAL = "MANUAL"


def _id(self: Any) -> strawberry.ID:
    return strawberry.ID(self.canonical.encode())


@strawberry.type(directives=[Owner(system=System.FACADE)])
class CrossReference:
    """What another system calls a record. `binding` tells two systems of one role apart; `sourceKey` is for people."""

    entity_type: EntityType
    canonical_id: strawberry.ID = strawberry.field(resolver=_id)
    system: System
    binding: str
    source_type: str
    source_id: str
    source_key: str | None
    role: CopyRole
    cardinality: Cardinality
    state: LinkState
    established_by: Established
    valid_from: datetime
    valid_to: datetime | None
    last_verified_at: datetime | None
