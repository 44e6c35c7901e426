"""One step carried out: its values said in the target's words, sent once, and its answer read as an outcome.

An outcome is a value: what a step brought, what it waits for, why it was refused, that it is not known yet, or that it
may be tried again. Whatever it brought went through JSON, so that a live run knows what a later one will read.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import msgspec

from commands.machinery.handing import hold
from commands.own import FACADE
from schema.command import WaitReason
from schema.problems import Code
from schema.rows import Ref
from sources.contract import SourceFailure
from sources.writing import NotBroughtError, OutcomeUnknownError, UnwordedError, Words, Writer, references, settled
from store.files import ACKNOWLEDGED, REJECTED
from store.mapping import TakenError
from store.transaction import StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from commands.machinery.handing import Handing
    from commands.plan import Step
    from schema.context import Clock
    from sources.batching import Desk
    from sources.contract import Scope
    from sources.exchange import LineAct
    from sources.source import Source
    from sources.writes import Done, Write
    from store.files import Line

Brought: TypeAlias = "Mapping[str, tuple[str | None, str, Mapping[str, Any]]]"
"""By step: the type that it made, its binding, and its values with the record's id."""
# A system that answers so is there, and did nothing: it may do it later.
PASSING = frozenset(
    {Code.SOURCE_UNAVAILABLE, Code.SOURCE_TIMEOUT, Code.SOURCE_THROTTLED, Code.SOURCE_DENIED, Code.CALL_BUDGET}
)
REFUSED_WORDS = {
    Code.STALE_VERSION: "the record was changed meanwhile",
    Code.ALREADY_DONE: "the system has such a record already",
    Code.TARGET_REJECTED: "the system refused it for good",
}


class Carried(NamedTuple):
    """It is done. `record` is what was made, in the target's words, `canonical` whose record that is."""

    values: dict[str, Any]
    record: Ref | None = None
    canonical: Ref | None = None
    found: bool = False


class Waits(NamedTuple):
    """It cannot be done now: for what reason, and what is waited for."""

    reason: WaitReason
    hold: str


class Refused(NamedTuple):
    """It will not be done: why, and what the system said, which only quarantine keeps."""

    code: Code
    message: str
    said: bytes = b""


class Unknown(NamedTuple):
    """It was sent and its answer is missing."""


class Handed(NamedTuple):
    """It is handed over in a file, and the answer to that comes later: what is waited for."""

    hold: str


class Skipped(NamedTuple):
    """It cannot be done, for what it needs was set aside."""


class Again(NamedTuple):
    """Nothing was done, and that may pass."""

    hold: str


Outcome: TypeAlias = Carried | Waits | Refused | Unknown | Handed | Skipped | Again


