"""The query options of one OData read, checked against the table that it asks."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode

from demo.dynamics.filters import Condition, QueryError, column, parse
from demo.emulator import Table

COMPANY: Final = "dataAreaId"
MAX_DIGITS: Final = 9
KNOWN: Final = frozenset({"$filter", "$select", "$orderby", "$top", "$skip", "$count"})


@dataclass(frozen=True, slots=True)
class Query:
    """One read: which rows, in which order, which columns, and which part of them. `options` are as they came."""

    options: Mapping[str, str]
    condition: Condition
    order: str
    columns: tuple[str, ...]
    skip: int
    top: int | None
    counted: bool

    def page(self, size: int, total: int) -> tuple[slice, "Query | None"]:
        """Return which rows the next page shows, and the query for the rest."""
        wanted = max(0, min(total - self.skip, total if self.top is None else self.top))
        shown = min(size, wanted)
        part = slice(self.skip, self.skip + shown)
        if shown == wanted:
            return part, None
        return part, replace(self, skip=self.skip + shown, top=None if self.top is None else self.top - shown)

    def link(self) -> str:
        """Return the query string that asks for this part."""
        places = {"$skip": str(self.skip), **({} if self.top is None else {"$top": str(self.top)})}
        return urlencode({**self.options, **places}, quote_via=quote, safe="$,()'")


def read(query: str, table: Table, default_company: str) -> Query:
    """Read a query string; what is not known is refused."""
    options = dict(parse_qsl(query, keep_blank_values=True))
    if unknown := sorted(name for name in options if name.startswith("$") and name not in KNOWN):
        message = f"The query option '{unknown[0]}' is not supported."
        raise QueryError(message)
    condition = parse(options["$filter"], table) if "$filter" in options else Condition("TRUE")
    if COMPANY in table.kinds and options.get("cross-company", "false").lower() != "true":
        condition = Condition(f'({condition.sql}) AND "{COMPANY}" = ?', (*condition.values, default_company))
    selected = [name for name in options.get("$select", "").split(",") if name]
    for name in selected:
        column(table, name)
    return Query(
        options=options,
        condition=condition,
        order=_order(options.get("$orderby", ""), table),
        columns=tuple(selected or table.kinds),
        skip=_number(options, "$skip") or 0,
        top=_number(options, "$top"),
        counted=options.get("$count", "false") == "true",
    )


def _order(source: str, table: Table) -> str:
    return ", ".join(_direction(part.split(), table) for part in source.split(",") if part.strip())


def _direction(words: list[str], table: Table) -> str:
    name, *direction = words
    if direction not in ([], ["asc"], ["desc"]):
        message = f"'{' '.join(words)}' is no order."
        raise QueryError(message)
    return f"{column(table, name)} {''.join(direction).upper() or 'ASC'}"


def _number(options: Mapping[str, str], name: str) -> int | None:
    text = options.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS):
        message = f"The value of '{name}' must be a number that is not negative."
        raise QueryError(message)
    return int(text)
