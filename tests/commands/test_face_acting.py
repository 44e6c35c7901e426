"""What people do with commands through the graph: decide, withdraw, repeat, give up and correct."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest

from demo.systems import HTTP
from tests.commands.facing import facing
from tests.terminal import invoke

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.commands.facing import Face

MANAGER, DIRECTOR, STEWARD, OPERATIONS = "engagement-manager", "delivery-director", "integration-steward", "operations"
CONTROLLER, APPROVER = "finance-controller", "time-approver"
NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def face() -> Iterator[Face]:
    """The firm, once for the file: each test is about a command of its own."""
    with facing() as running:
        yield running


def waiting(face: Face) -> str:
    """Give a command that waits for the delivery director, and return its id."""
    number = next(NUMBERS)
    terms = {"model": "TIME_AND_MATERIALS", "amount": {"amount": "60000", "currency": "GBP"}}
    said = {
        "name": f"Waiting {number}",
        "legalEntityId": face.id("LegalEntity", "NB-UK"),
        "customerId": face.id("Customer", "CUS-05"),
        "billingTerms": terms,
        "plannedStart": "2026-04-13",
    }
    return face.given(MANAGER, "createEngagement", said, f"waiting-{number}")


def approval(face: Face, id_: str) -> str:
    """Return the id of the request that a command waits for."""
    approvals = face.look("auditor", id_).data["approvals"]
    (pending,) = [one["id"] for one in approvals if one["state"] == "PENDING"]
    return str(pending)


def set_aside(face: Face) -> str:
    """Have a command carried out whose place in the plan forecasting refuses, and return its id."""
    id_ = waiting(face)
    face.fault("forecast", "POST /projects")
    assert face.act(DIRECTOR, "decideApproval", id=approval(face, id_), approve=True)["problems"] == []
    face.settled(id_, "SUCCEEDED_WITH_EXCEPTIONS")
    return id_


@pytest.fixture
def aside(face: Face) -> str:
    """A command of which something is set aside."""
    return set_aside(face)


@pytest.fixture(scope="module")
def refused(face: Face) -> str:
    """A command of which something is set aside, for all that is refused."""
    return set_aside(face)


def died(face: Face, code: str) -> str:
    """Have an expense posted whose billing event the ERP then refuses for good, and return the command's id."""
    face.fault("erp", "(POST|PATCH) /data/NBBilling")
    said = {"expenseIds": [face.id("Expense", code)], "action": "APPROVE"}
    id_ = face.given(APPROVER, "approveExpenses", said, code)
    face.settled(id_, "DEAD_LETTERED")
    return id_


@pytest.fixture(scope="module")
def dead(face: Face) -> str:
    """A command that has to be corrected."""
    return died(face, "EXP-0004")


def exception(face: Face, id_: str) -> str:
    """Return the id of what is set aside of a command."""
    (found,) = [one["id"] for one in face.look("auditor", id_).data["exceptions"] if one["state"] == "OPEN"]
    return str(found)


def test_an_approval_lets_a_command_go_on(face: Face) -> None:
    """Whoever decided is named, and goes on seeing what they decided upon; a second decision comes too late."""
    id_ = waiting(face)
    asked = approval(face, id_)
    decided = face.act(DIRECTOR, "decideApproval", "{ id }", id=asked, approve=True, reason="agreed")
    assert decided == {"command": {"id": id_}, "problems": []}
    done = face.settled(id_)
    assert (done["status"], done["approvals"][0]["state"]) == ("SUCCEEDED", "APPROVED")
    assert done["approvals"][0]["decidedBy"] == "northbeam.10008"
    assert [one["__typename"] for one in done["result"]] == ["Engagement", "Project"]
    again = face.act(DIRECTOR, "decideApproval", "{ id input { path } }", id=asked, approve=True)
    assert again["problems"] == [{"code": "ALREADY_DONE", "path": []}]
    assert again["command"]["input"]


def test_a_rejected_command_does_nothing(face: Face) -> None:
    """It ends, and no system has heard of it."""
    before = face.effects()
    id_ = waiting(face)
    rejected = face.act(DIRECTOR, "decideApproval", "{ status }", id=approval(face, id_), approve=False)
    assert rejected == {"command": {"status": "REJECTED"}, "problems": []}
    assert face.effects() == before


@pytest.mark.parametrize("persona", ["consultant", CONTROLLER, MANAGER, OPERATIONS])
def test_whoever_may_not_decide_changes_nothing(face: Face, persona: str) -> None:
    """Who sees nothing of it is answered as if there were none; its actor is refused, whatever their roles are."""
    id_ = waiting(face)
    said = {MANAGER: "FORBIDDEN", OPERATIONS: "FORBIDDEN"}.get(persona, "NOT_FOUND")
    refused = face.act(persona, "decideApproval", "{ status }", id=approval(face, id_), approve=True)
    unknown = face.act(persona, "decideApproval", "{ status }", id="Q29tbWFuZEFwcHJvdmFsfGZhY2FkZXwx", approve=True)
    assert [one["code"] for one in refused["problems"]] == [said]
    assert unknown["problems"] == [{"code": "NOT_FOUND", "path": ["id"]}]
    assert said != "NOT_FOUND" or refused == unknown
    assert face.look("auditor", id_).data["status"] == "AWAITING_APPROVAL"


