"""A command is withdrawn while a system is away: what was done of it, or may have been, is undone."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from demo.firm import northbeam
from demo.systems import HTTP
from schema.graph import HOMES
from schema.rows import Ref
from tests.commands.giving import People
from tests.commands.guarded import COMMANDS
from tests.commands.rig import Forge, rig
from tests.commands.scenarios import Ids

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.commands.rig import Rig

pytestmark = pytest.mark.commands

MANAGER, OPERATIONS = "engagement-manager", "operations"
SECONDS = 40.0
PENDING = "SELECT count(*) FROM cross_references WHERE state = 'PENDING'"
CANCEL = 'mutation ($id: ID!) { cancelCommand(id: $id, reason: "changed our mind") { problems { code message } } }'


@pytest.fixture(scope="module")
def running() -> Iterator[Rig]:
    """The firm's systems, and what a server over them needs."""
    forge = Forge()
    try:
        with rig(northbeam(), forge) as made:
            yield made
    finally:
        forge.stop()


@pytest.fixture
def house(running: Rig) -> Rig:
    """A house in which nothing has been done."""
    running.kill()
    running.fresh()
    running.start()
    return running


def ref(house: Rig, type_: str, code: str) -> str:
    """Return our id of a thing of the firm."""
    role = HOMES[type_].system.value
    (word,) = (system.words[type_](code) for system in house.bound if system.role == role)
    assert word is not None
    return Ref(type_, role, word).encode()


def fail(house: Rig, role: str, match: str, *first: dict[str, Any], status: int = 503) -> None:
    """Have a kind of call fail until it is mended, the first ones as they are said."""
    later = [
        {"match": match, "what": "fail_before", "nth": nth, "status": status} for nth in range(len(first) + 1, 200)
    ]
    HTTP.put(f"{house.address[role]}/_control/faults", json=[*first, *later]).raise_for_status()


def withdrawn(house: Rig, id_: str) -> list[dict[str, str]]:
    """Withdraw a command as soon as it waits, and return what stands against that."""
    people, until = People(house), time.monotonic() + SECONDS
    while time.monotonic() < until:
        people.rested("auditor", id_, "PARKED", seconds=SECONDS)
        problems: list[dict[str, str]] = house.ask(OPERATIONS, CANCEL, {"id": id_})["data"]["cancelCommand"]["problems"]
        # Between the two it may have gone on, to see whether the system is back.
        if not problems or "only a command that waits" not in problems[0]["message"]:
            return problems
    raise AssertionError(problems)


def test_what_may_have_been_done_is_found_and_undone(house: Rig) -> None:
    """Delivery completed the milestone and its answer was lost: withdrawn, it is open again."""
    before, people = house.state(), People(house)
    fail(house, "psa", "PUT .*/stories/", {"match": "PUT .*/stories/", "what": "lose_answer"})
    said = {"milestoneId": ref(house, "Milestone", "ENG-019-M1"), "actualDate": "2026-04-07"}
    id_ = people.taken(MANAGER, "completeMilestone", said)
    assert withdrawn(house, id_) == []
    HTTP.put(f"{house.address['psa']}/_control/faults", json=[])
    found = people.rested(MANAGER, id_, "CANCELLED", seconds=SECONDS)
    assert [(step["name"], step["state"], step["code"]) for step in found["steps"]] == [
        ("psa.milestone", "COMPENSATED", None),
        ("erp.event", "REFUSED", "CANCELLED"),
        ("forecast.milestone", "PENDING", None),
    ]
    assert house.state() == before


def test_what_was_never_made_is_not_reserved(house: Rig) -> None:
    """Delivery is too busy to take a booking: withdrawn, the reference that was reserved for it is given back."""
    people = People(house)
    fail(house, "psa", "POST .*/workspace_allocations", status=429)
    id_ = people.taken("resource-manager", "staffAssignment", COMMANDS["staffAssignment"].input(Ids(house.bound)))
    people.rested("resource-manager", id_, "PARKED", seconds=SECONDS)
    with closing(sqlite3.connect(house.folder / "colonnade.db", timeout=10)) as store:
        assert store.execute(PENDING).fetchone() == (1,)
        assert withdrawn(house, id_) == []
        assert people.rested("resource-manager", id_, "CANCELLED", seconds=SECONDS)["status"] == "CANCELLED"
        assert store.execute(PENDING).fetchone() == (0,)
    assert house.effects() == []


def test_what_is_done_for_good_is_not_withdrawn(house: Rig) -> None:
    """A booking has ended in delivery and only the plan is behind: nothing is left to withdraw, and it goes on."""
    people = People(house)
    fail(house, "forecast", "PUT .*/nb-allocations/")
    said = {"assignmentId": ref(house, "Assignment", "ASG-029"), "lastDay": "2026-05-29", "reason": "leaves"}
    id_ = people.taken("resource-manager", "rollOffAssignment", said)
    (problem,) = withdrawn(house, id_)
    assert problem["code"] == "INVALID_TRANSITION"
    assert people.rested("resource-manager", id_, "PARKED", "RUNNING")["exceptions"] == []
    HTTP.put(f"{house.address['forecast']}/_control/faults", json=[])
    found = people.rested("resource-manager", id_, "SUCCEEDED", seconds=SECONDS)
    assert [step["state"] for step in found["steps"]] == ["DONE", "DONE"]
