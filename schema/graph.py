"""The four ideas of the read side: home, facet, link, owner. Each says (system, question) and leaves it for a planner.

A *home* is the system in which a type's id is born. A *facet* is all that one other owner says of the same thing. A
*link* is an edge to another type. The *owner* is printed into the SDL wherever one of them is declared.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, TypeVar, dataclass_transform

import msgspec
import strawberry
from strawberry.federation.schema_directive import Location, schema_directive
from strawberry.types.base import get_object_definition

from schema.context import Info  # noqa: TC001  Strawberry reads the annotations
from schema.problems import Code, Problem
from schema.provenance import Provenance
from schema.rows import Ref, Row, System

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


@schema_directive(
    locations=[Location.OBJECT, Location.FIELD_DEFINITION],
    name="owner",
    compose=True,
    import_url="https://colonnade.example/owner/v1.0",
)
class Owner:
    """The system that owns this type or field."""

    system: System


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """What a field asks: one batched call per question and level. Both executors go through its methods."""

    system: System
    question: str
    key: str = "ref"
    of: str | None = None
    pick: str | None = None
    where: str | None = None
    top: bool = False
    at_most: int | None = None
    may_miss: bool = False

    def key_on(self, row: Any) -> Any:
        """Return the row's key, or the None or Problem that answers the field without a call."""
        return row if row is None or isinstance(row, Problem) else getattr(row, self.key)

    def answer(self, row: Any, found: Any) -> Any:
        """Turn what the loader found for a row into the field's value."""
        if isinstance(found, Problem):
            unlinked = found.code is Code.REFERENCE_UNKNOWN
            return None if unlinked and (self._own or self.may_miss) else found
        if self.pick is not None:
            return None if found is None else getattr(found, self.pick)
        if found is None:
            # Asked by the record's own name, nothing is knowledge: its owner has nothing yet. A stored reference says
            # that there should be something.
            return None if self._own else self._problem(Code.NOT_FOUND, "{} has no record for this link")
        if self.where is not None:
            parent = None if self.top else row.ref
            found = [item for item in found if _belongs(item, self.where, parent)]
        if self.at_most is not None and len(found) > self.at_most:
            return self._problem(Code.TOO_MANY, f"{{}} has more than {self.at_most} records here")
        return found

    @property
    def _own(self) -> bool:
        return self.key == "ref"

    def _problem(self, code: Code, said: str) -> Problem:
        return Problem(code, said.format(self.system.name), system=self.system.name, question=self.question)


def _belongs(item: Any, attribute: str, parent: Ref | None) -> bool:
    # What cannot be read may belong anywhere: it shows wherever it may.
    holder = item.refs if isinstance(item, Problem) else {attribute: getattr(item, attribute)}
    return attribute not in holder or holder[attribute] == parent


def _field(ask: Ask) -> Any:
    async def resolve(self: Any, info: Info) -> Any:
        holder = self if ask.of is None else await info.context.load(ask.of, self.ref)
        key = ask.key_on(holder)
        if key is None or isinstance(key, Problem):
            return key
        return ask.answer(self, await info.context.load(ask.question, key))

    return strawberry.field(resolver=resolve, metadata={"ask": ask}, directives=[Owner(system=ask.system)])


def link(
    system: System,
    question: str,
    *,
    key: str = "ref",
    of: str | None = None,
    where: str | None = None,
    top: bool = False,
    at_most: int | None = None,
    may_miss: bool = False,
) -> Any:
    """Declare an edge to another type.

    `key` names the attribute that holds the reference; `of` names the facet's question on whose row it stands, where
    that is not the home's row. `where` keeps, of a wider answer, the records whose attribute means this one, or with
    `top` those whose attribute means nobody: few systems can be asked for the children of many parents. `at_most`
    bounds a list. `may_miss` says that a stored reference may lead nowhere: null.
    """
    return _field(
        Ask(
            system=system,
            question=question,
            key=key,
            of=of,
            where=where,
            top=top,
            at_most=at_most,
            may_miss=may_miss,
        )
    )


@dataclass_transform(kw_only_default=True)
def facet(system: System, question: str) -> Callable[[type[T]], type[T]]:
    """Declare all fields that one other owner contributes: a mixin whose annotations one batched question answers."""

    def declare(cls: type[T]) -> type[T]:
        for name in inspect.get_annotations(cls):
            setattr(cls, name, _field(Ask(system=system, question=question, pick=name)))
        return strawberry.type(cls)

    return declare


