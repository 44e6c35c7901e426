"""The running house again, asked over one connection: these tests talk to it a thousand times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.conftest import Answer, House
from tests.sources.hostile import Hostile, bind, hostile

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from sources.source import Source


class NearHouse(House):
    """The house without a TLS context for every call: all of its servers speak plain HTTP on loopback."""

    def __init__(self, house: House, http: httpx.Client) -> None:
        """Stand in for a house."""
        self.running, self.url, self.bound, self.address = house.running, house.url, house.bound, house.address
        self.signed, self._http = house.signed, http

    def ask(self, query: str, variables: dict[str, Any] | None = None, headers: dict[str, str] | None = None) -> Answer:
        """Ask the graph over HTTP."""
        response = self._http.post(
            self.url, json={"query": query, "variables": variables or {}}, headers=self.signed | (headers or {})
        )
        content = response.json()
        return Answer(content.get("data"), content.get("errors", []), response.headers)

    def log(self, role: str) -> list[dict[str, Any]]:
        """Return what a role's system was asked, logins too: method, path, rows, status."""
        return self._http.get(f"{self.address[role]}/_control/log").json()  # type: ignore[no-any-return]

    def misbehave(self, role: str, quirk: str, **details: object) -> None:
        """Switch a quirk of a role's system on; the fixture switches it off again."""
        answer = self._http.put(f"{self.address[role]}/_control/quirk", json={"name": quirk, **details})
        answer.raise_for_status()

    def calm(self) -> None:
        """End all quirks, and forget all calls."""
        for address in set(self.address.values()):
            self._http.put(f"{address}/_control/quirk", json={"name": "none"})
        self.recover()
        for address in set(self.address.values()):
            self._http.delete(f"{address}/_control/log")


@pytest.fixture(scope="session")
def near(running: House) -> Iterator[NearHouse]:
    """The running house over one connection."""
    with httpx.Client(trust_env=False, verify=False, timeout=30) as http:  # noqa: S501  there is no TLS here
        yield NearHouse(running, http)


@pytest.fixture
def house(near: NearHouse) -> Iterator[NearHouse]:
    """The running house, calm before and after the test."""
    near.calm()
    yield near
    near.calm()


@pytest.fixture(scope="session")
def malice() -> Iterator[Hostile]:
    """A hostile server for all tests."""
    with hostile() as server:
        yield server


@pytest.fixture
def server(malice: Hostile) -> Hostile:
    """The hostile server, as at first."""
    malice.forget()
    return malice


@pytest.fixture
async def bound(tmp_path: Path, server: Hostile) -> AsyncIterator[Callable[..., Source]]:
    """Binds manifests to the hostile server, or to the address given, and closes their connections in the end."""
    sources: list[Source] = []

    def bound(manifest: str, limits: str = "", url: str = "", name: str = "", probe_interval: float = 5.0) -> Source:
        sources.append(bind(tmp_path, manifest, url or server.url, limits, name, probe_interval))
        return sources[-1]

    yield bound
    for source in sources:
        await source.wire.aclose()
