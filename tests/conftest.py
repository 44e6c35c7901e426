"""Real servers for every test: the firm's emulated systems and the graph over them, on free loopback ports."""

from __future__ import annotations

import shutil
import time
from contextlib import ExitStack
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from colonnade.demo import over
from demo.firm import northbeam
from demo.systems import HTTP, Emulated, dynamics_as, misbehave, psa
from tests.terminal import invoke

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import httpx

    from colonnade.demo import Running
    from demo.firm.model import Firm
    from demo.systems import Bound


# A list of each of its systems.
ROOTS = ("engagements", "invoices", "customers", "resources")


class Answer(NamedTuple):
    """A GraphQL answer: its data, and its errors' parts by which tests compare."""

    data: Any
    errors: list[dict[str, Any]]
    headers: httpx.Headers

    @property
    def codes(self) -> list[tuple[str, list[str | int]]]:
        """Each error's code and first path."""
        return [(error["extensions"]["code"], error["path"]) for error in self.errors]


def rewritten(system: Bound, folder: Path, old: str, new: str) -> Bound:
    """Return the system bound to a copy of its vendor's folder, with other words in its manifest."""
    shutil.copytree(Path("sources", system.role, system.vendor), folder, dirs_exist_ok=True)
    manifest = folder / "source.toml"
    text = manifest.read_text(encoding="utf-8")
    assert old in text
    manifest.write_text(text.replace(old, new), encoding="utf-8")
    return replace(system, vendor=str(folder))


class House:
    """The graph over the firm's systems, asked as one persona: unless said, one who reads nothing restricted."""

    def __init__(
        self, running: Running, bound: Sequence[Bound] | None = None, persona: str = "integration-steward"
    ) -> None:
        """Ask a running graph; `bound` are the systems to watch, if not all of its own."""
        self.running, self.url = running, running.url
        self.bound = list(running.bound if bound is None else bound)
        self.address = {system.role: system.address for system in self.bound}
        self.signed = {"Authorization": f"Bearer {running.issuer.token(persona)}"}

    @cached_property
    def router(self) -> dict[str, str]:
        """What the router of a supergraph shows beside its user's token."""
        made = invoke("token", "create", "router", "--role", "router", "--config", self.running.config)
        return {"Router-Authorization": f"Bearer {made.stdout.split()[0]}"}

    def ask(self, query: str, variables: dict[str, Any] | None = None, headers: dict[str, str] | None = None) -> Answer:
        """Ask the graph over HTTP, as the persona unless the headers say otherwise."""
        body = {"query": query, "variables": variables or {}}
        response = HTTP.post(self.url, json=body, headers=self.signed | (headers or {}))
        content = response.json()
        return Answer(content.get("data"), content.get("errors", []), response.headers)

    def calls(self, *roles: str) -> list[str]:
        """Return what these roles' systems were asked for data, in order, without the logins."""
        addresses = dict.fromkeys(self.address[role] for role in roles or self.address)
        return [call for address in addresses for call in Emulated(address).calls() if call.startswith("GET ")]

    def misbehave(self, role: str, quirk: str, **details: object) -> None:
        """Switch a quirk of a role's system on; the fixture switches it off again."""
        misbehave(self.address[role], quirk, **details)

    def calm(self) -> None:
        """End all quirks, and forget all calls."""
        for address in set(self.address.values()):
            misbehave(address, "none")
        self.recover()
        for address in set(self.address.values()):
            Emulated(address).clear()

    def recover(self) -> None:
        """Ask until every breaker has closed: a system that one test broke must not be missing in the next."""
        deadline = time.monotonic() + 10
        while any(system["breaker"] == "OPEN" for system in self.ask("{ systems { breaker } }").data["systems"]):
            assert time.monotonic() < deadline
            self.ask("{" + " ".join(f"{root}(first: 1) {{ totalCount }}" for root in ROOTS) + "}")


@pytest.fixture(scope="session")
def firm() -> Firm:
    """The fictional firm."""
    return northbeam()


@pytest.fixture(scope="session")
def running(firm: Firm) -> Iterator[House]:
    """Kantata as PSA, one Dynamics as ERP, another as CRM and HR, once for all tests that leave them as they are."""
    with ExitStack() as stack:
        delivery = stack.enter_context(psa(firm))
        money = stack.enter_context(dynamics_as(firm, "erp"))
        people = stack.enter_context(dynamics_as(firm, "crm", "hr"))
        bound = [delivery, *money, *people]
        yield House(stack.enter_context(over(bound)))


@pytest.fixture
def house(running: House) -> Iterator[House]:
    """The running house, calm before and after the test."""
    running.calm()
    yield running
    running.calm()
