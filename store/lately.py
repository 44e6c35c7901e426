"""What was looked up lately, for batches of keys: one look at the clock for all of them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

K = TypeVar("K")
V = TypeVar("V")


class Lately(Generic[K, V]):
    """Values, none older than `seconds`, about `most` at a time.

    They are kept in two generations: when the younger one is half as old as a value may be, or holds half of the most,
    it becomes the elder, and the elder is forgotten. A cache with a time for each key costs a batch ten times as much.
    """

    def __init__(self, seconds: float, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._most, self._clock = seconds, most, clock
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self._young: dict[K, V] = {}
        self._old: dict[K, V] = {}
        self._young_since = self._old_since = self._clock()

    def find(self, keys: Collection[K]) -> dict[K, V]:
        """Return what is known of these keys."""
        self._age()
        young, old = self._young, self._old
        # Mostly everything is young.
        try:
            return dict(zip(keys, map(young.__getitem__, keys), strict=True))
        except KeyError:
            found = {key: young[key] for key in keys if key in young}
        return found | {key: old[key] for key in keys if key in old and key not in found} if old else found

    def keep(self, found: Mapping[K, V]) -> None:
        """Keep what was found just now."""
        self._age()
        self._young.update(found)

    def _age(self) -> None:
        now = self._clock()
        if now - self._young_since >= self._seconds / 2 or len(self._young) >= self._most / 2:
            self._old, self._old_since = self._young, self._young_since
            self._young, self._young_since = {}, now
        if now - self._old_since >= self._seconds:
            self._old = {}
