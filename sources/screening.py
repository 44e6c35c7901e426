"""What one caller may see of what is asked: the one place through which both executors, and every road, come.

    the client's own word (node, nodes, _entities, nodeBySource)   find      decided before anything may be told
    a field of a row that may be seen                              answer    rows out of scope are left out or refused
    a root list                                                    sources/narrowing.py
    a restricted value of a row                                    refusal   by its kind and whose the row is
    a row that somebody has already (commands, audit, exports)     visible, refusal

Which types are read by which bonds is the policy's (`policies/access.py`), which rows belong to somebody is found in
`sources/bonds.py`. A row costs a look into a set, never a call. Facets are only reached from a row that may be seen.
"""

from __future__ import annotations

import asyncio
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from schema.access import OWN, Bond, Claim, Grant, either, forbidden, keys
from schema.graph import HOMES
from schema.problems import Code, Problem
from schema.rows import Row
from sources.questions import QUESTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from schema.access import Key, Verdict
    from schema.graph import Home
    from schema.restriction import Restriction
    from schema.rows import Ref
    from sources.batching import Desk
    from sources.bonds import Bonds
    from sources.contract import Scope
    from sources.questions import Question

# What says that a system is in trouble or cannot be asked, and nothing of a record.
AWAY = frozenset(
    {
        Code.UNAUTHENTICATED,
        Code.NOT_OFFERED,
        Code.CALL_BUDGET,
        Code.STORE_UNAVAILABLE,
        Code.SOURCE_UNAVAILABLE,
        Code.SOURCE_TIMEOUT,
        Code.SOURCE_THROTTLED,
        Code.SOURCE_DENIED,
        Code.SOURCE_REFUSED,
    }
)


class View(NamedTuple):
    """How a caller sees a type: not at all, whole, or in part.

    `keyed` are grants with the key that decides, None where it is the row's state alone. By those of `by_parent`, which
    no key decides, a row is read behind one that may be seen.
    """

    refused: Problem | None = None
    whole: bool = False
    keyed: Sequence[tuple[Grant, Key | None]] = ()
    by_parent: Sequence[Grant] = ()

    @property
    def by_id(self) -> bool:
        """Whether a reference alone tells if its row may be seen."""
        return bool(self.keyed) and all(
            key is not None and key.at == OWN and not grant.only for grant, key in self.keyed
        )

    def by_key(self, type_: str) -> bool:
        """Whether all that may be seen hangs on records of a type, by which it may be asked."""
        return bool(self.keyed) and all(key is not None and key.reach.type == type_ for _, key in self.keyed)


