"""Whoever has proven to be somebody, as one who may read: groups become roles and entities, roles become grants."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from policies.access import ANONYMOUS
from schema.access import Grants
from schema.rights import Rights

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from colonnade.caller import Caller
    from colonnade.settings import Granted
    from policies.access import Policy

# So many sets of roles and entities at a time: people of one team share theirs.
KEPT = 1_000


class Membership(NamedTuple):
    """What a group of the identity provider stands for: roles of the policy, and codes of legal entities."""

    roles: frozenset[str] = frozenset()
    entities: frozenset[str] = frozenset()


def memberships(groups: Mapping[str, Granted]) -> Mapping[str, Membership]:
    """Return the configuration's groups as what they stand for."""
    return {name: Membership(frozenset(said.roles), frozenset(said.entities)) for name, said in groups.items()}


class Acting(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who has said who they are, with what they were granted. Whoever showed nothing has no subject."""

    subject: str
    token: str | None = None
    key: str | None = None
    grants: Grants = Grants()

    @property
    def rights(self) -> Rights:
        """What the caller's roles let them ask at all."""
        return self.grants.rights


class Facade:
    """The house itself, where it looks at its systems for an operator: it answers nobody, so it is granted nothing."""

    subject = "colonnade"
    token: str | None = None
    key: str | None = None
    rights = Rights()
    grants = Grants()


class Principals:
    """Callers as principals, by the policy and by what the firm's groups stand for. An unknown group grants nothing."""

    def __init__(self, policy: Policy, groups: Mapping[str, Membership]) -> None:
        self._groups = groups
        self._grants = lru_cache(KEPT)(policy.grants)

    def of(self, caller: Caller) -> Acting:
        """Return the principal that a caller is: nobody's roles are the anonymous one's, and no other."""
        if caller.subject is None:
            return Acting(subject="", grants=self._grants(frozenset({ANONYMOUS}), frozenset()))
        own = [self._groups[name] for name in caller.groups if name in self._groups]
        roles = caller.roles.union(*(one.roles for one in own)) - {ANONYMOUS}
        entities = caller.entities.union(*(one.entities for one in own))
        grants = self._grants(roles, entities)
        return Acting(subject=caller.subject, token=caller.token, key=caller.key, grants=grants)

    def recalled(self, subject: str, roles: Iterable[str], entities: Iterable[str]) -> Acting:
        """Return somebody who gave a command, as what they were then: nobody is signed in when it goes on."""
        return Acting(subject=subject, grants=self._grants(frozenset(roles), frozenset(entities)))
