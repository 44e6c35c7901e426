"""Does a bound system keep its laws? The same cases for every source, tried on the system itself.

What is asked of any bound system:

one        a record by its id is the record of the list, in one call
many       fifty of them cost no more calls than the limit of ids demands
beyond     one more than a call may carry costs one call more, and all are there
unknown    an id of nobody is absent, and costs nobody else
repeated   an id asked for twice is one record
whole      every listed record is found by its id: closed and archived ones, too
exact      no amount was a binary fraction on its way
renewal    many who find no credential cause one login
away       a system that does not answer is an error of its own records, and of nobody else's

What changes something is tried on servers for trying alone, by `tests/conformance/test_changes.py`:

followed   what is made and what is edited behind our back is told by the feed
lost       a change whose answer was lost is there once, however often it is asked for
refused    what breaks the system's rules is refused as that, and nothing has happened
stale      what somebody else has changed meanwhile is a conflict, and nothing has happened
closed     into a closed period nothing is posted; once it is open the same posting is there, once
"""

from __future__ import annotations

import asyncio
import socket
import time
from contextlib import contextmanager
from decimal import Decimal
from math import ceil
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import msgspec

from schema.access import Grants
from schema.problems import Code, Problem
from schema.rights import Rights
from schema.rows import Ref, Row
from sources.batching import Desk
from sources.contract import CallBudget, Scope, bare
from sources.dialects import ScanDialect
from sources.registry import connect, questions
from sources.wire.meter import LOGIN, OK
from sources.wire.metrics import Metrics

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence

    from schema.context import Clock
    from sources.manifest import Reading
    from sources.registry import Binding
    from sources.source import Source

SECONDS = 60.0
LISTED, MANY, AT_ONCE = 300, 50, 5
# So many records are read one by one and in one batch, to tell what a batch is worth.
SINGLY = 36
# A binary fraction shows as seventeen digits; no amount, rate or share of a firm has as many.
BINARY_DIGITS = 16


class Verdict(NamedTuple):
    """What became of a case: how many of the source's entities it was tried on, and what was wrong."""

    case: Reading
    tried: int
    wrong: str

    @property
    def word(self) -> str:
        """Say it in a word, and what was wrong."""
        return f"wrong: {self.wrong}" if self.wrong else "right" if self.tried else "not tried"


class Worth(NamedTuple):
    """What a batch is worth at a system: how many times as long as it its records take, read one after the other."""

    type: str
    ids: int
    times: float


class Trial(NamedTuple):
    """One entity of a source, listed: the question that reads it by id, and its first records."""

    source: Source
    question: str
    known: Mapping[Ref, Row]

    @property
    def type(self) -> str:
        """The entity's name."""
        return next(iter(self.known)).type

    @property
    def most(self) -> int:
        """How many ids one call takes."""
        manifest = self.source.manifest
        return manifest.entities[self.type].id.most(manifest.limits.ids)

    async def asked(self, refs: Iterable[Ref], source: Source | None = None) -> tuple[Mapping[Ref, Any], int]:
        """Ask for records by their ids; return what came, and how many calls it took."""
        scope = _scope()
        source = source or self.source
        found = await Desk([source], NoWords()).answer(self.question, list(refs), scope)
        return found, scope.calls.spent(source.binding)

    def differing(self, found: Mapping[Ref, Any]) -> list[Ref]:
        """Return the references that did not bring the listed record."""
        return [ref for ref, row in found.items() if not _same(row, self.known[ref])]


class Trier:
    """Who tries the cases: with the firm's credentials, and on restricted records, too. No value leaves this module."""

    subject = "sources quality"
    token = None
    key = None
    rights = Rights()
    grants = Grants()


class NoWords:
    """No cross-references: each system is asked in its own words."""

    async def words(self, refs: Iterable[Ref], role: str) -> Mapping[Ref, Sequence[Ref]]:
        """Know nobody."""
        del role
        return dict.fromkeys(refs, ())


