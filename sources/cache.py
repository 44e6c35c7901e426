"""What owners said a while ago, for as long as the domain lets it stand; shared by all requests of a process.

a key is ──┬── kept ─────────── answered without a call
           ├── on its way ───── answered by the call that another request has begun
           └── neither ──────── asked, with all others of its kind, by a call that outlives whoever began it
"""

from __future__ import annotations

import asyncio
import dataclasses
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from cachetools import TLRUCache

from schema.problems import Code, Problem
from schema.rows import Row

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence

    from schema.context import Clock

# All rows together: some hundred megabytes at the very most.
ROWS = 50_000
# What is not there may come any moment, and then it is missed.
ABSENT = timedelta(seconds=10)


class Topic(NamedTuple):
    """What is asked of whom, and in whose name: the empty name is the firm's own, and its answers are everybody's."""

    whose: str
    binding: str
    question: str


class Told(NamedTuple):
    """What was said of each id, and of which ids it was said without a doubt: only that may be kept."""

    values: Mapping[str, Any]
    sure: Collection[str]


Ask: TypeAlias = "Callable[[Sequence[str]], Awaitable[Told]]"


class _Kept(NamedTuple):
    value: Any
    until: float


class _Flight:
    """A call on its way, the deadline of the request that began it, and how many wait for it now."""

    task: asyncio.Task[Mapping[str, Any]]

    def __init__(self, topic: Topic, ids: Sequence[str], deadline: float) -> None:
        self.keys = [(topic, id_) for id_ in ids]
        self.deadline = deadline
        self.waiting = 0
        self.kept = True


class Cache:
    """Answers by topic and id, none older than the domain's cadence and than `most`. Problems are never kept."""

    def __init__(self, most: timedelta, clock: Clock) -> None:
        self.most, self._clock = most, clock
        self._kept: TLRUCache[tuple[Topic, str], _Kept] = TLRUCache(
            ROWS, ttu=lambda _key, kept, _now: kept.until, timer=self._now, getsizeof=lambda kept: _rows(kept.value)
        )
        self._flights: dict[tuple[Topic, str], _Flight] = {}

    def forget(self, binding: str, questions: Collection[str]) -> None:
        """Forget what a system answered to these questions: something of it has changed there."""

        def meant(key: tuple[Topic, str]) -> bool:
            return key[0].binding == binding and key[0].question in questions

        for key in [key for key in self._kept if meant(key)]:
            del self._kept[key]
        for flight in {flight for key, flight in self._flights.items() if meant(key)}:
            # It may bring the state before: whoever waits for it has asked before, too, but nobody later shares it.
            flight.kept = False
            self._land(flight)

    @property
    def flights(self) -> set[asyncio.Task[Any]]:
        """The calls on their way."""
        return {flight.task for flight in self._flights.values()}

    async def answer(
        self, topic: Topic, ids: Sequence[str], cadence: timedelta, deadline: float, ask: Ask
    ) -> dict[str, Any]:
        """Return what is known or can be had by the deadline, an instant of the loop's clock; later ids are missing."""
        known = {id_: kept.value for id_ in ids if (kept := self._kept.get((topic, id_))) is not None}
        waited = {id_: flight for id_ in ids if (flight := self._flights.get((topic, id_))) is not None}
        missing = [id_ for id_ in ids if id_ not in known and id_ not in waited]
        own = self._begin(topic, missing, cadence, deadline, ask) if missing else None
        again: list[str] = []
        with self._joined({*waited.values(), *([own] if own else [])}):
            if waited:
                left = deadline - asyncio.get_running_loop().time()
                await asyncio.wait({flight.task for flight in waited.values()}, timeout=max(left, 0))
            if own is not None:
                # Never by `await own.task`: who gives up would cancel it for the others.
                await asyncio.wait({own.task})
        for id_, flight in waited.items():
            if flight.task.done():
                known[id_] = flight.task.result()[id_]
                if _theirs(known[id_], flight) and not _passed(deadline):
                    again.append(id_)
        if own is not None:
            known |= own.task.result()
        return known | (await self.answer(topic, again, cadence, deadline, ask) if again else {})

    @contextmanager
    def _joined(self, flights: Collection[_Flight]) -> Iterator[None]:
        """Wait for flights. Who gives up leaves them to the others; the last one ends what nobody waits for."""
        for flight in flights:
            flight.waiting += 1
        try:
            yield
        except asyncio.CancelledError:
            for flight in flights:
                if flight.waiting == 1 and not flight.task.done():
                    # At once: whoever came before the task has noticed would share its end.
                    self._land(flight)
                    flight.task.cancel()
            raise
        finally:
            for flight in flights:
                flight.waiting -= 1

    def _begin(self, topic: Topic, ids: Sequence[str], cadence: timedelta, deadline: float, ask: Ask) -> _Flight:
        flight = _Flight(topic, ids, deadline)
        flight.task = asyncio.create_task(self._fly(flight, topic, ids, min(cadence, self.most), ask))
        self._flights |= dict.fromkeys(flight.keys, flight)
        return flight

    def _land(self, flight: _Flight) -> None:
        for key in flight.keys:
            if self._flights.get(key) is flight:
                del self._flights[key]

    async def _fly(
        self, flight: _Flight, topic: Topic, ids: Sequence[str], life: timedelta, ask: Ask
    ) -> Mapping[str, Any]:
        began = self._now()
        try:
            told = await ask(ids)
        finally:
            self._land(flight)
        for id_ in told.sure if flight.kept else ():
            if _sound(value := told.values[id_]) and _rows(value) <= ROWS:
                self._kept[topic, id_] = _Kept(value, _until(value, began, life))
        return told.values

    def _now(self) -> float:
        # The clock by which rows tell their age, so that both always agree.
        return self._clock.now().timestamp()


def _theirs(value: Any, flight: _Flight) -> bool:
    """Tell whether a call failed of the one who began it, whose time was up or who had asked too much already."""
    return isinstance(value, Problem) and (value.code is Code.CALL_BUDGET or _passed(flight.deadline))


def _passed(deadline: float) -> bool:
    return asyncio.get_running_loop().time() >= deadline


def _rows(value: Any) -> int:
    return max(len(value), 1) if isinstance(value, list) else 1


def _until(value: Any, began: float, life: timedelta) -> float:
    """Count from when the owner was read: a row of a list that is read once a window has an age already."""
    rows = value if isinstance(value, list) else [value] if value is not None else []
    if not rows:
        return began + min(life, ABSENT).total_seconds()
    return float(min(row.origin.as_of.timestamp() for row in rows) + life.total_seconds())


def _sound(value: Any) -> bool:
    """Tell whether there is no Problem in a value. One that is kept would also gather a traceback with each answer."""
    return not isinstance(value, Problem) and all(map(_sound, _parts(value)))


def _parts(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        yield from value
    elif isinstance(value, Row):
        yield from (getattr(value, name) for name in value.__struct_fields__)
    elif dataclasses.is_dataclass(value):
        yield from vars(value).values()
