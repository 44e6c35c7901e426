"""People, sales and plans as an auditor finds them: each system says what was planted in it, and nothing else does."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from demo.firm.model import Firm
    from tests.conftest import House

PLANS = """{ resources(first: 100) { edges { node { employeeNumber employmentStatus terminationDate
    segments { range { start end } hoursPerDay assignment { code } role { code } }
    availability(range: {start: "2026-04-08", end: "2026-04-08"}) { firmHours }
    assignments { code status range { end } allocation segments { range { end } hoursPerDay } }
} } } }"""


@pytest.fixture(scope="module")
def plans(mutated: House) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Everybody by their number, with what each system plans of them; and the errors."""
    answer = mutated.ask(PLANS)
    people = {edge["node"]["employeeNumber"]: edge["node"] for edge in answer.data["resources"]["edges"]}
    return people, answer.errors


def test_forecasting_knows_nothing_of_an_engagement(mutated: House) -> None:
    """M01: ENG-005 is planned nowhere, while delivery has people on it; everybody else's bookings are planned."""
    query = "{ engagements(first: 50) { edges { node { code demands { code } assignments { segments { id } } } } } }"
    found = {edge["node"]["code"]: edge["node"] for edge in mutated.ask(query).data["engagements"]["edges"]}
    assert (found["ENG-005"]["demands"], len(found["ENG-005"]["assignments"])) == ([], 3)
    planned = {code: {bool(item["segments"]) for item in node["assignments"]} for code, node in found.items()}
    assert planned.pop("ENG-005") == {False}
    assert set().union(*planned.values()) == {True}


def test_a_deal_that_was_won_and_not_handed_over(mutated: House) -> None:
    """M02: OPP-020 is won and no engagement came of it: null without an error."""
    answer = mutated.ask("{ opportunities(first: 50) { edges { node { code stage engagement { code } } } } }")
    assert answer.errors == []
    deals = [edge["node"] for edge in answer.data["opportunities"]["edges"]]
    without = [deal["code"] for deal in deals if deal["stage"] == "WON" and deal["engagement"] is None]
    assert without == ["OPP-020"]


def test_who_has_left_is_still_booked_and_planned(plans: Any) -> None:
    """M13: HR ended RES-044 with March; delivery and forecasting go on with ASG-053 until September."""
    person = plans[0]["10044"]
    assert (person["employmentStatus"], person["terminationDate"]) == ("TERMINATED", "2026-03-31")
    (booked,) = person["assignments"]
    assert (booked["code"], booked["status"], booked["range"]["end"]) == ("ASG-053", "ACTIVE", "2026-09-30")
    assert booked["segments"][-1]["range"]["end"] == "2026-09-30"


def test_a_role_that_only_forecasting_has(plans: Any) -> None:
    """M15: what is planned for RES-012 is in a role that no cross-reference knows: null with its reason, his alone."""
    people, errors = plans
    assert {segment["role"] and segment["role"]["code"] for segment in people["10012"]["segments"]} == {None}
    (error,) = errors
    assert (error["extensions"]["code"], error["extensions"]["count"]) == ("REFERENCE_UNKNOWN", 3)
    assert {path[2] for path in error["extensions"]["paths"]} == {11}


def test_plans_that_end_earlier_or_are_thinner_than_the_booking(plans: Any) -> None:
    """M16 and M17: ASG-024 ends a month earlier in forecasting, ASG-055 is half a day there; no other differs."""
    bookings = {item["code"]: item for person in plans[0].values() for item in person["assignments"]}
    known = {code: item for code, item in bookings.items() if item["segments"]}
    ends = {code: (item["range"]["end"], item["segments"][-1]["range"]["end"]) for code, item in known.items()}
    hours: dict[str, Any] = {
        code: (Decimal(item["allocation"]) * 8, *{Decimal(segment["hoursPerDay"]) for segment in item["segments"]})
        for code, item in known.items()
    }
    assert {code: pair for code, pair in ends.items() if pair[0] != pair[1]} == {
        "ASG-024": ("2026-06-30", "2026-05-31")
    }
    assert {code: pair for code, pair in hours.items() if pair[0] != pair[1]} == {"ASG-055": (Decimal(8), Decimal(4))}


def test_a_plan_that_delivery_does_not_know(plans: Any) -> None:
    """N03: a tentative two hours a day of RES-021 in May and June, of which there is no booking: allowed."""
    own = [segment for segment in plans[0]["10021"]["segments"] if segment["assignment"] is None]
    assert [(segment["range"], segment["hoursPerDay"]) for segment in own] == [
        ({"start": "2026-05-04", "end": "2026-06-26"}, "2.00")
    ]


def test_the_tax_number_is_finances(auditor: House, firm: Firm) -> None:
    """M24: sales noted another tax number for CUS-12; the graph says the ERP's, to whoever may read it."""
    answer = auditor.ask("{ customers(first: 50) { edges { node { displayName taxRegistrationId } } } }")
    found = {
        edge["node"]["displayName"]: edge["node"]["taxRegistrationId"] for edge in answer.data["customers"]["edges"]
    }
    assert found == {customer.name: customer.tax_number for customer in firm.customers}
    assert found["Lindqvist Maschinenbau"] == "DE811999010"
