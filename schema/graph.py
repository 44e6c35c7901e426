"""The four ideas of the read side: home, facet, link, owner. Each says (system, question) and leaves it for a planner.

A *home* is the system in which a type's id is born. A *facet* is all that one other owner says of the same thing. A
*link* is an edge to another type. The *owner* is printed into the SDL wherever one of them is declared, and so is
what is *restricted*. Both executors find what a field asks and how it is restricted in its metadata.
"""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias, TypeVar, cast, dataclass_transform

import msgspec
import strawberry
from strawberry.federation.schema_directive import Location, schema_directive
from strawberry.types.base import get_object_definition

from schema.ask import Ask
from schema.connection import Connection
from schema.context import Info  # noqa: TC001  Strawberry reads the annotations
from schema.demand import ASKED, PAGE, PAGED, READ_WHOLE, TYPICAL, sized
from schema.problems import Code, Problem
from schema.provenance import Provenance
from schema.restriction import Restriction, marked
from schema.rows import Ref, Row, System
from schema.values import DateRange, Days

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from schema.access import Reach

T = TypeVar("T")
# Under this name a field's metadata holds how it is answered for many rows at once.
COLUMN: Final = "column"
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


class _Asking:
    """How a field that asks is answered."""

    def __init__(self, ask: Ask, kind: Restriction | None) -> None:
        self.ask, self.kind = ask, kind

    def begin(self, row: Any, info: Info, days: Days | None = None) -> Any:
        """Return the answer, or what is to be awaited for it: a value costs a tenth of a coroutine."""
        # Before anything is asked, and before the key is looked at: what is there and what is not look alike.
        if (refused := info.context.withheld(self.ask.question)) is not None:
            return refused
        settled = True if self.kind is None else info.context.settled(self.kind)
        if isinstance(settled, Problem):
            return settled
        if settled and self.ask.of is None and not isinstance(key := self.ask.key_on(row), Ref | list):
            return key
        return self._resolve(row, info, days)

    async def column(self, rows: Sequence[Any], info: Info) -> Sequence[Any]:
        """Return for many rows at once what `begin` returns for each, awaited."""
        refused: Problem | None = info.context.withheld(self.ask.question)
        settled = refused or (True if self.kind is None else info.context.settled(self.kind))
        if isinstance(settled, Problem):
            return [settled] * len(rows)
        if settled:
            return await self._asked(rows, info)
        refusals = await info.context.refusals(cast("Restriction", self.kind), rows)
        open_ = iter(await self._asked([row for row, no in zip(rows, refusals, strict=True) if no is None], info))
        return [next(open_) if no is None else no for no in refusals]

    async def _asked(self, rows: Sequence[Any], info: Info) -> Sequence[Any]:
        ask, load = self.ask, info.context.load_all
        facets = None if ask.of is None else await load(ask.of, [row.ref for row in rows])
        keys = [ask.key_on(row if facets is None else facets[row.ref]) for row in rows]
        several = [key if isinstance(key, list) else [key] for key in keys if isinstance(key, Ref | list)]
        found = await load(ask.question, [ref for refs in several for ref in refs])
        return [self._told(row, key, found) for row, key in zip(rows, keys, strict=True)]

    def _told(self, row: Any, key: Any, found: Mapping[Ref, Any]) -> Any:
        try:
            if isinstance(key, list):
                return self.ask.each([found[one] for one in key])
            return self.ask.answer(row, found[key]) if isinstance(key, Ref) else key
        except Exception as error:  # noqa: BLE001  of one row it is, and of no other
            return error

    async def _resolve(self, row: Any, info: Info, days: Days | None) -> Any:
        ask, load = self.ask, info.context.load
        if self.kind is not None and (refused := await info.context.refusal(self.kind, row)) is not None:
            return refused
        key = ask.key_on(row if ask.of is None else await load(ask.of, row.ref))
        if key is None or isinstance(key, Problem):
            return key
        if isinstance(key, list):
            return ask.each(await asyncio.gather(*(load(ask.question, one) for one in key)))
        return ask.answer(row, await load(ask.question, key), days)


