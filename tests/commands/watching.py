"""A server watched from outside: how long it lets others wait."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.commands.rig import Rig

PACE = 0.02


@contextmanager
def watched(house: Rig) -> Iterator[list[float]]:
    """Ask the server again and again whether it lives; the list is how many milliseconds each answer took."""
    waits: list[float] = []
    over = threading.Event()

    def ask() -> None:
        with httpx.Client(trust_env=False) as client:
            while not over.wait(PACE):
                began = time.perf_counter()
                client.get(f"http://127.0.0.1:{house.port}/livez")
                waits.append((time.perf_counter() - began) * 1000)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        yield waits
    finally:
        over.set()
        asking.join()
        waits.sort()
