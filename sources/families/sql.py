"""Tables and views of a database that speaks SQL: `SELECT ... WHERE ... IN (...)`, rows in the order of their ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from sources.contract import Answer, Named, Request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sources.contract import Get, Position
    from sources.manifest import Asked, Entity
    from sources.selection import Selection

# A database refuses the whole list for one number beyond its 64 bits.
ID_DIGITS = 18


class Term(msgspec.Struct, frozen=True):
    """One condition on a column: it is one of the values, or follows the only one."""

    column: str
    values: tuple[str | int, ...]
    follows: bool = False


class Select(msgspec.Struct, frozen=True):
    """One read, before a database's own words: all terms hold, rows come by `order`, `size` at most."""

    table: str
    columns: tuple[str, ...]
    terms: tuple[Term, ...]
    order: str
    size: int


class Sql:
    """A statement has no text here: the wire makes it of parts, so that no value can become a part of it."""

    numbered, several = False, False

    def by_ids(self, entity: Entity, asked: Asked, ids: Sequence[str], columns: Sequence[str], size: int) -> Request:
        """Ask for the first page of the rows whose column is in the list."""
        members = Term(asked.name, tuple(_keys(asked, ids)))
        return _select(entity, (members, *_equal(entity.where | asked.where)), columns, size)

    def page(
        self, entity: Entity, after: Position | None, size: int, columns: Sequence[str], wanted: Selection
    ) -> Request:
        """Ask for the rows whose id follows, by id."""
        del wanted  # no manifest of this family may offer a choice
        behind = [Term(entity.id.name, tuple(_keys(entity.id, [after.id])), follows=True)] if after is not None else []
        return _select(entity, (*behind, *_equal(entity.where)), columns, size)

    def read(self, request: Request, answered: Sequence[Mapping[str, Any]]) -> Answer:
        """Take the rows. A full page has a next one, behind its last id."""
        select = request.body
        full = len(answered) >= select.size
        return Answer(answered, _following(request, answered[-1][select.order]) if full else None)

    def at(self, path: str) -> Get:
        """Return what reads the column."""
        return Named(path)


def _select(entity: Entity, terms: tuple[Term, ...], columns: Sequence[str], size: int) -> Request:
    order = entity.id.name
    named = tuple(dict.fromkeys([order, *columns]))
    return Request(entity.path, body=Select(entity.path, named, terms, order, size))


def _following(request: Request, last: str | int) -> Request:
    select = request.body
    terms = (*(term for term in select.terms if not term.follows), Term(select.order, (last,), follows=True))
    return msgspec.structs.replace(request, body=msgspec.structs.replace(select, terms=terms))


def _keys(asked: Asked, ids: Sequence[str]) -> Sequence[str | int]:
    """Write ids as numbers, unless the manifest says that they are texts. What is no number is no row's id."""
    if asked.text:
        return ids
    short = (id_ for id_ in ids if id_.isascii() and id_.isdigit() and len(id_) <= ID_DIGITS)
    return [int(id_) for id_ in short if str(int(id_)) == id_]


def _equal(where: Mapping[str, str]) -> list[Term]:
    return [Term(name, (value,)) for name, value in where.items()]
