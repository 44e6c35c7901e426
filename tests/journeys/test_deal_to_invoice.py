"""A deal is won, its work is staffed, done, approved, invoiced and posted: by the graph, by those whose task it is.

The server dies in the middle, and the controller closes the books before the invoices are posted.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from demo.firm.people import people
from demo.systems import HTTP
from tests.commands.giving import People
from tests.commands.guarded import as_

if TYPE_CHECKING:
    from demo.issuer import Persona
    from tests.commands.rig import Rig

SALES, CONTROLLER, READER = "sales-operations", "finance-controller", "auditor"
# Billing for the American books is these two colleagues' task; the personas of the demo do the British ones.
US_ANALYST, US_FINANCE = as_("analyst", "billing-analyst", "nb-us"), as_("operations", "finance", "nb-us")
APRIL = {"NB-US": "nbus-2026-P04", "NB-UK": "nbuk-2026-P04"}
EMPLOYEES = {person.code: person.employee_number for person in people()}

DEAL = """{ opportunities(filter: {code: ["OPP-020"]}) { edges { node { id stage engagement { id code setupState
  deliveryStatus erpStatus plannedStart manager { displayName } contractValue { amount currency }
  projects { children { id name } } demands { code role { code } status } } } } } }"""
BEFORE = """query ($numbers: [String!]) {
  opportunities(filter: {code: ["OPP-020"]}) { edges { node { id engagement { id } } } }
  engagements(filter: {code: ["ENG-019"]}) { edges { node { id setupState milestones { id code status } } } }
  resources(filter: {employeeNumber: $numbers}) { edges { node { id employeeNumber displayName } } }
  roles { edges { node { id code } } }
  legalEntities { edges { node { id code } } } }"""
WORK = """query ($id: ID!) { node(id: $id) { ... on Engagement {
  assignments { resource { employeeNumber } commitment allocation billRate { amount currency } }
  timeEntries { edges { node { workDate hours approvalStatus lifecycle markedBilled postedRate { amount } } } }
  billingEvents { code kind status amount { amount currency } hours }
  invoices { id number documentStatus lifecycle total { amount currency } } } } }"""
MILESTONE = """query ($id: ID!) { node(id: $id) { ... on Milestone {
  status actualDate billingEvent { code status holdReasons amount { amount currency } } } } }"""


def nodes(connection: Any) -> list[Any]:
    """Return what stands on a page."""
    return [edge["node"] for edge in connection["edges"]]


class Journey:
    """The way from a deal to its money; each step reads in the graph what the one before has made."""

    def __init__(self, house: Rig) -> None:
        self.house, self.people = house, People(house)
        said = self.people.read(READER, BEFORE, numbers=[EMPLOYEES["RES-006"], EMPLOYEES["RES-018"]])
        (deal,), (self.other,) = nodes(said["opportunities"]), nodes(said["engagements"])
        assert (deal["engagement"], self.other["setupState"]) == (None, "NOT_STARTED")
        self.deal = deal["id"]
        self.person = {one["employeeNumber"]: one for one in nodes(said["resources"])}
        self.role = {one["code"]: one["id"] for one in nodes(said["roles"])}
        self.entity = {one["code"]: one["id"] for one in nodes(said["legalEntities"])}
        self.engagement, self.project = "", ""

    def work(self, engagement: str | None = None) -> Any:
        """Return what the graph tells of an engagement's work and money, by default of the new one's."""
        return self.people.read(READER, WORK, id=engagement or self.engagement)["node"]

    def restart(self) -> None:
        """Kill the server, and start it again."""
        self.house.kill()
        self.house.start()

    def books(self, state: str) -> None:
        """Close or open April's receivables of both legal entities, as the controller does in the ERP."""
        for period in APRIL.values():
            address = f"{self.house.address['erp']}/_control/table/NBFiscalPeriods/{period}"
            HTTP.put(address, json={"ReceivablesCloseState": state}).raise_for_status()

    def convert(self) -> None:
        """Sales hands the deal over to who will manage it; the controller agrees."""
        said = {
            "opportunityId": self.deal,
            "managerId": self.person[EMPLOYEES["RES-006"]]["id"],
            "plannedStart": "2026-04-06",
        }
        command = self.people.taken(SALES, "convertOpportunity", said)
        assert self.people.rested(SALES, command)["status"] == "AWAITING_APPROVAL"
        assert nodes(self.people.read(READER, DEAL)["opportunities"])[0]["engagement"] is None
        self.people.approve(CONTROLLER, "convert-large")
        assert self.people.rested(SALES, command, "SUCCEEDED", "PARKED")["status"] == "SUCCEEDED"
        (deal,) = nodes(self.people.read(READER, DEAL)["opportunities"])
        engagement = deal["engagement"]
        self.engagement = engagement.pop("id")
        (project,) = engagement.pop("projects")
        assert [one["name"] for one in project["children"]] == ["East", "West"]
        self.project = project["children"][0]["id"]
        assert engagement == {
            "code": "ENG-024",
            "setupState": "READY",
            "deliveryStatus": "ACTIVE",
            "erpStatus": "OPEN",
            "plannedStart": "2026-04-06",
            "manager": {"displayName": self.person[EMPLOYEES["RES-006"]]["displayName"]},
            "contractValue": {"amount": "480000.00", "currency": "USD"},
            "demands": [
                {"code": f"ENG-024-D{number}", "role": {"code": role}, "status": "OPEN"}
                for number, role in enumerate(("MANAGER", "SENIOR", "CONSULTANT"), 1)
            ],
        }

    def staff(self) -> None:
        """A British consultant is lent to it for a day a week; who leads resourcing agrees to the border."""
        said = {
            "projectId": self.project,
            "resourceId": self.person[EMPLOYEES["RES-018"]]["id"],
            "roleId": self.role["CONSULTANT"],
            "range": {"start": "2026-04-06", "end": "2026-04-30"},
            "commitment": "FIRM",
            "allocation": "0.2",
        }
        command = self.people.taken("resource-manager", "staffAssignment", said)
        self.people.approve("resourcing-lead", "staff-cross-border")
        found = self.people.rested("resource-manager", command, "SUCCEEDED", "PARKED")
        assert [one["code"] for one in found["exceptions"]] == ["OVERALLOCATED"]
        assert self.work()["assignments"] == [
            {
                "resource": {"employeeNumber": EMPLOYEES["RES-018"]},
                "commitment": "FIRM",
                "allocation": "0.2000",
                "billRate": {"amount": "180.00", "currency": "USD"},
            }
        ]

    def record(self) -> list[str]:
        """The consultant hands in two days; it is his own time, and no milestone nor money yet."""
        days = {"2026-04-07": "6.00", "2026-04-08": "7.50"}
        entries = [{"projectId": self.project, "workDate": day, "hours": hours} for day, hours in days.items()]
        found = self.people.done("consultant", "submitTimeEntries", {"entries": entries})
        told = {one["workDate"]: one for one in nodes(self.work()["timeEntries"])}
        assert {day: one["hours"] for day, one in told.items()} == days
        assert {one["lifecycle"] for one in told.values()} == {"SUBMITTED"}
        return [step["record"]["id"] for step in found["steps"] if step["name"] == "psa.entry"]

    def accept(self, entries: list[str]) -> None:
        """The manager approves them, and the server dies the moment that it has said yes."""
        command = self.people.taken("time-approver", "approveTimeEntries", {"entryIds": entries, "action": "APPROVE"})
        self.restart()
        assert self.people.rested("time-approver", command)["status"] == "SUCCEEDED"
        work = self.work()
        assert [(one["lifecycle"], one["postedRate"]["amount"]) for one in nodes(work["timeEntries"])] == [
            ("POSTED", "180.00"),
            ("POSTED", "180.00"),
        ]
        assert work["billingEvents"] == [
            {
                "code": "BE-2604-024",
                "kind": "TIME",
                "status": "READY",
                "amount": {"amount": "2430.00", "currency": "USD"},
                "hours": "13.50",
            }
        ]

    def reach(self) -> None:
        """A fixed fee's first milestone is reached elsewhere, and accepted by the customer."""
        (milestone,) = (one for one in self.other["milestones"] if one["code"] == "ENG-019-M1")
        said = {"milestoneId": milestone["id"], "actualDate": "2026-04-07", "acceptanceEvidence": "mail of 7 April"}
        self.people.done("engagement-manager", "completeMilestone", said)
        reached = self.people.read(READER, MILESTONE, id=milestone["id"])["node"]
        assert (reached["status"], reached["actualDate"]) == ("COMPLETED", "2026-04-07")
        assert (reached["billingEvent"]["status"], reached["billingEvent"]["amount"]) == (
            "READY",
            {"amount": "47500.00", "currency": "GBP"},
        )

    def draft(self, who: str | Persona, entity: str, engagement: str, total: str) -> Any:
        """Put what is ready on a draft, and return it."""
        before = {one["id"] for one in self.work(engagement)["invoices"]}
        said = {"engagementId": engagement, "legalEntityId": self.entity[entity], "cutoffDate": "2026-04-30"}
        self.people.done(who, "prepareInvoice", said)
        work = self.work(engagement)
        (draft,) = (one for one in work["invoices"] if one["id"] not in before)
        assert (draft["documentStatus"], draft["number"]) == ("DRAFT", None)
        assert Decimal(draft["total"]["amount"]) == Decimal(total)
        assert [one["status"] for one in work["billingEvents"]] == ["ON_DRAFT"]
        return draft


