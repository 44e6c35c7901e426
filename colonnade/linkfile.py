"""Cross-references as CSV: what `identity import` reads and `identity export` writes, the same columns both ways."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar

from schema.cross_reference import Cardinality, CopyRole, Established, LinkState
from schema.graph import HOMES
from schema.problems import Problem
from schema.rows import Ref
from schema.tomlfile import FileError
from store.admission import Line, Refusal
from store.reference import CrossReference, Score
from store.rekeying import Move

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

E = TypeVar("E", bound=Enum)

NEEDED = ("type", "home_id", "system", "source_id")
MOVED = ("type", "old_home_id", "home_id")
COLUMNS = (
    *("type", "home", "home_id", "system", "source_type", "source_id", "source_key", "role", "cardinality", "state"),
    *("established_by", "valid_from", "valid_to", "last_verified_at", "score", "evidence", "decided_by", "decided_at"),
)
FILE_BYTES = 50_000_000
LENGTHS = {
    "home_id": 255,
    "old_home_id": 255,
    "source_id": 255,
    "source_key": 255,
    "source_type": 80,
    "decided_by": 100,
}
# A spreadsheet takes a cell that begins so for a formula; behind an apostrophe it is text.
FORMULA = re.compile(r"'*[=+\-@\t\r]")


def cell(value: str) -> str:
    """Write a value so that no spreadsheet computes it; `plain` undoes it."""
    return f"'{value}" if FORMULA.match(value) else value


def plain(value: str) -> str:
    """Read a value as it was before `cell` wrote it."""
    return value[1:] if value.startswith("'") and FORMULA.match(value) else value


def write(columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> str:
    """Return rows as CSV (RFC 4180)."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({name: cell(row.get(name, "")) for name in columns} for row in rows)
    return text.getvalue()


