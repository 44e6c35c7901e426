"""The rows of commands, and of their journals.

Everything that changes one takes the connection of a `transaction`: the caller's audit records are part of it. A run
that is not the newest any more writes nothing: `Fenced` is raised, and its transaction undone.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from store.command_tables import APPROVALS, CLAIMS, COMMANDS, DRAWN, EXCEPTIONS, HOLDS, NUMBERS, STEPS, SUBJECTS
from store.tables import read
from store.transaction import snapshot

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import RowMapping
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

INSERTS = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


class Fenced(Exception):
    """Another run has taken the command over."""


class KeyTakenError(Exception):
    """A command was accepted under the same key a moment ago."""


class ClaimedError(Exception):
    """Another living command does what only one may do at a time."""

    def __init__(self, kind: str, command_id: str) -> None:
        super().__init__(kind)
        self.kind, self.command_id = kind, command_id


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """A command's row."""

    sequence: int
    id: str
    name: str
    key: str
    fingerprint: str
    actor: str
    acting_key: str | None
    person: str | None
    roles: list[str]
    entities: list[str]
    entity: str | None
    correlation_id: str
    input: dict[str, Any]
    plan: dict[str, Any]
    plan_digest: str
    parties: dict[str, list[str]]
    state: str
    waiting: str | None
    run: int
    versions: dict[str, str]
    accepted_at: datetime
    changed_at: datetime
    ended_at: datetime | None


# All of a row but the answer, which is as long as all the rest: only a replay reads it.
KNOWN = [column for column in COMMANDS.c if column.name != "snapshot"]


class Answered(NamedTuple):
    """What was answered to a command when it was taken in, and to which input."""

    fingerprint: str
    snapshot: dict[str, Any]


class StepRow(msgspec.Struct, frozen=True, kw_only=True):
    """A step that was begun.

    `attempted_at` is when it was last sent, `unanswered_at` when it was last sent without an answer coming back,
    `brought` what it brought.
    """

    command_id: str
    item: str
    name: str
    position: int
    state: str
    attempts: int
    attempted_at: datetime
    unanswered_at: datetime | None = None
    done_at: datetime | None = None
    code: str | None = None
    found: bool = False
    brought: dict[str, Any] = {}


def replaced(row: StepRow, **values: Any) -> StepRow:
    """Return a row of the journal with other values."""
    return msgspec.structs.replace(row, **values)


async def by_id(connection: AsyncConnection, id_: str) -> Stored | None:
    """Return a command by its id."""
    row = (await connection.execute(select(*KNOWN).where(COMMANDS.c.id == id_))).mappings().one_or_none()
    return None if row is None else stored(row)


async def held(connection: AsyncConnection, id_: str) -> Stored | None:
    """Return a command by its id; whoever else wants to hold it waits until this transaction has ended.

    What is decided by its state, or by that of its approvals, is decided by one after the other.
    """
    which = select(*KNOWN).where(COMMANDS.c.id == id_).with_for_update()
    row = (await connection.execute(which)).mappings().one_or_none()
    return None if row is None else stored(row)


async def by_key(connection: AsyncConnection, key: str) -> Answered | None:
    """Return what was answered to the command that was accepted under an idempotency key."""
    found = select(COMMANDS.c.fingerprint, COMMANDS.c.snapshot).where(COMMANDS.c.key == key)
    row = (await connection.execute(found)).one_or_none()
    return None if row is None else Answered(*row)


def stored(row: RowMapping) -> Stored:
    """Read a row of the table."""
    return read(Stored, row)


async def add(
    connection: AsyncConnection, row: Mapping[str, Any], subjects: Iterable[str], claims: Sequence[tuple[str, str]]
) -> None:
    """Store a new command with what it is about and what it claims, or raise KeyTakenError or ClaimedError."""
    for kind, key in claims:
        holder = await connection.scalar(select(CLAIMS.c.command_id).where(CLAIMS.c.kind == kind, CLAIMS.c.key == key))
        if holder is not None and await by_key(connection, row["key"]) is None:
            raise ClaimedError(kind, holder)
    try:
        await connection.execute(insert(COMMANDS).values(**row))
    except IntegrityError as error:
        raise KeyTakenError from error
    await add_subjects(connection, row["id"], subjects)
    await claim(connection, row["id"], claims)