def test_from_a_deal_to_posted_invoices(living: Rig) -> None:
    """Two invoices wait for a closed period through a crash, add nothing to the ERP, and are posted when it opens."""
    journey = Journey(living)
    journey.convert()
    journey.staff()
    journey.accept(journey.record())
    journey.reach()
    other = journey.other["id"]
    drafts: dict[str | Persona, tuple[str, Any]] = {
        US_FINANCE: (journey.engagement, journey.draft(US_ANALYST, "NB-US", journey.engagement, "2430.00")),
        "finance": (other, journey.draft("billing-analyst", "NB-UK", other, "57000.00")),
    }
    journey.books("OnHold")
    before = living.effects()
    parked: dict[str | Persona, str] = {}
    for who, (_, draft) in drafts.items():
        said = {"invoiceId": draft["id"], "expectedTotal": draft["total"], "postingDate": "2026-04-08"}
        parked[who] = journey.people.taken(who, "postInvoice", said)
    for who, command in parked.items():
        found = journey.people.rested(who, command)
        assert (found["status"], found["waitingFor"]) == ("PARKED", "PERIOD_CLOSED")
    journey.restart()
    for who, command in parked.items():
        assert journey.people.rested(who, command)["status"] == "PARKED"
        assert [one["documentStatus"] for one in journey.work(drafts[who][0])["invoices"]] == ["DRAFT"]
    assert living.effects() == before
    journey.books("Open")
    for who, command in parked.items():
        assert journey.people.rested(who, command, "SUCCEEDED", "DEAD_LETTERED")["status"] == "SUCCEEDED"
        work = journey.work(drafts[who][0])
        assert [one["lifecycle"] for one in work["invoices"]] == ["POSTED"]
        assert all(one["number"] for one in work["invoices"])
        assert [one["status"] for one in work["billingEvents"]] == ["INVOICED"]
    told = nodes(journey.work()["timeEntries"])
    assert [(one["lifecycle"], one["markedBilled"]) for one in told] == [("BILLED", True), ("BILLED", True)]
