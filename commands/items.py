"""Commands on many records: each is judged by itself, and one that is refused keeps no other from going on."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, TypeVar

import msgspec
import strawberry

from commands.command import Finding, Stop
from schema.problems import Code
from schema.rows import Ref, Row, System

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from commands.asking import Asking
    from commands.command import CommandInput
    from commands.plan import Branch

R = TypeVar("R", bound=Row)
T = TypeVar("T")
MOST = 500


@strawberry.enum
class Verdict(Enum):
    """What somebody decides on what was submitted."""

    APPROVE = "APPROVE"
    REJECT = "REJECT"


def chosen(ask: Asking, ids: Sequence[str], type_: str, *path: str) -> list[Ref]:
    """Return the records that are meant, each once, or stop where they are none or too many."""
    if not 1 <= len(ids) <= MOST:
        raise Stop(Finding(Code.BAD_INPUT, f"'{path[-1]}' must have from 1 to {MOST} ids", path))
    return list(dict.fromkeys(ask.ref(one, type_, *path) for one in ids))


async def read(
    ask: Asking, question: str, refs: Sequence[Ref], row: type[R], *path: str
) -> tuple[list[R], list[Finding]]:
    """Return the rows of records, and a finding for each that is not there."""
    answers = await ask.all(question, refs)
    missing = [
        Finding(Code.NOT_FOUND, f"there is no such {ref.type}", path, item=ref.encode())
        for ref in refs
        if answers[ref] is None
    ]
    return [found for ref in refs if isinstance(found := answers[ref], row)], missing


def same_version(said: CommandInput, rows: Sequence[Row]) -> None:
    """Stop where a version was expected and the record has another one, or where not one record is named."""
    if said.expected_version is None:
        return
    path = ("input", "expectedVersion")
    if len(rows) != 1:
        raise Stop(Finding(Code.BAD_INPUT, "'expectedVersion' is of one record: none is named here, or several", path))
    if rows[0].revision != said.expected_version:
        raise Stop(
            Finding(Code.STALE_VERSION, "the record has changed since it was decided upon", path),
            subjects=(rows[0].ref,),
        )


async def approver(ask: Asking) -> Ref:
    """Return the person who decides, or stop: systems want to know who did."""
    person = await ask.person()
    if person is None:
        raise Stop(Finding(Code.FORBIDDEN, "only somebody who is known as a person of the firm decides on this"))
    return person


async def persons(ask: Asking, refs: Iterable[Ref | None]) -> frozenset[str] | None:
    """Return people as identities, in HR's words; None where one of them is not known there."""
    words = [None if ref is None else await ask.word(ref, System.HR) for ref in dict.fromkeys(refs)]
    return frozenset(word.encode() for word in words if word is not None) if None not in words else None


def each(rows: Iterable[R], judge: Callable[[R], Branch]) -> tuple[list[Branch], list[Finding]]:
    """Judge records one after the other. What stops one is found of it alone, and gives it no branch."""
    branches: list[Branch] = []
    findings: list[Finding] = []
    for row in rows:
        try:
            branches.append(judge(row))
        except Stop as stop:
            findings += [msgspec.structs.replace(one, item=row.ref.encode()) for one in stop.findings]
    return branches, findings


async def apart(refs: Iterable[Ref | None], load: Callable[[Ref], Awaitable[T]]) -> dict[Ref, T | Stop]:
    """Return what is known of each record that many hang on, or why it stops those alone."""
    found: dict[Ref, T | Stop] = {}
    for ref in dict.fromkeys(one for one in refs if one is not None):
        try:
            found[ref] = await load(ref)
        except Stop as stop:
            found[ref] = stop
    return found


def going(found: dict[Ref, T | Stop], ref: Ref) -> T:
    """Return what is known of a record, or stop as it did."""
    one = found[ref]
    if isinstance(one, Stop):
        raise one
    return one
