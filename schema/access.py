"""The vocabulary of access: what a row hangs on, how it belongs to somebody, and what somebody was granted.

    Reach    what a row hangs on: a person, an engagement, a legal entity, a customer     declared on each type
    Bond     how somebody holds rows: themselves, what they manage, what they bought ...  granted by the policy
    Grant    a bond by which a type is read, and of what state its rows have to be
    Grants   everything that somebody was granted: types, restricted kinds, rights

Here is no file, no system and no request: facts in, a decision out. What is not granted is denied.
"""

from __future__ import annotations

import typing
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from enum import Enum, unique
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from schema.problems import Code, Problem
from schema.restriction import Restriction
from schema.rights import Rights
from schema.rows import Ref

if TYPE_CHECKING:
    from collections.abc import Iterable

    from schema.rows import Row


@unique
class Reach(Enum):
    """What a row hangs on; the value is the type that is meant. LEAD tells of an engagement who runs it."""

    PERSON = "Resource"
    ENGAGEMENT = "Engagement"
    ENTITY = "LegalEntity"
    COMPANY = "Customer"
    LEAD = "Resource, as its manager"

    @property
    def type(self) -> str:
        """The type whose references are meant."""
        return self.value.partition(",")[0]


@unique
class Bond(Enum):
    """How rows belong to somebody."""

    ALL = "all"
    """They do not have to."""
    SELF = "self"
    """They are the person, or the person's."""
    MANAGED = "managed"
    """They are engagements that the person manages, or hang on one."""
    STAFFED = "staffed"
    """They are engagements that the person is assigned to, or hang on one."""
    ENTITIES = "entities"
    """They are the legal entities of somebody's groups, or theirs; where a row names none, its engagement's counts."""
    COMPANY = "company"
    """They are the customer that somebody works for, or the customer's; the same holds for its engagements."""


REACHES: Mapping[Bond, tuple[Reach, ...]] = {
    Bond.ALL: (),
    Bond.SELF: (Reach.PERSON,),
    Bond.MANAGED: (Reach.ENGAGEMENT, Reach.LEAD),
    Bond.STAFFED: (Reach.ENGAGEMENT,),
    Bond.ENTITIES: (Reach.ENTITY, Reach.ENGAGEMENT),
    Bond.COMPANY: (Reach.COMPANY, Reach.ENGAGEMENT),
}
# The attribute of a type's scope that means the row itself.
OWN = "ref"
Scope: TypeAlias = Mapping[Reach, str]


# Yes, no, or why that is not known now.
Verdict: TypeAlias = bool | Problem
# A field of a row, and the words of which it must have one.
Only: TypeAlias = tuple[str, frozenset[str]]


class Key(msgspec.Struct, frozen=True):
    """By what a row is found to belong to a bond: an attribute, and whom it means."""

    reach: Reach
    at: str


def keys(bond: Bond, scope: Scope) -> list[Key]:
    """Return the keys by which rows of a scope belong to a bond, the deciding one first: that of the row itself."""
    known = [Key(reach, scope[reach]) for reach in REACHES[bond] if reach in scope]
    return sorted(known, key=lambda key: key.at != OWN)


class Grant(msgspec.Struct, frozen=True):
    """A bond by which a type is read; `only` says which words a row's fields must have besides."""

    bond: Bond
    only: frozenset[Only] = frozenset()

    @property
    def whole(self) -> bool:
        """Whether every row is granted."""
        return self.bond is Bond.ALL and not self.only


class Grants(msgspec.Struct, frozen=True):
    """What somebody was granted: types, and restricted kinds by bonds. `roles` and `entities` tell by what."""

    types: Mapping[str, tuple[Grant, ...]] = {}
    kinds: Mapping[Restriction, frozenset[Bond]] = {}
    rights: Rights = Rights()
    roles: frozenset[str] = frozenset()
    entities: frozenset[str] = frozenset()

    def of(self, type_: str, kind: Restriction | None = None) -> tuple[Grant, ...]:
        """Return by what a type is read; if all of it is restricted, as far as the kind is readable, too."""
        granted = self.types.get(type_, ())
        bonds = frozenset({Bond.ALL}) if kind is None else self.kinds.get(kind, frozenset())
        if Bond.ALL in bonds:
            return granted
        spread = (Grant(bond, grant.only) for grant in granted if grant.bond is Bond.ALL for bond in bonds)
        return (*(grant for grant in granted if grant.bond in bonds), *spread)


class Claim(msgspec.Struct, frozen=True):
    """A grant with its facts: whom the key may mean, or why that is not known now. Without a key it holds always."""

    only: frozenset[Only]
    key: Key | None = None
    held: AbstractSet[Ref] | Problem = frozenset()

    def admits(self, row: Row) -> Verdict:
        """Tell whether the grant covers a row."""
        # A word that cannot be read may be any: it is not one of those that are granted.
        if self.only and any(getattr(getattr(row, at), "name", None) not in words for at, words in self.only):
            return False
        return True if self.key is None else self.holds(getattr(row, self.key.at))

    def holds(self, ref: Ref | None) -> Verdict:
        """Tell whether one who is meant is held."""
        if ref is None:
            return False
        return self.held if isinstance(self.held, Problem) else ref in self.held


def either(verdicts: Iterable[Verdict]) -> Verdict:
    """Tell whether one of several grants is enough. Where none is, and one is unknown, so is the answer."""
    unknown: Verdict = False
    for verdict in verdicts:
        if verdict is True:
            return True
        unknown = verdict or unknown
    return unknown


def forbidden(said: str = "you may not read this", **details: str) -> Problem:
    """Return the one refusal. It says nothing of a record: what is there and what is not look alike."""
    return Problem(Code.FORBIDDEN, said, **details)


def words_of(row: type[Row], at: str) -> list[Enum]:
    """Return the words that a field of a row may be; none where it is no field of words."""
    kinds = typing.get_args(typing.get_type_hints(row).get(at))
    return [word for kind in kinds if isinstance(kind, type) and issubclass(kind, Enum) for word in kind]
