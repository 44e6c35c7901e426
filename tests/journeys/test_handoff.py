"""A won deal is handed over: what happens where something is wrong with it, or with a system that takes part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from demo import salesforce
from demo.systems import HTTP
from tests.commands.giving import People

if TYPE_CHECKING:
    from tests.commands.rig import Rig

SALES, STEWARD, READER = "sales-operations", "integration-steward", "auditor"
DEAL = """query ($code: [String!]) { opportunities(filter: {code: $code}) { edges { node { id
  engagement { id code deliveryStatus setupState erpStatus demands { role { code } } } } } } }"""
UNDONE = """{ engagements(filter: {code: ["ENG-024"]}) { edges { node {
  deliveryStatus setupState erpStatus contract { id } } } } }"""
QUARANTINE = "{ quarantine { code tier step item state command { id } } }"


def deal(people: People, code: str) -> Any:
    """Return a deal with the engagement that it has become, as the graph tells."""
    (edge,) = people.read(READER, DEAL, code=[code])["opportunities"]["edges"]
    return edge["node"]


def ids(people: People, listing: str) -> dict[str, str]:
    """Return the ids of all roles or legal entities by their codes."""
    listed = people.read(READER, f"{{ {listing} {{ edges {{ node {{ id code }} }} }} }}")[listing]["edges"]
    return {edge["node"]["code"]: edge["node"]["id"] for edge in listed}


def complete(house: Rig, code: str, **columns: Any) -> None:
    """Change a deal in the CRM, as somebody there does."""
    address = f"{house.address['crm']}/_control/table/Opportunity/{salesforce.opportunity_id(code)}"
    HTTP.put(address, json=columns).raise_for_status()


def win(house: Rig, code: str) -> None:
    """Win a deal."""
    complete(house, code, StageName="Closed Won", IsClosed=True, IsWon=True)


def convert(people: People, code: str, *rules: str) -> Any:
    """Convert a deal, have these rules' approvals given, and return the command once it rests."""
    approvers = {"convert-large": "finance-controller", "convert-thin-margin": "delivery-director"}
    command = people.taken(SALES, "convertOpportunity", {"opportunityId": deal(people, code)["id"]})
    for rule in rules:
        people.approve(approvers[rule], rule)
    return people.rested(SALES, command, "SUCCEEDED", "SUCCEEDED_WITH_EXCEPTIONS", "FAILED", "PARKED") | {"id": command}


def test_another_legal_entity_fails_within_the_request(living: Rig) -> None:
    """OPP-020 is NB-US's to sign: a command for NB-UK has failed when it is answered, and no system was touched."""
    people = People(living)
    said = {"opportunityId": deal(people, "OPP-020")["id"], "legalEntityId": ids(people, "legalEntities")["NB-UK"]}
    answer = people.give(SALES, "convertOpportunity", said)
    assert (answer["command"]["status"], [one["code"] for one in answer["problems"]]) == (
        "FAILED",
        ["LEGAL_ENTITY_MISMATCH"],
    )
    assert living.effects() == []
    found = people.rested(SALES, answer["command"]["id"])
    assert (found["status"], found["steps"]) == ("FAILED", [])
    assert [(one["code"], one["tier"]) for one in found["exceptions"]] == [("LEGAL_ENTITY_MISMATCH", "BLOCK")]
    assert deal(people, "OPP-020")["engagement"] is None


def test_a_role_that_forecasting_lacks_is_set_aside_and_replayed(living: Rig) -> None:
    """OPP-022 sells a cloud architect: the engagement is ready without the demand, which follows once it is mapped."""
    people = People(living)
    win(living, "OPP-022")
    command = convert(people, "OPP-022", "convert-large", "convert-thin-margin")
    assert command["status"] == "SUCCEEDED_WITH_EXCEPTIONS"
    open_deal = [{"role": {"code": role}} for role in ("CONSULTANT", "SENIOR", "MANAGER")]
    engagement = deal(people, "OPP-022")["engagement"]
    assert (engagement["setupState"], engagement["deliveryStatus"], engagement["erpStatus"]) == (
        "READY",
        "PLANNED",
        "OPEN",
    )
    assert engagement["demands"] == open_deal
    (aside,) = people.read(STEWARD, QUARANTINE)["quarantine"]
    assert aside == {
        "code": "FORECAST_ROLE_UNMAPPED",
        "tier": "QUARANTINE_AND_CONTINUE",
        "step": "forecast.demand.1",
        "item": None,
        "state": "OPEN",
        "command": {"id": command["id"]},
    }
    before = living.effects()
    people.act(STEWARD, "replayCommand", command["id"])
    assert people.rested(STEWARD, command["id"])["status"] == "SUCCEEDED_WITH_EXCEPTIONS"
    assert living.effects() == before
    principal = ids(people, "roles")["PRINCIPAL"]
    link = {"canonicalId": principal, "system": "crm", "sourceId": "CLOUD_ARCHITECT", "action": "LINK"}
    people.done(STEWARD, "mapCrossReference", link)
    people.act(STEWARD, "replayCommand", command["id"])
    assert people.rested(STEWARD, command["id"])["status"] == "SUCCEEDED"
    assert {one["path"] for one in living.effects() if one not in before} == {"/nb-role-demands/"}
    assert people.read(STEWARD, QUARANTINE)["quarantine"] == []
    engagement = deal(people, "OPP-022")["engagement"]
    assert engagement["demands"] == [*open_deal, {"role": {"code": "PRINCIPAL"}}]


def test_what_finance_refuses_is_undone_everywhere(living: Rig) -> None:
    """The ERP does not take OPP-020's project: delivery's engagement is cancelled, and says that it was not set up."""
    people = People(living)
    ledger = living.state()["erp"]
    living.fault("erp", match="POST .*ProjectsV2", what="refuse")
    command = convert(people, "OPP-020", "convert-large")
    assert command["status"] == "FAILED"
    assert living.state()["erp"] == ledger
    states = {step["name"]: step["state"] for step in command["steps"]}
    assert (states["psa.engagement"], states["erp.project"]) == ("COMPENSATED", "REFUSED")
    (engagement,) = people.read(READER, UNDONE)["engagements"]["edges"]
    assert engagement["node"] == {
        "deliveryStatus": "CANCELLED",
        "setupState": "FAILED",
        "erpStatus": None,
        "contract": None,
    }
    assert not any(one["path"].startswith("/services/data") for one in living.effects())


def test_what_a_won_deal_lacks_is_waited_for(living: Rig) -> None:
    """Nobody signs OPP-021: its conversion waits, touches nothing, and goes on when the CRM has been completed."""
    people = People(living)
    win(living, "OPP-021")
    answer = people.give(SALES, "convertOpportunity", {"opportunityId": deal(people, "OPP-021")["id"]})
    assert [one["message"] for one in answer["problems"]] == ["the legal entity that signs is missing of the won deal"]
    command = answer["command"]["id"]
    waiting = people.rested(SALES, command)
    assert (waiting["status"], waiting["waitingFor"], living.effects()) == ("PARKED", "AWAITING_MASTER_DATA", [])
    complete(living, "OPP-021", Legal_Entity__c="NB-US")
    assert people.rested(SALES, command, "SUCCEEDED", "AWAITING_APPROVAL", "FAILED")["status"] == "SUCCEEDED"
    assert deal(people, "OPP-021")["engagement"]["setupState"] == "READY"
