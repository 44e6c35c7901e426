"""How the systems are doing, told when it changes: one watcher for everybody who listens."""

from __future__ import annotations

import asyncio
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from colonnade.demo import over
from colonnade.watch import Watch
from schema.bound_system import BoundSystem, BreakerState, SystemEnvironment, SystemHealth, WriteMode
from schema.rows import System
from tests.conftest import House
from tests.terminal import invoke

if TYPE_CHECKING:
    from collections.abc import Iterator

CHANGED = {"query": "subscription { systemHealthChanged { name role health breaker environment } }"}
INVOICES = "{ invoices(first: 1) { totalCount } }"


@contextmanager
def listening(house: House) -> Iterator[Iterator[Any]]:
    """Subscribe, and yield what is told."""
    headers = house.signed | {"Accept": "text/event-stream"}
    with (
        httpx.Client(trust_env=False, timeout=10) as http,
        http.stream("POST", house.url, json=CHANGED, headers=headers) as response,
    ):
        lines = response.iter_lines()
        yield (json.loads(line[6:])["data"]["systemHealthChanged"] for line in lines if line.startswith("data: {"))


@pytest.fixture
def fresh(house: House) -> Iterator[House]:
    """A graph over the same systems that no earlier test has seen one fail."""
    with over(house.bound) as running:
        yield House(running)


def test_the_systems_as_they_are_and_as_they_change(fresh: House) -> None:
    """First each of them, in the order of the configuration, then the one that fails; nobody is asked for it."""
    fresh.ask(INVOICES)
    with listening(fresh) as told:
        first = [next(told) for _ in fresh.bound]
        assert [system["name"] for system in first] == [bound.role for bound in fresh.bound]
        assert {system["environment"] for system in first} == {"SANDBOX"}
        before = fresh.calls()
        fresh.misbehave("erp", "status_500")
        fresh.ask(INVOICES)
        changed = next(told)
        while changed["name"] != "erp" or changed["health"] == "UP":
            changed = next(told)
        assert (changed["role"], changed["breaker"]) == ("ERP", "CLOSED")
        assert len(fresh.calls()) - len(before) <= 2


def test_a_tool_has_one_account_on_whomevers_behalf(fresh: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another subject brings a tool no further seat; another tool has seats of its own."""
    monkeypatch.setattr("colonnade.edge.seats.EACH", 1)
    made = ("--role", "integration-steward", "--config", fresh.running.config)
    one, other = (invoke("token", "create", name, *made).stdout.split()[0] for name in ("one", "other"))

    def status(key: str, subject: str) -> int:
        headers = {"Authorization": f"Bearer {key}", "On-Behalf-Of": subject, "Accept": "text/event-stream"}
        with httpx.stream("POST", fresh.url, json=CHANGED, headers=headers, trust_env=False, timeout=10) as response:
            return response.status_code

    fresh.signed = {"Authorization": f"Bearer {one}", "On-Behalf-Of": "anna"}
    with listening(fresh) as told:
        next(told)
        assert [status(one, "anna"), status(one, "bert"), status(other, "bert")] == [429, 429, 200]


def bound(name: str, health: SystemHealth) -> BoundSystem:
    """Return a system in a state of health."""
    return BoundSystem(
        name=name,
        role=System.ERP,
        environment=SystemEnvironment.SANDBOX,
        health=health,
        latency=None,
        error_rate=None,
        staleness=None,
        breaker=BreakerState.CLOSED,
        writes=WriteMode.OFF,
        unmapped=[],
    )


async def test_a_slow_listener_hears_the_latest() -> None:
    """News of one system do not pile up; what was lost in between is over. The last one to go ends the watcher."""
    state = {"erp": SystemHealth.UP, "crm": SystemHealth.UP}
    watch = Watch(lambda: [bound(name, health) for name, health in state.items()])
    slow, quick = watch.changes(), watch.changes()
    for one in (slow, quick):
        assert [(await anext(one)).name for _ in state] == ["erp", "crm"]
    state["erp"] = SystemHealth.DEGRADED
    assert (await asyncio.wait_for(anext(quick), 5)).health is SystemHealth.DEGRADED
    state["erp"] = SystemHealth.DOWN
    assert (await asyncio.wait_for(anext(quick), 5)).health is SystemHealth.DOWN
    assert (await asyncio.wait_for(anext(slow), 5)).health is SystemHealth.DOWN
    await quick.aclose()
    state["crm"] = SystemHealth.DOWN
    assert (await asyncio.wait_for(anext(slow), 5)).name == "crm"
    await slow.aclose()
    assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []
