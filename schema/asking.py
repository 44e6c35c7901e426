"""How a field that asks is answered, and one that is not for everybody: for one row, and for a column of rows.

The two ways stand beside each other because they have to say the same. A row alone is answered for ordinary execution,
a column for a plan (`schema/column.py`); what is asked, who may read it and what becomes of the answer is one.
"""

from __future__ import annotations

import asyncio
import inspect
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from schema.connection import Connection
from schema.demand import PAGE
from schema.problems import Code, Problem
from schema.rows import Ref

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from schema.ask import Ask
    from schema.column import At
    from schema.context import Context, Info
    from schema.restriction import Restriction
    from schema.values import Days

# Keys of which one look tells that each means one record or none.
NONE: Final = type(None)
SINGLE: Final = frozenset({Ref, NONE})
AMISS: Final = (Problem, NONE)


class Asking:
    """A field that asks."""

    def __init__(self, ask: Ask, kind: Restriction | None) -> None:
        self.ask, self.kind = ask, kind
        self._key = attrgetter(ask.key)
        self._pick = None if ask.pick is None else attrgetter(ask.pick)
        # Whether the answer to a key is the field's value for every row that has it.
        self._by_key = ask.derive is None and (ask.where is None or ask.top)

    @property
    def questions(self) -> Sequence[str]:
        """The questions that it may ask, in order."""
        ask = self.ask
        return (ask.question,) if ask.of is None else (ask.of, ask.question)

    @property
    def key(self) -> str:
        """By what of a row it asks."""
        return self.ask.key

    def begin(self, row: Any, info: Info, days: Days | None = None) -> Any:
        """Return the answer, or what is to be awaited for it: a value costs a tenth of a coroutine."""
        # Before anything is asked, and before the key is looked at: what is there and what is not look alike.
        if (refused := info.context.withheld(self.ask.question)) is not None:
            return refused
        settled = True if self.kind is None else info.context.settled(self.kind)
        if isinstance(settled, Problem):
            return settled
        if settled and self.ask.of is None and not isinstance(key := self.ask.key_on(row), Ref | list):
            return key
        return self._resolve(row, info, days)

    async def _resolve(self, row: Any, info: Info, days: Days | None) -> Any:
        ask, load = self.ask, info.context.load
        if self.kind is not None and (refused := await info.context.refusal(self.kind, row)) is not None:
            return refused
        key = ask.key_on(row if ask.of is None else await load(ask.of, row.ref))
        if key is None or isinstance(key, Problem):
            return key
        if isinstance(key, list):
            return ask.each(await asyncio.gather(*(load(ask.question, one) for one in key)))
        return ask.answer(row, await load(ask.question, key), days)

    async def column(self, rows: Sequence[Any], at: At, days: Days | None = None) -> list[Any]:
        """Return the answers for many rows: each question is asked once."""
        if (refused := at.context.withheld(self.ask.question)) is not None:
            return [refused] * len(rows)
        refusals = await refused_of(self.kind, rows, at.context)
        if not any(refusals):
            return await self._found(rows, at, days)
        readable = [row for row, refused in zip(rows, refusals, strict=True) if refused is None]
        found = iter(await self._found(readable, at, days) if readable else ())
        return [next(found) if refused is None else refused for refused in refusals]

    async def _found(self, rows: Sequence[Any], at: At, days: Days | None) -> list[Any]:
        ask, holders = self.ask, rows
        if ask.of is not None:
            facets = await at.ask(ask.of, {row.ref for row in rows})
            holders = [facets[row.ref] for row in rows]
            keys = [ask.key_on(holder) for holder in holders]
        else:
            keys = list(map(self._key, rows))
        kinds = set(map(type, keys))
        if not kinds <= SINGLE:
            return await self._each(rows, [ask.key_on(holder) for holder in holders], at, days)
        wanted = set(keys) - {None}
        found = await at.ask(ask.question, wanted) if wanted else {}
        if NONE not in kinds and (whole := self._whole(list(map(found.__getitem__, keys)), days)) is not None:
            return whole
        if self._by_key:
            said = {None: None} | {key: self._said(None, key, found, days) for key in wanted}
            return [said[key] for key in keys]
        return [self._said(row, key, found, days) for row, key in zip(rows, keys, strict=True)]

    def _whole(self, found: list[Any], days: Days | None) -> list[Any] | None:
        """Return the values that answers stand for as they are; None where they have to be looked at one by one."""
        ask = self.ask
        chosen = ask.where is not None or ask.derive is not None or days is not None
        if chosen or any(issubclass(kind, AMISS) for kind in set(map(type, found))):
            return None
        if self._pick is not None:
            return list(map(self._pick, found))
        return None if ask.at_most is not None and max(map(len, found)) > ask.at_most else found

    async def _each(self, rows: Sequence[Any], keys: Sequence[Any], at: At, days: Days | None) -> list[Any]:
        """Answer where some keys are lists of keys, or Problems."""
        several = [key if type(key) is list else [key] for key in keys if isinstance(key, Ref | list)]
        wanted = {ref for refs in several for ref in refs}
        found = await at.ask(self.ask.question, wanted) if wanted else {}
        return [self._said(row, key, found, days) for row, key in zip(rows, keys, strict=True)]

    def _said(self, row: Any, key: Any, found: Mapping[Ref, Any], days: Days | None) -> Any:
        if key is None or isinstance(key, Problem):
            return key
        try:
            if isinstance(key, list):
                return self.ask.each([found[one] for one in key])
            return self.ask.answer(row, found[key], days)
        except Exception as error:  # noqa: BLE001  of this row it is, and of no other
            return error


