"""What an identity steward does: match the bound systems' records, decide on proposals, see how far it has come."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NamedTuple

from colonnade.principals import Facade
from colonnade.wiring import SystemClock
from schema.cross_reference import Established, LinkState
from schema.graph import HOMES
from sources.contract import SourceFailure
from sources.identity import Roll, RollCall
from sources.matching import Settled, match
from sources.registry import connect
from store import database
from store.admission import Refusal
from store.reference import CrossReference, Score
from store.register import Decided, Decision, Kind, Proposed, Register, Verified

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Iterable, Sequence

    from colonnade.settings import Settings
    from schema.rows import Ref
    from sources.identity import IdentityRow
    from sources.matching import Candidate
    from store.rekeying import Move, Rekeyed


class Matched(NamedTuple):
    """What a matching brought, and why some lists could not be read: their proposals are as they were."""

    proposed: Proposed
    failed: dict[str, SourceFailure]


class Covered(NamedTuple):
    """How many records of a type a system has, and how many of them are linked, proposed and doubtful.

    Where it has no list of them, `records` is None and the links are counted. `gone` are links to records that the list
    does not have.
    """

    kind: Kind
    records: int | None
    linked: int
    proposed: int
    ambiguous: int
    gone: int

    @property
    def unlinked(self) -> int | None:
        """How many records nothing is known of."""
        return None if self.records is None else self.records - self.linked - self.proposed - self.ambiguous


class Stewardship:
    """The register, and the systems whose records are matched."""

    def __init__(self, register: Register, calls: Sequence[RollCall]) -> None:
        self.register = register
        self.clock = SystemClock()
        self._calls = {call.source.binding: call for call in calls}
        self._rolls: dict[Kind, Roll | SourceFailure] = {}

    async def match(self, types: Iterable[str], *, dry_run: bool) -> Matched:
        """Propose links between each type's home and every other system that has a list of it."""
        stored = await self.register.references()
        proposals: dict[Kind, list[CrossReference]] = {}
        failed: dict[str, SourceFailure] = {}
        for type_ in types:
            for kind in self._kinds(type_):
                homes, other = await self._homes(type_), await self._roll(kind)
                if isinstance(homes, SourceFailure):
                    failed[f"{type_} of {HOMES[type_].system.value}"] = homes
                elif isinstance(other, SourceFailure):
                    failed[f"{type_} of {kind.binding}"] = other
                elif homes and other:
                    proposals[kind] = self._proposals(homes, other, _settled(kind, stored))
        return Matched(await self.register.propose(proposals, dry_run=dry_run), failed)

    async def decide(self, decisions: Sequence[Decision], by: str) -> Decided:
        """Carry out decisions; what is accepted must still be there in both systems, or SourceFailure tells why not."""
        by_id = {one.id: one for one in await self.register.references()}
        accepted = [by_id[one.id] for one in decisions if one.accept and one.id in by_id]
        unseen = [one for one in accepted if one.state is not LinkState.ACTIVE]
        gone = await self._missing(ref for one in unseen for ref in (one.canonical, one.foreign))
        now = self.clock.now()
        refused = [
            Refusal(one.id or 0, f"{ref.binding} has no {ref.type} {ref.id!r} any more", "match again")
            for one in accepted
            for ref in (one.canonical, one.foreign)
            if ref in gone
        ]
        if refused:
            return Decided([], [], 0, refused)
        seen = {one.id for one in accepted if all(self._lists(ref) for ref in (one.canonical, one.foreign))}
        verified = [one._replace(verified_at=now if one.id in seen else None) for one in decisions]
        return await self.register.decide(verified, by, now)

    async def verify(self, types: Collection[str]) -> Verified:
        """Look for the records of every link, or raise SourceFailure: what cannot be looked for is not gone."""
        linked = (LinkState.ACTIVE, LinkState.BROKEN)
        stored = [one for one in await self.register.references() if one.state in linked and one.entity_type in types]
        refs = {ref for one in stored for ref in (one.canonical, one.foreign) if self._lists(ref)}
        missing = await self._missing(refs)
        return await self.register.verify(refs - missing, missing, self.clock.now())

    async def rekey(self, moves: Sequence[Move], by: str, *, dry_run: bool) -> Rekeyed:
        """Give records new ids. The new one must be there; an old one that still is may mean another record now."""
        olds, news = {move.old for move in moves}, {move.new for move in moves}
        gone = await self._missing(olds | news)
        wrong = {
            **dict.fromkeys(news & gone, ("has no record of the new id", "correct it")),
            **{
                old: ("still has a record of the old id", "bind the new system under another name")
                for old in olds - gone
                if self._lists(old)
            },
        }
        refused = [
            Refusal(move.number, f"{ref.binding} {wrong[ref][0]}, {ref.id!r}", wrong[ref][1])
            for move in moves
            for ref in (move.old, move.new)
            if ref in wrong
        ]
        rekeyed = await self.register.rekey(moves, by, self.clock.now(), dry_run=dry_run or bool(refused))
        return rekeyed._replace(refused=sorted([*refused, *rekeyed.refused]))

    async def coverage(self, types: Iterable[str]) -> list[Covered]:
        """Count, for every type and system, the records and how they stand."""
        by_kind: dict[Kind, list[CrossReference]] = defaultdict(list)
        for one in await self.register.references():
            by_kind[Kind.of(one)].append(one)
        kinds = [kind for type_ in types for kind in sorted({*self._kinds(type_), *_of_type(by_kind, type_)})]
        return [_covered(kind, await self._roll(kind), by_kind[kind]) for kind in kinds]

    def _kinds(self, type_: str) -> list[Kind]:
        """List the systems, other than its home, that have a list of a type."""
        home = HOMES[type_].system.value
        return [
            Kind(type_, binding)
            for binding, call in self._calls.items()
            if type_ in call.types and call.source.system.value != home
        ]

    def _lists(self, ref: Ref) -> bool:
        call = self._calls.get(ref.binding)
        return call is not None and ref.type in call.types

    async def _homes(self, type_: str) -> list[Roll] | SourceFailure:
        """Read a type in all the systems that are home to it; one missing list makes nothing sure."""
        home = HOMES[type_].system.value
        playing = [name for name, call in self._calls.items() if call.source.system.value == home]
        rolls = [await self._roll(Kind(type_, name)) for name in playing if type_ in self._calls[name].types]
        failure = next((roll for roll in rolls if isinstance(roll, SourceFailure)), None)
        return failure or [roll for roll in rolls if isinstance(roll, Roll)]

    async def _roll(self, kind: Kind) -> Roll | SourceFailure | None:
        """Read a list once a command; None where the system has none."""
        call = self._calls.get(kind.binding)
        if call is None or kind.type not in call.types:
            return None
        if kind not in self._rolls:
            try:
                self._rolls[kind] = await call.roll(kind.type)
            except SourceFailure as failure:
                self._rolls[kind] = failure
        return self._rolls[kind]

    def _proposals(self, homes: Sequence[Roll], other: Roll, settled: Settled) -> list[CrossReference]:
        whole = not any(roll.unreadable for roll in (*homes, other))
        rows: list[IdentityRow] = [row for roll in homes for row in roll.rows]
        return [self._proposal(candidate) for candidate in match(rows, other.rows, settled, whole=whole)]

    def _proposal(self, candidate: Candidate) -> CrossReference:
        return CrossReference(
            canonical=candidate.home.ref,
            foreign=candidate.other.ref,
            source_type=candidate.home.ref.type,
            source_key=candidate.other.key,
            state=LinkState.PENDING,
            established_by=Established.MATCH,
            valid_from=self.clock.now(),
            score=candidate.score,
            evidence=candidate.evidence,
        )

    async def _missing(self, refs: Iterable[Ref]) -> set[Ref]:
        asked: dict[Kind, set[Ref]] = defaultdict(set)
        for ref in refs:
            if self._lists(ref):
                asked[Kind(ref.type, ref.binding)].add(ref)
        missing: set[Ref] = set()
        for kind, own in asked.items():
            missing |= await self._calls[kind.binding].missing(sorted(own))
        return missing


