"""The four ideas of the read side: home, facet, link, owner. Each says (system, question) and leaves it for a planner.

A *home* is the system in which a type's id is born. A *facet* is all that one other owner says of the same thing. A
*link* is an edge to another type. The *owner* is printed into the SDL wherever one of them is declared, and so is
what is *restricted*. Both executors find what a field asks and how it is restricted in its metadata.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, TypeVar, dataclass_transform

import msgspec
import strawberry
from strawberry.federation.schema_directive import Location, schema_directive
from strawberry.types.base import get_object_definition

from schema.ask import Ask
from schema.asking import Asking, During, Own, Paging
from schema.column import COLUMN, EACH
from schema.context import Info  # noqa: TC001  Strawberry reads the annotations
from schema.demand import ASKED, PAGE, PAGED, READ_WHOLE, TYPICAL, sized
from schema.problems import Code, Problem
from schema.provenance import Provenance
from schema.restriction import Restriction, marked
from schema.rows import Ref, Row, System
from schema.values import DateRange, Days

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from schema.access import Reach
    from schema.column import At

T = TypeVar("T")
Wanted: TypeAlias = Annotated[Days | None, strawberry.argument(name="range")]


@schema_directive(
    locations=[Location.OBJECT, Location.FIELD_DEFINITION],
    name="owner",
    compose=True,
    import_url="https://colonnade.example/owner/v1.0",
)
class Owner:
    """The system that owns this type or field."""

    system: System


def _field(ask: Ask, kind: Restriction | None = None, about: int = TYPICAL) -> Any:
    asking = Asking(ask, kind) if ask.within is None else During(ask, kind)
    paging = Paging(asking)

    def plain(self: Any, info: Info) -> Any:
        return asking.begin(self, info)

    def during(self: Any, info: Info, days: Wanted = None) -> Any:
        return asking.begin(self, info, days)

    async def page(self: Any, info: Info, first: int = PAGE, after: str | None = None) -> Any:
        return await paging.page(self, info, first, after)

    owner = Owner(system=ask.system if ask.derive is None else System.FACADE)
    return strawberry.field(
        resolver=page if ask.paged else plain if ask.within is None else during,
        metadata={"ask": ask, "restricted": kind, COLUMN: paging if ask.paged else asking},
        directives=[owner, *marked(kind), *_weighed(ask, about)],
    )


def _weighed(ask: Ask, about: int) -> list[object]:
    if ask.paged:
        return [READ_WHOLE, PAGED]
    if ask.at_most is not None:
        return [sized(about)]
    return [ASKED] if ask.pick or ask.derive else []


def _own(name: str, kind: Restriction) -> Any:
    own = Own(name, kind)

    def resolve(self: Any, info: Info) -> Any:
        return own.begin(self, info)

    return strawberry.field(resolver=resolve, metadata={"restricted": kind, COLUMN: own}, directives=marked(kind))


def restricted(kind: Restriction) -> Any:
    """Mark a field of the home's row or of a facet: null with FORBIDDEN for whoever may not read this kind."""
    return strawberry.field(metadata={"restricted": kind})


def link(
    system: System,
    question: str,
    *,
    key: str = "ref",
    of: str | None = None,
    where: str | None = None,
    top: bool = False,
    at_most: int | None = None,
    about: int = TYPICAL,
    may_miss: bool = False,
    within: Callable[[Any], DateRange | None] | None = None,
    paged: bool = False,
    restricted: Restriction | None = None,
) -> Any:
    """Declare an edge to another type.

    `key` names the attribute that holds the reference, or a list of them; `of` names the facet's question on whose row
    it stands, where that is not the home's row. `where` keeps, of a wider answer, the records whose attribute means
    this one, or with `top` those whose attribute means nobody: few systems can be asked for the children of many
    parents. `at_most` bounds a list, `about` is how many records it holds as a rule. `may_miss` says that a stored
    reference may lead nowhere: null. `within` tells a record's days, by which the field's argument `range` chooses.
    `paged` shows the list as a connection: it is asked whole, as any other, within its bound, and cut into pages here.
    An edge to a restricted type is as `restricted` as the type.
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
            within=within,
            paged=paged,
        ),
        restricted,
        about,
    )


@dataclass_transform(kw_only_default=True, field_specifiers=(restricted,))
def facet(system: System, question: str) -> Callable[[type[T]], type[T]]:
    """Declare all fields that one other owner contributes: a mixin whose annotations one batched question answers."""

    def declare(cls: type[T]) -> type[T]:
        for name in inspect.get_annotations(cls):
            setattr(cls, name, _field(Ask(system=system, question=question, pick=name), _kind(cls, name)))
        return strawberry.type(cls)

    return declare


def _kind(cls: type, name: str) -> Restriction | None:
    return getattr(vars(cls).get(name), "metadata", {}).get("restricted")


def derived(resolver: Callable[..., Any]) -> Any:
    """Declare a field that the facade computes from the home's row: read-only, and owned by nobody else."""
    return strawberry.field(resolver=resolver, directives=[Owner(system=System.FACADE)])


def derived_with(system: System, question: str, derive: Callable[[Any, Any], Any]) -> Any:
    """Declare a field that the facade computes from the home's row and a facet's, which is None where there is none."""
    return _field(Ask(system=system, question=question, derive=derive))


