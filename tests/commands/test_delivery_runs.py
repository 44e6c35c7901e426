"""What the delivery commands plan is taken by every system: each is run through the graph, and read back from it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from schema.graph import HOMES
from schema.rows import Ref
from tests.commands.rig import RESTING, Forge, rig

if TYPE_CHECKING:
    from collections.abc import Iterator

    from demo.firm.model import Firm
    from tests.commands.rig import Rig

COMMAND = """query($id: ID!) { command(id: $id) {
  status exceptions { code } approvals { id role state } steps { name state } result { id } } }"""
DECIDE = "mutation($id: ID!) { decideApproval(id: $id, approve: true) { problems { code } } }"
NODE = "query($id: ID!) {{ node(id: $id) {{ ... on {type} {{ {fields} }} }} }}"


class Office:
    """The firm's people at work with the graph."""

    def __init__(self, house: Rig) -> None:
        """Work with a running house."""
        self.house = house
        self.words = {system.role: system.words for system in house.bound}

    def id(self, type_: str, code: str) -> str:
        """Return the id of a thing of the firm."""
        role = HOMES[type_].system.value
        word = self.words[role][type_](code)
        assert word is not None
        return Ref(type_, role, word).encode()

    def run(self, command: str, persona: str, **values: Any) -> dict[str, Any]:
        """Give a command, approve it as whoever has to, and return how it ended."""
        kind = f"{command[0].upper()}{command[1:]}Input"
        mutation = (
            f"mutation($input: {kind}!) {{ {command}(input: $input) {{ command {{ id }} problems {{ code }} }} }}"
        )
        given = self.house.ask(persona, mutation, {"input": values}, uuid4().hex)["data"][command]
        assert given["problems"] == []
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            # Whoever gave it may see what it made only when the next half minute of what they hold begins.
            found: dict[str, Any] = self.house.ask("auditor", COMMAND, {"id": given["command"]["id"]})["data"][
                "command"
            ]
            wanted = [one for one in found["approvals"] if one["state"] == "PENDING"]
            for one in wanted:
                self.house.ask(one["role"], DECIDE, {"id": one["id"]}, uuid4().hex)
            if found["status"] in RESTING and not wanted:
                return found
            time.sleep(0.05)
        raise AssertionError(found)

    def read(self, type_: str, id_: str, fields: str) -> Any:
        """Read a record back, as the auditor."""
        return self.house.ask("auditor", NODE.format(type=type_, fields=fields), {"id": id_})["data"]["node"]


@pytest.fixture(scope="module")
def office(firm: Firm) -> Iterator[Office]:
    """A house whose commands are run, for tests that leave each other's records alone."""
    forge = Forge()
    with rig(firm, forge) as house:
        house.fresh()
        house.start()
        yield Office(house)
    forge.stop()


def test_a_won_deal_is_an_engagement_everywhere(office: Office) -> None:
    """OPP-020 is approved by amount, and is then known in delivery, in finance, in the plan and to the deal itself."""
    deal = office.id("Opportunity", "OPP-020")
    ended = office.run("convertOpportunity", "sales-operations", opportunityId=deal)
    assert (ended["status"], ended["exceptions"]) == ("SUCCEEDED", [])
    assert [one["role"] for one in ended["approvals"]] == ["finance-controller"]
    fields = """engagement { name erpStatus contractValue { amount currency } customer { displayName }
      contractingEntity { code } contract { lines { model amount { amount } rateCard { code } } }
      projects { children { name region deliveringEntity { code } } } demands { role { code } hoursPerWeek } }"""
    assert office.read("Opportunity", deal, fields)["engagement"] == {
        "name": "Network rollout wave 2",
        "erpStatus": "OPEN",
        "contractValue": {"amount": "480000.00", "currency": "USD"},
        "customer": {"displayName": "Hollin Telecom"},
        "contractingEntity": {"code": "NB-US"},
        "contract": {
            "lines": [
                {
                    "model": "TIME_AND_MATERIALS",
                    "amount": {"amount": "480000.00"},
                    "rateCard": {"code": "RC-BILL-NB-US-V1"},
                }
            ]
        },
        "projects": [
            {
                "children": [
                    {"name": "East", "region": "US-EAST", "deliveringEntity": {"code": "NB-US"}},
                    {"name": "West", "region": "US-WEST", "deliveringEntity": {"code": "NB-US"}},
                ]
            }
        ],
        "demands": [
            {"role": {"code": "MANAGER"}, "hoursPerWeek": "40.00"},
            {"role": {"code": "SENIOR"}, "hoursPerWeek": "39.13"},
            {"role": {"code": "CONSULTANT"}, "hoursPerWeek": "39.13"},
        ],
    }