class Screen:
    """What one request may see."""

    def __init__(self, desk: Desk, bonds: Bonds, scope: Scope) -> None:
        self._desk, self._bonds, self._scope = desk, bonds, scope
        self._grants = scope.principal.grants
        self._views: dict[str, View] = {}

    def view(self, type_: str) -> View:
        """Return how the caller sees a type."""
        if type_ not in self._views:
            self._views[type_] = self._viewed(type_)
        return self._views[type_]

    async def answer(self, name: str, asked: Sequence[Ref]) -> Mapping[Ref, Any]:
        """Ask a question about rows that may be seen: what of its answer may not is refused or left out."""
        question = QUESTIONS[name]
        type_ = question.rows.type
        view, home = self.view(type_), HOMES.get(type_)
        if view.refused is not None:
            return dict.fromkeys(asked, view.refused)
        if view.whole or home is None or home.row is not question.rows:
            return await self._desk.answer(name, asked, self._scope)
        decided = await self._foreseen(question, view, asked)
        rest = [ref for ref in asked if ref not in decided]
        found = await self._desk.answer(name, rest, self._scope) if rest else {}
        claims = await self.claims(view.keyed, home.system.value)
        claims += [Claim(grant.only) for grant in view.by_parent]
        seen = _at_sight(claims)
        return decided | {ref: value if seen(value) else _screened(value, claims) for ref, value in found.items()}

    async def _foreseen(self, question: type[Question], view: View, asked: Sequence[Ref]) -> dict[Ref, Any]:
        """Answer without a call where whoever is asked for decides: of a colleague's time no entry may be seen."""
        if view.by_parent or not ((view.by_id and question.by == question.rows.type) or view.by_key(question.by)):
            return {}
        claims = {binding: await self._claims_on(view, binding) for binding in {ref.binding for ref in asked}}
        rest = [ref for ref in asked if not any(claim.holds(ref) is True for claim in claims[ref.binding])]
        nothing: Any = [] if question.many else forbidden()
        return {ref: either(claim.holds(ref) for claim in claims[ref.binding]) or nothing for ref in rest}

    async def told(self, place: Home, found: Any) -> Any:
        """Return what was found by the client's own reference, if that may be told: nothing and not yours are alike."""
        view = self.view(place.name)
        if view.whole or view.by_id or (isinstance(found, Problem) and found.code in AWAY):
            return found
        claims = await self.claims(view.keyed, place.system.value)
        if isinstance(found, Row):
            return _refused(either(claim.admits(found) for claim in claims)) or found
        return next((claim.held for claim in claims if isinstance(claim.held, Problem)), forbidden())

    async def visible(self, row: Row) -> Verdict:
        """Tell whether a row of a type's home may be seen."""
        view = self.view(row.type)
        if view.refused is not None or view.whole:
            return view.whole
        return either(claim.admits(row) for claim in await self.claims(view.keyed, row.ref.role))

    def settled(self, kind: Restriction) -> Verdict:
        """Tell whether this kind may be read of every row, the Problem if of none; False where the row decides."""
        bonds = self._grants.kinds.get(kind, frozenset())
        return Bond.ALL in bonds or (False if bonds else forbidden(restriction=kind.name))

    async def refusal(self, kind: Restriction, row: Row) -> Problem | None:
        """Return the Problem that stands for a restricted value of this row, None if it may be read."""
        (refused,) = await self.refusals(kind, [row])
        return refused

    async def refusals(self, kind: Restriction, rows: Sequence[Row]) -> Sequence[Problem | None]:
        """Return for each row the Problem that stands for a restricted value of it, None if it may be read."""
        bonds = self._grants.kinds.get(kind, frozenset())
        if Bond.ALL in bonds:
            return [None] * len(rows)
        known: dict[tuple[str, str], Sequence[Claim]] = {}
        for row in rows:
            if (alike := (row.type, row.ref.role)) not in known:
                decided = [(Grant(bond), found[0]) for bond in bonds if (found := keys(bond, HOMES[row.type].scope))]
                known[alike] = await self.claims(decided, row.ref.role)
        verdicts = (either(claim.admits(row) for claim in known[row.type, row.ref.role]) for row in rows)
        return [_refused(verdict, restriction=kind.name) for verdict in verdicts]

    async def held(self, view: View, ref: Ref) -> Problem | None:
        """Refuse a reference that tells by itself that it is out of scope."""
        return _refused(await self._verdict(view, ref))

    async def _verdict(self, view: View, ref: Ref) -> Verdict:
        return either(claim.holds(ref) for claim in await self._claims_on(view, ref.binding))

    async def _claims_on(self, view: View, binding: str) -> Sequence[Claim]:
        return await self.claims(view.keyed, binding.partition(".")[0])

    async def claims(self, keyed: Sequence[tuple[Grant, Key | None]], role: str) -> list[Claim]:
        """Return the grants with their facts, in the words of a role's rows."""

        async def claim(grant: Grant, key: Key | None) -> Claim:
            if key is None:
                return Claim(grant.only)
            return Claim(grant.only, key, await self._bonds.held(grant.bond, key.reach, role, self._scope))

        return list(await asyncio.gather(*(claim(grant, key) for grant, key in keyed)))

    def _viewed(self, type_: str) -> View:
        home = HOMES.get(type_)
        kind = None if home is None else home.restricted
        granted = self._grants.of(type_, kind)
        if not granted:
            known = {} if kind is None else {"restriction": kind.name}
            return View(forbidden(**known))
        if any(grant.whole for grant in granted):
            return View(whole=True)
        scope = {} if home is None else home.scope
        deciding = [(grant, next(iter(keys(grant.bond, scope)), None)) for grant in granted]
        keyed = [(grant, key) for grant, key in deciding if key is not None or grant.bond is Bond.ALL]
        return View(keyed=keyed, by_parent=[grant for grant, key in deciding if (grant, key) not in keyed])


def _at_sight(claims: Sequence[Claim]) -> Callable[[Any], bool]:
    """Return what tells of a row, or of all rows of a list, that one grant is enough; all else is looked at closely."""
    sure = next((claim for claim in claims if claim.key and not claim.only), None)
    if sure is None or sure.key is None or isinstance(sure.held, Problem):
        return lambda _: False
    held, whose = sure.held, attrgetter(sure.key.at)

    def seen(found: Any) -> bool:
        if isinstance(found, list):
            return all(isinstance(row, Row) and whose(row) in held for row in found)
        return isinstance(found, Row) and whose(found) in held

    return seen


def _screened(found: Any, claims: Sequence[Claim]) -> Any:
    """Return of an answer what may be seen. Where that is not known of one row, nothing is known of the list."""
    if isinstance(found, Row):
        return _refused(either(claim.admits(found) for claim in claims)) or found
    if not isinstance(found, list):
        return found
    seen = []
    for item in found:
        verdict = either(_shows(claim, item) if isinstance(item, Problem) else claim.admits(item) for claim in claims)
        if isinstance(verdict, Problem):
            return verdict
        seen += [item] if verdict else []
    return seen


def _shows(claim: Claim, hole: Problem) -> Verdict:
    # What cannot be read may be anybody's: it shows as what it is, but where it still tells whose it is.
    return claim.key is None or claim.key.at not in hole.refs or claim.holds(hole.refs[claim.key.at])


def _refused(verdict: Verdict, **details: str) -> Problem | None:
    if verdict is True:
        return None
    return verdict or forbidden(**details)