def _field(ask: Ask, kind: Restriction | None = None, about: int = TYPICAL) -> Any:
    asking = _Asking(ask, kind)
    begin = asking.begin

    def plain(self: Any, info: Info) -> Any:
        return begin(self, info)

    def during(self: Any, info: Info, days: Wanted = None) -> Any:
        if days is not None and days.end is not None and days.end < days.start:
            return Problem(Code.BAD_INPUT, "'range' ends before it begins")
        return begin(self, info, days)

    async def page(self: Any, info: Info, first: int = PAGE, after: str | None = None) -> Any:
        window = info.context.window(f"{self.ref.type}.{info.field_name}", self.ref, first, after)
        if isinstance(window, Problem):
            # A wrong argument is refused before anybody is asked.
            return window
        rows = begin(self, info)
        rows = await rows if inspect.isawaitable(rows) else rows
        cut = rows if rows is None or isinstance(rows, Problem) else window.cut(rows)
        return cut if cut is None or isinstance(cut, Problem) else Connection.of(cut, after)

    owner = Owner(system=ask.system if ask.derive is None else System.FACADE)
    return strawberry.field(
        resolver=page if ask.paged else plain if ask.within is None else during,
        metadata={"ask": ask, "restricted": kind, **({} if ask.paged else {COLUMN: asking.column})},
        directives=[owner, *marked(kind), *_weighed(ask, about)],
    )


def _weighed(ask: Ask, about: int) -> list[object]:
    if ask.paged:
        return [READ_WHOLE, PAGED]
    if ask.at_most is not None:
        return [sized(about)]
    return [ASKED] if ask.pick or ask.derive else []


def _own(name: str, kind: Restriction) -> Any:
    def resolve(self: Any, info: Info) -> Any:
        settled = info.context.settled(kind)
        if isinstance(settled, Problem):
            return settled
        return getattr(self, name) if settled else decide(self, info)

    async def decide(self: Any, info: Info) -> Any:
        refused = await info.context.refusal(kind, self)
        return getattr(self, name) if refused is None else refused

    async def column(rows: Sequence[Any], info: Info) -> Sequence[Any]:
        settled = info.context.settled(kind)
        if isinstance(settled, Problem):
            return [settled] * len(rows)
        refusals = [None] * len(rows) if settled else await info.context.refusals(kind, rows)
        return [getattr(row, name) if no is None else no for row, no in zip(rows, refusals, strict=True)]

    return strawberry.field(resolver=resolve, metadata={"restricted": kind, COLUMN: column}, directives=marked(kind))


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
    alone = len(inspect.signature(resolver).parameters) == 1

    async def column(rows: Sequence[Any], _info: Info) -> Sequence[Any]:
        return [_computed(resolver, row) for row in rows]

    return strawberry.field(
        resolver=resolver, metadata={COLUMN: column} if alone else {}, directives=[Owner(system=System.FACADE)]
    )


def _computed(resolver: Callable[..., Any], row: Any) -> Any:
    try:
        return resolver(row)
    except Exception as error:  # noqa: BLE001  of one row it is, and of no other
        return error


def derived_with(system: System, question: str, derive: Callable[[Any, Any], Any]) -> Any:
    """Declare a field that the facade computes from the home's row and a facet's, which is None where there is none."""
    return _field(Ask(system=system, question=question, derive=derive))


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
        cls.is_type_of = staticmethod(lambda value, _info: isinstance(value, row))  # type: ignore[attr-defined]
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


async def _ids(rows: Sequence[Any], _info: Info) -> Sequence[Any]:
    return [row.ref.encode() for row in rows]


@strawberry.interface
class Node:
    """Anything with a home; `self` is a row, never an instance of the type."""

    @strawberry.field(
        description="The canonical id: opaque, stable, and resolvable by `node`.", metadata={COLUMN: _ids}
    )
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
        return [
            Provenance.of(row, info.context.began) if isinstance(row, Row) else row for row in rows if row is not None
        ]
