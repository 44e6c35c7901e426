"""The fields of a plan, by how they are answered: each turns rows into a column of what stands there.

Constant   __typename
Attribute  what the row holds
Told       what a function says of the row alone
Asked      what is found for all rows at once: links, facets, what is not for everybody (schema/column.py)
Called     what a resolver says of each row
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable
from functools import partial
from operator import attrgetter
from types import GeneratorType
from typing import TYPE_CHECKING, Any

from execution.planned import library
from execution.planned.levels import Ticket
from execution.planned.running import Standing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from execution.planned.columns import Column
    from execution.planned.running import Place, Run
    from schema.column import Columnar


class Constant:
    """The name of the type."""

    waits = False
    tickets: Sequence[Ticket] = ()

    def __init__(self, key: str, value: str) -> None:
        self.key, self.constant = key, value


class Attribute:
    """What the row holds under a name."""

    constant = None

    def __init__(self, key: str, place: Place, name: str, completion: Any) -> None:
        self.key, self.place, self.completion = key, place, completion
        self._values = partial(_each, attrgetter(name))
        self.waits, self.tickets = completion.waits, completion.tickets

    def now(self, rows: list[Any], run: Run) -> Column:
        """Return the column."""
        done: Column = self.completion.now(self._values(rows), run)
        return done

    async def later(self, rows: list[Any], run: Run) -> Column:
        """Return the column, beneath which something is asked."""
        done: Column = await self.completion.later(self._values(rows), run)
        return done


class Told(Attribute):
    """What a function says of a row, or another one of many rows at once."""

    def __init__(
        self,
        key: str,
        place: Place,
        function: Callable[[Any], Any],
        each: Callable[[list[Any]], list[Any]] | None,
        completion: Any,
    ) -> None:
        super().__init__(key, place, "", completion)
        self._values = partial(_each, function) if each is None else partial(_all, each, function)


def _each(get: Callable[[Any], Any], rows: list[Any]) -> list[Any]:
    """Apply it to every row; what it raises is the error of that row."""
    try:
        return list(map(get, rows))
    except Exception:
        return [_one(get, row) for row in rows]


def _all(each: Callable[[list[Any]], list[Any]], get: Callable[[Any], Any], rows: list[Any]) -> list[Any]:
    try:
        return each(rows)
    except Exception:  # of one row it is, which is found again by itself
        return _each(get, rows)


def _one(get: Callable[[Any], Any], row: Any) -> Any:
    try:
        return get(row)
    except Exception as error:
        return error


class Asked:
    """What is found for all rows at once."""

    constant, waits = None, True

    def __init__(self, key: str, place: Place, columnar: Columnar, completion: Any) -> None:
        self.key, self.level, self.completion = key, place.level, completion
        self.place, self._columnar = place, columnar
        self.questions, self.by = tuple(columnar.questions), columnar.key
        own = [Ticket(place.level + step, question) for step, question in enumerate(self.questions)]
        self.tickets: Sequence[Ticket] = (*own, *completion.tickets)

    async def later(self, rows: list[Any], run: Run) -> Column:
        """Return the column."""
        standing = Standing(self.place, run, self.questions)
        try:
            arguments = library.arguments(run.schema, self.place.field, self.place.nodes[0], run.operation.variables)
            values = await self._columnar.column(rows, standing, **arguments)
        except Exception as error:
            values = [error] * len(rows)
        finally:
            standing.leave()
        if len(values) != len(rows):
            # Never an answer in which values stand in another's row: the plan has failed.
            raise RuntimeError(f"{len(values)} values for {len(rows)} rows of {self.place.where}")
        return await _completed(self.completion, values, run)


class Called:
    """What a resolver says of each row."""

    constant, waits = None, True

    def __init__(self, key: str, place: Place, completion: Any) -> None:
        self.key, self.level, self.completion = key, place.level, completion
        self.place = place
        self.tickets: Sequence[Ticket] = completion.tickets

    async def later(self, rows: list[Any], run: Run) -> Column:
        """Return the column."""
        place = self.place
        resolve: Any = place.field.resolve
        try:
            given = library.given_arguments(place.field, place.nodes[0], run.operation.variables)
        except Exception as error:
            return await _completed(self.completion, [error] * len(rows), run)
        told = place.info(run)
        values = await _awaited([_one(lambda row: resolve(row, told, **given), row) for row in rows])
        lists = [value for value in values if type(value) is list and _may_wait(value)]
        if lists:
            whole = dict(zip(map(id, lists), await asyncio.gather(*map(_awaited, lists)), strict=True))
            values = [whole.get(id(value), value) for value in values]
        return await _completed(self.completion, values, run)


def _may_wait(values: list[Any]) -> bool:
    """Tell by their classes whether there is one among them that has to be waited for."""
    return any(issubclass(kind, Awaitable | GeneratorType) for kind in set(map(type, values)))


async def _awaited(values: list[Any]) -> list[Any]:
    """Wait for those that have to be waited for, all at once; what one raises is its value."""
    if not _may_wait(values):
        return values
    places = [place for place, value in enumerate(values) if inspect.isawaitable(value)]
    if len(places) == 1:
        found: list[Any] = [await _caught(values[places[0]])]
    else:
        found = await asyncio.gather(*(_caught(values[place]) for place in places))
    whole = list(values)
    for place, value in zip(places, found, strict=True):
        whole[place] = value
    return whole


async def _caught(value: Any) -> Any:
    try:
        return await value
    except Exception as error:
        return error


async def _completed(completion: Any, values: list[Any], run: Run) -> Column:
    done: Column = await completion.later(values, run) if completion.waits else completion.now(values, run)
    return done
