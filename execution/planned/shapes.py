"""Rows of an answer made of columns: for each list of keys one comprehension, written when it is first needed.

A dictionary whose keys stand in the code costs a third of one that is zipped together.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Build: TypeAlias = "Callable[[int, Sequence[Sequence[Any]]], list[dict[str, Any]]]"


@lru_cache(maxsize=1_000)
def shape(keys: tuple[str, ...], constants: tuple[str | None, ...]) -> Build:
    """Return what makes rows of columns: a constant where there is one, and else the next of the columns' values.

    The keys and constants are names of GraphQL; `repr` writes any text as a literal all the same.
    """
    names = [f"v{index}" if constant is None else None for index, constant in enumerate(constants)]
    values = [repr(constant) if name is None else name for name, constant in zip(names, constants, strict=True)]
    pairs = ", ".join(f"{key!r}: {value}" for key, value in zip(keys, values, strict=True))
    taken = [name for name in names if name is not None]
    source = f"for {', '.join(taken)}, in zip(*columns, strict=True)" if taken else "for _ in range(count)"
    made: dict[str, Any] = {}
    exec(f"def build(count, columns):\n    return [{{{pairs}}} {source}]", made)  # noqa: S102  of names alone
    return made["build"]  # type: ignore[no-any-return]