def test_a_retainer_without_a_deal_has_its_months(office: Office) -> None:
    """A retainer of 24,000 pounds: twelve events in finance, and a breakdown like ENG-011's in delivery."""
    ended = office.run(
        "createEngagement",
        "engagement-manager",
        name="Regulatory retainer",
        legalEntityId=office.id("LegalEntity", "NB-UK"),
        customerId=office.id("Customer", "CUS-05"),
        plannedStart="2026-06-01",
        projectTemplate=office.id("Engagement", "ENG-011"),
        billingTerms={"model": "RETAINER", "amount": {"amount": "24000.00", "currency": "GBP"}},
    )
    assert (ended["status"], ended["exceptions"]) == ("SUCCEEDED", [])
    fields = """deliveryStatus plannedEnd billingEvents { kind period { start end } amount { amount } }
      projects { children { children { phase } } }"""
    made = office.read("Engagement", ended["result"][0]["id"], fields)
    assert made["plannedEnd"] == "2027-05-31"
    assert len(made["billingEvents"]) == 12
    assert made["billingEvents"][0] == {
        "kind": "RETAINER",
        "period": {"start": "2026-06-01", "end": "2026-06-30"},
        "amount": {"amount": "2000.00"},
    }
    phases = [[one["phase"] for one in stream["children"]] for stream in made["projects"][0]["children"]]
    assert phases == [["DESIGN", "BUILD"], ["DESIGN", "BUILD"]]


def test_somebody_is_booked_and_leaves(office: Office) -> None:
    """RES-018 is booked on ENG-004 from July on, in delivery and in the plan, and leaves; somebody else is wanted."""
    booked = office.run(
        "staffAssignment",
        "resource-manager",
        projectId=office.id("Project", "ENG-004-W1"),
        resourceId=office.id("Resource", "RES-018"),
        roleId=office.id("Role", "CONSULTANT"),
        range={"start": "2026-07-01", "end": "2026-09-25"},
        commitment="FIRM",
        allocation="0.5",
    )
    assert booked["status"] == "SUCCEEDED"
    assignment = booked["result"][0]["id"]
    ended = office.run(
        "rollOffAssignment",
        "resource-manager",
        assignmentId=assignment,
        lastDay="2026-08-14",
        reason="needed elsewhere",
        replacementDemand=True,
    )
    assert (ended["status"], ended["exceptions"]) == ("SUCCEEDED", [])
    fields = "range { start end } allocation segments { range { start end } hoursPerDay }"
    assert office.read("Assignment", assignment, fields) == {
        "range": {"start": "2026-07-01", "end": "2026-08-14"},
        "allocation": "0.5000",
        "segments": [{"range": {"start": "2026-07-01", "end": "2026-08-14"}, "hoursPerDay": "4.00"}],
    }
    wanted = office.read("RoleDemand", ended["result"][0]["id"], "code range { start end } hoursPerWeek status")
    assert wanted == {
        "code": "DEM-079",
        "range": {"start": "2026-08-15", "end": "2026-09-25"},
        "hoursPerWeek": "20.00",
        "status": "OPEN",
    }


def test_a_reason_is_judged_again_after_the_approval(office: Office) -> None:
    """ENG-001 goes back to its design for a reason, which still holds when the director has approved."""
    node = office.id("Project", "ENG-001-P")
    given = {"projectId": node, "toPhase": "DESIGN", "effectiveDate": "2026-05-04", "reason": "the design failed"}
    ended = office.run("changeProjectPhase", "engagement-manager", **given)
    assert ended["status"] == "SUCCEEDED"
    assert [one["role"] for one in ended["approvals"]] == ["delivery-director"]
    assert office.read("Project", node, "phase") == {"phase": "DESIGN"}


def test_work_on_hold_is_blocked_in_finance(office: Office) -> None:
    """ENG-011 is put on hold and takes no postings until it goes on."""
    engagement = office.id("Engagement", "ENG-011")
    given = {"engagementId": engagement, "reason": "budget"}
    for to, control in (("ON_HOLD", "BLOCKED"), ("ACTIVE", "OPEN")):
        ended = office.run("changeEngagementStatus", "engagement-manager", to=to, **given)
        assert ended["status"] == "SUCCEEDED"
        found = office.read("Engagement", engagement, "deliveryStatus erpStatus")
        assert found == {"deliveryStatus": to, "erpStatus": control}
