"""The cases of `sources/conformance.py` that change something, the same for every server that is there to be tried."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import pytest

from colonnade.principals import Facade
from colonnade.wiring import SystemClock
from schema.problems import Code
from sources.contract import SourceFailure
from sources.feed import Feed
from sources.writing import OutcomeUnknownError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from schema.rows import Row
    from sources.manifest import Changing
    from sources.source import Source
    from sources.writes import Done, Write

    Act = Callable[[], Awaitable[Any]]


class Do(Protocol):
    """Has a write carried out under a key; `again` where it was tried before and its answer is missing."""

    async def __call__(self, write: Write, key: str, *, again: bool = False) -> Done:
        """Do it."""
        ...


class Period(NamedTuple):
    """What is posted into a period that a person closes, and opens again."""

    write: Write
    close: Act
    reopen: Act


class Watched(NamedTuple):
    """A type whose changes are told. A person makes a record, or edits one, in the system itself: each says its id."""

    row: type[Row]
    make: Callable[[], Awaitable[str]]
    edit: Callable[[], Awaitable[str]]


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A server that is there to be tried. What it is not given it has not, and that case cannot be tried on it.

    `once` is a write that must have one effect, whose next answer `lose` makes go missing after it; `count` is how many
    such effects there are. `wrong` is a write that the system refuses. `overtaken` has somebody else change what the
    write that it returns would change. `state` is all that these writes could change. All of it is asked of the system
    itself, beside the house.
    """

    source: Source
    do: Do
    once: Write | None = None
    lose: Act | None = None
    count: Callable[[], Awaitable[int]] | None = None
    wrong: Write | None = None
    overtaken: Callable[[], Awaitable[Write]] | None = None
    state: Act | None = None
    period: Period | None = None
    watched: Watched | None = None


def key() -> str:
    """Return a key that no other write has."""
    return str(uuid.uuid4())


async def followed(trial: Trial) -> None:
    """Look once, and again after each change."""
    assert trial.watched is not None
    feed = Feed(trial.source, trial.watched.row, SystemClock())
    before = {ref.id for ref in await feed.look(Facade())}
    made = await trial.watched.make()
    assert made not in before
    assert made in {ref.id for ref in await feed.look(Facade())}
    edited = await trial.watched.edit()
    assert edited in {ref.id for ref in await feed.look(Facade())}


async def lost(trial: Trial) -> None:
    """Lose an answer, and ask twice more."""
    assert trial.once is not None
    assert trial.count is not None
    assert trial.lose is not None
    own, before = key(), await trial.count()
    await trial.lose()
    with pytest.raises(OutcomeUnknownError):
        await trial.do(trial.once, own)
    assert await trial.count() - before == 1, "it was to be lost after its effect"
    for _ in range(2):
        await trial.do(trial.once, own, again=True)
    assert await trial.count() - before == 1


async def refused(trial: Trial) -> None:
    """Ask for what cannot be."""
    assert trial.wrong is not None
    await _nothing_happens(trial, trial.wrong, key(), Code.SOURCE_REFUSED)


async def stale(trial: Trial) -> None:
    """Let somebody be quicker."""
    assert trial.overtaken is not None
    await _nothing_happens(trial, await trial.overtaken(), key(), Code.STALE_VERSION)


async def closed(trial: Trial) -> None:
    """Post when the period is closed, and under the same key when it is open."""
    assert trial.period is not None
    assert trial.count is not None
    own, before = key(), await trial.count()
    await trial.period.close()
    try:
        await _nothing_happens(trial, trial.period.write, own, Code.PERIOD_CLOSED)
    finally:
        await trial.period.reopen()
    await trial.do(trial.period.write, own)
    assert await trial.count() - before == 1


async def _nothing_happens(trial: Trial, write: Write, own: str, code: Code) -> None:
    assert trial.state is not None
    before = await trial.state()
    with pytest.raises(SourceFailure) as failed:
        await trial.do(write, own)
    assert failed.value.code is code
    assert await trial.state() == before


CASES: Mapping[Changing, Callable[[Trial], Awaitable[None]]] = {
    "followed": followed,
    "lost": lost,
    "refused": refused,
    "stale": stale,
    "closed": closed,
}
NEEDS: Mapping[Changing, str] = {
    "followed": "watched",
    "lost": "once",
    "refused": "wrong",
    "stale": "overtaken",
    "closed": "period",
}
