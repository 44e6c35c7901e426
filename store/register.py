"""The register of identities: links from files, proposals and what people decide on them. One transaction a command."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from sqlalchemy import bindparam, delete, insert, select, update

from schema.cross_reference import TRANSITIONS, Established, LinkState
from store.admission import Judge, Refusal
from store.reference import CrossReference, Neighbours
from store.rekeying import Move, Rekeyed, aliases, carry_out, judge
from store.tables import CROSS_REFERENCES as XREF
from store.transaction import transaction, turn

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from schema.rows import Ref
    from store.admission import Admission, Line

# Any number, the same in every process.
REGISTER_LOCK = 0x1DE47
AT_ONCE = 1_000


class Kind(NamedTuple):
    """The references of one type's records to one system."""

    type: str
    binding: str

    @classmethod
    def of(cls, reference: CrossReference) -> Kind:
        """Return the kind of a reference."""
        return cls(reference.entity_type, reference.binding)


class Proposed(NamedTuple):
    """What a matching brought: new proposals, those that stand as before, and those that nothing speaks for now."""

    new: list[CrossReference]
    kept: list[CrossReference]
    withdrawn: list[CrossReference]


class Decision(NamedTuple):
    """What a person says of a reference, and when both records were last seen, if they were looked for."""

    id: int
    accept: bool
    verified_at: datetime | None = None


class Decided(NamedTuple):
    """References that stand now, that are retired now, and whose decision had been made before; or why none is."""

    accepted: list[CrossReference]
    retired: list[CrossReference]
    unchanged: int
    refused: list[Refusal]


class Verified(NamedTuple):
    """Links whose records were both seen, that are broken now, and that are whole again."""

    seen: list[CrossReference]
    broken: list[CrossReference]
    mended: list[CrossReference]


class Register:
    """Everything that changes cross-references by hand. Two who change them take turns."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def references(self) -> list[CrossReference]:
        """Return all references in the order in which they came about."""
        async with self._engine.connect() as connection:
            return await _read(connection)

    async def admit(self, lines: Sequence[Line], *, dry_run: bool) -> Admission:
        """Store the links of a file, all or none."""
        async with self._alone() as connection:
            admission = Judge(await _read(connection, {line.reference.binding for line in lines})).admit(lines)
            if not dry_run and not admission.refused:
                await _remove(connection, admission.withdrawn)
                await _change(connection, admission.activated)
                await _add(connection, admission.added)
        return admission

    async def propose(self, matched: Mapping[Kind, Sequence[CrossReference]], *, dry_run: bool) -> Proposed:
        """Let these be all the proposals of these kinds. What is linked or was decided on before is left as it is."""
        async with self._alone() as connection:
            stored = await _read(connection, {kind.binding for kind in matched})
            open_ = {one.pair: one for one in stored if one.proposed and Kind.of(one) in matched}
            settled = Neighbours(one for one in stored if not one.proposed)
            result = Proposed([], [], [])
            for proposal in (one for proposals in matched.values() for one in proposals):
                if settled.same(proposal) or any(one.claims for one in settled.rivals(proposal)):
                    continue
                before = open_.pop(proposal.pair, None)
                (result.new if before is None else result.kept).append(_again(proposal, before))
            result.withdrawn.extend(open_.values())
            if not dry_run:
                # Not one by one: two that have changed places would contradict each other for a moment.
                await _remove(connection, [*result.withdrawn, *result.kept])
                await _add(connection, result.kept)
                await _add(connection, result.new)
        return result

    async def decide(self, decisions: Sequence[Decision], by: str, now: datetime) -> Decided:
        """Carry out what a person decided, all or nothing. What competes with an accepted proposal goes."""
        async with self._alone() as connection:
            stored = await _read(connection)
            near = Neighbours(stored)
            decided = _decided(stored, near, decisions, by, now)
            if not decided.refused:
                kept = {one.id for one in decided.retired}
                beaten = {
                    one.id: one
                    for chosen in decided.accepted
                    for one in near.rivals(chosen)
                    if one.proposed and one.id not in kept
                }
                await _change(connection, decided.retired)
                await _remove(connection, list(beaten.values()))
                await _change(connection, decided.accepted)
        return decided

    async def verify(self, seen: Collection[Ref], missing: Collection[Ref], now: datetime) -> Verified:
        """Note which records were seen and which are gone. What is gone breaks its link, what is back mends it."""
        async with self._alone() as connection:
            stored = await _read(connection)
            near, result = Neighbours(stored), Verified([], [], [])
            for one in stored:
                both = (one.canonical, one.foreign)
                if one.state is LinkState.ACTIVE and any(ref in missing for ref in both):
                    result.broken.append(msgspec.structs.replace(one, state=LinkState.BROKEN))
                elif one.state in (LinkState.ACTIVE, LinkState.BROKEN) and all(ref in seen for ref in both):
                    mended = msgspec.structs.replace(one, state=LinkState.ACTIVE, last_verified_at=now)
                    if one.state is LinkState.ACTIVE:
                        result.seen.append(mended)
                    elif not any(rival.claims for rival in near.rivals(one)):
                        result.mended.append(mended)
            await _change(connection, [*result.broken, *result.seen, *result.mended])
        return result

    async def rekey(self, moves: Sequence[Move], by: str, now: datetime, *, dry_run: bool) -> Rekeyed:
        """Let records have new ids, all or none."""
        async with self._alone() as connection:
            rekeyed = judge(moves, await _read(connection), await aliases(connection))
            if not dry_run and not rekeyed.refused:
                await carry_out(connection, rekeyed.moved, by, now)
        return rekeyed

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[AsyncConnection]:
        """Open one transaction that nobody else's judgement overlaps."""
        async with transaction(self._engine) as connection:
            await turn(connection, REGISTER_LOCK)
            yield connection


