"""Who is who, asked over HTTP: cross-references, and records by what some system calls them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from demo import dynamics, kantata
from schema.rows import Ref

if TYPE_CHECKING:
    from tests.conftest import House

ALDERMOOR = Ref("Customer", "crm", dynamics.customer_account("CUS-01")).encode()
REFERENCE = "canonicalId binding sourceType sourceId sourceKey role cardinality state establishedBy"
NODE = "id ... on Customer { displayName } ... on Engagement { code }"


def by_source(house: House, type_: str, system: str, id_: str, binding: str = "null") -> Any:
    """Ask for a record by what a system calls it."""
    arguments = f'entityType: {type_}, system: {system}, sourceId: "{id_}", binding: {binding}'
    return house.ask(f"{{ nodeBySource({arguments}) {{ {NODE} }} }}")


def test_a_cross_reference_says_everything_of_itself(house: House) -> None:
    """What the PSA calls a customer is found with its state, its origin and the id that it stands for."""
    answer = house.ask(
        f'{{ crossReference(entityType: Customer, system: PSA, sourceId: "7300001", sourceType: "Customer") '
        f"{{ entityType system validFrom validTo lastVerifiedAt {REFERENCE} }} }}"
    )
    assert answer.errors == []
    assert answer.data["crossReference"] == {
        "entityType": "Customer",
        "canonicalId": ALDERMOOR,
        "system": "PSA",
        "binding": "psa",
        "sourceType": "Customer",
        "sourceId": kantata.group_id("CUS-01"),
        "sourceKey": "CUS-01",
        "role": "REPLICA",
        "cardinality": "ONE",
        "state": "ACTIVE",
        "establishedBy": "IMPORT",
        "validFrom": "2026-04-08T09:00:00.000Z",
        "validTo": None,
        "lastVerifiedAt": None,
    }


def test_all_references_of_a_record(house: House) -> None:
    """A canonical id leads to what every other system calls the record; one that nobody knows has none."""
    found = house.ask(f'{{ crossReferences(id: "{ALDERMOOR}") {{ system sourceId }} }}')
    assert found.data["crossReferences"] == [
        {"system": "PSA", "sourceId": "7300001"},
        {"system": "ERP", "sourceId": "C-10001"},
    ]
    unknown = Ref("Customer", "crm", "C-1").encode()
    assert house.ask(f'{{ crossReferences(id: "{unknown}") {{ system }} }}').data == {"crossReferences": []}
    assert house.ask('{ crossReferences(id: "nobody") { system } }').codes == [("MALFORMED_ID", ["crossReferences"])]


def test_what_nobody_linked_has_no_reference(house: House) -> None:
    """That there is no cross-reference is an answer; of another source type there is none, either."""
    nobody = 'crossReference(entityType: Customer, system: PSA, sourceId: "1") { state }'
    other = 'other: crossReference(entityType: Customer, system: PSA, sourceId: "7300001", sourceType: "X") { state }'
    answer = house.ask(f"{{ {nobody} {other} }}")
    assert (answer.data, answer.errors) == ({"crossReference": None, "other": None}, [])


def test_a_record_by_what_another_system_calls_it(house: House) -> None:
    """The ERP's number, the PSA's and the home's own lead to the same record."""
    expected = {"nodeBySource": {"id": ALDERMOOR, "displayName": "Aldermoor Rail"}}
    for system, id_ in (("ERP", "C-10001"), ("PSA", "7300001"), ("CRM", "C-10001")):
        answer = by_source(house, "Customer", system, id_)
        assert (answer.data, answer.errors) == (expected, [])


def test_several_names_of_one_tick_are_one_call(house: House) -> None:
    """Records by their names in other systems come through the same loader: one call for all of them."""
    asked = " ".join(
        f'n{number}: nodeBySource(entityType: Engagement, system: ERP, sourceId: "P-{number:06}") {{ {NODE} }}'
        for number in range(1, 10)
    )
    answer = house.ask(f"{{ {asked} }}")
    assert [answer.data[f"n{number}"]["code"] for number in range(1, 10)] == [f"ENG-00{n}" for n in range(1, 10)]
    assert len(house.calls()) == 1


def test_an_unlinked_name_leads_nowhere_and_says_so(house: House) -> None:
    """A name without a cross-reference is REFERENCE_UNKNOWN; the home's own unknown id is just not there."""
    answer = by_source(house, "Customer", "ERP", "C-99999")
    assert (answer.data["nodeBySource"], answer.codes) == (None, [("REFERENCE_UNKNOWN", ["nodeBySource"])])
    answer = by_source(house, "Customer", "CRM", "C-99999")
    assert (answer.data["nodeBySource"], answer.errors) == (None, [])


@pytest.mark.parametrize(
    ("id_", "binding"), [("", "null"), ("x" * 256, "null"), (r"\u0000", "null"), ("C-1", '"crm"'), ("C-1", '"erpx"')]
)
def test_names_that_no_system_gives_are_refused(house: House, id_: str, binding: str) -> None:
    """A name without a length, or of another system's binding, is the caller's error and asks nobody."""
    assert by_source(house, "Customer", "ERP", id_, binding).codes == [("BAD_INPUT", ["nodeBySource"])]
    assert house.calls() == []


def test_ids_that_lead_nowhere_are_null_all_of_them(house: House) -> None:
    """Two hundred ids that no home knows any more are two hundred nulls, without an error."""
    ids = [Ref("Customer", "crm", f"C-9{number:04}").encode() for number in range(200)]
    answer = house.ask("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ids})
    assert (answer.data, answer.errors) == ({"nodes": [None] * 200}, [])