@asynccontextmanager
async def stewardship(settings: Settings) -> AsyncIterator[Stewardship]:
    """Open the store and the bound systems for one command."""
    engine = database.connect(settings.store.url)
    sources = [connect(binding, SystemClock()) for binding in settings.connections()]
    try:
        await database.migrate(engine)
        yield Stewardship(Register(engine), [RollCall(one, Facade(), settings.server.deadline) for one in sources])
    finally:
        await asyncio.gather(*(source.wire.aclose() for source in sources))
        await engine.dispose()


def _settled(kind: Kind, stored: Sequence[CrossReference]) -> Settled:
    own = [one for one in stored if Kind.of(one) == kind and not one.proposed]
    taken = [one for one in own if one.state is not LinkState.RETIRED]
    rejected = {(one.canonical, one.foreign) for one in own if one.state is LinkState.RETIRED}
    return Settled({one.canonical for one in taken}, {one.foreign for one in taken}, rejected)


def _of_type(kinds: Iterable[Kind], type_: str) -> list[Kind]:
    return [kind for kind in kinds if kind.type == type_]


def _covered(kind: Kind, roll: Roll | SourceFailure | None, stored: Sequence[CrossReference]) -> Covered:
    linked = {one.foreign for one in stored if one.state is LinkState.ACTIVE}
    open_ = [one for one in stored if one.proposed and one.foreign not in linked]
    proposed = {one.foreign for one in open_ if one.score is not Score.AMBIGUOUS}
    ambiguous = {one.foreign for one in open_} - proposed
    if not isinstance(roll, Roll):
        return Covered(kind, None, len(linked), len(proposed), len(ambiguous), 0)
    there = {row.ref for row in roll.rows}
    gone = 0 if roll.unreadable else len(linked - there)
    return Covered(
        kind,
        records=len(there) + roll.unreadable,
        linked=len(linked & there),
        proposed=len(proposed & there),
        ambiguous=len(ambiguous & there),
        gone=gone,
    )
