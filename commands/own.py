"""What the facade itself does in a step of a command: its own store is one more system, and always there."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

import msgspec
import strawberry

from schema.rows import Ref, System
from sources.writes import Record, Write, write
from store.commands import draw
from store.mapping import Mapped, known_as, mapped
from store.transaction import transaction

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.ext.asyncio import AsyncEngine

    from schema.context import Clock
    from store.crossrefs import CrossReferences

FACADE = System.FACADE.value


@strawberry.enum
class MappingAction(Enum):
    """LINK makes a reference, RETIRE ends one, MOVE gives the other system's record to another of ours."""

    LINK = "LINK"
    RETIRE = "RETIRE"
    MOVE = "MOVE"


@write(System.FACADE)
class DrawCode(Write, frozen=True, kw_only=True):
    """The next code of a kind of record: brings `code`. A code that is drawn and not used leaves a gap."""

    kind: str


@write(System.FACADE)
class LinkReference(Write, frozen=True, kw_only=True):
    """What a system calls a record of ours since an earlier step; whatever it called it before has ended."""

    canonical: Ref
    known_as: Record


@write(System.FACADE)
class MapReference(Write, frozen=True, kw_only=True):
    """What another system calls one of our records."""

    canonical: Ref
    binding: str
    source_type: str
    source_id: str
    action: MappingAction


class Numbering(msgspec.Struct, frozen=True):
    """How the codes of a kind of record are written: what stands before the number, the first one, and its digits."""

    prefix: str
    first: int = 1
    digits: int = 3

    def code(self, number: int) -> str:
        """Return a number as a code."""
        return f"{self.prefix}{number:0{self.digits}}"


class OwnStore:
    """Carries out the writes of the facade itself."""

    def __init__(
        self, store: AsyncEngine, crossrefs: CrossReferences, numbering: Mapping[str, Numbering], clock: Clock
    ) -> None:
        self._store, self._crossrefs, self._numbering, self._clock = store, crossrefs, numbering, clock

    async def __call__(self, write: Write, key: str) -> dict[str, Any]:
        """Carry one out and return what it brings. `key` names the command that decided it."""
        if isinstance(write, DrawCode):
            numbering = self._numbering.get(write.kind) or Numbering(f"{write.kind.upper()}-")
            async with transaction(self._store) as connection:
                return {"code": numbering.code(await draw(connection, write.kind, numbering.first, key))}
        said = _linked(write) if isinstance(write, LinkReference) else _mapped(write)
        write_down = known_as if isinstance(write, LinkReference) else mapped
        async with transaction(self._store) as connection:
            await write_down(connection, said, decided_by=key, at=self._clock.now())
        self._crossrefs.forget()
        return {}


def _linked(write: LinkReference) -> Mapped:
    assert isinstance(write.known_as, Ref), "a write is carried out when nothing of it is to come any more"  # noqa: S101
    return Mapped(write.canonical, write.known_as, write.known_as.type, MappingAction.LINK.name)


def _mapped(write: Write) -> Mapped:
    assert isinstance(write, MapReference), "the facade's own writes are these three"  # noqa: S101
    foreign = Ref(write.canonical.type, write.binding, write.source_id)
    return Mapped(write.canonical, foreign, write.source_type, write.action.name)
