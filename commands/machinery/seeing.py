"""Who sees what of commands. Whoever sees nothing of one is answered as if there were none.

    the states     the steps, their states and codes          acts see and watch
    the payload    what it was given and writes, value by     act see, whoever may decide on it or has decided, and
                   value as the graph lets them be read       act inspect, as long as something of it is set aside
    the answers    what systems said to what is set aside     acts see and inspect, and not by being its actor

Which roles do these acts is the policy's; the values themselves are redacted where they are shown.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from commands.plan import digest
from policies.authority_file import Act
from schema.command import ApprovalState, ExceptionState
from schema.problems import Code, Problem
from sources.contract import Position
from sources.listing import MOST, Cursor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from commands.machinery.deciding import Deciding
    from commands.machinery.reading import Found, Reading, Sought
    from commands.machinery.view import View
    from policies.authority import Authority
    from schema.connection import Mark
    from sources.contract import Scope

COMMAND, FACADE, ORDER = "Command", "facade", "sequence"
# Requests for approval that are looked at to find those that somebody may decide on.
AT_ONCE, LOOKED_AT = 50, 1_000


class Sight(NamedTuple):
    """What somebody sees of a command beside its states."""

    payload: bool
    answers: bool


class Seen(NamedTuple):
    """A command as somebody sees it."""

    view: View
    sight: Sight


class Page(NamedTuple):
    """One page of commands, each with what signs its cursor, and whether more follow."""

    rows: Sequence[tuple[Mark, Seen]]
    has_next: bool


class Seeing:
    """Reads commands for somebody. `key` signs the cursors of their list."""

    def __init__(self, reading: Reading, deciding: Deciding, authority: Authority, key: bytes) -> None:
        self._reading, self._deciding, self._authority, self._key = reading, deciding, authority, key

    async def command(self, id_: str, scope: Scope) -> Seen | None:
        """Return a command as far as it may be seen; raise Unanswered where a system does not say whether it may."""
        found = await self._reading.command(id_)
        return None if found is None else await self._seen(found, scope)

    async def of_exception(self, id_: str, scope: Scope) -> Seen | None:
        """Return the command that an exception is of, as far as it may be seen."""
        found = await self._reading.of_exception(id_)
        return None if found is None else await self._seen(found, scope)

    def taken(self, view: View, scope: Scope) -> Seen | None:
        """Return a command as its actor sees the answer to it."""
        sight = self._by_roles(view, scope)
        return None if sight is None else Seen(view, sight)

    async def commands(self, sought: Sought, first: int, after: str | None, scope: Scope) -> Page | Problem:
        """Return a page of the commands that somebody may see by their roles, or that are their own, newest first."""
        if not 1 <= first <= MOST:
            return Problem(Code.BAD_INPUT, f"'first' must be from 1 to {MOST}")
        mark = digest(msgspec.to_builtins(sought))[:16]
        before = None if after is None else self._place(after, mark)
        if isinstance(before, Problem):
            return before
        if not self._every(scope):
            sought = msgspec.structs.replace(sought, actor=scope.principal.subject)
        found = await self._reading.commands(sought, first + 1, before)
        seen = [(one, self._by_roles(one.view, scope)) for one in found[:first]]
        rows = [(self._cursor(one, mark), Seen(one.view, sight)) for one, sight in seen if sight is not None]
        return Page(rows, len(found) > first)

    async def approvals(self, state: ApprovalState, first: int, scope: Scope) -> list[tuple[str, Seen]]:
        """Return the oldest requests for approval that somebody may see: their ids, each with its command."""
        principal = scope.principal
        roles = None if self._every(scope) else sorted(self._authority.approving(principal.grants.roles))
        shown: list[tuple[str, Seen]] = []
        for skipped in range(0, LOOKED_AT, AT_ONCE):
            found = await self._reading.approvals(state.name, roles, principal.subject, AT_ONCE, skipped)
            seen = [(id_, await self._seen(one, scope)) for id_, one in found]
            shown += [(id_, one) for id_, one in seen if one is not None]
            if len(shown) >= first or len(found) < AT_ONCE:
                break
        return shown[:first]

    async def set_aside(self, state: ExceptionState, first: int, scope: Scope) -> list[tuple[str, Seen]]:
        """Return the oldest exceptions that somebody may see: their ids, each with its command."""
        actor = None if self._every(scope) else scope.principal.subject
        found = await self._reading.set_aside(state.name, actor, first)
        seen = [(id_, one.view, self._by_roles(one.view, scope)) for id_, one in found]
        return [(id_, Seen(view, sight)) for id_, view, sight in seen if sight is not None]

    async def _seen(self, found: Found, scope: Scope) -> Seen | None:
        sight = self._by_roles(found.view, scope)
        if (sight is None or not sight.payload) and await self._decides(found, scope):
            sight = Sight(payload=True, answers=sight is not None and sight.answers)
        return None if sight is None else Seen(found.view, sight)

    def _by_roles(self, view: View, scope: Scope) -> Sight | None:
        """Return what somebody sees of a command by what they are, and by its being their own."""
        own = view.actor == scope.principal.subject
        sees, inspects = self._may(Act.SEE, scope, own=own), self._may(Act.INSPECT, scope)
        aside = any(one.state == ExceptionState.OPEN.name for one in view.exceptions)
        payload = sees or (inspects and aside)
        if not payload and not self._may(Act.WATCH, scope, own=own):
            return None
        return Sight(payload, answers=inspects or self._may(Act.SEE, scope))

    async def _decides(self, found: Found, scope: Scope) -> bool:
        """Tell whether somebody may decide on a command, or has."""
        principal = scope.principal
        roles = self._authority.approving(principal.grants.roles)
        if any(one.decided_by == principal.subject for one in found.approvals):
            return True
        for one in found.approvals:
            open_ = one.state == ApprovalState.PENDING.name and one.role in roles
            if open_ and await self._deciding.refusal(one, found.stored, scope) is None:
                return True
        return False

    def _every(self, scope: Scope) -> bool:
        """Tell whether somebody sees something of every command."""
        return self._may(Act.WATCH, scope) or self._may(Act.SEE, scope)

    def _may(self, act: Act, scope: Scope, *, own: bool = False) -> bool:
        return self._authority.may(act, scope.principal.grants.roles, own=own).allowed

    def _cursor(self, found: Found, mark: str) -> Mark:
        place = Position(found.stored.sequence, found.stored.id)
        return partial(Cursor(COMMAND, FACADE, ORDER, place, mark).sign, self._key)

    def _place(self, after: str, mark: str) -> int | Problem:
        cursor = Cursor.read(after, self._key)
        if cursor is None or (cursor.type, cursor.family, cursor.wanted) != (COMMAND, ORDER, mark):
            return Problem(Code.MALFORMED_CURSOR, "this cursor was not issued for this list")
        return cursor.position.count
