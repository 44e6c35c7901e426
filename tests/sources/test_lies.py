"""Sources that ignore what they were asked: every row is held against the question."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from schema.rows import Ref
from tests.sources.comparing import deep

if TYPE_CHECKING:
    from tests.conftest import House


@pytest.mark.parametrize(
    ("role", "entity"),
    [
        ("psa", "stories"),
        ("psa", "workspaces"),
        ("psa", "workspace_allocations"),
        ("erp", "NBProjectInvoices"),
        ("erp", "ProjectContractLines"),
        ("crm", "CustomersV3"),
        ("crm", "Workers"),
    ],
)
def test_an_ignored_filter_adds_nothing(house: House, role: str, entity: str) -> None:
    """A system that answers all its rows, whatever was asked, is believed for those that were asked."""
    calm = deep(house)
    house.misbehave(role, "unfiltered", entity=entity)
    lied = deep(house)
    assert (lied.data, lied.errors) == (calm.data, calm.errors)


def test_an_ignored_filter_makes_no_record_another_type(house: House) -> None:
    """Deliverables, milestones and tasks share one list: none becomes the other when its filter is ignored."""
    query = "{ engagements(first: 3) { edges { node { tasks { id code } projects { id code tasks { code } } } } } }"
    calm = house.ask(query)
    house.misbehave("psa", "unfiltered", entity="stories")
    lied = house.ask(query)
    assert (lied.data, lied.errors) == (calm.data, [])
    assert {len(edge["node"]["tasks"]) for edge in lied.data["engagements"]["edges"]} == {20}


def test_an_entity_is_only_what_its_id_says(house: House) -> None:
    """Federation that refers to an engagement by a customer's id, or by no id at all, gets none, and says so."""
    customer = Ref("Customer", "crm", "C-10001").encode()
    query = "query ($of: [_Any!]!) { _entities(representations: $of) { ... on Engagement { code } } }"
    for id_ in (customer, None, 5, [customer]):
        answer = house.ask(query, {"of": [{"__typename": "Engagement", "id": id_}]}, house.router)
        assert answer.data == {"_entities": [None]}
        assert answer.codes == [("MALFORMED_ID", ["_entities", 0])]
