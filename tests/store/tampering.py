"""What somebody with the database in their hands may do to the audit trail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import delete, insert

from store.audit import RECORD, Anchor, digest
from store.audit_tables import AUDIT, PERSONAL

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

    from sqlalchemy.ext.asyncio import AsyncConnection

RECORD_TEXTS = [column.name for column in AUDIT.columns if column.name != "sequence"]
NULLABLE = [column.name for column in AUDIT.columns if column.nullable]
OWN = ("ERASURE", "RETENTION")
HEX = "0123456789abcdef"
HALF = 0.5


class Trail:
    """The rows of both tables, to be tampered with."""

    def __init__(self, records: Sequence[dict[str, Any]], texts: Sequence[dict[str, Any]]) -> None:
        self.records = [dict(row) for row in records]
        self.texts = [dict(row) for row in texts]

    async def write(self, connection: AsyncConnection) -> None:
        """Let this be all that the store has."""
        for table, rows in ((AUDIT, self.records), (PERSONAL, self.texts)):
            await connection.execute(delete(table))
            if rows:
                await connection.execute(insert(table), rows)

    @property
    def first(self) -> int:
        """The number of the first record."""
        return int(self.records[0]["sequence"])

    @property
    def anchor(self) -> Anchor:
        """Where the trail stands."""
        last = self.records[-1]
        return Anchor(last["sequence"], last["hash"], last["at"])

    def rehash(self, start: int) -> None:
        """Write the chain anew from a row on, as one who knows its format."""
        for row, before in zip(self.records[start:], self.records[start - 1 :], strict=False):
            row["previous"] = before["hash"]
            row["hash"] = digest(RECORD, row["previous"], str(row["sequence"]), row["at"], row["kind"], row["content"])


class Tampering(NamedTuple):
    """What was done, at which record it must be found, and whether that takes the anchor.

    Where what the trail says of itself is gone, what it explained may be found first.
    """

    what: str
    found_at: int
    with_anchor: bool = False
    or_before: bool = False

    def is_at(self, sequence: int) -> bool:
        """Tell whether this is where it must be found."""
        return sequence == self.found_at or (self.or_before and sequence < self.found_at)


def edited(chance: Random, text: str | None) -> str:
    """Return another text of about the same length."""
    if not text:
        return "x"
    place = chance.randrange(len(text))
    other = chance.choice([letter for letter in HEX if letter != text[place]])
    return chance.choice([text[:place] + other + text[place + 1 :], text[:place] + text[place + 1 :]])


def edit_a_record(trail: Trail, chance: Random) -> Tampering:
    """Change one column of one record."""
    row, column = chance.choice(trail.records), chance.choice(RECORD_TEXTS)
    own = row["kind"] in OWN
    nothing = column in NULLABLE and row[column] is not None and chance.random() < HALF
    row[column] = None if nothing else edited(chance, row[column])
    return Tampering(f"edit {column}", row["sequence"], or_before=own)


def delete_records(trail: Trail, chance: Random) -> Tampering:
    """Remove some records before the last, with their texts."""
    start = chance.randrange(len(trail.records) - 1)
    end = chance.randrange(start, len(trail.records) - 1) + 1
    gone = {row["sequence"] for row in trail.records[start:end]}
    own = any(row["kind"] in OWN for row in trail.records[start:end])
    del trail.records[start:end]
    trail.texts = [text for text in trail.texts if text["sequence"] not in gone]
    return Tampering("delete", min(gone), or_before=own)


def truncate(trail: Trail, chance: Random) -> Tampering:
    """Cut the end off, with its texts."""
    start = chance.randrange(1, len(trail.records))
    last = trail.records[start - 1]["sequence"]
    own = any(row["kind"] in OWN for row in trail.records[start:])
    del trail.records[start:]
    trail.texts = [text for text in trail.texts if text["sequence"] <= last]
    return Tampering("truncate", last + 1, with_anchor=True, or_before=own)


def swap(trail: Trail, chance: Random) -> Tampering:
    """Let two records change places."""
    one, other = sorted(chance.sample(trail.records, 2), key=lambda row: int(row["sequence"]))
    one["sequence"], other["sequence"] = other["sequence"], one["sequence"]
    return Tampering("swap", other["sequence"])


def renumber(trail: Trail, chance: Random) -> Tampering:
    """Give a record a number that none has."""
    row = chance.choice(trail.records)
    before, row["sequence"] = row["sequence"], chance.choice([0, -3, trail.anchor.sequence + 7])
    return Tampering("renumber", min(before, row["sequence"]))


def insert_a_record(trail: Trail, chance: Random) -> Tampering:
    """Put a copy of a record, rightly hashed, before the first or behind the last."""
    at_front = chance.random() < HALF
    near = trail.records[0 if at_front else -1]
    row = chance.choice(trail.records) | {"sequence": near["sequence"] + (-1 if at_front else 1)}
    row["hash"] = digest(RECORD, row["previous"], str(row["sequence"]), row["at"], row["kind"], row["content"])
    trail.records.append(row)
    return Tampering("insert", row["sequence"])


def insert_within(trail: Trail, chance: Random) -> Tampering:
    """Put a record between two others, and number and hash all that follow anew, with their texts."""
    anchored = trail.anchor.sequence
    erased = max(text["sequence"] for text in trail.texts if text["text"] is None)
    start = chance.randrange(erased - trail.first + 1, len(trail.records))
    copied = chance.choice([row for row in trail.records if '"personal":{}' in row["content"]])
    trail.records.insert(start, dict(copied))
    for text in trail.texts:
        text["sequence"] += text["sequence"] >= trail.first + start
    for number, row in enumerate(trail.records, start=trail.first):
        row["sequence"] = number
    trail.rehash(start)
    return Tampering("insert within", anchored, with_anchor=True)


def rehash_a_suffix(trail: Trail, chance: Random) -> Tampering:
    """Change a record, and write the chain anew from there on."""
    start = chance.randrange(1, len(trail.records))
    row = trail.records[start]
    before, body, after = row["content"].partition('"body":{')
    row["content"] = f'{before}{body}"amount":"9.00"{"" if after.startswith("}") else ","}{after}'
    trail.rehash(start)
    return Tampering("rehash", trail.anchor.sequence, with_anchor=True)


def edit_a_text(trail: Trail, chance: Random) -> Tampering:
    """Change a text, its salt or its name."""
    row = chance.choice(trail.texts)
    column = chance.choice(["text", "salt", "name"])
    row[column] = edited(chance, row[column])
    return Tampering(f"edit personal {column}", row["sequence"])


def blank_a_text(trail: Trail, chance: Random) -> Tampering:
    """Erase a text or its salt, or both, without the trail's knowledge."""
    row = chance.choice([row for row in trail.texts if row["text"] is not None])
    for column in chance.choice([("text",), ("salt",), ("text", "salt")]):
        row[column] = None
    return Tampering("blank personal", row["sequence"])


def delete_a_text(trail: Trail, chance: Random) -> Tampering:
    """Remove the row of a text."""
    row = trail.texts.pop(chance.randrange(len(trail.texts)))
    return Tampering("delete personal", row["sequence"])


def add_a_text(trail: Trail, chance: Random) -> Tampering:
    """Add a text to a record, or where there is none."""
    sequence = chance.choice([0, trail.anchor.sequence + 1, chance.choice(trail.records)["sequence"]])
    trail.texts.append({"sequence": sequence, "name": "forged", "text": "x", "salt": "0" * 32})
    return Tampering("add personal", sequence)


WAYS: list[Callable[[Trail, Random], Tampering]] = [
    edit_a_record,
    edit_a_record,
    edit_a_record,
    delete_records,
    truncate,
    swap,
    renumber,
    insert_a_record,
    insert_within,
    rehash_a_suffix,
    edit_a_text,
    blank_a_text,
    delete_a_text,
    add_a_text,
]
