"""What a command holds, shown value by value to whoever may read it: by the very rules of the graph."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import strawberry

from schema.access import forbidden, keys
from schema.graph import HOMES, fetch
from schema.problems import Problem
from schema.restriction import Restriction
from schema.rows import Ref, Row

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from commands.machinery.seeing import Seen
    from commands.machinery.values import Value
    from resolvers.room import Info
    from schema.access import Reach


@strawberry.type
class CommandValue:
    """One value of what a command was given, writes, or was answered."""

    path: str
    value: str | None = strawberry.field(description="Null where you may not read values of its kind.")
    restricted: Restriction | None = strawberry.field(description="The kind of value that not everybody may read.")


async def readable(found: Iterable[Value], subjects: Sequence[str], info: Info) -> list[CommandValue]:
    """Show values, those of a restricted kind to whoever may read it of these records."""
    listed = list(found)
    hidden = await hides({value.kind for value in listed if value.kind is not None}, subjects, info)
    return [
        CommandValue(path=one.path, value=None if one.kind in hidden else one.text, restricted=one.kind)
        for one in listed
    ]


async def hides(kinds: Iterable[Restriction], subjects: Sequence[str], info: Info) -> frozenset[Restriction]:
    """Return those of the kinds that may not be read of these records."""
    return frozenset([kind for kind in kinds if not await _may(kind, subjects, info)])


async def shown(seen: Seen, found: Iterable[Value], info: Info) -> Any:
    """Show values of a command to whoever sees its payload."""
    return await readable(found, seen.view.subjects, info) if seen.sight.payload else unread()


def unread() -> Problem:
    """Return what stands for a part of the payload that may not be read."""
    return forbidden("you may not read what this command holds")


async def _may(kind: Restriction, subjects: Sequence[str], info: Info) -> bool:
    """Tell whether a kind may be read of records, by the very rules of the graph.

    It may, if it may of each of those that can tell whose they are, and there is one.
    """
    settled = info.context.settled(kind)
    if settled is True or isinstance(settled, Problem):
        return settled is True
    bonds = info.context.principal.grants.kinds[kind]
    telling = [id_ for id_ in subjects if any(keys(bond, _scope(id_)) for bond in bonds)]
    found = await asyncio.gather(*(fetch(id_, info) for id_ in telling))
    refused = [await info.context.refusal(kind, row) for row in found if isinstance(row, Row)]
    return bool(telling) and len(refused) == len(telling) and not any(refused)


def _scope(id_: str) -> Mapping[Reach, str]:
    ref = Ref.decode(id_)
    return {} if isinstance(ref, Problem) or ref.type not in HOMES else HOMES[ref.type].scope
