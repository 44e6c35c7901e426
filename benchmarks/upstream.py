"""The systems of record, as fast as Python lets them be: `python -m benchmarks.upstream PORT`.

OData as the product's own sources speak it, of which three forms are known: rows whose column is in a list, rows in the
order of their ids behind one, and `/requests`, how many requests there were. What was answered once is kept, so that
the upstream never is what a server waits for.
"""

from __future__ import annotations

import asyncio
import re
import sys
from typing import Any, Final, cast
from urllib.parse import parse_qsl

import orjson
import uvloop

from benchmarks.firm import Row, systems

LISTED: Final = re.compile(r"(\w+) in \((.*)\)")
BEHIND: Final = re.compile(r"id gt '(.*)'")
LITERAL: Final = re.compile(r"'([^']*)'")
KEPT: Final = 5_000
HEAD: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"


class Upstream:
    """Every list, by its path, and by the values of the columns that it is asked by."""

    def __init__(self) -> None:
        self._lists = systems()
        self._indexes: dict[tuple[str, str], dict[str, list[Row]]] = {}
        self._kept: dict[bytes, bytes] = {}
        self._requests = 0

    def answer(self, target: bytes) -> bytes:
        """Return a whole answer to a request's target."""
        if target == b"/requests":
            body = orjson.dumps(self._requests)
            return HEAD % (len(body), body)
        self._requests += 1
        if (kept := self._kept.get(target)) is None:
            body = orjson.dumps(self._body(target.decode()))
            kept = HEAD % (len(body), body)
            if len(self._kept) < KEPT:
                self._kept[target] = kept
        return kept

    def _body(self, target: str) -> dict[str, Any]:
        path, _, query = target.partition("?")
        options = dict(parse_qsl(query))
        chosen = options.get("$filter", "")
        if listed := LISTED.match(chosen):
            rows = self._among(path, listed[1], LITERAL.findall(listed[2]))
        else:
            behind = BEHIND.match(chosen)
            rows = [row for row in self._lists[path] if behind is None or row["id"] > behind[1]]
        top = int(options.get("$top", len(rows)))
        return {"@odata.count": len(rows), "value": rows[:top]}

    def _among(self, path: str, column: str, values: list[str]) -> list[Row]:
        index = self._indexes.get((path, column))
        if index is None:
            index = self._indexes[path, column] = {}
            for row in self._lists[path]:
                index.setdefault(row[column], []).append(row)
        return [row for value in values for row in index.get(value, ())]


class Connection(asyncio.Protocol):
    """One connection: heads in, answers out; no request has a body."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream, self._read = upstream, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what is written to."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer every request whose head is whole."""
        *heads, self._read = (self._read + data).split(b"\r\n\r\n")
        for head in heads:
            self._transport.write(self._upstream.answer(head.split(b" ", 2)[1]))


async def main(port: int) -> None:
    """Serve until the process is ended."""
    upstream = Upstream()
    server = await asyncio.get_running_loop().create_server(lambda: Connection(upstream), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