def derived(resolver: Callable[[Any], Any]) -> Any:
    """Declare a field that the facade computes from the home's row: read-only, and owned by nobody else."""
    return strawberry.field(resolver=resolver, directives=[Owner(system=System.FACADE)])


class Home(msgspec.Struct, frozen=True):
    """Where a type's id is born, and the question that reads it back."""

    name: str
    system: System
    question: str
    row: type[Row]
    fields: dict[str, list[Ask | None]]


HOMES: dict[str, Home] = {}


@dataclass_transform(kw_only_default=True, field_specifiers=(link, derived, strawberry.field))
def home(system: System, question: str, row: type[Row]) -> Callable[[type[T]], type[T]]:
    """Declare a type with a home: rows of `row` stand for it, `question` reads them by the home system's id."""

    def declare(cls: type[T]) -> type[T]:
        cls.is_type_of = staticmethod(lambda value, _info: isinstance(value, row))  # type: ignore[attr-defined]
        cls.resolve_reference = staticmethod(_reference(cls.__name__))  # type: ignore[attr-defined]
        HOMES[cls.__name__] = Home(cls.__name__, system, question, row, _declared(cls))
        return strawberry.federation.type(
            cls, keys=["id"], directives=[Owner(system=system)], description=inspect.getdoc(cls)
        )

    return declare


def _declared(cls: type) -> dict[str, list[Ask | None]]:
    """List all declarations of all fields: Strawberry keeps the first of two without a word, the check sees both."""
    declared: dict[str, list[Ask | None]] = {}
    for base in cls.__mro__:
        if base in (Node, object):
            continue
        own = get_object_definition(base) if "__strawberry_definition__" in vars(base) else None
        asks = {field.python_name: field.metadata.get("ask") for field in own.fields} if own else {}
        for name in inspect.get_annotations(base):
            ask = asks[name] if own else getattr(vars(base).get(name), "metadata", {}).get("ask")
            declared.setdefault(name, []).append(ask)
    return declared


async def fetch(id: str, info: Info) -> Any:  # noqa: A002  federation calls it by this name
    """Return one node by its global id; equal questions of one tick become one call."""
    ref = Ref.decode(id)
    if isinstance(ref, Problem):
        return ref
    place = HOMES.get(ref.type)
    if place is None or place.system.value != ref.role:
        return Problem(Code.MALFORMED_ID, "this id was not issued here", id=id[:80])
    return await info.context.load(place.question, ref)


def _reference(name: str) -> Callable[[Any, Info], Any]:
    """Resolve what another subgraph refers to: by an id, and of this type."""

    async def resolve(id: Any, info: Info) -> Any:  # noqa: A002  federation calls it by this name
        ref = Ref.decode(id) if isinstance(id, str) else None
        if not isinstance(ref, Ref) or ref.type != name:
            return Problem(Code.MALFORMED_ID, "this id was not issued here for this type", id=str(id)[:80])
        return await fetch(id, info)

    return resolve


@strawberry.interface
class Node:
    """Anything with a home; `self` is a row, never an instance of the type."""

    @strawberry.field(description="The canonical id: opaque, stable, and resolvable by `node`.")
    def id(self: Any) -> strawberry.ID:
        return strawberry.ID(self.ref.encode())


@strawberry.type
class Traced:
    """What stands on every type beside its own fields (on `Node` it would not compose with other subgraphs)."""

    @strawberry.field(
        description="Which systems say so, and when they were asked. The home alone unless others are named."
    )
    async def provenance(self: Any, info: Info, systems: list[System] | None = None) -> list[Provenance | None] | None:
        place = HOMES[self.ref.type]
        rows: list[Any] = [self] if systems is None or place.system in systems else []
        facets = {ask.question: ask for asks in place.fields.values() for ask in asks if ask and ask.pick}
        for question, ask in facets.items():
            if ask.system in (systems or ()):
                found = await info.context.load(question, self.ref)
                rows.append(found if isinstance(found, Row) else ask.answer(self, found))
        # A Problem in the list is null and its error there; no row is no contribution.
        return [Provenance.of(row) if isinstance(row, Row) else row for row in rows if row is not None]
