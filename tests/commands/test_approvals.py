"""An approval is of one plan, of one time, and is given once: whatever happens between asking and deciding."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from demo import salesforce
from demo.systems import HTTP
from tests import postgresql
from tests.commands.guarded import COMMANDS, House, guarded, persona
from tests.commands.scenarios import firm

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.commands, pytest.mark.timeout(120)]

DEAL = salesforce.opportunity_id("OPP-020")
SALES, CONTROLLER, DIRECTOR = "sales-operations", "finance-controller", "delivery-director"
DECIDERS, ROUNDS = 50, 10


@pytest.fixture(scope="module")
def guarded_house() -> Iterator[House]:
    """The firm, once for the file."""
    with guarded(firm()) as house:
        yield house


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[House]:
    """The firm with its store on PostgreSQL."""
    with postgresql.store() as store, guarded(firm(), store) as house:
        yield house


@pytest.fixture
def house(guarded_house: House) -> House:
    """The firm as it is in the morning."""
    guarded_house.rig.restore()
    return guarded_house


def deal(house: House, **columns: object) -> None:
    """Change the deal in the CRM, as a person there would."""
    HTTP.put(f"{house.rig.address['crm']}/_control/table/Opportunity/{DEAL}", json=columns).raise_for_status()


def converting(house: House) -> Any:
    """Have the deal converted, which the controller has to approve."""
    answered = house.give(SALES, "convertOpportunity", COMMANDS["convertOpportunity"].input(house.ids))
    assert (answered.errors, answered.codes, answered.command["status"]) == ([], [], "AWAITING_APPROVAL")
    return answered.command


def asked(command: Any, state: str = "PENDING") -> dict[str, str]:
    """Return the requests for approval that stand so, by role."""
    return {one["role"]: one["id"] for one in command["approvals"] if one["state"] == state}


def anew(house: House, command: Any) -> Any:
    """Wait until a command that was approved is asked for once more, and return it; nothing was done."""
    before = set(asked(command).values())
    found = house.settled(command["id"], "AWAITING_APPROVAL", "SUCCEEDED")
    while set(asked(found).values()) <= before and found["status"] != "SUCCEEDED":
        found = house.settled(command["id"], "AWAITING_APPROVAL", "SUCCEEDED")
    assert found["status"] == "AWAITING_APPROVAL"
    assert house.rig.effects() == []
    return found


def test_fifty_decide_at_once(house: House) -> None:
    """Half say yes and half say no: one of them decides, all others come too late, and it is done or it is not."""
    answered = house.give("engagement-manager", "createEngagement", COMMANDS["createEngagement"].input(house.ids))
    (approval,) = answered.command["approvals"]
    before = len(house.trail())
    with ThreadPoolExecutor(DECIDERS) as people:
        given = list(
            people.map(lambda one: house.decide(DIRECTOR, approval["id"], approve=one % 2 == 0), range(DECIDERS))
        )
    codes = Counter(problem["code"] for one in given for problem in one["problems"])
    assert codes.total() == DECIDERS - 1
    assert codes.keys() <= {"ALREADY_DONE", "APPROVAL_VOID"}
    (winner,) = [number for number, one in enumerate(given) if not one["problems"]]
    ended = house.settled(answered.command["id"])
    assert ended["status"] == ("SUCCEEDED" if winner % 2 == 0 else "REJECTED")
    projects = [line for line in house.rig.effects() if line["table"] == "ProjectsV2" and line["method"] == "POST"]
    assert len({line["id"] for line in projects}) == (1 if winner % 2 == 0 else 0)
    told = [one for one in house.trail(before) if one.kind == "APPROVAL"]
    outcomes = Counter(one.body["outcome"].partition(":")[0] for one in told)
    assert outcomes == {"REFUSED": DECIDERS - 1, "APPROVED" if winner % 2 == 0 else "REJECTED": 1}
    assert {one.actor for one in told} == {persona(DIRECTOR).subject}
    print(f"FIGURE approvals: {DECIDERS} at once, 1 winner")  # noqa: T201


def test_another_amount_is_approved_anew(house: House) -> None:
    """What the CRM says now is not what was approved: the approval is void, cannot be used again, and is asked anew."""
    command = converting(house)
    (old,) = asked(command).values()
    deal(house, Amount="510000.00")
    assert house.decide(CONTROLLER, old)["problems"] == []
    command = anew(house, command)
    assert asked(command, "VOID") == {CONTROLLER: old}
    assert [one["code"] for one in house.decide(CONTROLLER, old)["problems"]] == ["APPROVAL_VOID"]
    assert house.look(command["id"])["status"] == "AWAITING_APPROVAL"
    (new,) = asked(command).values()
    assert house.decide(CONTROLLER, new)["problems"] == []
    assert house.settled(command["id"])["status"] == "SUCCEEDED"
    assert "510000" in str(house.rig.state()["erp"])
    assert [one["code"] for one in house.decide(CONTROLLER, new)["problems"]] == ["ALREADY_DONE"]


def test_what_changes_and_changes_back_can_be_approved(house: House) -> None:
    """An approval of the plan that it was before counts no more, and one of the plan that it is again does."""
    command = converting(house)
    for amount in ("510000.00", "480000.00"):
        (pending,) = asked(command).values()
        deal(house, Amount=amount)
        assert house.decide(CONTROLLER, pending)["problems"] == []
        command = anew(house, command)
    (pending,) = asked(command).values()
    assert [one["state"] for one in command["approvals"]].count("VOID") == len(command["approvals"]) - 1
    assert house.decide(CONTROLLER, pending)["problems"] == []
    assert house.settled(command["id"])["status"] == "SUCCEEDED"


def test_more_may_have_to_approve_than_were_asked(house: House) -> None:
    """The deal is over a million when it is approved: the director is asked besides, and neither alone is enough."""
    command = converting(house)
    assert asked(command).keys() == {CONTROLLER}
    deal(house, Amount="1200000.00")
    assert house.decide(CONTROLLER, asked(command)[CONTROLLER])["problems"] == []
    command = anew(house, command)
    assert asked(command).keys() == {CONTROLLER, DIRECTOR}
    assert house.decide(DIRECTOR, asked(command)[DIRECTOR])["command"]["status"] == "AWAITING_APPROVAL"
    assert house.rig.effects() == []
    assert house.decide(CONTROLLER, asked(command)[CONTROLLER])["problems"] == []
    assert house.settled(command["id"])["status"] == "SUCCEEDED"


@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
def test_two_approve_at_once(store: str, request: pytest.FixtureRequest) -> None:
    """Controller and director say yes in the same moment, again and again: both count, and it is done each time."""
    house: House = request.getfixturevalue({"sqlite": "house", "postgresql": "elsewhere"}[store])
    for _ in range(ROUNDS):
        house.rig.restore()
        deal(house, Amount="1200000.00")
        command = converting(house)
        with ThreadPoolExecutor(2) as people:
            given = list(people.map(lambda one: house.decide(*one), asked(command).items()))
        assert [one["problems"] for one in given] == [[], []]
        assert house.settled(command["id"])["status"] == "SUCCEEDED"


def test_what_is_forbidden_when_it_is_approved_is_not_done(house: House) -> None:
    """The deal is lost meanwhile: the command is refused and says why, and nothing happens."""
    command = converting(house)
    deal(house, StageName="Closed Lost", IsWon=False)
    before = len(house.trail())
    assert house.decide(CONTROLLER, asked(command)[CONTROLLER])["problems"] == []
    ended = house.settled(command["id"])
    assert (ended["status"], ended["exceptions"]) == ("REFUSED", [{"code": "INVALID_TRANSITION"}])
    told = house.trail(before)[-1]
    assert (told.kind, told.body["after"], told.body["problems"]) == ("STATE", "REFUSED", ["INVALID_TRANSITION"])
    assert house.rig.effects() == []
