"""The parameters of one list call; what an endpoint does not document is refused, so that no filter is lost unseen."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from demo.emulator import Table
from demo.emulator.tables import places
from demo.kantata.endpoints import ALWAYS_ORDERED, ENDPOINTS, Endpoint

PER_PAGE: Final = 20
MOST_PER_PAGE: Final = 200
MAX_DIGITS: Final = 9
CUSTOM: Final = "by_custom_text_value"
REFERRED: Final = "external_reference_service_model_refs"
_CUSTOM_VALUE: Final = re.compile(r"\(?(\d+):([^()]*)\)?")
GENERAL: Final = frozenset({"page", "per_page", "order", "include", "optional_fields"})


class QueryError(ValueError):
    """A parameter that is wrong or that the endpoint does not document."""


@dataclass(frozen=True, slots=True)
class Query:
    """One read: a condition with its values, an order, a page, and what shall come along."""

    where: str
    values: tuple[str, ...]
    order: str
    page: int
    per_page: int
    included: frozenset[str]
    optional: frozenset[str]


def read(source: str, table: Table) -> Query:
    """Read the query string of a call for a table's rows."""
    params = dict(parse_qsl(source, keep_blank_values=True))
    endpoint = ENDPOINTS[table.name]
    days = {*endpoint.after, *endpoint.before, *endpoint.between}
    known = {*GENERAL, *endpoint.one, *endpoint.many, *endpoint.words, *endpoint.switches, *days}
    known |= {CUSTOM} if endpoint.custom else set()
    known |= {REFERRED} if endpoint.referred else set()
    if unknown := sorted(params.keys() - known):
        message = f"{table.name} has no parameter {unknown[0]}"
        raise QueryError(message)
    conditions = [*_filters(endpoint, params), *_days(endpoint, params), *_defaults(table.name, params)]
    if CUSTOM in params:
        conditions.append(_custom(endpoint, params[CUSTOM]))
    if REFERRED in params:
        conditions.append(_referred(table.name, params[REFERRED]))
    return Query(
        where=" AND ".join(f"({sql})" for sql, _ in conditions) or "TRUE",
        values=tuple(value for _, values in conditions for value in values),
        order=_order(params.get("order", endpoint.order), endpoint),
        page=_number(params, "page", 1),
        per_page=min(_number(params, "per_page", PER_PAGE), MOST_PER_PAGE),
        included=_names(params, "include", {*endpoint.includes, *endpoint.children}),
        optional=_names(params, "optional_fields", endpoint.optional),
    )


Condition = tuple[str, tuple[str, ...]]


def _filters(endpoint: Endpoint, params: Mapping[str, str]) -> Iterable[Condition]:
    for name, column in endpoint.one.items():
        if name in params:
            if "," in params[name]:
                message = f"{name} takes one value"
                raise QueryError(message)
            yield f'"{column}" = ?', (params[name],)
    for name, column in endpoint.many.items():
        if name in params:
            values = tuple(params[name].split(","))
            yield f'"{column}" IN ({places(values)})', values
    for name, column in endpoint.words.items():
        for word in params.get(name, "").split():
            # Each word must begin a word of the text, whatever the case.
            yield f"' ' || \"{column}\" LIKE ? ESCAPE '!'", (f"% {_escaped(word)}%",)


def _days(endpoint: Endpoint, params: Mapping[str, str]) -> Iterable[Condition]:
    for operator, named in ((">", endpoint.after), ("<", endpoint.before)):
        for name in named.keys() & params.keys():
            yield f'"{named[name]}" {operator} ?', (params[name],)
    for name in endpoint.between.keys() & params.keys():
        start, _, end = params[name].partition(":")
        yield f'"{endpoint.between[name]}" BETWEEN ? AND ?', (start, end)


def _custom(endpoint: Endpoint, source: str) -> Condition:
    """Read `(1:something):(1:else)`: the field with that number has one of the values."""
    asked = [_CUSTOM_VALUE.fullmatch(part) for part in source.split("):(")]
    numbers = {found[1] for found in asked if found}
    if None in asked or len(numbers) != 1 or (name := endpoint.custom.get(*numbers)) is None:
        message = f"{CUSTOM} can't be {source}"
        raise QueryError(message)
    values = tuple(found[2] for found in asked if found)
    return f"json_extract(custom_fields, '$.{name}') IN ({places(values)})", values


def _referred(name: str, source: str) -> Condition:
    refs = tuple(source.split(","))
    named = "SELECT subject_id FROM external_references WHERE subject_type = ?"
    return f"id IN ({named} AND service_model_ref IN ({places(refs)}))", (name, *refs)


def _escaped(word: str) -> str:
    return word.replace("!", "!!").replace("%", "!%").replace("_", "!_")


def _defaults(name: str, params: Mapping[str, str]) -> Iterable[Condition]:
    """Yield the switches, and what the product leaves out unless it is told not to: archived workspaces, foremost."""
    if name == "workspaces" and params.get("archived") == "only":
        yield "archived", ()
    elif name == "workspaces" and params.get("include_archived") != "true" and params.get("archived") != "include":
        yield "NOT archived", ()
    if name == "stories" and params.get("show_from_archived_workspaces") != "true":
        yield 'workspace_id IN (SELECT id FROM "workspaces" WHERE NOT archived)', ()
    if name == "stories" and params.get("show_archived") != "true":
        yield "NOT archived", ()
    if name == "stories" and params.get("parents_only") == "true":
        yield "parent_id IS NULL", ()
    if name in {"time_entries", "expenses"} and params.get("from_archived_workspaces") != "true":
        yield 'workspace_id IN (SELECT id FROM "workspaces" WHERE NOT archived)', ()
    if name == "workspace_allocations" and "type" in params:
        yield "hard" if params["type"] == "hard" else "NOT hard", ()


def _order(source: str, endpoint: Endpoint) -> str:
    name, _, direction = source.partition(":")
    column = {**ALWAYS_ORDERED, **endpoint.orders}.get(name)
    if column is None or direction not in {"asc", "desc"}:
        message = f"order can't be {source}"
        raise QueryError(message)
    return f'"{column}" {direction.upper()}'


def _number(params: Mapping[str, str], name: str, default: int) -> int:
    text = params.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS and int(text) > 0):
        message = f"{name} must be a number from 1"
        raise QueryError(message)
    return int(text)


def _names(params: Mapping[str, str], name: str, known: Iterable[str]) -> frozenset[str]:
    names = frozenset(part for part in params.get(name, "").split(",") if part)
    if unknown := sorted(names - set(known)):
        message = f"{name} can't be {unknown[0]}"
        raise QueryError(message)
    return names
