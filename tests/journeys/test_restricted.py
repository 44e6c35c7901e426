"""What is restricted is refused on every road before anything is asked for it, and read by those who may."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from schema.rows import Ref

if TYPE_CHECKING:
    from demo.firm.model import Firm
    from tests.conftest import House

TAX = "{ customers(first: 50) { edges { node { displayName taxRegistrationId } } } }"
COST = "{ resources(first: 100) { edges { node { standardCostRate { amount currency } } } } }"
MAIL = "{ resources(first: 100) { edges { node { displayName workEmail } } } }"
AWAY = "{ resources(first: 100) { edges { node { absences { kind } } } } }"
NODE = "query($id: ID!) { node(id: $id) { ... on Absence { kind } } }"
NODES = "query($id: ID!) { nodes(ids: [$id]) { id } }"
ENTITIES = (
    "query($r: [_Any!]!) { _entities(representations: $r) { ... on Resource { workEmail } ... on Absence { id } } }"
)
ABSENCE = Ref("Absence", "hr", "50001").encode()


def nodes(answer: Any, root: str) -> list[dict[str, Any]]:
    """Return the records of a list."""
    return [edge["node"] for edge in answer.data[root]["edges"]]


def person(house: House) -> str:
    """Return somebody's id."""
    return nodes(house.ask("{ resources(first: 2) { edges { node { id } } } }"), "resources")[1]["id"]  # type: ignore[no-any-return]


def test_nobody_reads_a_restricted_field(whole: House, firm: Firm) -> None:
    """It is null for all, with one error that names the kind and nothing of the records; the rest is there."""
    answer = whole.ask(MAIL)
    found = nodes(answer, "resources")
    assert {node["displayName"] for node in found} == {person.name for person in firm.people}
    assert {node["workEmail"] for node in found} == {None}
    (error,) = answer.errors
    assert error["message"] == "you may not read this"
    said = {"code": "FORBIDDEN", "retryable": False, "restriction": "PERSONAL", "count": 48}
    assert error["extensions"] | said == error["extensions"]


@pytest.mark.parametrize(
    ("query", "kind", "role"), [(TAX, "TAX_ID", "crm"), (COST, "COST_RATE", "hr"), (AWAY, "ABSENCE", "hr")]
)
def test_a_refused_facet_or_link_is_never_asked_for(whole: House, query: str, kind: str, role: str) -> None:
    """Only the list itself is called for: not the ERP for its facets, nor HR for the leave of people it knows."""
    for system in whole.bound:
        system.traffic.clear()
    answer = whole.ask(query)
    assert [error["extensions"]["restriction"] for error in answer.errors] == [kind]
    asked = {system.role for system in whole.bound if system.traffic.calls()}
    assert asked <= {role}
    assert not any("time_off" in call for system in whole.bound for call in system.traffic.calls())


@pytest.mark.parametrize(
    "road",
    [
        "query($id: ID!) { node(id: $id) { ... on Resource { workEmail } } }",
        "query($id: ID!) { nodes(ids: [$id]) { ...mail } } fragment mail on Resource { other: workEmail }",
        "query($id: ID!) { node(id: $id) { ... on Resource { manager { assignments { resource { workEmail } } } } } }",
        "query($id: ID!) { node(id: $id) { ... on Resource { absences { id range { start } } } } }",
    ],
    ids=["node", "fragment and alias", "links", "a restricted type"],
)
def test_every_road_leads_to_the_same_refusal(whole: House, road: str) -> None:
    """By id, by fragment, under an alias, behind links: refused."""
    answer = whole.ask(road, {"id": person(whole)})
    assert {code for code, _ in answer.codes} == {"FORBIDDEN"}
    assert "@" not in str(answer.data)
    assert "2026" not in str(answer.data)


@pytest.mark.parametrize("id_", ["50001", "nobody"])
def test_whether_a_restricted_record_exists_is_not_told(whole: House, id_: str) -> None:
    """A record and no record get the same answer, without a call."""
    for system in whole.bound:
        system.traffic.clear()
    id_ = Ref("Absence", "hr", id_).encode()
    answers = [whole.ask(NODE, {"id": id_}), whole.ask(NODES, {"id": id_})]
    answers.append(whole.ask(ENTITIES, {"r": [{"__typename": "Absence", "id": id_}]}, whole.router))
    answers.append(whole.ask("{ absences { totalCount } }"))
    assert [answer.data for answer in answers] == [
        {"node": None},
        {"nodes": [None]},
        {"_entities": [None]},
        {"absences": None},
    ]
    assert {(error["message"], error["extensions"]["code"]) for answer in answers for error in answer.errors} == {
        ("you may not read this", "FORBIDDEN")
    }
    assert [call for system in whole.bound for call in system.traffic.calls()] == []


def test_another_subgraph_is_refused_as_well(whole: House) -> None:
    """What the router asks is asked by somebody, too."""
    answer = whole.ask(ENTITIES, {"r": [{"__typename": "Resource", "id": person(whole)}]}, whole.router)
    assert answer.data == {"_entities": [{"workEmail": None}]}
    assert answer.codes == [("FORBIDDEN", ["_entities", 0, "workEmail"])]


def test_who_may_reads_all_of_it(trusted: House, firm: Firm) -> None:
    """Somebody who may gets every value as its owner has it."""
    people = trusted.ask(MAIL)
    assert people.errors == []
    assert {node["workEmail"] for node in nodes(people, "resources")} == {person.email for person in firm.people}
    customers = trusted.ask(TAX)
    assert customers.errors == []
    assert {node["taxRegistrationId"] for node in nodes(customers, "customers")} == {
        customer.tax_number for customer in firm.customers
    }
    costs = trusted.ask(COST)
    assert costs.errors == []
    assert [node["standardCostRate"] for node in nodes(costs, "resources")] == [
        {"amount": str(person.cost_rate), "currency": person.cost_currency} for person in firm.people
    ]
    margins = trusted.ask("{ engagements(first: 50) { edges { node { plannedCost { amount currency } } } } }")
    assert margins.errors == []
    assert [node["plannedCost"] for node in nodes(margins, "engagements")] == [
        {"amount": str(one.planned_cost), "currency": one.currency} if one.planned_cost is not None else None
        for one in firm.engagements
    ]
    assert trusted.ask(NODE, {"id": ABSENCE}).data == {"node": {"kind": "VACATION"}}
