"""Who may read what: the policy as a file that a controller can read, and what it grants to whoever holds its roles.

`Policy.grants(roles, entities)` is all there is: a union, without an order. `sources.screening` holds rows against it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from policies.rules import verify
from schema.access import Bond, Grant, Grants, words_of
from schema.graph import HOMES
from schema.restriction import Restriction
from schema.rights import Documents, Rights
from schema.tomlfile import Strict, load
from schema.types import TYPES

if TYPE_CHECKING:
    from collections.abc import Iterable


SHIPPED = Path(__file__).with_name("access.toml")
# What the facade itself knows: nobody's rows, so that they are read as a whole or not at all.
OWN_TYPES = frozenset({"BoundSystem", "CrossReference"})
KNOWN = frozenset({*(type_.__name__ for type_ in TYPES), *OWN_TYPES})
ANONYMOUS = "anonymous"
WIDTH = list(Documents)


class Rule(Strict):
    """How a type is read: by which bonds, and of what state its rows must be."""

    by: tuple[Bond, ...] = Field(min_length=1)
    only: dict[str, frozenset[str]] = {}

    @property
    def grants(self) -> list[Grant]:
        """The rule as grants, one for each bond."""
        return [Grant(bond, frozenset(self.only.items())) for bond in self.by]


def _rule(said: Any) -> Any:
    """Read the short form: a bond, or a list of bonds."""
    return said if isinstance(said, dict) else {"by": [said] if isinstance(said, str) else said}


Reads: TypeAlias = Annotated[Rule, BeforeValidator(_rule)]
Bonds: TypeAlias = Annotated[tuple[Bond, ...], BeforeValidator(lambda said: [said] if isinstance(said, str) else said)]


class Role(Strict):
    """What a role grants. `reads` is by type or group of types."""

    documents: Documents = Documents.TRUSTED
    introspection: bool = False
    federation: bool = False
    reads: dict[str, Reads] = {}
    restricted: dict[Restriction, Bonds] = {}


class Policy(Strict):
    """A whole `access.toml`: `types` are groups of them, `unread` those that no role reads, each with the reason."""

    format: Literal[1]
    version: int = Field(ge=1)
    approved_by: str = Field(min_length=1)
    types: dict[str, tuple[str, ...]]
    unread: dict[str, str] = {}
    roles: dict[str, Role]

    @field_validator("types", mode="after")
    @classmethod
    def _types(cls, groups: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        if strange := sorted({name for names in groups.values() for name in names} - KNOWN):
            raise ValueError(f"{strange} are no types of this graph; known: {sorted(KNOWN)}")
        if doubled := sorted(groups.keys() & KNOWN):
            raise ValueError(f"{doubled} are types: name the group otherwise")
        return groups

    @field_validator("roles", mode="after")
    @classmethod
    def _roles(cls, roles: dict[str, Role], info: ValidationInfo) -> dict[str, Role]:
        groups = info.data.get("types", {})
        for name, role in roles.items():
            for read, rule in role.reads.items():
                if read not in groups and read not in KNOWN:
                    raise ValueError(f"{name} reads {read!r}, which is neither a type nor a group of [types]")
                for type_ in groups.get(read, (read,)):
                    _sound(f"{name} reads {type_}", type_, rule)
        if ANONYMOUS not in roles or roles[ANONYMOUS].reads or roles[ANONYMOUS].restricted:
            raise ValueError(f"[roles.{ANONYMOUS}] must be there and read nothing: nobody knows who that is")
        return roles

    @model_validator(mode="after")
    def _complete(self) -> Policy:
        named = {name for names in self.types.values() for name in names} | self.unread.keys()
        if left := sorted(KNOWN - named):
            raise ValueError(f"{left} stand in no group of [types]: add each to one, or to [unread] with the reason")
        return self

    @classmethod
    def read(cls, path: Path = SHIPPED) -> Policy:
        """Read the file, or raise FileError: every complaint with its line and cure, or what nobody has approved."""
        policy = load(path, cls)
        verify(path)
        return policy

    def grants(self, roles: Iterable[str], entities: Iterable[str] = ()) -> Grants:
        """Return the union of what these roles grant; a role that the policy does not know grants nothing."""
        known = {name: self.roles[name] for name in roles if name in self.roles}
        types: dict[str, dict[Grant, None]] = {}
        kinds: dict[Restriction, frozenset[Bond]] = {}
        for role in known.values():
            for read, rule in role.reads.items():
                for type_ in self.types.get(read, (read,)):
                    types.setdefault(type_, {}).update(dict.fromkeys(rule.grants))
            for kind, bonds in role.restricted.items():
                kinds[kind] = kinds.get(kind, frozenset()) | set(bonds)
        return Grants(
            {type_: tuple(found) for type_, found in types.items()},
            kinds,
            _rights(known.values()),
            frozenset(known),
            frozenset(entities),
        )


def everything(*kinds: Restriction) -> Grants:
    """Return the grants of one who reads every type, and of what is restricted these kinds."""
    rights = Rights(documents=Documents.OPEN, introspection=True, federation=True)
    whole = frozenset({Bond.ALL})
    return Grants({name: (Grant(Bond.ALL),) for name in KNOWN}, dict.fromkeys(kinds, whole), rights)


def _rights(roles: Iterable[Role]) -> Rights:
    held = list(roles)
    widest = max((WIDTH.index(role.documents) for role in held), default=0)
    return Rights(
        documents=WIDTH[widest],
        introspection=any(role.introspection for role in held),
        federation=any(role.federation for role in held),
    )


def _sound(where: str, type_: str, rule: Rule) -> None:
    """Refuse a rule that could never hold, or that means something else than it says."""
    home = HOMES.get(type_)
    if home is None:
        if rule.only or rule.by != (Bond.ALL,):
            raise ValueError(f"{where}: it belongs to nobody; only 'all' can be granted")
        return
    for at, words in rule.only.items():
        known = {word.name for word in words_of(home.row, at)}
        if not known:
            raise ValueError(f"{where} only by {at!r}, which is no field of words")
        if strange := sorted(words - known):
            raise ValueError(f"{where} only where {at!r} is {strange}; known: {sorted(known)}")