async def judge(binding: Binding, clock: Clock) -> list[Verdict]:
    """Try what is asked of any bound system; raise FileError or SourceFailure where it cannot even be listed."""
    source = connect(binding, clock)
    try:
        trials = [trial async for trial in _trials(source)]
        verdicts = [await _tried(case, of, trials) for case, of in ENTITY_CASES.items()]
        return [*verdicts, await _renewal(binding, clock, trials), await _away(binding, clock, trials)]
    finally:
        await source.wire.aclose()


async def worth(binding: Binding, clock: Clock) -> Worth | None:
    """Measure what a batch is worth at a bound system; None where lists are read whole, or there is nothing to read."""
    source = connect(binding, clock)
    try:
        trials = [trial async for trial in _trials(source)]
        if not trials or isinstance(source.manifest.dialect, ScanDialect):
            return None
        trial = max(trials, key=lambda one: len(one.known))
        refs = list(trial.known)[:SINGLY]
        began = time.perf_counter()
        await trial.asked(refs)
        between = time.perf_counter()
        for ref in refs:
            await trial.asked([ref])
        return Worth(trial.type, len(refs), (time.perf_counter() - between) / (between - began))
    finally:
        await source.wire.aclose()


async def _trials(source: Source) -> AsyncIterator[Trial]:
    by_id = {
        question.rows.type: (name, question.rows)
        for name, question in questions(source.system).items()
        if question.by == question.rows.type and not question.many
    }
    for type_, entity in source.manifest.entities.items():
        if type_ in entity.ask:
            continue  # known by the name that its home gives it, which its list does not tell
        name, row = by_id[type_]
        places, _ = await source.page(row, None, LISTED, _scope())
        known = {place.row.ref: place.row for place in places if isinstance(place.row, Row)}
        if known:
            yield Trial(source, name, known)


async def _tried(case: Reading, of: Callable[[Trial], Awaitable[str | None]], trials: list[Trial]) -> Verdict:
    said = {trial.type: await of(trial) for trial in trials}
    wrong = "; ".join(f"{type_}: {what}" for type_, what in said.items() if what)
    return Verdict(case, sum(what is not None for what in said.values()), wrong)


async def _one(trial: Trial) -> str | None:
    ref = next(iter(trial.known))
    found, calls = await trial.asked([ref])
    return _judged(trial, found, calls, most=1)


async def _many(trial: Trial) -> str | None:
    refs = list(trial.known)[:MANY]
    found, calls = await trial.asked(refs)
    return _judged(trial, found, calls, most=ceil(len(refs) / trial.most))


async def _beyond(trial: Trial) -> str | None:
    refs = list(trial.known)[:MANY]
    if len(refs) == 1 or isinstance(trial.source.manifest.dialect, ScanDialect):
        return None  # one cannot be cut in two, and where lists are read whole no ids travel
    fewer = len(refs) - 1
    found, calls = await trial.asked(refs, trial.source.limited(fewer))
    return _judged(trial, found, calls, most=ceil(len(refs) / min(trial.most, fewer)))


async def _unknown(trial: Trial) -> str | None:
    refs = list(trial.known)[:MANY]
    stranger = next(
        (ref for ref in _altered(refs[0]) if bare(ref.id) not in {bare(one.id) for one in trial.known}), None
    )
    if stranger is None:
        return None
    found, _ = await trial.asked([stranger, *refs])
    said = found[stranger]
    if isinstance(said, Problem):
        return f"an id of nobody is {said.code.name}"
    if said is not None and bare(said.ref.id) != bare(stranger.id):
        return "an id of nobody brings somebody"
    return _judged(trial, {ref: found[ref] for ref in refs})


async def _repeated(trial: Trial) -> str | None:
    refs = list(trial.known)[:2]
    found, _ = await trial.asked([*refs, *refs])
    return _judged(trial, found)


async def _whole(trial: Trial) -> str | None:
    found, _ = await trial.asked(trial.known)
    return _judged(trial, found)


