"""A closed loop of requests, in a process of its own: `python -m benchmarks.load`, one JSON line in, one out.

A fixed number of requests is sent and every answer awaited, so that nobody is charged for unfinished work. An answer
must be 200, without errors, and as long as the first one: what it says was compared before.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from itertools import cycle
from typing import Any, Final

import msgspec
import uvloop

READ: Final = 2**24
PAUSE: Final = 0.002


class Load(msgspec.Struct):
    """What is sent where: `count` requests, or as many as fit into `seconds`. `probed` is asked beside them.

    Each request shows the next of the tokens, the first after the last; an empty one is not shown.
    """

    port: int
    body: bytes
    connections: int
    count: int
    seconds: float
    tokens: list[str]
    probed: str = ""


class Measured(msgspec.Struct):
    """What came of it: requests, those answered otherwise, seconds in all, milliseconds each and at most beside."""

    requests: int
    bad: int
    seconds: float
    p50: float
    p99: float
    longest: float


class Loop:
    """One run of a load."""

    def __init__(self, load: Load) -> None:
        self._load, self._left = load, load.count
        self._requests = cycle(
            [_head("POST", "/graphql", load.port, token, len(load.body)) + load.body for token in load.tokens]
        )
        self._until = time.perf_counter() + load.seconds
        self._waited: list[float] = []
        self._longest, self._length, self._bad, self._over = 0.0, 0, 0, False

    async def run(self) -> Measured:
        """Send everything, and wait for the last answer."""
        load, began = self._load, time.perf_counter()
        async with asyncio.TaskGroup() as tasks:
            probe = tasks.create_task(self._probe()) if load.probed else None
            await asyncio.gather(*(self._worker() for _ in range(load.connections)))
            took, self._over = time.perf_counter() - began, True
            if probe is not None:
                await probe
        waited = [1000 * one for one in self._waited]
        p99 = statistics.quantiles(waited, n=100)[-1] if len(waited) > 1 else waited[0]
        return Measured(len(waited), self._bad, took, statistics.median(waited), p99, 1000 * self._longest)

    def _goes_on(self) -> bool:
        self._left -= 1
        return time.perf_counter() < self._until if self._load.seconds else self._left >= 0

    async def _worker(self) -> None:
        load = self._load
        reader, writer = await asyncio.open_connection("127.0.0.1", load.port, limit=READ)
        while self._goes_on():
            began = time.perf_counter()
            writer.write(next(self._requests))
            status, body = await _answer(reader)
            self._waited.append(time.perf_counter() - began)
            self._length = self._length or len(body)
            # Errors stand behind the data or before it, and are a part of neither.
            self._bad += status != b"200" or len(body) != self._length or b'"errors":' in body[:20] + body[-400:]
        writer.close()

    async def _probe(self) -> None:
        """Ask something else, again and again: it waits as long as the longest callback that it meets."""
        request = _head("GET", self._load.probed, self._load.port)
        reader, writer = await asyncio.open_connection("127.0.0.1", self._load.port)
        while not self._over:
            began = time.perf_counter()
            writer.write(request)
            await _answer(reader)
            self._longest = max(self._longest, time.perf_counter() - began)
            await asyncio.sleep(PAUSE)
        writer.close()


def _head(method: str, path: str, port: int, token: str = "", length: int = 0) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Accept: application/json"]
    lines += [f"Authorization: Bearer {token}"] if token else []
    lines += ["Content-Type: application/json", f"Content-Length: {length}"] if length else []
    return "\r\n".join([*lines, "", ""]).encode()


async def _answer(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Return the status and the body of the next answer."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    status = head[9:12]
    _, said, rest = head.partition(b"content-length:")
    if said:
        return status, await reader.readexactly(int(rest.partition(b"\r")[0]))
    body = b""
    while size := int((await reader.readuntil(b"\r\n")).partition(b";")[0], 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readexactly(2)
    return status, body


if __name__ == "__main__":
    asked: Any = msgspec.json.decode(sys.stdin.buffer.read(), type=Load)
    sys.stdout.buffer.write(msgspec.json.encode(uvloop.run(Loop(asked).run())))
