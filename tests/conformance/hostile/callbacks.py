"""How long a server's event loop is kept from everybody else: the processor time of each of its callbacks."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


class Watch:
    """Measures the callbacks of one thread, which tells its name by serving a first request."""

    def __init__(self) -> None:
        self.thread: int | None = None
        self.longest = 0.0
        self.what = ""

    def reset(self) -> None:
        """Forget what was measured."""
        self.longest, self.what = 0.0, ""

    def run(self, original: Any, handle: asyncio.Handle) -> None:
        """Run a callback, and keep the longest."""
        if threading.get_ident() != self.thread:
            original(handle)
            return
        began = time.thread_time()
        original(handle)
        spent = time.thread_time() - began
        if spent > self.longest:
            self.longest, self.what = spent, repr(handle)[:300]


@contextmanager
def watched() -> Iterator[Watch]:
    """Measure the callbacks of the thread that the watch is given; it must run Python's own event loop."""
    watch, original = Watch(), asyncio.events.Handle._run  # noqa: SLF001
    asyncio.events.Handle._run = lambda handle: watch.run(original, handle)  # type: ignore[assignment,method-assign]  # noqa: SLF001
    try:
        yield watch
    finally:
        asyncio.events.Handle._run = original  # type: ignore[method-assign]  # noqa: SLF001