async def _exact(trial: Trial) -> str | None:
    amounts = [amount for row in trial.known.values() for amount in _amounts(msgspec.structs.asdict(row))]
    long = [amount for amount in amounts if len(amount.as_tuple().digits) >= BINARY_DIGITS]
    return f"{len(long)} amounts have {BINARY_DIGITS} digits or more" if long else ("" if amounts else None)


ENTITY_CASES: dict[Reading, Callable[[Trial], Awaitable[str | None]]] = {
    "one": _one,
    "many": _many,
    "beyond": _beyond,
    "unknown": _unknown,
    "repeated": _repeated,
    "whole": _whole,
    "exact": _exact,
}


async def _renewal(binding: Binding, clock: Clock, trials: Sequence[Trial]) -> Verdict:
    """Let several need a credential at once, before there is one."""
    metrics = Metrics()
    source = connect(binding, clock, metrics)
    try:
        if not source.wire.login.renewable or not trials:
            return Verdict("renewal", 0, "")
        fresh = trials[0]._replace(source=source)
        said = await asyncio.gather(*(fresh.asked([ref]) for ref in list(fresh.known)[:AT_ONCE]))
    finally:
        await source.wire.aclose()
    labels = {"role": binding.role, "system": binding.name, "operation": LOGIN, "outcome": OK}
    made = int(metrics.registry.get_sample_value("colonnade_upstream_requests_total", labels) or 0)
    missing = sum(len(fresh.differing(found)) for found, _ in said)
    return Verdict("renewal", 1, "" if (made, missing) == (1, 0) else f"{made} logins, {missing} records missing")


async def _away(binding: Binding, clock: Clock, trials: Sequence[Trial]) -> Verdict:
    """Ask the system beside its like at an address where nobody answers. A database in a file cannot be away."""
    if not trials or not urlsplit(binding.address).netloc:
        return Verdict("away", 0, "")
    trial = trials[0]
    here = list(trial.known)[:AT_ONCE]
    with _nobody(binding) as deserted:
        gone = connect(deserted, clock)
        try:
            there = [Ref(ref.type, gone.binding, ref.id) for ref in here]
            found = await Desk([trial.source, gone], NoWords()).answer(trial.question, [*here, *there], _scope())
        finally:
            await gone.wire.aclose()
    told = {said.code.name if isinstance(said := found[ref], Problem) else "an answer" for ref in there}
    wrong = _judged(trial, {ref: found[ref] for ref in here})
    if told != {Code.SOURCE_UNAVAILABLE.name}:
        wrong = f"nobody at its address is {', '.join(sorted(told))}"
    return Verdict("away", 1, wrong and f"{trial.type}: {wrong}")


@contextmanager
def _nobody(binding: Binding) -> Iterator[Binding]:
    """Bind the same vendor to an address that is taken, and where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        netloc = f"127.0.0.1:{taken.getsockname()[1]}"
        address = urlsplit(binding.address)._replace(netloc=netloc).geturl()
        yield binding._replace(name=f"{binding.name}.away", address=address)


def _judged(trial: Trial, found: Mapping[Ref, Any], calls: int = 0, most: int = 0) -> str:
    if differing := trial.differing(found):
        return f"{len(differing)} of {len(found)} records are not as they are listed"
    return f"{calls} calls instead of {most}" if calls > most else ""


def _scope() -> Scope:
    until = asyncio.get_running_loop().time() + SECONDS
    return Scope(Trier(), "sources-quality", until, calls=CallBudget(10_000))


def _same(found: Any, listed: Row) -> bool:
    return isinstance(found, Row) and msgspec.structs.replace(found, origin=listed.origin) == listed


def _altered(ref: Ref) -> Iterator[Ref]:
    """Return ids of the same form, one digit other than this one."""
    for place in range(len(ref.id) - 1, -1, -1):
        if ref.id[place].isdigit():
            others = (f"{ref.id[:place]}{digit}{ref.id[place + 1 :]}" for digit in "9876543210")
            yield from Ref.each(ref.type, ref.binding, others)


def _amounts(value: Any) -> Iterator[Decimal]:
    if isinstance(value, Decimal):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _amounts(item)
    elif hasattr(value, "amount"):
        yield value.amount
