"""Whether something may be billed: the ERP's gates and its own document, made one status by the facade."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from colonnade.demo import over
from demo.spoiling import amended, has
from demo.systems import dynamics_as
from schema.rows import Ref
from tests.conftest import House

if TYPE_CHECKING:
    from collections.abc import Iterator

    from demo.firm.model import Firm

# What the ERP says of events that were ready, pending or held in the calm firm.
SAID = {
    "BE-2603-002": {"CreditCheck": "Failed", "OrderReferenceCheck": "Failed"},
    "BE-2603-001": {"EventStatus": "OnHold"},
    "BE-2603-003": {"FundingLimitCheck": "Waived"},
    "BE-2603-005": {"EventStatus": "OnProposal", "PriceCheck": "Failed"},
    "BE-2603-007": {"CreditCheck": "Failed"},
    "BE-2603-008": {"EventStatus": "Cancelled"},
    "BE-2603-009": {"EventStatus": "Parked"},
    "BE-2603-011": {"AcceptanceCheck": "Passed"},
    "BE-2603-012": {"CompletionCheck": "Failed"},
}


@pytest.fixture(scope="module")
def judged(running: House, firm: Firm) -> Iterator[dict[str, Any]]:
    """The events, and the errors by the codes of the events that they cost a field."""
    spoilt = [amended(has(BillingEventId=code), **columns) for code, columns in SAID.items()]
    with dynamics_as(firm, "erp", changes={"NBBillingEvents": spoilt}) as money, over([*money]) as graph:
        ids = [Ref("BillingEvent", "erp", code).encode() for code in SAID]
        house = House(graph, [*running.bound, *money])
        fields = "... on BillingEvent { code status holdReasons }"
        answer = house.ask(f"query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ {fields} }} }}", {"ids": ids})
        nodes = {node["code"]: (node["status"], node["holdReasons"]) for node in answer.data["nodes"]}
        places = [path for error in answer.errors for path in error["extensions"]["paths"]]
        errors = {(answer.data["nodes"][place[1]]["code"], place[2]) for place in places}
        yield {"nodes": nodes, "errors": errors, "kinds": {code for code, _ in answer.codes}}


@pytest.mark.parametrize(
    ("event", "status", "reasons"),
    [
        ("BE-2603-002", "HELD", ["PURCHASE_ORDER_MISSING", "CUSTOMER_ON_CREDIT_HOLD"]),
        ("BE-2603-001", "HELD", ["HELD_BY_FINANCE"]),
        ("BE-2603-005", "ON_DRAFT", []),
        ("BE-2603-007", "HELD", ["TIME_UNAPPROVED", "CUSTOMER_ON_CREDIT_HOLD"]),
        ("BE-2603-008", "CANCELLED", []),
        ("BE-2603-011", "READY", []),
        ("BE-2603-012", "PENDING", []),
    ],
)
def test_gates_and_document_make_the_status(
    judged: dict[str, Any], event: str, status: str, reasons: list[str]
) -> None:
    """A gate that needs a person holds, one that time heals delays; behind the draft the document alone counts."""
    assert judged["nodes"][event] == (status, reasons)


def test_a_gate_that_cannot_be_read_was_not_passed(judged: dict[str, Any]) -> None:
    """A check or a document with a code that no rule maps: the status is null and says why, never READY."""
    unread = {"BE-2603-003", "BE-2603-009"}
    assert {code: judged["nodes"][code] for code in unread} == dict.fromkeys(unread, (None, None))
    assert judged["errors"] == {(code, field) for code in unread for field in ("status", "holdReasons")}
    assert judged["kinds"] == {"UNMAPPED_VALUE"}