async def claim(connection: AsyncConnection, id_: str, claims: Iterable[tuple[str, str]]) -> None:
    """Claim what a command has not claimed yet, or raise ClaimedError, which undoes the transaction."""
    own = select(CLAIMS.c.kind, CLAIMS.c.key).where(CLAIMS.c.command_id == id_)
    known = {(row.kind, row.key) for row in await connection.execute(own)}
    # In one order: two that claim the same records never wait for each other.
    new = sorted(set(claims) - known)
    if not new:
        return
    try:
        rows = [{"kind": kind, "key": key, "command_id": id_} for kind, key in new]
        await connection.execute(insert(CLAIMS), rows)
    except IntegrityError as error:
        raise ClaimedError(new[0][0], "") from error


async def change(connection: AsyncConnection, id_: str, run: int, at: datetime, **values: Any) -> None:
    """Change a command's row as its newest run, or raise Fenced."""
    changed = await connection.execute(
        update(COMMANDS).where(COMMANDS.c.id == id_, COMMANDS.c.run == run).values(changed_at=at, **values)
    )
    if changed.rowcount != 1:
        raise Fenced


async def move(connection: AsyncConnection, id_: str, states: Sequence[str], at: datetime, **values: Any) -> int | None:
    """Begin a new run of a command that stands in one of these states; return its number, None if it does not."""
    changed = await connection.execute(
        update(COMMANDS)
        .where(COMMANDS.c.id == id_, COMMANDS.c.state.in_(states))
        .values(run=COMMANDS.c.run + 1, changed_at=at, **values)
        .returning(COMMANDS.c.run)
    )
    begun: int | None = changed.scalar_one_or_none()
    return begun


async def subjects(connection: AsyncConnection, id_: str) -> list[str]:
    """Return the ids of the records that a command is about."""
    return list((await connection.execute(select(SUBJECTS.c.subject).where(SUBJECTS.c.command_id == id_))).scalars())


async def add_subjects(connection: AsyncConnection, id_: str, subjects: Iterable[str]) -> None:
    """Write down of more records that a command is about them."""
    about = [{"subject": subject, "command_id": id_} for subject in dict.fromkeys(subjects)]
    if about:
        statement: Any = INSERTS[connection.dialect.name](SUBJECTS)
        await connection.execute(statement.on_conflict_do_nothing(), about)


async def newest(connection: AsyncConnection, names: Sequence[str], subjects: Sequence[str]) -> dict[str, str]:
    """Return by record in which state the newest command of these names stands that is about it."""
    about = (
        select(SUBJECTS.c.subject, COMMANDS.c.state)
        .join(COMMANDS, COMMANDS.c.id == SUBJECTS.c.command_id)
        .where(SUBJECTS.c.subject.in_(subjects), COMMANDS.c.name.in_(names))
        .order_by(COMMANDS.c.sequence)
    )
    return {row.subject: row.state for row in await connection.execute(about)}


async def steps(connection: AsyncConnection, id_: str) -> dict[tuple[str, str], StepRow]:
    """Return the journal of a command, by item and step."""
    return (await journals(connection, [id_]))[id_]


async def journals(connection: AsyncConnection, ids: Sequence[str]) -> dict[str, dict[tuple[str, str], StepRow]]:
    """Return the journals of commands, each by item and step."""
    found: dict[str, dict[tuple[str, str], StepRow]] = {id_: {} for id_ in ids}
    for each in (await connection.execute(select(STEPS).where(STEPS.c.command_id.in_(ids)))).mappings():
        row = read(StepRow, each)
        found[row.command_id][row.item, row.name] = replaced(row, found=bool(row.found))
    return found


async def write_steps(connection: AsyncConnection, rows: Sequence[StepRow]) -> None:
    """Write rows of the journal, new ones and those that were there."""
    if not rows:
        return
    said = [{**msgspec.structs.asdict(row), "found": int(row.found)} for row in rows]
    statement: Any = INSERTS[connection.dialect.name](STEPS)
    changed = {name: statement.excluded[name] for name in STEPS.c.keys() if name not in STEPS.primary_key.columns}  # noqa: SIM118  a column collection is no mapping
    await connection.execute(
        statement.on_conflict_do_update(index_elements=list(STEPS.primary_key.columns.keys()), set_=changed), said
    )


async def release(connection: AsyncConnection, id_: str) -> None:
    """Give back what a command claims and what it waits for: it lives no more."""
    await connection.execute(delete(CLAIMS).where(CLAIMS.c.command_id == id_))
    await connection.execute(delete(HOLDS).where(HOLDS.c.command_id == id_))


async def hold(connection: AsyncConnection, stored: Stored, holds: Iterable[str], at: datetime) -> None:
    """Write down what a command waits for, in its order; what it no longer waits for is taken out."""
    wanted = set(holds)
    await connection.execute(delete(HOLDS).where(HOLDS.c.command_id == stored.id, HOLDS.c.hold.not_in(wanted)))
    await line_up(connection, stored, wanted, at)


