"""A root list for somebody who sees a part of it: the part is asked of the owner, by a filter, or it is not had at all.

Nothing is filtered behind the owner's back: pages and counts would be wrong. So a wish has to lie within one grant. It
does if the client's own filter is within it, or if one filter says all that is granted; then it is put into the wish.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
from cachetools import LRUCache

from schema.access import OWN, Bond, forbidden, keys, words_of
from schema.connection import Wanted
from schema.graph import HOMES
from schema.problems import Code, Problem
from schema.rows import Ref
from sources.listing import Page
from sources.selection import spoken
from sources.wanted import ALL, VALUES, references
from sources.windows import Window

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

    from schema.access import Grant
    from schema.graph import Home
    from sources.bonds import Bonds
    from sources.contract import Scope
    from sources.listing import Lists
    from sources.screening import Screen, View


class Part(NamedTuple):
    """A grant as a filter: by a field, of those who are held; without a field, of all. None: no field tells."""

    grant: Grant
    at: str | None
    held: AbstractSet[Ref] | None

    @property
    def ids(self) -> AbstractSet[str]:
        """Those who are held, as clients call them."""
        return {ref.encode() for ref in self.held or ()}


# What no filter says. It is no wish that anybody could have.
UNSAID: Final = Wanted(search="")
# The order of sets that callers hold, by who each is: it is kept here with its order, so that its id is nobody else's.
_ORDERS: Final[LRUCache[int, tuple[frozenset[Ref], Sequence[Ref]]]] = LRUCache(64)


class Roots:
    """The root lists of one request, as far as they may be seen."""

    def __init__(self, screen: Screen, lists: Lists, bonds: Bonds, scope: Scope) -> None:
        self._screen, self._lists, self._bonds, self._scope = screen, lists, bonds, scope

    async def page(self, home: Home, first: int, after: str | None, wanted: Wanted) -> Page | Problem:
        """Return one page of what a caller may see of a list: as its owner counts it, or a refusal."""
        view = self._screen.view(home.name)
        if (refused := view.refused or await self._named(home, wanted)) is not None:
            return refused
        if view.by_id and not view.by_parent and wanted == ALL:
            return await self._own(home, view, first, after)
        said = wanted if view.whole else await self._narrowed(home, view, wanted)
        if said is None or isinstance(said, Problem):
            return said or Page([], has_next=False, total=0)
        return await self._lists.page(home, first, after, self._scope, said)

    async def _narrowed(self, home: Home, view: View, wanted: Wanted) -> Wanted | Problem | None:
        found = await asyncio.gather(*(self._part(home, grant) for grant, _ in view.keyed))
        if (unknown := next((part for part in found if isinstance(part, Problem)), None)) is not None:
            return unknown
        parts = [self._offered(home, part) for part in found if isinstance(part, Part)]
        # What is read behind a record that may be seen is said by no field.
        parts += [Part(grant, None, None) for grant in view.by_parent]
        said = narrowed(home, parts, wanted)
        if said is not None and (said is UNSAID or self._lists.lacking(home, said)):
            return self._lists.lacking(home, wanted) or _unsaid(home, view, parts)
        return said

    async def _named(self, home: Home, wanted: Wanted) -> Problem | None:
        """Refuse a filter by a record that the caller may not see: a list that it leaves empty would tell of it."""
        for _, target, ids in references(home, wanted):
            view = self._screen.view(target)
            for ref in () if view.whole else map(Ref.decode, ids):
                refused = await self._screen.held(view, ref) if view.by_id and isinstance(ref, Ref) else forbidden()
                if refused is not None:
                    return refused
        return None

    async def _part(self, home: Home, grant: Grant) -> Part | Problem:
        """Say a grant as a filter of a list: by a field that means somebody, which the row's own reference does not."""
        field = next((key for key in keys(grant.bond, home.scope) if key.at != OWN), None)
        if field is None:
            return Part(grant, None, frozenset() if grant.bond is Bond.ALL else None)
        role = HOMES[field.reach.type].system.value
        held = await self._bonds.held(grant.bond, field.reach, role, self._scope)
        return held if isinstance(held, Problem) else Part(grant, field.at, held)

    def _offered(self, home: Home, part: Part) -> Part:
        """Say nothing by a field that the owner cannot choose its list by: all of it would have to be read."""
        filters: dict[str, Any] = {at: list(words_of(home.row, at)) for at, _ in part.grant.only}
        filters |= {part.at: [""]} if part.at else {}
        return part if self._lists.lacking(home, Wanted(filters)) is None else part._replace(at=None, held=None)

    async def _own(self, home: Home, view: View, first: int, after: str | None) -> Page | Problem:
        """Return one page of the records that are held one by one: these are the list."""
        window = Window.of(self._lists.key, home.name, Ref(home.name, OWN, self._scope.principal.subject), first, after)
        if isinstance(window, Problem):
            return window
        sets = [claim.held for claim in await self._screen.claims(view.keyed, home.system.value)]
        if (unknown := next((held for held in sets if isinstance(held, Problem)), None)) is not None:
            return unknown
        known = [frozenset(held) for held in sets if not isinstance(held, Problem)]
        page: Any = window.cut(_ordered(known[0] if len(known) == 1 else frozenset().union(*known)))
        if isinstance(page, Problem) or not page.rows:
            return page  # type: ignore[no-any-return]  # a window shows what it was cut from
        found = await self._lists.desk.answer(home.question, [ref for _, ref in page.rows], self._scope)
        gone = Problem(Code.NOT_FOUND, f"{home.system.name} has no record for this link", system=home.system.name)
        return Page([(cursor, found[ref] or gone) for cursor, ref in page.rows], page.has_next, page.total)