def read(path: Path, needed: Collection[str], known: Collection[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Return each row with the number of its first line, or raise FileError with what is wrong with the file."""
    try:
        if path.stat().st_size > FILE_BYTES:
            raise FileError(f"{path}: is larger than {FILE_BYTES // 1_000_000} MB; cut it into several files")
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise FileError(f"{path}: cannot be read ({error.strerror}); name an existing file") from error
    except UnicodeDecodeError as error:
        raise FileError(f"{path}: is not written in UTF-8; save it as 'CSV UTF-8'") from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        yield from _rows(path, reader, needed, known)
    except csv.Error as error:
        raise FileError(f"{path}:{reader.line_num}: {error}; correct the quotes of this line") from error


def _rows(
    path: Path, reader: Any, needed: Collection[str], known: Collection[str]
) -> Iterator[tuple[int, dict[str, str]]]:
    header = [name.strip() for name in next(reader, [])]
    missing = [name for name in needed if name not in header]
    strange = [name for name in header if name not in known]
    if missing or strange or len(set(header)) < len(header):
        said = f"columns missing: {missing}; unknown: {strange}"
        raise FileError(f"{path}:1: {said}; name each once, between commas, of: {', '.join(known)}")
    begins = reader.line_num + 1
    for values in reader:
        if values and len(values) != len(header):
            raise FileError(f"{path}:{begins}: {len(values)} values for {len(header)} columns; correct the commas")
        if any(values):
            yield begins, dict(zip(header, map(plain, values), strict=True))
        begins = reader.line_num + 1


def links(path: Path, bound: Collection[str], now: datetime) -> tuple[list[Line], list[Refusal]]:
    """Read the links of a file, and every line that cannot be one."""
    lines: list[Line] = []
    refused: list[Refusal] = []
    for number, row in read(path, NEEDED, COLUMNS):
        try:
            lines.append(Line(number, _reference(row, bound, now)))
        except BadCellError as error:
            refused.append(Refusal(number, error.wrong, error.cure))
    return lines, refused


def moves(path: Path, bound: Collection[str]) -> tuple[list[Move], list[Refusal]]:
    """Read the moves of a file, and every line that cannot be one."""
    found: list[Move] = []
    refused: list[Refusal] = []
    for number, row in read(path, MOVED, (*MOVED, "old_home", "home")):
        try:
            _bounded(row, MOVED)
            role = _home_role(row["type"])
            home = row.get("home") or role
            _must_be_bound(home, bound)
            old = _canonical(row["type"], row.get("old_home") or home, row["old_home_id"], role)
            found.append(Move(number, old, _canonical(row["type"], home, row["home_id"], role)))
        except BadCellError as error:
            refused.append(Refusal(number, error.wrong, error.cure))
    return found, refused


class BadCellError(ValueError):
    """A cell that says nothing sensible, and what to write instead."""

    def __init__(self, wrong: str, cure: str) -> None:
        super().__init__(wrong)
        self.wrong, self.cure = wrong, cure


def _reference(row: Mapping[str, str], bound: Collection[str], now: datetime) -> CrossReference:
    _bounded(row, NEEDED)
    type_ = row["type"]
    role = _home_role(type_)
    home = row.get("home") or role
    canonical, foreign = _canonical(type_, home, row["home_id"], role), Ref(type_, row["system"], row["source_id"])
    _must_be_bound(home, bound)
    _must_be_bound(foreign.binding, bound)
    if foreign.binding == home:
        raise BadCellError(f"{home!r} is the home itself", "its own ids need no link: remove the line")
    return CrossReference(
        canonical=canonical,
        foreign=foreign,
        source_type=row.get("source_type") or type_,
        source_key=row.get("source_key") or None,
        role=_word(row, "role", CopyRole.REPLICA),
        cardinality=_word(row, "cardinality", Cardinality.ONE),
        state=_word(row, "state", LinkState.ACTIVE),
        established_by=_word(row, "established_by", Established.IMPORT),
        valid_from=_instant(row, "valid_from") or now,
        valid_to=_instant(row, "valid_to"),
        last_verified_at=_instant(row, "last_verified_at"),
        score=_word(row, "score", Score.WEAK) if row.get("score") else None,
        evidence=_evidence(row.get("evidence", "")),
        decided_by=row.get("decided_by") or None,
        decided_at=_instant(row, "decided_at"),
    )


def _must_be_bound(name: str, bound: Collection[str]) -> None:
    if name not in bound:
        raise BadCellError(f"system {name!r:.60} is not bound", f"write one of {', '.join(sorted(bound))}")


def _home_role(type_: str) -> str:
    if type_ not in HOMES:
        raise BadCellError(f"type {type_!r:.60} is none of ours", f"write one of {', '.join(sorted(HOMES))}")
    return HOMES[type_].system.value


def _canonical(type_: str, home: str, id_: str, role: str) -> Ref:
    canonical = Ref(type_, home, id_)
    if canonical.role != role:
        raise BadCellError(f"{home!r:.60} is not the home of a {type_}", f"its home is played by {role}")
    if isinstance(Ref.decode(canonical.encode()), Problem):
        raise BadCellError(f"{id_!r:.60} is too long for an id", "correct it")
    return canonical


def _bounded(row: Mapping[str, str], needed: Collection[str]) -> None:
    for name in needed:
        if not row[name]:
            raise BadCellError(f"{name} is empty", "fill it in")
    for name, value in row.items():
        if len(value) > LENGTHS.get(name, 4_000):
            raise BadCellError(f"{name} has {len(value)} characters", f"write {LENGTHS.get(name, 4_000)} at most")
        if "\0" in value:
            raise BadCellError(f"{name} holds a NUL character", "remove it")


def _word(row: Mapping[str, str], name: str, otherwise: E) -> E:
    said = row.get(name) or otherwise.value
    words = type(otherwise).__members__
    if said not in words:
        raise BadCellError(f"{name} {said!r:.60} is no word of ours", f"write one of {', '.join(words)}, or nothing")
    return words[said]


def _instant(row: Mapping[str, str], name: str) -> datetime | None:
    if not (said := row.get(name)):
        return None
    try:
        instant = datetime.fromisoformat(said)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise BadCellError(f"{name} {said!r:.60} is no instant", "write it as 2026-04-08T09:00:00+00:00, or nothing")
    return instant


def _evidence(said: str) -> dict[str, Any] | None:
    try:
        evidence = json.loads(said) if said else None
    except (ValueError, RecursionError):
        evidence = ()
    if evidence is not None and not isinstance(evidence, dict):
        raise BadCellError("evidence is no JSON object", "leave it as it was exported, or empty")
    return evidence


def row_of(reference: CrossReference) -> dict[str, str]:
    """Return a reference as a row of the file."""
    values = {
        "type": reference.entity_type,
        "home": reference.canonical.binding,
        "home_id": reference.canonical.id,
        "system": reference.binding,
    }
    for name in COLUMNS[len(values) :]:
        value = getattr(reference, name)
        match value:
            case None:
                values[name] = ""
            case Enum():
                values[name] = value.value
            case datetime():
                values[name] = value.isoformat()
            case dict():
                values[name] = json.dumps(value, ensure_ascii=False, sort_keys=True)
            case _:
                values[name] = value
    return values