def test_a_command_is_withdrawn_by_its_actor(face: Face) -> None:
    """While it waits; once more is no transition, and a colleague's is not theirs."""
    id_ = waiting(face)
    assert face.act("consultant", "cancelCommand", id=id_, reason="no")["problems"][0]["code"] == "NOT_FOUND"
    assert face.act(STEWARD, "cancelCommand", id=id_, reason="no")["problems"] == [{"code": "FORBIDDEN", "path": []}]
    cancelled = face.act(MANAGER, "cancelCommand", "{ status }", id=id_, reason="entered twice")
    assert cancelled == {"command": {"status": "CANCELLED"}, "problems": []}
    again = face.act(MANAGER, "cancelCommand", "{ status }", id=id_, reason="entered twice")
    assert again == {"command": {"status": "CANCELLED"}, "problems": [{"code": "INVALID_TRANSITION", "path": []}]}
    assert face.act(OPERATIONS, "releaseCommand", id=id_, reason="?")["problems"][0]["code"] == "INVALID_TRANSITION"


def test_what_was_set_aside_is_repeated(face: Face, aside: str) -> None:
    """From the failed step on: what was done is not done again."""
    assert face.act(MANAGER, "replayCommand", id=aside, reason="?")["problems"][0]["code"] == "FORBIDDEN"
    before = len(face.effects())
    assert face.act(OPERATIONS, "replayCommand", id=aside, reason="the tool is well")["problems"] == []
    done = face.settled(aside, "SUCCEEDED")
    assert [step["attempts"] for step in done["steps"]] == [1, 1, 1, 1, 1, 2]
    assert [(one["state"], one["resolvedBy"]) for one in done["exceptions"]] == [("REPLAYED", "northbeam.10028")]
    assert len(face.effects()) == before + 1
    assert face.act(OPERATIONS, "replayCommand", id=aside, reason="?")["problems"][0]["code"] == "INVALID_TRANSITION"


def test_what_was_set_aside_is_given_up(face: Face, aside: str) -> None:
    """With a reason; it is not repeated afterwards."""
    found, before = exception(face, aside), face.effects()
    assert face.act(STEWARD, "discardException", id=found, reason="?")["problems"][0]["code"] == "FORBIDDEN"
    assert face.act(OPERATIONS, "discardException", id=found, reason="shown by hand")["problems"] == []
    again = face.act(OPERATIONS, "discardException", id=found, reason="shown by hand")
    assert [one["code"] for one in again["problems"]] == ["ALREADY_DONE"]
    replayed = face.act(OPERATIONS, "replayCommand", "{ status }", id=aside, reason="?")
    assert [one["code"] for one in replayed["problems"]] == ["INVALID_TRANSITION"]
    assert replayed["command"]["status"] == "SUCCEEDED_WITH_EXCEPTIONS"
    assert face.effects() == before


def test_what_died_and_is_given_up_is_no_plain_success(face: Face) -> None:
    """What lies behind the point of no return stays; that a step was left out of the command shows in its end."""
    id_ = died(face, "EXP-0049")
    assert face.act(OPERATIONS, "discardException", id=exception(face, id_), reason="by hand")["problems"] == []
    assert face.settled(id_)["status"] == "SUCCEEDED_WITH_EXCEPTIONS"


