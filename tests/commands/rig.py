"""A house whose server is a process of its own, which can be killed and started again, over systems that stay."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from sqlalchemy import text

from colonnade import demo
from colonnade.settings import Settings
from demo.issuer import issuer
from demo.systems import HTTP, emulated
from store import database
from tests import postgresql

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from demo.firm.model import Firm
    from demo.issuer import Issuer, Persona
    from demo.systems import Bound

# What tells how far a schema has been brought: emptied, it would be brought there again.
VERSIONS = "alembic_version|migrations"
START_SECONDS, POLL = 60.0, 0.02
OVER = {"SUCCEEDED", "SUCCEEDED_WITH_EXCEPTIONS", "FAILED", "REFUSED", "REJECTED", "EXPIRED", "CANCELLED"}
RESTING = OVER | {"PARKED", "DEAD_LETTERED", "AWAITING_APPROVAL"}
# Instants at which something was done differ from run to run.
MOVING = {
    *("created_at", "updated_at", "submitted_at", "approved_at"),
    *("createdAt", "updatedAt"),
    *("LastModifiedDate", "SystemModstamp"),
}


class Forge:
    """The process that makes servers."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.commands.forge"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )

    def make(self, **said: Any) -> int:
        """Start a server and return its process id."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(said) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def stop(self) -> None:
        """End it; the servers that it made have been ended one by one."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()


class Rig:
    """Systems, an issuer, a store and a server."""

    def __init__(self, forge: Forge, bound: Sequence[Bound], provider: Issuer, folder: Path, store: str | None) -> None:
        self.forge, self.bound, self.issuer, self.folder = forge, bound, provider, folder
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}/graphql"
        self.address = {system.role: system.address for system in bound}
        self._store = store
        self._pid = 0
        self._client = httpx.Client(timeout=60, trust_env=False, verify=False)  # noqa: S501  loopback knows no TLS
        self.config = folder / "colonnade.toml"
        self.log = folder / "points.log"
        self.output = folder / "server.log"

    def fresh(self) -> None:
        """Begin anew, without a server: systems as at the start, and an empty store with the firm's references."""
        self.kill()
        self.restore()
        for old in self.folder.glob("colonnade*.db*"):
            old.unlink()
        self.log.unlink(missing_ok=True)
        demo.configure(self.folder, self.bound, self.issuer.url, cached=False)
        if self._store is not None:
            self._postgres()
        settings = Settings.read(self.config)
        asyncio.run(demo._link(settings.store.url, self.bound, mutated=False))  # noqa: SLF001
        self.issuer.register(f"http://127.0.0.1:{self.port}")

    def restore(self) -> None:
        """Put the systems back to where they were at the start."""
        for control in self._controls().values():
            HTTP.post(f"{control}/restore").raise_for_status()

    def _postgres(self) -> None:
        assert self._store is not None
        written = self.config.read_text(encoding="utf-8")
        self.config.write_text(re.sub(r'(\[store\]\nurl = )"[^"]*"', rf'\1"{self._store}"', written), encoding="utf-8")
        asyncio.run(_emptied(self._store))

    def start(self, point: str | None = None, nth: int = 1, ahead: float = 0.0, *, broken: bool = False) -> float:
        """Start the server, its clock so many days ahead; return how many seconds that took.

        It is killed at a point if one is named; a broken one cannot carry out any step.
        """
        began = time.monotonic()
        said = {"config": str(self.config), "port": self.port, "log": str(self.log), "output": str(self.output)}
        self._pid = self.forge.make(**said, point=point, nth=nth, ahead=ahead, broken=broken)
        while time.monotonic() < began + START_SECONDS:
            try:
                if self._client.get(f"http://127.0.0.1:{self.port}/livez", timeout=1).is_success:
                    return time.monotonic() - began
            except httpx.TransportError:
                # It may come to the point while it takes up what was left.
                if point is not None and not self.alive:
                    return time.monotonic() - began
                time.sleep(POLL)
        raise AssertionError(self.output.read_text(encoding="utf-8")[-2000:])

    def kill(self) -> None:
        """Kill the server, and wait until it is no more."""
        if self.alive:
            # It may be about to kill itself.
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)
        deadline = time.monotonic() + 5
        while self.alive and time.monotonic() < deadline:
            time.sleep(POLL)
        self._pid = 0

    def end(self) -> None:
        """Kill the server for good."""
        self.kill()
        self._client.close()

    @property
    def pid(self) -> int:
        """The server's process, 0 if there is none."""
        return self._pid

    @property
    def alive(self) -> bool:
        """Whether the server runs."""
        if not self._pid:
            return False
        try:
            os.kill(self._pid, 0)
        except ProcessLookupError:
            return False
        return True

    def ask(
        self, persona: str | Persona, query: str, variables: dict[str, Any] | None = None, key: str | None = None
    ) -> Any:
        """Ask as a persona and return the whole answer; raises httpx.TransportError where the server is gone."""
        headers = {"Authorization": f"Bearer {self.issuer.token(persona)}"}
        if key is not None:
            headers["Idempotency-Key"] = key
        body = {"query": query, "variables": variables or {}}
        return self._client.post(self.url, json=body, headers=headers).json()

    def state(self, *also: str) -> dict[str, Any]:
        """Return all rows of all systems, without instants, and with these texts written as our own key."""
        found: dict[str, Any] = still(self.dump(*also))
        return found

    def dump(self, *also: str) -> dict[str, Any]:
        """Return all rows of all systems, with these texts written as our own key."""
        found: dict[str, Any] = {}
        for role, control in self._controls().items():
            said = HTTP.get(f"{control}/state").text
            for one in also:
                said = said.replace(one, "COMMAND")
            found[role] = json.loads(said)
        return found

    def effects(self) -> list[dict[str, Any]]:
        """Return every change that was really made in any system."""
        return [line for control in self._controls().values() for line in HTTP.get(f"{control}/effects").json()]

    def changes(self) -> list[tuple[str, str]]:
        """Return the calls that changed something: the role of the system, and the method with the path."""
        found: list[tuple[str, str]] = []
        for role, control in self._controls().items():
            made = {(line["method"], line["path"]) for line in HTTP.get(f"{control}/effects").json()}
            log = HTTP.get(f"{control}/log").json()
            calls = ((line["method"], line["path"].partition("?")[0]) for line in log)
            found += [(role, " ".join(call)) for call in calls if call in made]
        return found

    def _controls(self) -> dict[str, str]:
        """Return where the systems are controlled, each under one of its roles."""
        servers = {
            f"{address.split('/api/gateway')[0]}/_control": role
            for role, address in self.address.items()
            if address.startswith("http")
        }
        return {role: control for control, role in servers.items()}

    def fault(self, role: str, **said: Any) -> None:
        """Have one call to a system go wrong."""
        self.faults(role, [said])

    def faults(self, role: str, listed: list[dict[str, Any]]) -> None:
        """Have several calls to a system go wrong."""
        HTTP.put(f"{self.address[role]}/_control/faults", json=listed).raise_for_status()

    def faults_to_come(self, role: str) -> list[Any]:
        """Return the faults that have met no call yet."""
        listed: list[Any] = HTTP.get(f"{self.address[role]}/_control/faults").json()
        return listed

    def points(self) -> list[str]:
        """Return the points that servers came to since the rig was fresh."""
        return self.log.read_text(encoding="utf-8").split() if self.log.exists() else []


