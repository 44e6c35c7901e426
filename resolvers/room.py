"""The room of commands as resolvers know it, and the ids of what is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias

import strawberry

from schema.context import Context
from schema.rows import Ref, System

if TYPE_CHECKING:
    from commands.machinery.accepting import Accepted
    from commands.machinery.deciding import Deciding
    from commands.machinery.given import Given
    from commands.machinery.naming import Naming
    from commands.machinery.progress import Progress
    from commands.machinery.repairing import Repairing
    from commands.machinery.seeing import Seeing
    from commands.machinery.setups import Setups
    from policies.tiers import Tiers
    from schema.problems import Problem
    from sources.contract import Scope


class Commands(Protocol):
    """The room of commands, as far as resolvers use it."""

    tiers: Tiers
    seeing: Seeing
    deciding: Deciding
    repairing: Repairing
    progress: Progress
    setups: Setups

    async def submit(self, given: Given) -> Accepted:
        """Take a command in, and have it carried out."""
        ...

    async def home(self, ref: Ref) -> Ref | Problem | None:
        """Return what the home of a type calls a record that another system has made."""
        ...

    def opened(self, sealed: str) -> str | None:
        """Return what a system said; None where that cannot be read any more."""
        ...


class CommandContext(Context, Protocol):
    """What one request knows of commands, too."""

    scope: Scope
    naming: Naming
    commanding: Commands

    def renew(self) -> None:
        """Forget what was read, and begin the time anew."""
        ...


Info: TypeAlias = strawberry.Info[CommandContext, None]


def own_id(kind: str, id_: str) -> strawberry.ID:
    """Return the global id of something of the facade's own."""
    return strawberry.ID(Ref(kind, System.FACADE.value, id_).encode())


def own(kind: str, id_: str) -> str | None:
    """Return the store's id of what a global id means; None where it means nothing of this kind."""
    ref = Ref.decode(id_)
    meant = isinstance(ref, Ref) and (ref.type, ref.binding) == (kind, System.FACADE.value)
    return ref.id if isinstance(ref, Ref) and meant else None