class Carrier:
    """Carries steps out at the bound systems, and at the facade's own store; `shut` are bound to be read only."""

    def __init__(
        self,
        desk: Desk,
        clock: Clock,
        own: Callable[[Write, str], Awaitable[dict[str, Any]]],
        handing: Handing,
        shut: AbstractSet[str] = frozenset(),
    ) -> None:
        self._desk, self._clock, self._own, self._handing, self._shut = desk, clock, own, handing, shut

    def hold(self, binding: str) -> str:
        """Return by what those that wait for a system are found."""
        return f"target|{binding}"

    def settle(self, binding: str) -> float:
        """Return for how many seconds a write that was sent may still take effect."""
        source = self._desk.sources.get(binding)
        return 0.0 if source is None else source.manifest.limits.settle

    def away(self, binding: str) -> bool:
        """Tell whether nothing is sent to a system now: its breaker is open, or its writes were turned off."""
        source = self._desk.sources.get(binding)
        return binding in self._shut or (source is not None and source.wire.breaker.is_open)

    def by_file(self, step: Step) -> bool:
        """Tell whether a step is handed over in a file."""
        source = self._desk.sources.get(step.binding)
        return source is not None and type(step.write) in source.lines

    async def carry(self, step: Step, key: str, brought: Brought, scope: Scope, attempted: datetime | None) -> Outcome:
        """Carry a step out. `attempted` is when it was last sent, if what became of that is not known."""
        try:
            write: Write = settled(step.write, brought)
        except KeyError:
            return Skipped()
        except NotBroughtError as error:
            return Refused(Code.TARGET_REJECTED, f"the step {error} did not bring what this one needs")
        if step.binding == FACADE:
            return await self._kept(write, key)
        if self.by_file(step):
            outcome = await self._hand_over(step, write, key, attempted)
        else:
            outcome = await self._perform(step.binding, write, key, scope, attempted)
        if isinstance(outcome, Again) and attempted is not None:
            # This attempt did nothing; of the one before nobody knows yet.
            return Unknown()
        if not isinstance(outcome, Carried) or outcome.record is None or step.canonical is None:
            return outcome
        return outcome._replace(canonical=settled(step.canonical, brought))

    async def undo(self, step: Step, key: str, brought: Brought, scope: Scope) -> Outcome:
        """Undo a step that was done; doing that twice is doing it once."""
        if step.undo is None:
            return Carried({})
        if self.away(step.binding):
            return Again(self.hold(step.binding))
        return await self._perform(step.binding, settled(step.undo, brought), f"{key}/undo", scope, None)

    async def _kept(self, write: Write, key: str) -> Outcome:
        try:
            return Carried(await self._own(write, key))
        except TakenError:
            return Refused(Code.ALREADY_DONE, "one of the two records has another reference by now")

    async def _perform(self, binding: str, write: Write, key: str, scope: Scope, attempted: datetime | None) -> Outcome:
        source = self._desk.sources.get(binding)
        if source is None or not source.takes(type(write)):
            return Refused(Code.NOT_OFFERED, f"the bound {write.system.name} does not take {type(write).__name__}")
        try:
            words = await self._words(source, write, key)
            done = await Writer(source).perform(write, words, scope, attempted)
        except StoreUnavailableError:
            return Again(self.hold(binding))
        except UnwordedError as error:
            return Refused(Code.REFERENCE_UNKNOWN, str(error))
        except OutcomeUnknownError:
            return Unknown()
        except SourceFailure as failure:
            return self._failed(binding, failure)
        return _carried(binding, write, done)

    async def _hand_over(self, step: Step, write: Write, key: str, attempted: datetime | None) -> Outcome:
        """Collect a step for the next file, or read what was answered to its line."""
        source = self._desk.sources[step.binding]
        act = source.lines[type(write)]
        try:
            line = await self._handing.line(key)
            if line is None or (line.state == REJECTED and attempted is None):
                words = await self._words(source, write, key)
                line = await self._handing.collect(act, write, words, step.binding, step.gate)
            return _answered(act, write, line)
        except StoreUnavailableError:
            return Again(self.hold(step.binding))
        except UnwordedError as error:
            return Refused(Code.REFERENCE_UNKNOWN, str(error))
        except SourceFailure as failure:
            return self._failed(step.binding, failure)
        except (LookupError, TypeError, ValueError):
            # It said yes in words that cannot be read.
            return Unknown()

    async def _words(self, source: Source, write: Write, key: str) -> Words:
        return Words(key, self._clock.now(), await self._ids(write, source.binding), source.manifest.codes)

    def _failed(self, binding: str, failure: SourceFailure) -> Outcome:
        if failure.code is Code.PERIOD_CLOSED:
            return Waits(WaitReason.PERIOD_CLOSED, "")
        if failure.code in PASSING:
            return Again(self.hold(binding))
        code = failure.code if failure.code in REFUSED_WORDS else Code.TARGET_REJECTED
        return Refused(code, REFUSED_WORDS[code], failure.body)

    async def _ids(self, write: Write, binding: str) -> dict[Ref, str]:
        """Say every record of a write in the target's words."""
        refs = dict.fromkeys(references(write))
        own = {ref: ref.id for ref in refs if ref.binding == binding}
        foreign = [ref for ref in refs if ref not in own]
        words = await self._desk.crossrefs.words(foreign, binding.partition(".")[0]) if foreign else {}
        found = {ref: [word for word in words.get(ref, ()) if word.binding == binding] for ref in foreign}
        return own | {ref: known[0].id for ref, known in found.items() if len(known) == 1}


def _answered(act: LineAct[Any], write: Write, line: Line) -> Outcome:
    """Read what was answered to a line, or raise SourceFailure where it was rejected."""
    if line.state == REJECTED:
        raise SourceFailure(Code[line.code or Code.TARGET_REJECTED.name], "a line was rejected")
    if line.state == ACKNOWLEDGED:
        return _carried(line.binding, write, act.done(write, line.answer or ()))
    return Handed(hold(line.key))


def _carried(binding: str, write: Write, done: Done) -> Carried:
    record = Ref(write.makes, binding, done.id) if write.makes and done.id else None
    values = {**done.values, **({} if done.id is None else {"id": done.id})}
    # As the journal will give it back: a live run and one after a crash must know the same.
    return Carried(msgspec.json.decode(msgspec.json.encode(values)), record, record, done.found)


async def pause(tried: int) -> None:
    """Wait before another attempt: longer each time, two seconds at most."""
    await asyncio.sleep(min(0.2 * 2**tried, 2.0))
