"""The firm as an auditor finds it: what is planted in one system shows as that system's, and nothing is mixed up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from colonnade.demo import over
from demo.systems import emulated
from tests.conftest import House

if TYPE_CHECKING:
    from collections.abc import Iterator

    from demo.firm.model import Firm


@pytest.fixture(scope="module")
def mutated(firm: Firm) -> Iterator[House]:
    """The graph over the systems that contradict each other."""
    with emulated(firm, mutated=True) as bound, over(bound, mutated=True) as running:
        yield House(running.url, bound)


def engagements(house: House, fields: str) -> dict[str, Any]:
    """Read all engagements by their codes."""
    answer = house.ask(f"{{ engagements(first: 50) {{ edges {{ node {{ code {fields} }} }} }} }}")
    return {edge["node"].pop("code"): edge["node"] for edge in answer.data["engagements"]["edges"]}


def test_each_owner_says_what_was_planted_with_it(mutated: House) -> None:
    """The ERP's value, currency, entity and status, and forecasting's silence, stand beside the PSA's own words."""
    found = engagements(
        mutated,
        """deliveryStatus erpStatus plannedRevenue { amount } contractValue { amount currency }
        contractingEntity { code } demands { code }""",
    )
    assert (found["ENG-001"]["plannedRevenue"], found["ENG-001"]["contractValue"]) == (
        {"amount": "480000.00"},
        {"amount": "450000.00", "currency": "GBP"},
    )
    assert found["ENG-005"]["demands"] == []
    assert (found["ENG-008"]["deliveryStatus"], found["ENG-008"]["erpStatus"]) == ("ACTIVE", "CLOSED")
    assert found["ENG-009"]["contractValue"]["currency"] == "USD"
    assert found["ENG-013"]["contractingEntity"] == {"code": "NB-UK"}


def test_two_engagements_that_claim_one_project_are_no_guess(mutated: House) -> None:
    """An invoice of the ERP's project that two workspaces claim has no engagement, and says why."""
    answer = mutated.ask("{ invoices(first: 100) { edges { node { number engagement { code } } } } }")
    found = {edge["node"]["number"]: edge["node"]["engagement"] for edge in answer.data["invoices"]["edges"]}
    assert found["INV-2601-018"] is None
    assert found["INV-2601-001"] == {"code": "ENG-001"}
    assert {error["extensions"]["code"] for error in answer.errors} == {"REFERENCE_AMBIGUOUS"}
    assert sum(engagement is None for engagement in found.values()) == 2


def test_hr_and_delivery_may_disagree(mutated: House) -> None:
    """Somebody whom HR has let go is still booked, and each says so for itself."""
    fields = "employmentStatus terminationDate assignments { status }"
    answer = mutated.ask(f"{{ resources(first: 100) {{ edges {{ node {{ {fields} }} }} }} }}")
    gone = [edge["node"] for edge in answer.data["resources"]["edges"] if edge["node"]["terminationDate"]]
    assert [(person["employmentStatus"], person["terminationDate"], person["assignments"]) for person in gone] == [
        ("TERMINATED", "2026-03-31", [{"status": "ACTIVE"}])
    ]


def test_a_second_copy_of_a_number_does_not_change_the_others(mutated: House) -> None:
    """One minor unit more or less in the ERP is the ERP's to say: the graph shows it as it is."""
    answer = mutated.ask("{ invoices(first: 100) { edges { node { number net { amount } } } } }")
    net = {edge["node"]["number"]: edge["node"]["net"]["amount"] for edge in answer.data["invoices"]["edges"]}
    assert (net["INV-2602-016"], net["INV-2601-014"], net["INV-2601-016"]) == ("14470.700", "19713001", "13125.400")