def test_a_text_is_corrected_and_the_step_repeated_at_once(face: Face, aside: str) -> None:
    """Forecasting has the engagement under the other name."""
    found = exception(face, aside)
    values = [{"path": "name", "value": "Renamed"}]
    assert (
        face.act(MANAGER, "repairException", id=found, values=values, reason="?")["problems"][0]["code"] == "FORBIDDEN"
    )
    assert face.act(STEWARD, "repairException", id=found, values=values, reason="a typing error")["problems"] == []
    done = face.settled(aside, "SUCCEEDED")
    assert {one["path"]: one["value"] for one in done["steps"][-1]["values"]}["name"] == "Renamed"
    again = face.act(STEWARD, "repairException", id=found, values=values, reason="?")
    assert [one["code"] for one in again["problems"]] == ["INVALID_TRANSITION"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("nothing", "x"),
        ("name.first", "x"),
        ("name", None),
        ("engagement", None),
        ("legalEntity", "not an id"),
        ("legalEntity", "RW5nYWdlbWVudHxwc2F8NDIwMDAxOQ"),
    ],
)
def test_a_value_that_cannot_be_is_refused(face: Face, refused: str, path: str, value: str | None) -> None:
    """An unknown field, another type, another type's record: the path is named, and nothing has changed."""
    before = face.look("auditor", refused).data, face.effects()
    said = [{"path": path, "value": value}]
    answer = face.act(STEWARD, "repairException", id=exception(face, refused), values=said, reason="?")
    assert answer["problems"] == [{"code": "BAD_INPUT", "path": ["values", path]}]
    assert (face.look("auditor", refused).data, face.effects()) == before


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("amount.amount", "much"),
        ("amount.amount", "1e9999"),
        ("amount.currency", None),
        ("amount", "250.00"),
        ("kind", "SOMETHING"),
        ("start", "2026-02-30"),
        ("held", "maybe"),
        ("expense", "RW5nYWdlbWVudHxwc2F8NDIwMDAxOQ"),
    ],
)
def test_money_that_cannot_be_is_refused(face: Face, dead: str, path: str, value: str | None) -> None:
    """Each type has its own way to be wrong; no approval is asked for."""
    before = face.look("auditor", dead).data, face.effects()
    said = [{"path": path, "value": value}]
    answer = face.act(STEWARD, "repairException", id=exception(face, dead), values=said, reason="?")
    assert answer["problems"] == [{"code": "BAD_INPUT", "path": ["values", path]}]
    assert (face.look("auditor", dead).data, face.effects()) == before


def corrected(face: Face, id_: str, amount: str) -> Any:
    """Correct the amount that is to be billed."""
    said = [{"path": "amount.amount", "value": amount}]
    return face.act(STEWARD, "repairException", "{ status }", id=exception(face, id_), values=said, reason="wrong sum")


def test_corrected_money_is_approved_first(face: Face) -> None:
    """By the finance controller, for the command took no approval; what was rejected is not carried out by a replay."""
    id_ = died(face, "EXP-0010")
    before = face.effects()
    assert corrected(face, id_, "9000.00") == {"command": {"status": "AWAITING_APPROVAL"}, "problems": []}
    (asked,) = face.look("auditor", id_).data["approvals"]
    assert (asked["rule"], asked["role"], asked["state"]) == ("correction", CONTROLLER, "PENDING")
    given_up = face.act(OPERATIONS, "discardException", id=exception(face, id_), reason="?")
    assert [one["code"] for one in given_up["problems"]] == ["INVALID_TRANSITION"]
    assert face.act(CONTROLLER, "decideApproval", id=asked["id"], approve=False)["problems"] == []
    left = face.look("auditor", id_).data
    assert (left["status"], left["exceptions"][0]["state"]) == ("DEAD_LETTERED", "OPEN")
    replayed = face.act(OPERATIONS, "replayCommand", id=id_, reason="?")
    assert [one["code"] for one in replayed["problems"]] == ["APPROVAL_VOID"]
    assert face.effects() == before
    corrected(face, id_, "250.00")
    assert face.act(CONTROLLER, "decideApproval", id=approval(face, id_), approve=True)["problems"] == []
    done = face.settled(id_)
    assert done["status"] == "SUCCEEDED"
    assert {one["path"]: one["value"] for one in done["steps"][2]["values"]}["amount.amount"] == "250.00"
    assert [step["attempts"] for step in done["steps"]] == [1, 1, 2]


def test_whoever_corrected_does_not_approve_it(face: Face, dead: str) -> None:
    """Not even as a finance controller, for whom a tool acts with both roles; a colleague decides, and says no."""
    roles = (STEWARD, CONTROLLER)
    made = invoke("token", "create", "both", *(f"--role={role}" for role in roles), "--config", face.running.config)
    key = made.stdout.split()[0]
    correct = "mutation($id: ID!, $values: [CorrectionInput!]!) {"
    correct += ' done: repairException(id: $id, values: $values, reason: "?") { problems { code } } }'
    decide = "mutation($id: ID!) { done: decideApproval(id: $id, approve: false) { problems { code } } }"

    def on_behalf_of(subject: str, document: str, **said: Any) -> Any:
        shown = {"Authorization": f"Bearer {key}", "On-Behalf-Of": subject}
        answer = HTTP.post(face.url, json={"query": document, "variables": said}, headers=shown).json()
        return [problem["code"] for problem in answer["data"]["done"]["problems"]]

    values = [{"path": "amount.amount", "value": "1.00"}]
    assert on_behalf_of("northbeam.10004", correct, id=exception(face, dead), values=values) == []
    asked = approval(face, dead)
    refused = face.act(CONTROLLER, "decideApproval", id=asked, approve=True)
    assert [one["code"] for one in refused["problems"]] == ["SOD_VIOLATION"]
    assert face.look("auditor", dead).data["status"] == "AWAITING_APPROVAL"
    assert on_behalf_of("northbeam.10025", decide, id=asked) == []
    assert face.look("auditor", dead).data["status"] == "DEAD_LETTERED"
