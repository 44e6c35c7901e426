"""A won deal that lacks master data waits for it, and goes on by itself once it is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from demo import salesforce
from demo.systems import HTTP
from schema.rows import Ref
from tests.commands.giving import People
from tests.commands.rig import Forge, rig

if TYPE_CHECKING:
    from collections.abc import Iterator

    from demo.firm.model import Firm
    from tests.commands.rig import Rig

SALES = "sales-operations"
DEAL = salesforce.opportunity_id("OPP-021")
WON = {"StageName": "Closed Won", "IsClosed": True, "IsWon": True, "ForecastCategory": "Closed"}


@pytest.fixture
def house(firm: Firm) -> Iterator[Rig]:
    """A server of its own over the firm's systems, in which OPP-021 is won."""
    forge = Forge()
    try:
        with rig(firm, forge) as made:
            made.fresh()
            made.start()
            changed(made, **WON)
            yield made
    finally:
        forge.stop()


def changed(house: Rig, **columns: object) -> None:
    """Change the deal in the CRM, as a person there would."""
    HTTP.put(f"{house.address['crm']}/_control/table/Opportunity/{DEAL}", json=columns).raise_for_status()


def test_a_deal_waits_for_who_signs(house: Rig) -> None:
    """OPP-021 names no legal entity: nothing is done anywhere, over a restart, until the CRM says one."""
    people, before = People(house), house.state()
    answer = people.give(SALES, "convertOpportunity", {"opportunityId": Ref("Opportunity", "crm", DEAL).encode()})
    id_ = answer["command"]["id"]
    assert [(one["code"], one["message"]) for one in answer["problems"]] == [
        ("AWAITING_MASTER_DATA", "the legal entity that signs is missing of the won deal")
    ]
    found = people.rested(SALES, id_)
    assert (found["status"], found["waitingFor"]) == ("PARKED", "AWAITING_MASTER_DATA")
    house.kill()
    house.start()
    assert (house.state(), people.rested(SALES, id_, "PARKED")["steps"]) == (before, [])
    changed(house, Legal_Entity__c="NB-US")
    assert people.rested(SALES, id_, "AWAITING_APPROVAL", "SUCCEEDED")["status"] in {"AWAITING_APPROVAL", "SUCCEEDED"}


def test_a_deal_that_waits_can_be_withdrawn(house: Rig) -> None:
    """Whoever gave the command takes it back: it is over, and what comes later moves it no more."""
    people = People(house)
    answer = people.give(SALES, "convertOpportunity", {"opportunityId": Ref("Opportunity", "crm", DEAL).encode()})
    people.act(SALES, "cancelCommand", answer["command"]["id"])
    changed(house, Legal_Entity__c="NB-US")
    found = people.rested(SALES, answer["command"]["id"])
    assert (found["status"], found["steps"], house.effects()) == ("CANCELLED", [], [])


def test_of_two_for_one_deal_one_converts_it(house: Rig) -> None:
    """One waited and could claim nothing then, one comes when all is there: while one makes it the other is refused."""
    people = People(house)
    given = {"opportunityId": Ref("Opportunity", "crm", DEAL).encode()}
    house.fault("psa", match="POST .*workspaces", what="hold_before", seconds=4)
    waited = people.give(SALES, "convertOpportunity", given)["command"]["id"]
    changed(house, Legal_Entity__c="NB-US")
    came = people.give(SALES, "convertOpportunity", given)["command"]["id"]
    ends = sorted(people.rested(SALES, id_, "SUCCEEDED", "REFUSED")["status"] for id_ in (waited, came))
    made = [line for line in house.effects() if line["table"] == "workspaces" and line["method"] == "POST"]
    assert (ends, len(made)) == (["REFUSED", "SUCCEEDED"], 1)
