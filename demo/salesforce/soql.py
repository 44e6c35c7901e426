"""SOQL, as far as this server knows it.

    query     = "SELECT" path *( "," path ) "FROM" name [ "WHERE" junction ]
                [ "ORDER" "BY" order *( "," order ) ] [ "LIMIT" number ]
    junction  = part ( *( "AND" part ) / *( "OR" part ) )
    part      = "(" junction ")" / condition
    condition = path ( "=" / ">" / ">=" / "<" / "<=" ) literal / path "LIKE" text / path "IN" "(" literals ")"
    path      = field / relation "." field
    order     = path [ "ASC" / "DESC" ]

Without parentheses AND and OR are not mixed. Everything else is refused, never guessed. Words and names may be written
in any case.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, TypeVar

Item = TypeVar("Item")

STATEMENT_CHARACTERS: Final = 100_000
TEXT_CHARACTERS: Final = 4_000
COMPARISONS: Final = ("=", ">", ">=", "<", "<=")
_TOKEN: Final = re.compile(
    r"""\s*(?: '(?P<text>(?:[^'\\]|\\.)*)'
        | (?P<datetime>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))
        | (?P<date>\d{4}-\d\d-\d\d)
        | (?P<number>[+-]?\d+(?:\.\d+)?)
        | (?P<name>[A-Za-z]\w*(?:\.[A-Za-z]\w*)*)
        | (?P<mark>>=|<=|[=<>(),])
    )\s*""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t"}
_CLAUSES: Final = {"FROM", "WHERE", "ORDER", "LIMIT", "AND", "OR"}
MAX_DEPTH: Final = 50


class SoqlError(ValueError):
    """A statement that is wrong or that this server does not know, with the product's code for it."""

    def __init__(self, message: str, code: str = "MALFORMED_QUERY") -> None:
        """Take the message and the code."""
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Literal:
    """A value as it was written: its kind is text, number, date, datetime or name (true, false, null)."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison; only IN has more than one value."""

    path: str
    operator: str
    values: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Junction:
    """Parts of which all hold (AND), or one (OR)."""

    word: str
    parts: tuple["Condition | Junction", ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """A whole query, names as they were written."""

    paths: tuple[str, ...]
    sobject: str
    where: Junction
    orders: tuple[tuple[str, str], ...]
    limit: int | None


def parse(source: str) -> Statement:
    """Return what a statement says."""
    if len(source) > STATEMENT_CHARACTERS:
        raise SoqlError(f"SOQL statements cannot be longer than {STATEMENT_CHARACTERS} characters.")
    return _Parser(list(_tokens(source))).statement()


def _tokens(source: str) -> Iterator[Literal]:
    position = 0
    while position < len(source):
        found = _TOKEN.match(source, position)
        if not found:
            raise SoqlError(f"unexpected token: '{source[position]}'")
        kind = str(found.lastgroup)
        text = _unescaped(found[kind]) if kind == "text" else found[kind]
        if len(text) > TEXT_CHARACTERS:
            raise SoqlError(f"a string is longer than {TEXT_CHARACTERS} characters")
        yield Literal(kind, text)
        position = found.end()


def _unescaped(text: str) -> str:
    # A wildcard that is escaped stays so: LIKE must still tell it from one that is not.
    return re.sub(r"\\([^%_])", lambda found: _ESCAPES.get(found[1].lower(), found[1]), text, flags=re.DOTALL)


class _Parser:
    """Reads tokens from left to right; one method for each rule of the grammar."""

    def __init__(self, tokens: list[Literal]) -> None:
        self._tokens = iter([*tokens, Literal("end", "<EOF>")])
        self._next = next(self._tokens)

    def statement(self) -> Statement:
        self._word("SELECT")
        paths = self._several(self._path)
        self._word("FROM")
        sobject = self._take("name")
        where = Junction("AND", ())
        orders: tuple[tuple[str, str], ...] = ()
        if self._has("WHERE"):
            where = self._junction(depth=0)
        if self._has("ORDER"):
            self._word("BY")
            orders = self._several(self._order)
        limit = self._number() if self._has("LIMIT") else None
        self._take("end")
        return Statement(paths, sobject, where, orders, limit)

    def _junction(self, depth: int) -> Junction:
        if depth > MAX_DEPTH:
            raise SoqlError("the condition is nested too deeply")
        first = self._part(depth)
        word = "OR" if self._next.text.upper() == "OR" else "AND"
        parts = [first]
        while self._has(word):
            parts.append(self._part(depth))
        return Junction(word, tuple(parts))

    def _part(self, depth: int) -> Condition | Junction:
        if self._next != Literal("mark", "("):
            return self._condition()
        self._mark("(")
        inner = self._junction(depth + 1)
        self._mark(")")
        return inner

    def _condition(self) -> Condition:
        path = self._path()
        if self._has("LIKE"):
            return Condition(path, "LIKE", (Literal("text", self._take("text")),))
        if self._has("IN"):
            self._mark("(")
            members = self._several(self._literal)
            self._mark(")")
            return Condition(path, "IN", members)
        operator = self._take("mark")
        if operator not in COMPARISONS:
            raise SoqlError(f"unexpected token: '{operator}'")
        return Condition(path, operator, (self._literal(),))

    def _literal(self) -> Literal:
        found = self._next
        if found.kind not in {"text", "number", "date", "datetime", "name"}:
            raise SoqlError(f"unexpected token: '{found.text}'")
        self._take(found.kind)
        return found

    def _order(self) -> tuple[str, str]:
        path = self._path()
        if self._has("DESC"):
            return path, "DESC"
        self._has("ASC")
        return path, "ASC"

    def _number(self) -> int:
        text = self._take("number")
        if not text.isdigit():
            raise SoqlError(f"unexpected token: '{text}'")
        return int(text)

    def _path(self) -> str:
        if self._next.text.upper() in _CLAUSES:
            raise SoqlError(f"unexpected token: '{self._next.text}'")
        return self._take("name")

    def _several(self, item: Callable[[], Item], more: Callable[[], bool] | None = None) -> tuple[Item, ...]:
        found = [item()]
        while more() if more else self._comma():
            found.append(item())
        return tuple(found)

    def _comma(self) -> bool:
        if self._next != Literal("mark", ","):
            return False
        self._take("mark")
        return True

    def _mark(self, mark: str) -> None:
        if self._next != Literal("mark", mark):
            raise SoqlError(f"expecting '{mark}', found '{self._next.text}'")
        self._take("mark")

    def _has(self, word: str) -> bool:
        if self._next.kind != "name" or self._next.text.upper() != word:
            return False
        self._take("name")
        return True

    def _word(self, word: str) -> None:
        if not self._has(word):
            raise SoqlError(f"expecting {word}, found '{self._next.text}'")

    def _take(self, kind: str) -> str:
        token = self._next
        if token.kind != kind:
            raise SoqlError(f"unexpected token: '{token.text}'")
        if kind != "end":
            self._next = next(self._tokens)
        return token.text
