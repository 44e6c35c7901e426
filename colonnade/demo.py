"""`colonnade demo`: a fictional firm's systems of record as real servers on loopback, and the graph over them."""

from __future__ import annotations

import asyncio
import json
import secrets
import signal
import tempfile
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from colonnade.http import create
from colonnade.settings import Settings
from colonnade.wiring import Application
from demo.crossrefs import cross_references
from demo.emulator import serve
from demo.firm import northbeam
from demo.systems import emulated
from demo.tour import tour
from store import database
from store.crossrefs import CrossReferences

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from demo.systems import Bound


Systems: TypeAlias = Literal["emulated", "mutated", "real"]
"""Who plays the firm's roles: emulated systems, the same with contradictions planted, or a real Tryton."""


class Running(NamedTuple):
    """The graph of a running demo, and the systems beneath it."""

    url: str
    bound: Sequence[Bound]


def run(*, port: int, fast: bool, once: bool, systems: Systems) -> None:
    """Start everything, show it, and stay until interrupted; or end after the tour if `once` says so."""
    mutated = systems == "mutated"
    with _systems(systems) as bound, over(bound, port, mutated=mutated) as demo:
        if fast:
            addresses = {system.role: system.address for system in demo.bound}
            print(json.dumps({"graphql": demo.url, "systems": addresses, "tokens": {}}), flush=True)  # noqa: T201
        else:
            tour(demo.url, demo.bound)
        if once:
            return
        if not fast:
            print(f"\nThe graph stays up at {demo.url}; Ctrl-C ends it.", flush=True)  # noqa: T201
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with suppress(KeyboardInterrupt):
            signal.pause()


@contextmanager
def _systems(systems: Systems) -> Iterator[Sequence[Bound]]:
    firm = northbeam()
    if systems == "real":
        # Tryton is an installation of its own; without it the demo must still start.
        from demo.tryton.bound import with_tryton  # noqa: PLC0415

        with with_tryton(firm) as bound:
            yield bound
    else:
        with emulated(firm, mutated=systems == "mutated") as bound:
            yield bound


@contextmanager
def over(bound: Sequence[Bound], port: int = 0, *, mutated: bool = False) -> Iterator[Running]:
    """Serve the graph over these systems by the very road a firm takes: a configuration file and a store."""
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="colonnade-")))
        settings = Settings.read(configure(folder, bound))
        asyncio.run(_link(settings.store.url, bound, mutated=mutated))
        server = running.enter_context(serve(create(Application(settings)), port))
        yield Running(f"{server.url}/graphql", bound)


def configure(folder: Path, bound: Sequence[Bound]) -> Path:
    """Write the configuration of these systems, each secret in a file of its own, and return its path."""
    lines = [
        "[server]",
        f"secret = {_secret(folder, 'cursors', secrets.token_hex())}",
        "[store]",
        f"url = {json.dumps(f'sqlite+aiosqlite:///{folder}/colonnade.db')}",
    ]
    for system in bound:
        known = system.credentials.items()
        named = ", ".join(f"{key} = {_secret(folder, f'{system.role}.{key}', secret)}" for key, secret in known)
        lines += [
            f"[bindings.{system.role}]",
            f"vendor = {json.dumps(system.vendor)}",
            f"address = {json.dumps(system.address)}",
            'environment = "sandbox"',
            f"credentials = {{ {named} }}",
        ]
    path = folder / "colonnade.toml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _secret(folder: Path, name: str, value: str) -> str:
    path = folder / f"{name}.secret"
    path.touch(mode=0o600)
    path.write_text(value, encoding="utf-8")
    return json.dumps(f"file:{path}")


async def _link(url: str, bound: Sequence[Bound], *, mutated: bool) -> None:
    engine = database.connect(url)
    await database.migrate(engine)
    await CrossReferences(engine).add(cross_references(northbeam(), bound, mutated=mutated))
    await engine.dispose()
