"""The servers that are compared: how each is started, and with which token it is asked."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from benchmarks.processes import PYTHON, free_port, running
from benchmarks.product import configure, key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from benchmarks.processes import Process

PEERS: Final = Path(__file__).with_name("peers")
NODE: Final = PEERS / "node_modules" / ".bin" / "node"
UVICORN: Final = ("--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning", "--factory")


class Running(NamedTuple):
    """A server that is up, and the token that opens it."""

    process: Process
    token: str = ""


class Server(NamedTuple):
    """A server: its name in the report, what it is, and how it is started over an upstream, pinned to a core."""

    name: str
    what: str
    command: Sequence[str]
    env: Mapping[str, str] = {}
    ready: str = "/graphql"
    # Of the product alone: by which role of access.toml it is asked, and what [server] of its settings says besides.
    role: str = ""
    settings: Sequence[str] = ()

    @property
    def installed(self) -> bool:
        """Whether it can be started here."""
        return self.command[0] != str(NODE) or NODE.exists()

    @contextmanager
    def up(self, upstream: str, core: int | None) -> Iterator[Running]:
        """Run it over the upstream until the end of the block."""
        port, env = free_port(), {"UPSTREAM": upstream, **self.env}
        if not self.role:
            command = [part.format(port=port) for part in self.command]
            with running(command, port, self.ready, core, env) as process:
                yield Running(process)
            return
        with tempfile.TemporaryDirectory(prefix="colonnade-bench-") as folder:
            config = configure(Path(folder), upstream, port, self.settings)
            token = key(config, self.role)
            command = [*self.command, "--config", str(config)]
            with running(command, port, "/livez", core, env) as process:
                yield Running(process, token)


def _product(name: str, what: str, role: str, *settings: str) -> Server:
    return Server(name, what, [*PYTHON, "colonnade", "serve"], ready="/livez", role=role, settings=settings)


def _python(name: str, what: str, app: str) -> Server:
    return Server(name, what, [*PYTHON, "uvicorn", app, "--port", "{port}", *UVICORN])


def _peer(name: str, what: str, program: str, **env: str) -> Server:
    return Server(name, what, [str(NODE), str(PEERS / program), "{port}"], {"NODE_ENV": "production", **env})


COLD: Final = "cache_seconds = 0"
COLONNADE: Final = _product("colonnade", "every row of every type may be read; nothing is kept", "whole", COLD)
STOCK: Final = _python("strawberry", "stock: aiodataloader, httpx, Strawberry's ASGI view", "benchmarks.stock:app")
HAND: Final = _python("hand-written", "Starlette, httpx over aiohttp, msgspec, orjson", "benchmarks.hand:app")
APOLLO: Final = _peer("apollo", "Apollo Server 5, DataLoader", "apollo.mjs")
JIT: Final = _peer("mercurius-jit", "the same, compiled by graphql-jit", "mercurius.mjs", JIT="1")
# The first one is measured twice: the second time tells what a difference means here.
SERVERS: Final = (
    COLONNADE,
    _product("colonnade-rows", "the rows decide, of every type and every restricted value", "rows", COLD),
    _product("colonnade-cached", "like the first, with the entity cache of 300 s", "whole"),
    _product(
        "colonnade-unplanned", "like the first, each value completed by graphql-core", "whole", COLD, "planned = false"
    ),
    STOCK,
    HAND,
    APOLLO,
    _peer("mercurius", "Fastify, mercurius with its own loaders", "mercurius.mjs"),
    JIT,
    _peer("yoga", "GraphQL Yoga, DataLoader", "yoga.mjs"),
)
