"""Where values are read from: a source's own columns, and what its `translate.py` makes of them."""

from __future__ import annotations

import inspect
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from sources.contract import Named, Several
from sources.fields import CALL, RuleError
from sources.scalars import BadValue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sources.contract import Get


class Columns:
    """The places of a source's rows, each looked up by a function that is made once.

    `follow` makes it of a path, as the source's protocol nests its rows; `several` says that a path may lead to many
    values.
    """

    def __init__(
        self, follow: Callable[[str], Get], functions: Mapping[str, Callable[..., Any]], *, several: bool = False
    ) -> None:
        self._follow, self._several = follow, several
        self._functions = {name: (call, tuple(inspect.signature(call).parameters)) for name, call in functions.items()}
        self._known: dict[str, Get] = {}

    def at(self, path: str) -> Get:
        """Return what finds the value at a path; it raises BadValue where a function cannot make one."""
        if path not in self._known:
            self._known[path] = self._called(path) if path.endswith(CALL) else self._follow(path)
        return self._known[path]

    def sole(self, path: str) -> Get:
        """Return what finds *the* value at a path: of several none is."""
        get = self.at(path)
        return (lambda raw: _sole(get(raw))) if self._several else get

    def behind(self, paths: Iterable[str], where: str) -> list[str]:
        """List the columns that these paths need of the source, each once, or raise RuleError."""
        needed: dict[str, None] = {}
        for at in paths:
            name = at.removesuffix(CALL)
            if at.endswith(CALL) and name not in self._functions:
                raise RuleError(f"{where}: translate.py has no function {name!r}")
            needed |= dict.fromkeys(self._functions[name][1] if at.endswith(CALL) else [at])
        return list(needed)

    def _called(self, path: str) -> Get:
        function, parameters = self._functions[path.removesuffix(CALL)]
        gets = [self.at(column) for column in parameters]

        def call(raw: Mapping[str, Any]) -> Any:
            try:
                return function(*(get(raw) for get in gets))
            except Exception as error:  # whatever it trips over is a value that it was not written for
                raise BadValue(path) from error

        return call


def listing(get: Get) -> Callable[[Sequence[Mapping[str, Any]]], list[Any]]:
    """Return what lists the values of many rows that one is found by in a row."""
    if not isinstance(get, Named):
        return lambda rows: list(map(get, rows))
    pick = itemgetter(get.name)

    def column(rows: Sequence[Mapping[str, Any]]) -> list[Any]:
        try:
            return list(map(pick, rows))
        except KeyError:  # some systems leave out what is empty
            return list(map(get, rows))

    return column


def _sole(value: Any) -> Any:
    if isinstance(value, Several):
        return value[0] if len(value) == 1 else None
    return value
