"""A system that is not there: its fields are null with one typed error each, the rest is complete, and in time."""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from colonnade.demo import over
from demo import dynamics, kantata
from demo.emulator import Server
from demo.systems import CLIENT_ID, CLIENT_SECRET, KANTATA_TOKEN
from tests.conftest import House
from tests.sources.comparing import deep, differences, paths
from tests.sources.conftest import NearHouse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.types import ASGIApp

    from demo.firm.model import Firm
    from tests.conftest import Answer


class Village:
    """The firm's systems as servers that a test may stop and start again where they were."""

    def __init__(self, apps: dict[str, Callable[[], ASGIApp]]) -> None:
        """Start them all."""
        self.apps = apps
        self.servers = {name: Server(app(), 0) for name, app in apps.items()}

    def stop(self, name: str) -> None:
        """Close a system's port."""
        self.servers[name].stop()

    def start(self, name: str) -> None:
        """Open it again, with a fresh server that knows nothing of earlier logins."""
        port = httpx.URL(self.servers[name].url).port or 0
        self.servers[name] = Server(self.apps[name](), port)

    def close(self) -> None:
        """Stop them all."""
        for server in self.servers.values():
            server.stop()

    @contextmanager
    def without(self, name: str) -> Iterator[None]:
        """Stop a system for a while."""
        self.stop(name)
        try:
            yield
        finally:
            self.start(name)


@pytest.fixture(scope="module")
def village(firm: Firm, running: House) -> Iterator[tuple[Village, NearHouse]]:
    """The graph over a PSA, an ERP and a third server for CRM and HR."""

    def finance() -> ASGIApp:
        return dynamics.build(firm, client_id=CLIENT_ID, client_secret=CLIENT_SECRET)

    systems = Village({"psa": lambda: kantata.build(firm, token=KANTATA_TOKEN), "erp": finance, "people": finance})
    address = {name: server.url for name, server in systems.servers.items()}
    bound = [replace(system, address=address.get(system.role, address["people"])) for system in running.bound]
    with ExitStack() as stack:
        stack.callback(systems.close)
        http = stack.enter_context(httpx.Client(trust_env=False, verify=False, timeout=30))  # noqa: S501  no TLS
        yield systems, NearHouse(House(stack.enter_context(over(bound))), http)


@pytest.fixture(scope="module")
def calm(village: tuple[Village, NearHouse]) -> Answer:
    """The answer while all of them are there."""
    answer = deep(village[1])
    assert answer.errors == []
    return answer


def field_paths(data: Any, *fields: str) -> list[list[str | int]]:
    """List the paths of these fields of the engagements of an answer."""
    return [[*("nodes", index), field] for index, node in enumerate(data["nodes"]) if node for field in fields]


def test_without_the_erp(village: tuple[Village, NearHouse], calm: Answer) -> None:
    """Its facets and links are null, each with one error of exactly these extensions; PSA, CRM and HR are complete."""
    systems, house = village
    with systems.without("erp"):
        began = time.monotonic()
        answer = deep(house)
        assert time.monotonic() - began < 5
    found = differences(calm.data, answer.data)
    assert (found.wrong, found.short) == ([], set())
    assert found.null <= paths(answer)
    said = {error["extensions"]["question"]: error for error in answer.errors}
    assert sorted(said) == [
        "billing_events_by_engagement",
        "contracts_by_engagement",
        "customers_erp",
        "engagements_erp",
        "invoices_by_customer",
        "invoices_by_engagement",
        "invoices_by_id",
        "legal_entities_by_id",
    ]
    assert len(answer.errors) == len(said)
    assert {error["message"] for error in answer.errors} == {"ERP does not answer"}
    facet = [
        ["nodes", index, field] for index in range(3) for field in ("contractValue", "contractingEntity", "erpStatus")
    ]
    assert said["engagements_erp"]["path"] == facet[0]
    assert said["engagements_erp"]["extensions"] == {
        "code": "SOURCE_UNAVAILABLE",
        "system": "ERP",
        "retryable": True,
        "question": "engagements_erp",
        "correlationId": answer.headers["x-correlation-id"],
        "count": 9,
        "paths": facet,
    }
    assert said["invoices_by_engagement"]["extensions"]["paths"] == [["nodes", index, "invoices"] for index in range(3)]
    # One error is not folded: it has neither count nor paths.
    assert said["invoices_by_customer"]["path"][-1] == "invoices"
    assert said["invoices_by_customer"]["extensions"].keys() == {
        *("code", "system", "retryable", "question", "correlationId")
    }
    assert deep(house).data == calm.data


def test_without_the_psa(village: tuple[Village, NearHouse], calm: Answer) -> None:
    """Engagements are gone, and what the PSA says of people; invoices, customers and people are all there."""
    systems, house = village
    with systems.without("psa"):
        began = time.monotonic()
        answer = deep(house)
        assert time.monotonic() - began < 5
    found = differences(calm.data, answer.data)
    assert (found.wrong, found.short) == ([], set())
    assert found.null <= paths(answer)
    said = {error["extensions"]["question"]: error["extensions"] for error in answer.errors}
    assert len(answer.errors) == len(said)
    assert said["resources_psa"] == {
        "code": "SOURCE_UNAVAILABLE",
        "system": "PSA",
        "retryable": True,
        "question": "resources_psa",
        "correlationId": answer.headers["x-correlation-id"],
        "count": 2,
        "paths": [["nodes", 5, "billableTarget"], ["nodes", 5, "bookable"]],
    }
    assert sorted(said) == [
        "assignments_by_resource",
        "engagements_by_customer",
        "engagements_by_id",
        "engagements_by_opportunity",
        "resources_psa",
    ]
    assert said["engagements_by_id"]["paths"] == [
        *(["nodes", index] for index in range(3)),
        *(["nodes", index, "engagement"] for index in (3, 4)),
    ]
    assert {one["code"] for one in said.values()} == {"SOURCE_UNAVAILABLE"}
    assert deep(house).data == calm.data


def test_lists_of_an_absent_owner(village: tuple[Village, NearHouse]) -> None:
    """The root of an absent system is null with its error; a list beside it comes whole."""
    systems, house = village
    with systems.without("psa"):
        answer = house.ask("{ engagements { totalCount } invoices(first: 200) { edges { node { id } } } }")
    assert answer.data["engagements"] is None
    assert len(answer.data["invoices"]["edges"]) == 36
    ((code, path),) = answer.codes
    assert (code, path) == ("SOURCE_UNAVAILABLE", ["engagements"])
    assert answer.errors[0]["extensions"]["retryable"] is True
    assert answer.errors[0]["extensions"]["system"] == "PSA"


def test_a_system_that_comes_back_is_asked_again(village: tuple[Village, NearHouse], calm: Answer) -> None:
    """Stopped and started on its port, without our token in its memory: the very next answer is whole."""
    systems, house = village
    assert deep(house).errors == []
    for name in systems.apps:
        with systems.without(name):
            assert deep(house).errors != []
        answer = deep(house)
        assert answer.errors == []
        assert answer.data == calm.data
