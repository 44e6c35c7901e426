"""The servers that are compared: how each is started, and with which tokens it is asked."""

from __future__ import annotations

import tempfile
from collections import deque
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from benchmarks.processes import PYTHON, free_port, running
from benchmarks.product import BENCH, configure, key
from demo.issuer import issuer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from benchmarks.processes import Process

PEERS: Final = Path(__file__).with_name("peers")
NODE: Final = PEERS / "node_modules" / ".bin" / "node"
UVICORN: Final = ("--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning", "--factory")


class Running(NamedTuple):
    """A server that is up, and the tokens that open it, in the order in which requests show them, round and round."""

    process: Process
    tokens: deque[str]


class Server(NamedTuple):
    """A server: its name in the report, what it is, and how it is started over an upstream, pinned to a core."""

    name: str
    what: str
    command: Sequence[str]
    env: Mapping[str, str] = {}
    ready: str = "/graphql"
    # Of the product alone: by which role of access.toml it is asked, what [server] of its settings says besides, and by
    # how many tokens of an issuer; with none it is asked by a service key.
    role: str = ""
    settings: Sequence[str] = ()
    signed: int = 0

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
                yield Running(process, deque([""]))
            return
        with ExitStack() as held:
            folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="colonnade-bench-")))
            if self.signed:
                provider = held.enter_context(issuer())
                config = configure(folder, upstream, port, self.settings, provider.url)
                tokens = deque(provider.token(BENCH) for _ in range(self.signed))
            else:
                config = configure(folder, upstream, port, self.settings)
                tokens = deque([key(config, self.role)])
            yield Running(held.enter_context(running([*self.command, str(config)], port, "/livez", core, env)), tokens)


def _product(name: str, what: str, role: str, *settings: str) -> Server:
    command = [*PYTHON, "colonnade", "serve", "--config"]
    return Server(name, what, command, ready="/livez", role=role, settings=settings)


def _signed(name: str, what: str, tokens: int) -> Server:
    return Server(name, what, [*PYTHON, "benchmarks.signed"], role="whole", settings=(COLD,), signed=tokens)


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
# More than the product keeps as proven (colonnade/edge/identity/tokens.py): asked in turn, each has to be proven anew.
STRANGE: Final = 2_100
# The first one is measured twice: the second time tells what a difference means here.
SERVERS: Final = (
    COLONNADE,
    _product("colonnade-rows", "the rows decide, of every type and every restricted value", "rows", COLD),
    _signed(
        "colonnade-jwt", "like the first, asked with a token of an issuer: proven once a minute, like anybody's", 1
    ),
    _signed("colonnade-jwt-new", "the same, with another token each time: no signature is known yet", STRANGE),
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