def _again(proposal: CrossReference, before: CrossReference | None) -> CrossReference:
    """Keep a proposal's id and date: a steward may have its id on a list."""
    if before is None:
        return proposal
    return msgspec.structs.replace(proposal, id=before.id, valid_from=before.valid_from)


def _decided(
    stored: Sequence[CrossReference], near: Neighbours, decisions: Sequence[Decision], by: str, now: datetime
) -> Decided:
    by_id = {one.id: one for one in stored}
    result = Decided([], [], sum(_done(by_id.get(one.id), one) for one in decisions), [])
    said: dict[int, bool] = {}
    for decision in decisions:
        reference = by_id.get(decision.id)
        if (wrong := _wrong(reference, decision, said)) is not None:
            result.refused.append(wrong)
        elif reference is not None and not _done(reference, decision) and decision.id not in said:
            changed = _changed(reference, decision, by, now)
            (result.accepted if decision.accept else result.retired).append(changed)
        said[decision.id] = decision.accept
    accepted = {one.id for one in result.accepted}
    retired = {one.id for one in result.retired}
    for one in result.accepted:
        for rival in near.rivals(one):
            if rival.id in accepted or (rival.claims and not rival.proposed and rival.id not in retired):
                result.refused.append(
                    Refusal(one.id or 0, f"it contradicts reference {rival.id}", "keep one of the two")
                )
    return result


def _done(reference: CrossReference | None, decision: Decision) -> bool:
    """Tell whether this was decided before, in the same way."""
    return reference is not None and reference.state is (LinkState.ACTIVE if decision.accept else LinkState.RETIRED)


def _wrong(reference: CrossReference | None, decision: Decision, said: dict[int, bool]) -> Refusal | None:
    if reference is None:
        return Refusal(decision.id, "there is no such reference", "list them again: colonnade identity review")
    if said.get(decision.id, decision.accept) is not decision.accept:
        return Refusal(decision.id, "it is both accepted and rejected", "decide on it once")
    if reference.state is LinkState.PENDING and reference.established_by is Established.COMMAND:
        return Refusal(decision.id, "a command holds it", "wait until the command has ended")
    target = LinkState.ACTIVE if decision.accept else LinkState.RETIRED
    if not _done(reference, decision) and target not in TRANSITIONS[reference.state]:
        return Refusal(decision.id, "it is retired", "import the link anew, if it is right after all")
    return None


def _changed(reference: CrossReference, decision: Decision, by: str, now: datetime) -> CrossReference:
    # Names and addresses of people served the decision; what agreed and what differed is enough to remember.
    evidence = {name: said for name, said in (reference.evidence or {}).items() if name in ("agrees", "differs")}
    return msgspec.structs.replace(
        reference,
        state=LinkState.ACTIVE if decision.accept else LinkState.RETIRED,
        evidence=evidence or None,
        valid_to=None if decision.accept else now,
        last_verified_at=decision.verified_at or reference.last_verified_at,
        decided_by=by,
        decided_at=now,
    )


async def _read(connection: AsyncConnection, bindings: Iterable[str] | None = None) -> list[CrossReference]:
    asked = select(XREF).order_by(XREF.c.id)
    if bindings is not None:
        asked = asked.where(XREF.c.system.in_(bindings))
    return [CrossReference.of(row) for row in await connection.execute(asked)]


async def _add(connection: AsyncConnection, references: Sequence[CrossReference]) -> None:
    if references:
        await connection.execute(insert(XREF), [reference.row() for reference in references])


async def _change(connection: AsyncConnection, references: Sequence[CrossReference]) -> None:
    if references:
        rows = [reference.row() for reference in references]
        await connection.execute(
            update(XREF).where(XREF.c.id == bindparam("row")), [{"row": row.pop("id"), **row} for row in rows]
        )


async def _remove(connection: AsyncConnection, references: Sequence[CrossReference]) -> None:
    ids = [reference.id for reference in references]
    for start in range(0, len(ids), AT_ONCE):
        await connection.execute(delete(XREF).where(XREF.c.id.in_(ids[start : start + AT_ONCE])))
