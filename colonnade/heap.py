"""Garbage collections at moments of our own choosing: a full one walks the whole heap, and holds everybody up.

In the middle of an answer of many thousands of rows that is a tenth of a second and more; between requests the heap is
small. Younger generations are collected by Python as ever, but not several times in one answer: a request leaves no
cycles (tests/colonnade/test_heap.py), so what lives in the middle of one is nearly all of what would be looked through.
"""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

# Python begins a full collection after so many of the middle generation: in no life of a process.
NEVER: Final = 2**30
SECONDS: Final = 5.0
# Of how many new objects the youngest are looked through: more than most answers are made of. Python's 700 come round
# dozens of times in one of a thousand rows.
YOUNG: Final = 20_000
# Under unending load there is no better moment: what is circular would pile up.
PATIENCE: Final = 60.0


def settle() -> None:
    """Take over: leave what has been loaded by now out of all collections, and let `tidy` begin the full ones."""
    gc.collect()
    gc.freeze()
    _, middle, _ = gc.get_threshold()
    gc.set_threshold(YOUNG, middle, NEVER)


async def tidy(busy: Callable[[], bool]) -> None:
    """Collect every few seconds, when nobody is being answered; in a process that has settled, and in no other."""
    waited = 0.0
    while gc.get_threshold()[2] == NEVER:
        await asyncio.sleep(SECONDS)
        waited += SECONDS
        if waited >= PATIENCE or not busy():
            gc.collect()
            waited = 0.0