class During(Asking):
    """A field that asks, and shows what has a day in a range."""

    def begin(self, row: Any, info: Info, days: Days | None = None) -> Any:
        """Return the answer, or what is to be awaited for it."""
        return self._wrong(days) or super().begin(row, info, days)

    async def column(self, rows: Sequence[Any], at: At, days: Days | None = None) -> list[Any]:
        """Return the answers for many rows."""
        wrong = self._wrong(days)
        return await super().column(rows, at, days) if wrong is None else [wrong] * len(rows)

    @staticmethod
    def _wrong(days: Days | None) -> Problem | None:
        if days is not None and days.end is not None and days.end < days.start:
            return Problem(Code.BAD_INPUT, "'range' ends before it begins")
        return None


class Paging:
    """A field that asks, and shows a page of what it finds. A wrong argument is refused before anybody is asked."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self.questions, self.key = asking.questions, asking.key

    async def page(self, row: Any, info: Info, first: int, after: str | None) -> Any:
        """Return the page of one row."""
        window = info.context.window(f"{row.ref.type}.{info.field_name}", row.ref, first, after)
        if isinstance(window, Problem):
            return window
        rows = self._asking.begin(row, info)
        return _cut(window, await rows if inspect.isawaitable(rows) else rows, after)

    async def column(self, rows: Sequence[Any], at: At, first: int = PAGE, after: str | None = None) -> list[Any]:
        """Return the pages of many rows."""
        windows = [at.context.window(f"{row.ref.type}.{at.field}", row.ref, first, after) for row in rows]
        good = [row for row, window in zip(rows, windows, strict=True) if not isinstance(window, Problem)]
        found = iter(await self._asking.column(good, at) if good else ())
        return [window if isinstance(window, Problem) else _cut(window, next(found), after) for window in windows]


def _cut(window: Any, rows: Any, after: str | None) -> Any:
    cut = rows if rows is None or isinstance(rows, Problem) else window.cut(rows)
    return cut if cut is None or isinstance(cut, Problem) else Connection.of(cut, after)


class Own:
    """A field of the row itself that is not for everybody."""

    questions: Sequence[str] = ()
    key = ""

    def __init__(self, name: str, kind: Restriction) -> None:
        self._name, self._kind = name, kind

    def begin(self, row: Any, info: Info) -> Any:
        """Return the value, or what is to be awaited for it."""
        settled = info.context.settled(self._kind)
        if isinstance(settled, Problem):
            return settled
        return getattr(row, self._name) if settled else self._decided(row, info)

    async def _decided(self, row: Any, info: Info) -> Any:
        refused = await info.context.refusal(self._kind, row)
        return getattr(row, self._name) if refused is None else refused

    async def column(self, rows: Sequence[Any], at: At) -> list[Any]:
        """Return the values of many rows."""
        refusals = await refused_of(self._kind, rows, at.context)
        return [
            getattr(row, self._name) if refused is None else refused
            for row, refused in zip(rows, refusals, strict=True)
        ]


async def refused_of(kind: Restriction | None, rows: Sequence[Any], context: Context) -> Sequence[Problem | None]:
    """Return for each row the Problem that stands for a value of a kind, None where it may be read."""
    settled = True if kind is None else context.settled(kind)
    if kind is None or settled is True:
        return [None] * len(rows)
    return [settled] * len(rows) if isinstance(settled, Problem) else await context.refusals(kind, rows)
