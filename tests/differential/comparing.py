"""What two executions of one document have to have in common: the bytes of the data, and where which error is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


class Told(NamedTuple):
    """An error, as far as it is compared: its code, and every path at which it is told."""

    code: str
    paths: Sequence[Sequence[str | int]]


def same_data(planned: Any, ordinary: Any) -> bool:
    """Tell whether two data are the same, their keys in the same order."""
    return orjson.dumps(planned) == orjson.dumps(ordinary)


def places(errors: Iterable[Told], data: Any) -> set[tuple[str | None, tuple[str | int, ...]]]:
    """Return where in an answer which error is.

    An error is where a value is null. Where null has spread from below, the code is left out: which of several causes
    is told first is a matter of timing.
    """
    return set(_placed(errors, data))


def _placed(errors: Iterable[Told], data: Any) -> Iterator[tuple[str | None, tuple[str | int, ...]]]:
    for error in errors:
        for path in error.paths:
            at = _null(path, data)
            yield (error.code if len(at) == len(path) else None), at


def _null(path: Sequence[str | int], data: Any) -> tuple[str | int, ...]:
    for length, step in enumerate(path):
        if data is None:
            return tuple(path[:length])
        data = data[step]
    assert data is None, path
    return tuple(path)
