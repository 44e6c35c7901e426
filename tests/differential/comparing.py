"""What two executions of one document have to have in common: effects, the data's bytes, and where which error is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Verdict: TypeAlias = Literal["same", "effects", "data", "errors", "calls"]
"""In what two answers differ first."""


class Told(NamedTuple):
    """An error, as far as it is compared: its code, and every path at which it is told."""

    code: str
    paths: Sequence[Sequence[str | int]]


class Answer(NamedTuple):
    """What was answered, how often whoever had to be asked was, and what was changed, in order."""

    data: Any
    errors: Sequence[Told]
    calls: Mapping[str, int]
    effects: Sequence[str] = ()

    @property
    def places(self) -> set[tuple[str | None, tuple[str | int, ...]]]:
        """Where which error is.

        An error is where a value is null. Where null has spread from below, the code is left out: which of several
        causes is told first is a matter of timing.
        """
        return set(self._placed())

    def _placed(self) -> Iterator[tuple[str | None, tuple[str | int, ...]]]:
        for error in self.errors:
            for path in error.paths:
                at = _null(path, self.data)
                yield (error.code if len(at) == len(path) else None), at


def verdict(planned: Answer, ordinary: Answer) -> Verdict:
    """Tell whether a plan has done and said the same; without errors it may have asked nobody more often."""
    if list(planned.effects) != list(ordinary.effects):
        return "effects"
    if orjson.dumps(planned.data) != orjson.dumps(ordinary.data):
        return "data"
    if planned.places != ordinary.places:
        return "errors"
    more = any(count > ordinary.calls.get(name, 0) for name, count in planned.calls.items())
    return "calls" if more and not ordinary.errors else "same"


def _null(path: Sequence[str | int], data: Any) -> tuple[str | int, ...]:
    for length, step in enumerate(path):
        if data is None:
            return tuple(path[:length])
        data = data[step]
    assert data is None, path
    return tuple(path)