class RowsOf:
    """Tells whether a value stands for a type: whether it is one of its rows. The value's class alone decides."""

    by_class = True

    def __init__(self, row: type[Row]) -> None:
        self._row = row

    def __call__(self, value: object, _info: object) -> bool:
        """Tell it, as graphql-core asks."""
        return isinstance(value, self._row)


class Home(msgspec.Struct, frozen=True):
    """Where a type's id is born, the question that reads it back, whether all of it is restricted, and its scope."""

    name: str
    system: System
    question: str
    row: type[Row]
    fields: dict[str, list[Ask | None]]
    restricted: Restriction | None = None
    scope: Mapping[Reach, str] = {}


HOMES: dict[str, Home] = {}


@dataclass_transform(kw_only_default=True, field_specifiers=(link, derived, derived_with, restricted, strawberry.field))
def home(
    system: System,
    question: str,
    row: type[Row],
    *,
    restricted: Restriction | None = None,
    scope: Mapping[Reach, str] | None = None,
) -> Callable[[type[T]], type[T]]:
    """Declare a type with a home: rows of `row` stand for it, `question` reads them by the home system's id.

    A `restricted` type's rows are refused wherever they are asked for: by id, in lists, behind links. `scope` names the
    attributes that tell what a row hangs on, `ref` being the row itself: by them rows belong to somebody.
    """

    def declare(cls: type[T]) -> type[T]:
        for name in inspect.get_annotations(cls):
            if (kind := _kind(cls, name)) is not None and vars(cls)[name].base_resolver is None:
                setattr(cls, name, _own(name, kind))
        cls.is_type_of = RowsOf(row)  # type: ignore[attr-defined]
        cls.resolve_reference = staticmethod(_reference(cls.__name__))  # type: ignore[attr-defined]
        HOMES[cls.__name__] = Home(cls.__name__, system, question, row, _declared(cls), restricted, scope or {})
        directives = [Owner(system=system), *marked(restricted)]
        return strawberry.federation.type(cls, keys=["id"], directives=directives, description=inspect.getdoc(cls))

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


async def fetch(id: str, info: strawberry.Info[Any, None]) -> Any:  # noqa: A002  federation calls it by this name
    """Return one node by its global id; equal questions of one tick become one call."""
    ref = Ref.decode(id)
    if isinstance(ref, Problem):
        return ref
    place = HOMES.get(ref.type)
    if place is None or place.system.value != ref.role:
        return Problem(Code.MALFORMED_ID, "this id was not issued here", id=id[:80])
    return await info.context.find(place.name, ref)


def _reference(name: str) -> Callable[[Any, Info], Any]:
    """Resolve what another subgraph refers to: by an id, and of this type."""

    async def resolve(id: Any, info: Info) -> Any:  # noqa: A002  federation calls it by this name
        ref = Ref.decode(id) if isinstance(id, str) else None
        if not isinstance(ref, Ref) or ref.type != name:
            return Problem(Code.MALFORMED_ID, "this id was not issued here for this type", id=str(id)[:80])
        return await fetch(id, info)

    return resolve


def _ids_of(rows: Sequence[Any]) -> list[str]:
    return Ref.encoded(row.ref for row in rows)


@strawberry.interface
class Node:
    """Anything with a home; `self` is a row, never an instance of the type."""

    @strawberry.field(
        description="The canonical id: opaque, stable, and resolvable by `node`.", metadata={EACH: _ids_of}
    )
    def id(self: Any) -> strawberry.ID:
        return strawberry.ID(self.ref.encode())


class Provenances:
    """The provenance of many rows of one type: each facet is asked once."""

    questions: Sequence[str] = ()
    key = "ref"

    async def column(self, rows: Sequence[Any], at: At, systems: list[System] | None = None) -> list[Any]:
        """Return for each row who says it."""
        refs = {row.ref for row in rows}
        found = [(ask, await at.ask(ask.question, refs)) for ask in _told_by(rows[0], systems)]
        began = at.context.began
        return [_traced(row, systems, [(ask, said[row.ref]) for ask, said in found], began) for row in rows]


def _told_by(row: Any, systems: list[System] | None) -> list[Ask]:
    """Return what asks for a type's facets in these systems, one for each facet."""
    asked = (ask for asks in HOMES[row.ref.type].fields.values() for ask in asks if ask and ask.pick)
    facets = {ask.question: ask for ask in asked}
    return [ask for ask in facets.values() if ask.system in (systems or ())]


def _traced(
    row: Any, systems: list[System] | None, found: Iterable[tuple[Ask, Any]], began: datetime
) -> list[Provenance | None]:
    rows: list[Any] = [row] if systems is None or HOMES[row.ref.type].system in systems else []
    rows += [said if isinstance(said, Row) else ask.answer(row, said) for ask, said in found]
    # A Problem in the list is null and its error there; no row is no contribution.
    return [Provenance.of(one, began) if isinstance(one, Row) else one for one in rows if one is not None]


@strawberry.type
class Traced:
    """What stands on every type beside its own fields (on `Node` it would not compose with other subgraphs)."""

    @strawberry.field(
        description="Which systems say so, and when they were asked. The home alone unless others are named.",
        metadata={COLUMN: Provenances()},
    )
    async def provenance(self: Any, info: Info, systems: list[System] | None = None) -> list[Provenance | None] | None:
        found = [(ask, await info.context.load(ask.question, self.ref)) for ask in _told_by(self, systems)]
        return _traced(self, systems, found, info.context.began)
