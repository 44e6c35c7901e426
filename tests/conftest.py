"""Real servers for every test: the firm's emulated systems and the graph over them, on free loopback ports."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from colonnade.demo import over
from demo.firm import northbeam
from demo.systems import HTTP, Emulated, dynamics_as, misbehave, psa

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from demo.firm.model import Firm
    from demo.systems import Bound


class Answer(NamedTuple):
    """A GraphQL answer: its data, and its errors' parts by which tests compare."""

    data: Any
    errors: list[dict[str, Any]]
    headers: httpx.Headers

    @property
    def codes(self) -> list[tuple[str, list[str | int]]]:
        """Each error's code and first path."""
        return [(error["extensions"]["code"], error["path"]) for error in self.errors]


class House:
    """The graph over three servers: Kantata as PSA, one Dynamics as ERP, another one as CRM and HR."""

    def __init__(self, url: str, bound: list[Bound]) -> None:
        self.url, self.bound = url, bound
        self.address = {system.role: system.address for system in bound}

    def ask(self, query: str, variables: dict[str, Any] | None = None, headers: dict[str, str] | None = None) -> Answer:
        """Ask the graph over HTTP."""
        body = {"query": query, "variables": variables or {}}
        response = HTTP.post(self.url, json=body, headers=headers)
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
        """End all quirks and forget all calls."""
        for address in set(self.address.values()):
            misbehave(address, "none")
            Emulated(address).clear()


@pytest.fixture(scope="session")
def firm() -> Firm:
    """The fictional firm."""
    return northbeam()


@pytest.fixture(scope="session")
def running(firm: Firm) -> Iterator[House]:
    """The servers, once for all tests that leave them as they are."""
    with ExitStack() as stack:
        delivery = stack.enter_context(psa(firm))
        money = stack.enter_context(dynamics_as(firm, "erp"))
        people = stack.enter_context(dynamics_as(firm, "crm", "hr"))
        bound = [delivery, *money, *people]
        yield House(stack.enter_context(over(bound)).url, bound)


@pytest.fixture
def house(running: House) -> Iterator[House]:
    """The running house, calm before and after the test."""
    running.calm()
    yield running
    running.calm()
