"""The audit trail: one chain of records, each of which holds the hash of the one before.

Whoever changes, removes, adds or moves a record breaks the chain there; whoever writes the whole rest of it anew, or
cuts it off, is found by an anchor that was exported before. The format, for an auditor's own tools:

    hash     = H("colonnade audit record 1", previous, sequence, at, kind, content)
    previous = the hash of the record before; of record 1: H("colonnade audit genesis 1")
    H(...)   = SHA-256, in lower-case hexadecimal, of its parts in order: each is the length of the part's UTF-8 in
               eight bytes, big-endian, and then that UTF-8. A sequence is written in decimal digits.
    at       = the instant in UTC, as 2026-04-08T09:00:00.000000Z
    content  = JSON with sorted keys and without spaces: actor, body, command, command_id, correlation_id, on_behalf_of,
               personal, roles, versions. It is stored, and exported, exactly as it was hashed.

Free text and personal data stand in a table of their own, where they can be erased. `personal` in the content has the
hash of each, H("colonnade audit text 1", salt, name, text), with a salt of 128 random bits that is erased with it.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum, unique
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import msgspec
from sqlalchemy import insert, select

from store.audit_tables import AUDIT, PERSONAL
from store.transaction import snapshot, turn

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

# Any number, the same in every process.
AUDIT_LOCK: Final = 0xA0D17
AT_ONCE: Final = 2_000

RECORD, TEXT = "colonnade audit record 1", "colonnade audit text 1"
# What the table repeats of a record's content.
COPIED: Final = ("command_id", "command", "actor", "on_behalf_of", "correlation_id")

Json: TypeAlias = "bool | int | str | Sequence[Json] | Mapping[str, Json] | None"


def digest(*parts: str) -> str:
    """Return H of the parts."""
    hashed = hashlib.sha256()
    for part in parts:
        encoded = part.encode()
        hashed.update(len(encoded).to_bytes(8, "big") + encoded)
    return hashed.hexdigest()


GENESIS: Final = digest("colonnade audit genesis 1")


@unique
class Kind(Enum):
    """What a record tells of."""

    ACCEPTED = "ACCEPTED"
    REFUSED = "REFUSED"
    STATE = "STATE"
    DECISION = "DECISION"
    APPROVAL = "APPROVAL"
    WRITE = "WRITE"
    EXCEPTION = "EXCEPTION"
    REPAIR = "REPAIR"
    FILE = "FILE"
    # Of the trail itself: texts that were erased, and records that were removed at the old end.
    ERASURE = "ERASURE"
    RETENTION = "RETENTION"


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be recorded.

    `actor` is the subject of who acted, `on_behalf_of` of whom they acted for. `versions` names the rules in force, by
    file. `body` holds codes, ids and amounts as text, and is kept as long as the record; `personal` holds whatever a
    person wrote or is told of a person, by a name of up to 80 characters.
    """

    kind: Kind
    actor: str
    correlation_id: str
    command_id: str | None = None
    command: str | None = None
    on_behalf_of: str | None = None
    roles: Sequence[str] = ()
    versions: Mapping[str, str] = {}
    body: Mapping[str, Json] = {}
    personal: Mapping[str, str] = {}


class Record(msgspec.Struct, frozen=True):
    """A record as it stands in the trail."""

    sequence: int
    at: str
    kind: str
    previous: str
    hash: str
    content: str


class Anchor(msgspec.Struct, frozen=True):
    """Where the trail stood: its last record. Of an empty trail it is 0, GENESIS and no instant."""

    sequence: int
    hash: str
    at: str | None


async def append(connection: AsyncConnection, at: datetime, entries: Sequence[Entry]) -> None:
    """Add records to the trail within the caller's `transaction`, in this order.

    Whoever appends keeps others from it until the transaction ends: append last.
    """
    await turn(connection, AUDIT_LOCK)
    last, instant = await head(connection), stamp(at)
    previous = last.hash
    rows: list[dict[str, Any]] = []
    texts: list[dict[str, Any]] = []
    for sequence, entry in enumerate(entries, start=last.sequence + 1):
        own = [_salted(name, text) for name, text in entry.personal.items()]
        row = _row(entry, {text["name"]: digest(TEXT, text["salt"], text["name"], text["text"]) for text in own})
        linked = digest(RECORD, previous, str(sequence), instant, row["kind"], row["content"])
        rows.append(row | {"sequence": sequence, "at": instant, "previous": previous, "hash": linked})
        texts.extend(text | {"sequence": sequence} for text in own)
        previous = linked
    if rows:
        await connection.execute(insert(AUDIT), rows)
    if texts:
        await connection.execute(insert(PERSONAL), texts)


async def anchor(engine: AsyncEngine) -> Anchor:
    """Return where the trail stands now, to be kept where nobody who can write to the store can write."""
    async with snapshot(engine) as connection:
        return await head(connection)


async def records(engine: AsyncEngine, since: int) -> AsyncIterator[Record]:
    """Yield the records from this number on, as they are at one moment, without the texts beside them."""
    columns = [AUDIT.c[name] for name in Record.__struct_fields__]
    async with snapshot(engine) as connection:
        found = True
        while found:
            some = select(*columns).where(AUDIT.c.sequence >= since).order_by(AUDIT.c.sequence).limit(AT_ONCE)
            found = False
            for row in await connection.execute(some):
                yield Record(*row)
                found, since = True, row.sequence + 1


async def head(connection: AsyncConnection) -> Anchor:
    """Return the last record."""
    newest = select(AUDIT.c.sequence, AUDIT.c.hash, AUDIT.c.at).order_by(AUDIT.c.sequence.desc()).limit(1)
    row = (await connection.execute(newest)).one_or_none()
    return Anchor(0, GENESIS, None) if row is None else Anchor(*row)


def stamp(at: datetime) -> str:
    """Write an instant as the trail does. Later ones sort later."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _row(entry: Entry, personal: Mapping[str, str]) -> dict[str, Any]:
    content = msgspec.structs.asdict(entry) | {"personal": personal}
    kind: Kind = content.pop("kind")
    copies = {name: content[name] for name in COPIED}
    return copies | {"kind": kind.value, "content": msgspec.json.encode(content, order="sorted").decode()}


def _salted(name: str, text: str) -> dict[str, str]:
    # What people send may be no text to a database; that it was refused must be recorded nevertheless.
    kept = text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()
    return {"name": name, "text": kept, "salt": secrets.token_hex(16)}