@contextmanager
def rig(firm: Firm, forge: Forge, store: str | None = None) -> Iterator[Rig]:
    """Run systems, an issuer and, when it is started, a server."""
    with ExitStack() as stack:
        bound = stack.enter_context(emulated(firm))
        provider = stack.enter_context(issuer())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="colonnade-rig-")))
        made = Rig(forge, bound, provider, folder, store)
        try:
            yield made
        finally:
            made.end()


def still(value: Any) -> Any:
    """Return JSON without the instants at which something was done."""
    if isinstance(value, dict):
        return {name: still(one) for name, one in value.items() if name not in MOVING}
    if isinstance(value, list):
        return [still(one) for one in value]
    return value


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@contextmanager
def store_on(kind: str) -> Iterator[str | None]:
    """Yield the address of an empty store on this database, None on SQLite."""
    if kind == "sqlite":
        yield None
        return
    with postgresql.store() as url:
        yield url


async def _emptied(url: str) -> None:
    """Empty every table that a store and its engine keep in their schemas."""
    engine = database.connect(url)
    async with engine.begin() as connection:
        listed = text(
            "SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables"
            " WHERE schemaname IN (current_schema(), current_schema() || '_engine') AND tablename !~ :versions"
        )
        tables = list((await connection.execute(listed, {"versions": VERSIONS})).scalars())
        if tables:
            await connection.execute(text(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY"))
    await engine.dispose()