def _ordered(held: frozenset[Ref]) -> Sequence[Ref]:
    """Return who is held in the order of the ids. Of thousands a page shows a few, and then the next page the next."""
    # By which set it is, and not by what is in it: one that was found anew has to be compared one by one with its like.
    if (known := _ORDERS.get(id(held))) is None:
        known = _ORDERS[id(held)] = held, sorted(held, key=lambda ref: (len(ref.id), ref.id))
    return known[1]


def narrowed(home: Home, parts: Sequence[Part], wanted: Wanted) -> Wanted | None:
    """Return the wish within what is granted, None if nothing can be in it, UNSAID where filters cannot say that."""
    for part in parts:
        if (within := _within(home, part, wanted)) is not None:
            return within
    said = {(part.at, part.grant.only) for part in parts}
    at = parts[0].at if parts else None
    if len(said) == 1 and at is not None and at not in wanted.filters:
        whole = parts[0]._replace(held=frozenset().union(*(part.held or () for part in parts)))
        if not whole.held:
            return None
        filtered = msgspec.structs.replace(wanted, filters={**wanted.filters, at: sorted(whole.ids)})
        if len(whole.ids) <= VALUES and (within := _within(home, whole, filtered)) is not None:
            return within
    return UNSAID


def _within(home: Home, part: Part, wanted: Wanted) -> Wanted | None:
    """Return a wish that lies within a grant, where its own filters say so."""
    if part.held is None or (part.at is not None and not _are(wanted.filters.get(part.at), part.ids)):
        return None
    filters = dict(wanted.filters)
    for at, words in part.grant.only:
        members = [member for member in words_of(home.row, at) if member.name in words]
        if not _are(filters.setdefault(at, members), set(members)):
            return None
    return msgspec.structs.replace(wanted, filters=filters)


def _are(values: Any, granted: AbstractSet[Any]) -> bool:
    return isinstance(values, list) and bool(values) and set(values) <= granted


def _unsaid(home: Home, view: View, parts: Sequence[Part]) -> Problem:
    names = sorted({f"'{spoken(part.at)}'" for part in parts if part.at is not None and part.held is not None})
    given = f"give the filter {' or '.join(names)}, with what is yours" if names else "follow a link from what is yours"
    if not names and view.by_id and not view.by_parent:
        given = "ask for it without filter, order and search"
    return forbidden(f"you may read a part of this list: {given}", entityType=home.name)
