"""The `$filter` of OData V4, as far as this server knows it: comparisons, `in`, `and`, `or` and parentheses.

    filter     = both *( "or" both )
    both       = term *( "and" term )
    term       = "(" filter ")" / field ( "eq" / "gt" / "ge" / "lt" / "le" ) literal / field "in" "(" literals ")"

A text with asterisks is a pattern where it is compared by `eq`: that is this product's way to ask for a part of a text,
and it takes no notice of letter case. Everything else is refused, never guessed. The result is a condition for SQLite
with its values apart from it.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from demo.emulator import Table

_TOKEN: Final = re.compile(
    r"""\s*(?: '(?P<text>(?:[^']|'')*)'
        | (?P<instant>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)
        | (?P<number>-?\d+(?:\.\d+)?)
        | (?P<name>[A-Za-z]\w*)
        | (?P<mark>[(),])
    )\s*""",
    re.VERBOSE,
)
_COMPARISONS: Final = {"eq": "=", "gt": ">", "ge": ">=", "lt": "<", "le": "<="}
# Enough for every sensible filter, and far below Python's own limit.
MAX_DEPTH: Final = 50
WILDCARD: Final = "*"


class QueryError(ValueError):
    """A query option that is wrong or that this server does not know."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A part of a WHERE clause and the values for its placeholders."""

    sql: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


def column(table: Table, name: str) -> str:
    """Return a column's name for SQL; one that the table does not have is refused."""
    if name not in table.kinds:
        message = f"Could not find a property named '{name}' on type 'Microsoft.Dynamics.DataEntities.{table.name}'."
        raise QueryError(message)
    return f'"{name}"'


def parse(source: str, table: Table) -> Condition:
    """Return the condition that a filter says."""
    parser = _Parser(list(_tokens(source)), table)
    condition = parser.filter(depth=0)
    parser.end()
    return condition


def _tokens(source: str) -> Iterator[_Token]:
    position = 0
    while position < len(source):
        found = _TOKEN.match(source, position)
        if not found:
            message = f"Syntax error at position {position} in '{source}'."
            raise QueryError(message)
        kind = str(found.lastgroup)
        yield _Token(kind, found[kind].replace("''", "'") if kind == "text" else found[kind])
        position = found.end()


def _pattern(text: str) -> str:
    escaped = text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return escaped.replace(WILDCARD, "%")


class _Parser:
    """Reads tokens from left to right; one method for each rule of the grammar."""

    def __init__(self, tokens: list[_Token], table: Table) -> None:
        self._tokens = iter([*tokens, _Token("end", "")])
        self._next = next(self._tokens)
        self._table = table

    def end(self) -> None:
        self._take("end")

    def filter(self, depth: int) -> Condition:
        return self._chain("or", lambda: self._both(depth))

    def _both(self, depth: int) -> Condition:
        return self._chain("and", lambda: self._term(depth))

    def _chain(self, word: str, part: Callable[[], Condition]) -> Condition:
        parts = [part()]
        while self._next == _Token("name", word):
            self._take("name")
            parts.append(part())
        # SQL binds the two words as OData does.
        sql = f" {word.upper()} ".join(part.sql for part in parts)
        return Condition(sql, tuple(value for part in parts for value in part.values))

    def _term(self, depth: int) -> Condition:
        if self._next != _Token("mark", "("):
            return self._comparison()
        if depth == MAX_DEPTH:
            message = "The filter is nested too deeply."
            raise QueryError(message)
        self._mark("(")
        inner = self.filter(depth + 1)
        self._mark(")")
        return Condition(f"({inner.sql})", inner.values)

    def _comparison(self) -> Condition:
        name = self._take("name")
        quoted, operator = column(self._table, name), self._take("name")
        if operator == "in":
            members = self._members(name)
            return Condition(f"{quoted} IN ({', '.join('?' * len(members))})", members)
        if operator not in _COMPARISONS:
            message = f"The operator '{operator}' is not supported."
            raise QueryError(message)
        literal = self._literal(name)
        if operator == "eq" and WILDCARD in literal:
            return Condition(f"{quoted} LIKE ? ESCAPE '!'", (_pattern(literal),))
        return Condition(f"{quoted} {_COMPARISONS[operator]} ?", (literal,))

    def _members(self, name: str) -> tuple[str, ...]:
        self._mark("(")
        members = [self._literal(name)]
        while self._next == _Token("mark", ","):
            self._mark(",")
            members.append(self._literal(name))
        self._mark(")")
        return tuple(members)

    def _literal(self, name: str) -> str:
        kinds = {"number"} if self._table.kinds[name].numeric else {"text", "instant"}
        if self._next.kind not in kinds:
            message = f"A literal of another type than that of '{name}' stands at '{self._next.text}'."
            raise QueryError(message)
        return self._take(self._next.kind)

    def _mark(self, mark: str) -> None:
        if self._next != _Token("mark", mark):
            message = f"'{mark}' expected at '{self._next.text}'."
            raise QueryError(message)
        self._take("mark")

    def _take(self, kind: str) -> str:
        token = self._next
        if token.kind != kind:
            message = f"A {kind} expected at '{token.text}'."
            raise QueryError(message)
        if kind != "end":
            self._next = next(self._tokens)
        return token.text
