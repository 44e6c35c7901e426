"""Batch files and their answers: what stands in one, and that it is whole.

    COL000017            H|COL|000017                        COL000017.ack        H|COL|000017
    (a batch)            L|key|fields...                     (what was done)      A|key|fields...
                         T|lines|sha256 of all before                             T|lines|sha256
                                                             COL000017.rej        R|key|code

A line is found again by our key, which is the same however often it is sent. `R|*|code` rejects a file as a whole: of
it nothing was done.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, TypeAlias, TypeVar

from schema.problems import Code
from sources.contract import SourceFailure
from sources.refusals import MEANT
from sources.writes import Write

if TYPE_CHECKING:
    from sources.manifest import Exchange
    from sources.writes import Done, Said

W = TypeVar("W", bound=Write)

# What one field, one line's number of fields, and one answer may be.
FIELD: Final = re.compile(r"[ -{}~]{0,200}")
FIELDS: Final = 20
ANSWER_BYTES: Final = 2_000_000
EVERYTHING: Final = "*"
ACKNOWLEDGED, REJECTED = "ack", "rej"
LETTERS: Final = {ACKNOWLEDGED: "A", REJECTED: "R"}


class LineAct(NamedTuple, Generic[W]):
    """How a vendor says a kind of change as the fields of a line, and reads the fields of its acknowledgement."""

    say: Callable[[W, Said], Sequence[str]]
    done: Callable[[W, Sequence[str]], Done]


LineActs: TypeAlias = Mapping[type[Write], LineAct[Any]]
"""What a vendor's `files.py` offers, as `LINES`. Each carries our key: whoever takes it must never take it twice."""


class UnreadableError(Exception):
    """An answer that is not whole, or not to this file: nothing of it is believed."""


class Answered(NamedTuple):
    """One line of an answer: our key, and its fields."""

    key: str
    fields: tuple[str, ...]


def name_of(exchange: Exchange, sequence: int) -> str:
    """Return a file's name: the same however often it is sent."""
    return f"{exchange.prefix}{sequence:06}"


def digest(content: bytes) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(content).hexdigest()


def said(act: LineAct[Any], write: Write, words: Said) -> list[str]:
    """Return the fields of a line, or raise SourceFailure where a value cannot stand in one."""
    try:
        fields = list(act.say(write, words))
    except LookupError as error:
        raise SourceFailure(Code.SOURCE_REFUSED, "a value has no word in this system", unsent=True) from error
    if len(fields) > FIELDS or not all(FIELD.fullmatch(field) for field in fields):
        raise SourceFailure(Code.SOURCE_REFUSED, "a value cannot stand in a file", unsent=True)
    return fields


def written(exchange: Exchange, sequence: int, lines: Sequence[tuple[str, Sequence[str]]]) -> bytes:
    """Return the content of a batch file."""
    head = [f"H|{exchange.prefix}|{sequence:06}"]
    body = "".join(f"{line}\n" for line in [*head, *("|".join(("L", key, *fields)) for key, fields in lines)])
    return f"{body}T|{len(lines)}|{digest(body.encode())}\n".encode()


def read(exchange: Exchange, sequence: int, kind: str, content: bytes) -> list[Answered]:
    """Return the lines of an answer to a file, or raise UnreadableError."""
    if len(content) > ANSWER_BYTES or not content.endswith(b"\n"):
        raise UnreadableError("it is too long, or it is cut off")
    try:
        head, *lines, trailer = content.decode("ascii").splitlines()
    except ValueError as error:
        raise UnreadableError("it is no text with a head and a trailer") from error
    body = content[: -len(trailer) - 1]
    if trailer != f"T|{len(lines)}|{digest(body)}":
        raise UnreadableError("its checksum or its number of lines is wrong")
    if head != f"H|{exchange.prefix}|{sequence:06}":
        raise UnreadableError("it answers another file")
    return [_answered(line, LETTERS[kind]) for line in lines]


def meaning(exchange: Exchange, word: str) -> Code:
    """Return what a rejection means."""
    means = exchange.codes.get(word)
    return Code.TARGET_REJECTED if means is None else MEANT[means]


def _answered(line: str, letter: str) -> Answered:
    first, *fields = line.split("|")
    if first != letter or not 1 < len(fields) <= FIELDS or not all(FIELD.fullmatch(field) for field in fields):
        raise UnreadableError("a line of it is none")
    return Answered(fields[0], tuple(fields[1:]))