async def line_up(connection: AsyncConnection, stored: Stored, holds: Iterable[str], at: datetime) -> None:
    """Write down more that a command waits for; since when it does is not forgotten."""
    new = [
        {"hold": one, "sequence": stored.sequence, "command_id": stored.id, "since": at} for one in sorted(set(holds))
    ]
    if new:
        statement: Any = INSERTS[connection.dialect.name](HOLDS)
        await connection.execute(statement.on_conflict_do_nothing(), new)


async def earlier(connection: AsyncConnection, hold: str, sequence: int) -> bool:
    """Tell whether an earlier command waits for the same."""
    found = select(HOLDS.c.sequence).where(HOLDS.c.hold == hold, HOLDS.c.sequence < sequence).limit(1)
    return await connection.scalar(found) is not None


class Head(NamedTuple):
    """The first command that waits for something, parked: since when, and when it was last looked after."""

    hold: str
    id: str
    since: datetime
    changed_at: datetime


async def heads(connection: AsyncConnection, most: int) -> list[Head]:
    """Return the first that waits for each thing, those first that were looked after the longest ago."""
    first = select(HOLDS.c.hold, func.min(HOLDS.c.sequence).label("sequence")).group_by(HOLDS.c.hold).subquery()
    found = (
        select(HOLDS.c.hold, COMMANDS.c.id, HOLDS.c.since, COMMANDS.c.changed_at)
        .join(first, (first.c.hold == HOLDS.c.hold) & (first.c.sequence == HOLDS.c.sequence))
        .join(COMMANDS, COMMANDS.c.sequence == HOLDS.c.sequence)
        .where(COMMANDS.c.state == "PARKED")
        .order_by(COMMANDS.c.changed_at)
        .limit(most)
    )
    return [Head(*row) for row in await connection.execute(found)]


async def begun(
    connection: AsyncConnection, states: Sequence[str], before: datetime, most: int
) -> list[tuple[str, int]]:
    """Return commands that stand in these states and have not changed since: ids and runs, the oldest first."""
    rows = await connection.execute(
        select(COMMANDS.c.id, COMMANDS.c.run)
        .where(COMMANDS.c.state.in_(states), COMMANDS.c.changed_at < before)
        .order_by(COMMANDS.c.sequence)
        .limit(most)
    )
    return [(row.id, row.run) for row in rows]


async def draw(connection: AsyncConnection, kind: str, first: int, key: str) -> int:
    """Return the next number of a kind for whoever has this key, the same again if they ask again.

    The first one drawn is `first`.
    """
    drawn: int | None = await connection.scalar(select(DRAWN.c.number).where(DRAWN.c.key == key))
    if drawn is not None:
        return drawn
    statement: Any = INSERTS[connection.dialect.name](NUMBERS).values(kind=kind, next=first + 1)
    counted = statement.on_conflict_do_update(index_elements=["kind"], set_={"next": NUMBERS.c.next + 1})
    number: int = (await connection.execute(counted.returning(NUMBERS.c.next))).scalar_one() - 1
    await connection.execute(insert(DRAWN).values(key=key, number=number))
    return number


async def add_exceptions(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store exceptions."""
    if rows:
        await connection.execute(insert(EXCEPTIONS), [dict(row) for row in rows])


async def add_approvals(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store requests for approval."""
    if rows:
        await connection.execute(insert(APPROVALS), [dict(row) for row in rows])


class Doers:
    """Who ran commands: what segregation of duties is held against."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def of(self, name: str, subject: str, since: datetime | None = None) -> frozenset[str]:
        """Return the identities of those who ran a command about a record and had it done.

        Since an instant, if one is given: of what ended before it, nobody is named. What has not come to its end counts
        too: what was begun was done.
        """
        ran = (
            select(COMMANDS.c.actor, COMMANDS.c.person)
            .join(SUBJECTS, SUBJECTS.c.command_id == COMMANDS.c.id)
            .where(COMMANDS.c.name == name, SUBJECTS.c.subject == subject)
            .where(COMMANDS.c.state.not_in(("REFUSED", "FAILED", "REJECTED", "EXPIRED", "CANCELLED")))
        )
        if since is not None:
            ran = ran.where(COMMANDS.c.ended_at.is_(None) | (COMMANDS.c.ended_at >= since))
        async with snapshot(self._engine) as connection:
            found = (await connection.execute(ran)).all()
        return frozenset(name for row in found for name in (row.actor, row.person) if name is not None)
