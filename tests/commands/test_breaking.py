"""A fault of ours stops a command: it is not tried for ever, a person sees it, and it goes on once that is mended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from demo.firm import northbeam
from tests.commands.giving import People
from tests.commands.rig import Forge, rig
from tests.commands.scenarios import Ids

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.commands.rig import Rig

pytestmark = pytest.mark.commands

MANAGER, OPERATIONS = "engagement-manager", "operations"
ACT = 'mutation ($id: ID!) { %s(id: $id, reason: "mended") { problems { code } } }'


@pytest.fixture
def house() -> Iterator[Rig]:
    """A house whose server cannot carry out anything."""
    forge = Forge()
    try:
        with rig(northbeam(), forge) as made:
            made.fresh()
            made.start(broken=True)
            yield made
    finally:
        forge.stop()


def test_what_breaks_is_given_to_a_person(house: Rig) -> None:
    """Tried three times, it is dead-lettered without any effect; it cannot be given up, and a replay completes it."""
    people, milestone = People(house), Ids(house.bound)("Milestone", "ENG-019-M1")
    id_ = people.taken(MANAGER, "completeMilestone", {"milestoneId": milestone, "actualDate": "2026-04-07"})
    found = people.rested(MANAGER, id_)
    (exception,) = found["exceptions"]
    assert (found["status"], found["endedAt"], house.effects()) == ("DEAD_LETTERED", None, [])
    assert (exception["code"], exception["tier"], exception["state"]) == ("INTERNAL_ERROR", "BLOCK", "OPEN")
    discarded = house.ask(OPERATIONS, ACT % "discardException", {"id": exception["id"]})
    assert discarded["data"]["discardException"]["problems"] == [{"code": "INVALID_TRANSITION"}]
    house.kill()
    house.start()
    assert people.rested(MANAGER, id_)["status"] == "DEAD_LETTERED"
    people.act(OPERATIONS, "replayCommand", id_)
    assert people.rested(MANAGER, id_, "SUCCEEDED", "DEAD_LETTERED")["status"] == "SUCCEEDED"
    assert [role for role, _ in house.changes()] == ["psa", "erp", "forecast"]
    # The event comes with its line, by one call.
    assert len(house.effects()) == 4
