"""One query over every system: what it answers, and what it costs them."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from math import ceil
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, parse_qsl, urlsplit

import pytest

from colonnade.demo import over
from demo.systems import dynamics_as, psa
from tests.conftest import House, rewritten

if TYPE_CHECKING:
    from pathlib import Path

    from demo.firm.model import Firm

DEEP = """
{
  engagements(first: 20) { edges { node {
    code name deliveryStatus erpStatus contractValue { amount currency }
    customer { displayName legalName }
    contractingEntity { code }
    projects { code children { code children { code tasks { code progress } } } }
    assignments { code allocation resource { displayName legalEntity { code } } }
    contract { code lines { description amount { amount currency } } }
    invoices { number net { amount } lines { description net { amount } } }
  } } }
}
"""


@pytest.fixture
def deep(house: House) -> list[dict[str, Any]]:
    """The twenty engagements, all the way down."""
    answer = house.ask(DEEP)
    assert answer.errors == []
    return [edge["node"] for edge in answer.data["engagements"]["edges"]]


def test_every_value_is_the_firms(deep: list[dict[str, Any]], firm: Firm) -> None:
    """Twenty engagements come back with the very customers, trees, people, contracts and invoices of the firm."""
    engagements = {engagement.code: engagement for engagement in firm.engagements[:20]}
    customers = {customer.code: customer for customer in firm.customers}
    people = {person.code: person for person in firm.people}
    assert [node["code"] for node in deep] == list(engagements)
    for node in deep:
        truth = engagements[node["code"]]
        assert (node["name"], node["deliveryStatus"], node["erpStatus"]) == (truth.name, truth.status, truth.erp_status)
        customer = customers.get(truth.customer or "")
        assert node["customer"] == (
            {"displayName": customer.name, "legalName": customer.legal_name} if customer else None
        )
        assert node["contractingEntity"] == {"code": truth.entity}
        assert {item["code"]: item["resource"] for item in node["assignments"]} == {
            item.code: {
                "displayName": people[item.person].name,
                "legalEntity": {"code": people[item.person].entity},
            }
            for item in firm.assignments
            if item.engagement == truth.code
        }


def test_the_tree_is_the_firms(deep: list[dict[str, Any]], firm: Firm) -> None:
    """Every node has its own children and tasks, in order, and nobody else's."""

    def tree(parent: str) -> list[dict[str, Any]]:
        return [
            {"code": node.code, "children": tree(node.code)}
            if node.kind == "WORKSTREAM"
            else {"code": node.code, "tasks": tasks(node.code)}
            for node in firm.projects
            if node.parent == parent
        ]

    def tasks(project: str) -> list[dict[str, Any]]:
        return [
            {"code": task.code, "progress": f"{task.progress:.4f}"} for task in firm.tasks if task.project == project
        ]

    for node in deep:
        top = f"{node['code']}-P"
        assert node["projects"] == [{"code": top, "children": tree(top)}]


def test_the_money_is_the_firms_to_the_last_digit(deep: list[dict[str, Any]], firm: Firm) -> None:
    """Contract values, contract lines and invoices come back in the digits of their currency."""
    contracts = {contract.engagement: contract for contract in firm.contracts}
    for node in deep:
        contract = contracts.get(node["code"])
        if contract is None:
            assert (node["contract"], node["contractValue"]) == (None, None)
        else:
            assert node["contractValue"]["currency"] == contract.currency
            assert [line["amount"] for line in node["contract"]["lines"]] == [
                {"amount": str(line.amount), "currency": contract.currency} for line in contract.lines
            ]
        assert {item["number"]: (item["net"]["amount"], len(item["lines"])) for item in node["invoices"]} == {
            invoice.number: (str(invoice.net), len(invoice.lines))
            for invoice in firm.invoices
            if invoice.engagement == node["code"]
        }


def test_golden_amounts(deep: list[dict[str, Any]]) -> None:
    """The published figures of the firm arrive exactly: yen without decimals, dinars with three."""
    net = {invoice["number"]: invoice["net"]["amount"] for node in deep for invoice in node["invoices"]}
    assert net["INV-2601-014"] == "19713000"
    assert net["INV-2601-016"] == "13125.400"
    assert net["INV-2602-016"] == "14470.800"
    assert net["CRN-2603-008"] == "-3600.00"
    assert {net["INV-2601-007"], net["INV-2602-007"]} == {"129680.00", "130060.00"}


@pytest.mark.usefixtures("deep")
def test_the_call_law(house: House) -> None:
    """Every question costs one call a level; only Kantata's own page of 200 rows cuts the 400 tasks in two."""
    assert asked(house.calls()) == {
        "workspaces": 1,
        "stories of deliverable": 1,
        "stories of task": 2,
        "workspace_allocations": 1,
        "ProjectsV2": 1,
        "CustomersV3": 2,  # the CRM's, and the ERP's facet
        "ProjectContractHeaders": 1,
        "ProjectContractLines": 1,
        "NBProjectInvoices": 1,
        "NBProjectInvoiceLines": 1,
        "LegalEntities": 2,  # two levels: who contracts, and who employs
        "Workers": 1,
    }


def test_the_sources_limit_alone_cuts_a_batch(firm: Firm, tmp_path: Path) -> None:
    """Sources that take seven ids a call are asked ceil(keys / 7) times, and answer the very same."""
    with ExitStack() as stack:
        systems = [stack.enter_context(psa(firm)), *stack.enter_context(dynamics_as(firm, "erp", "crm", "hr"))]
        limited = [rewritten(system, tmp_path / system.role, "ids = 200", "ids = 7") for system in systems]
        house = House(stack.enter_context(over(limited)))
        engagements = house.ask(DEEP).data["engagements"]["edges"]
        invoices = sum(len(edge["node"]["invoices"]) for edge in engagements)
        people = {item["resource"]["displayName"] for edge in engagements for item in edge["node"]["assignments"]}
        assert (invoices, len(people)) == (36, 45)
        times = asked(house.calls())
        assert times["ProjectsV2"] == times["NBProjectInvoices"] == ceil(20 / 7)
        assert times["NBProjectInvoiceLines"] == ceil(36 / 7)
        assert times["Workers"] == ceil(45 / 7)
        assert times["CustomersV3"] == 2 * ceil(14 / 7)


def asked(calls: list[str]) -> dict[str, int]:
    """Count the calls of each question."""
    return dict(Counter(_question(urlsplit(call.removeprefix("GET "))) for call in calls))


def _question(url: SplitResult) -> str:
    kind = dict(parse_qsl(url.query)).get("story_types")
    return PurePosixPath(url.path).stem + (f" of {kind}" if kind else "")
