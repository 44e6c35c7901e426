"""Which rows belong to somebody: small sets of references, found in the systems that know, and kept for half a minute.

They are asked in the caller's own name, as everything is, but nobody holds them against the policy: it is what the
policy is held against. What a system cannot say now is a Problem, never an empty set.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec
import structlog
from cachetools import TTLCache

from schema.access import Bond, Reach
from schema.assignment import AssignmentRow, AssignmentStatus
from schema.connection import Wanted
from schema.graph import HOMES
from schema.problems import Code, Problem
from schema.rows import Ref, Row, System
from sources.contract import CallBudget
from sources.listing import MOST
from sources.wanted import VALUES
from store.subjects import Kind
from store.transaction import StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable, Mapping

    from sources.batching import Desk
    from sources.contract import Scope
    from sources.listing import Lists
    from store.subjects import Subjects

log = structlog.get_logger("colonnade.sources")

SECONDS = 30
# Sets, of all callers together; and how many pages of a list one of them may take.
KEPT, PAGES = 10_000, 25

Held = frozenset[Ref] | Problem


class Bonds:
    """The sets of every caller, in the words of the system whose rows are held against them."""

    def __init__(self, desk: Desk, lists: Lists, links: Subjects, seconds: float, calls: int) -> None:
        self._desk, self._lists, self._links, self._seconds, self._calls = desk, lists, links, seconds, calls
        self._kept: TTLCache[Hashable, frozenset[Any]] = TTLCache(KEPT, SECONDS)
        self._flights: dict[Hashable, asyncio.Task[Any]] = {}
        self._find: Mapping[tuple[Bond, Reach], Callable[[Scope], Awaitable[Held]]] = {
            (Bond.SELF, Reach.PERSON): self.person,
            (Bond.MANAGED, Reach.LEAD): self.person,
            (Bond.MANAGED, Reach.ENGAGEMENT): self._managed,
            (Bond.STAFFED, Reach.ENGAGEMENT): self._staffed,
            (Bond.ENTITIES, Reach.ENTITY): self._entities,
            (Bond.ENTITIES, Reach.ENGAGEMENT): self._controlled,
            (Bond.COMPANY, Reach.COMPANY): self.company,
            (Bond.COMPANY, Reach.ENGAGEMENT): self._bought,
        }

    async def held(self, bond: Bond, reach: Reach, role: str, scope: Scope) -> Held:
        """Return what the caller holds by a bond, in the words of a role's systems."""
        named = scope.principal.grants.entities if bond is Bond.ENTITIES else frozenset()
        mine = (bond, reach, scope.principal.subject, named)
        found = await self._once(mine, self._find[bond, reach], scope)
        if isinstance(found, Problem) or not found:
            return found
        return await self._once((*mine, role), lambda _: self._worded(found, role), scope)

    async def person(self, scope: Scope) -> Held:
        """Return the person that the caller is linked to, as a set of one or none."""
        number = await self._number(Kind.EMPLOYEE, scope)
        if isinstance(number, Problem) or number is None:
            return number or frozenset()
        found = await self._listed("Resource", {"employee_number": [number]}, scope)
        # Two people of one number are nobody.
        return found if isinstance(found, Problem) or len(found) == 1 else frozenset()

    async def company(self, scope: Scope) -> Held:
        """Return the customer that the caller is linked to, as a set of one or none."""
        number = await self._number(Kind.CUSTOMER, scope)
        known = self._desk.playing(System.CRM)
        if isinstance(number, Problem) or number is None or not known:
            return number if isinstance(number, Problem) else frozenset()
        return frozenset({Ref("Customer", known[0].binding, number)})

    async def _managed(self, scope: Scope) -> Held:
        person = await self.held(Bond.SELF, Reach.PERSON, System.HR.value, scope)
        if isinstance(person, Problem) or not person:
            return person
        return await self._listed("Engagement", {"manager": [one.encode() for one in person]}, scope)

    async def _staffed(self, scope: Scope) -> Held:
        person = await self.held(Bond.SELF, Reach.PERSON, System.HR.value, scope)
        rows = await self._asked("assignments_by_resource", person, scope)
        if isinstance(rows, Problem):
            return rows
        booked = (row for row in rows if isinstance(row, AssignmentRow))
        # A status that cannot be read may be any: what may have been cancelled opens nothing.
        sure = (row for row in booked if row.status not in {None, AssignmentStatus.CANCELLED} and _read(row.status))
        return frozenset(row.engagement for row in sure if row.engagement is not None)

    async def _entities(self, scope: Scope) -> Held:
        codes = sorted(scope.principal.grants.entities)[:VALUES]
        return await self._listed("LegalEntity", {"code": codes}, scope) if codes else frozenset()

    async def _controlled(self, scope: Scope) -> Held:
        entities = await self.held(Bond.ENTITIES, Reach.ENTITY, System.ERP.value, scope)
        rows = await self._asked("engagements_by_legal_entity", entities, scope)
        if isinstance(rows, Problem):
            return rows
        return await self._worded(frozenset(row.ref for row in rows if isinstance(row, Row)), System.PSA.value)

    async def _bought(self, scope: Scope) -> Held:
        company = await self.held(Bond.COMPANY, Reach.COMPANY, System.CRM.value, scope)
        rows = await self._asked("engagements_by_customer", company, scope)
        if isinstance(rows, Problem):
            return rows
        return frozenset(row.ref for row in rows if isinstance(row, Row))

    async def _number(self, kind: Kind, scope: Scope) -> str | Problem | None:
        try:
            linked = await self._links.person(scope.principal.subject)
        except StoreUnavailableError as error:
            return _storeless(error)
        return linked.number if linked is not None and linked.kind is kind else None

    async def _asked(self, question: str, held: Held, scope: Scope) -> list[Row | Problem] | Problem:
        """Return all records of those held; whom a system does not know has none there."""
        if isinstance(held, Problem):
            return held
        said = (await self._desk.answer(question, list(held), scope)).values() if held else ()
        wrong = [one for one in said if isinstance(one, Problem) and one.code is not Code.REFERENCE_UNKNOWN]
        return wrong[0] if wrong else [row for rows in said if isinstance(rows, list) for row in rows]

    async def _listed(self, type_: str, filters: Mapping[str, Any], scope: Scope) -> Held:
        found: set[Ref] = set()
        after: str | None = None
        for _ in range(PAGES):
            page = await self._lists.page(HOMES[type_], MOST, after, scope, Wanted(filters))
            if isinstance(page, Problem):
                return frozenset() if page.code is Code.REFERENCE_UNKNOWN else page
            found |= {row.ref for _, row in page.rows if isinstance(row, Row)}
            if not page.has_next:
                return frozenset(found)
            after = page.rows[-1][0]()
        return Problem(Code.TOO_MANY, f"more than {MOST * PAGES} records of {type_} belong to you")

    async def _worded(self, refs: frozenset[Ref], role: str) -> Held:
        foreign = [ref for ref in refs if ref.role != role]
        try:
            words = await self._desk.crossrefs.words(foreign, role) if foreign else {}
        except StoreUnavailableError as error:
            return _storeless(error)
        own = (ref for ref in refs if ref.role == role)
        return frozenset([*own, *(word for said in words.values() for word in said)])

    async def _once(self, key: Hashable, find: Callable[[Scope], Awaitable[Held]], scope: Scope) -> Held:
        """Find a set once for all who ask at a time. It outlives whoever began it, and has its own time and calls."""
        if (kept := self._kept.get(key)) is not None:
            return kept
        now = asyncio.get_running_loop().time()
        if (flight := self._flights.get(key)) is None:
            own = msgspec.structs.replace(scope, deadline=now + self._seconds, calls=CallBudget(self._calls))
            flight = self._flights[key] = asyncio.create_task(self._fly(key, find, own))
        await asyncio.wait({flight}, timeout=max(scope.deadline - now, 0))
        if not flight.done():
            return Problem(Code.SOURCE_TIMEOUT, "what belongs to you could not be found in time")
        found: Held = flight.result()
        return found

    async def _fly(self, key: Hashable, find: Callable[[Scope], Awaitable[Held]], scope: Scope) -> Held:
        try:
            found = await find(scope)
        finally:
            del self._flights[key]
        if not isinstance(found, Problem):
            self._kept[key] = found
        return found


def _read(value: object) -> bool:
    return not isinstance(value, Problem)


def _storeless(error: Exception) -> Problem:
    log.error("store unavailable", exc_info=error)
    return Problem(Code.STORE_UNAVAILABLE, "what belongs to you cannot be read now")
