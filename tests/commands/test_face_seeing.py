"""Who sees what of commands: states, payloads, restricted values, what systems answered, and nothing at all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from demo.issuer import PERSONAS
from tests.commands.facing import facing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.commands.facing import Face

MANAGER, SALES = "engagement-manager", "sales-operations"
ACTOR = {MANAGER: "northbeam.10022", SALES: "northbeam.10016"}
# By their roles they see something of every command.
WATCHING = {"auditor", "operations", "integration-steward"}
NOBODY = "Q29tbWFuZHxmYWNhZGV8bm9ib2R5"
PATHS = (
    "{ id status input { path value } steps { name state values { path value } } exceptions { code message answer } }"
)
COST = "{ steps { values { path value restricted } } }"


@pytest.fixture(scope="module")
def face() -> Iterator[Face]:
    """The firm, once for the file: no test changes what another one looks at."""
    with facing() as running:
        yield running


@pytest.fixture(scope="module")
def converted(face: Face) -> str:
    """A won deal of 480,000 that waits for the finance controller."""
    said = {"opportunityId": face.id("Opportunity", "OPP-020")}
    return face.given(SALES, "convertOpportunity", said, "seen-1")


@pytest.fixture(scope="module")
def aside(face: Face) -> str:
    """A milestone that was completed, but for its place in the plan, which forecasting refused."""
    face.fault("forecast", "POST /projects/.*/milestones")
    said = {"milestoneId": face.id("Milestone", "ENG-019-M1"), "actualDate": "2026-04-07"}
    id_ = face.given(MANAGER, "completeMilestone", said, "seen-2")
    assert face.settled(id_)["status"] == "SUCCEEDED_WITH_EXCEPTIONS"
    return id_


def sight(face: Face, persona: str, id_: str) -> str:
    """Return how much of a command a persona sees, in a word."""
    seen = face.look(persona, id_, PATHS)
    if seen.data is None:
        # Exactly what is said of a command that there is not.
        assert (seen.errors, face.look(persona, NOBODY, PATHS).errors) == ([], [])
        assert face.look(persona, NOBODY, PATHS).data is None
        return "nothing"
    command = seen.data
    assert all(step["state"] for step in command["steps"])
    payload = command["input"] is not None
    assert all((step["values"] is not None) is payload for step in command["steps"])
    assert all((one["message"] is not None) is payload for one in command["exceptions"])
    answers = [one["answer"] for one in command["exceptions"]]
    hidden = not payload or None in answers
    assert {error["extensions"]["code"] for error in seen.errors} == ({"FORBIDDEN"} if hidden else set())
    return "states" if not payload else "answers" if any(answers) else "payload"


def test_what_waits_for_approval_is_read_by_whoever_decides(face: Face, converted: str) -> None:
    """Beside them and its actor the auditor reads it; who only watches sees states, everybody else nothing."""
    seen = {persona: sight(face, persona, converted) for persona in PERSONAS}
    read = {SALES: "payload", "finance-controller": "payload", "auditor": "payload"}
    watched = {"operations": "states", "integration-steward": "states"}
    assert seen == dict.fromkeys(PERSONAS, "nothing") | read | watched


def test_what_is_set_aside_is_read_by_the_steward(face: Face, aside: str) -> None:
    """With what the system answered, which its actor does not read."""
    seen = {persona: sight(face, persona, aside) for persona in PERSONAS}
    read = {MANAGER: "payload", "integration-steward": "answers", "auditor": "answers"}
    assert seen == dict.fromkeys(PERSONAS, "nothing") | read | {"operations": "states"}


@pytest.mark.parametrize(("persona", "shown"), [(SALES, False), ("finance-controller", True), ("auditor", True)])
def test_a_restricted_value_is_shown_to_whoever_may_read_its_kind(
    face: Face, converted: str, persona: str, *, shown: bool
) -> None:
    """The planned cost tells the margin: sales, whose command it is, do not read it."""
    steps = face.look(persona, converted, COST).data["steps"]
    (cost,) = [one for step in steps for one in step["values"] if one["path"] == "plannedCost.amount"]
    assert cost["restricted"] == "MARGIN"
    assert (cost["value"] is not None) is shown
    revenue = [one for step in steps for one in step["values"] if one["path"] == "plannedRevenue.amount"]
    assert [one["value"] for one in revenue] == ["480000.00"]


def test_nothing_that_is_restricted_leaves_by_any_road(face: Face, converted: str) -> None:
    """Neither the answer to the command, nor a dry run, a list, a request for approval, or another's eyes tell it."""
    steps = face.look("auditor", converted, COST).data["steps"]
    (cost,) = [one["value"] for step in steps for one in step["values"] if one["path"] == "plannedCost.amount"]
    said = {"opportunityId": face.id("Opportunity", "OPP-020")}
    everything = "{ id input { value } steps { values { value } brought { value } } exceptions { message answer } }"
    roads: list[Any] = [
        face.give(SALES, "convertOpportunity", {**said, "idempotencyKey": "seen-1"}, everything),
        face.give(SALES, "convertOpportunity", {**said, "dryRun": True}),
        # Margins of engagements that one manages, of which this is none yet.
        face.give(MANAGER, "convertOpportunity", {**said, "dryRun": True}),
        *(
            face.ask(
                persona,
                f"{{ commands {{ edges {{ node {everything} }} }} approvals {{ command {everything} }}"
                f" quarantine {{ command {everything} }} }}",
            )
            for persona in (SALES, "operations", "integration-steward", "consultant")
        ),
    ]
    assert cost
    assert all(cost not in json.dumps(road.data) for road in roads)


def test_a_list_holds_what_is_ones_own_or_everything(face: Face, converted: str, aside: str) -> None:
    """Newest first; filters choose of it, and a cursor goes on in its own list alone."""
    query = "query($f: CommandFilter, $n: Int! = 20, $a: String) { commands(filter: $f, first: $n, after: $a) {"
    query += " edges { cursor node { id } } pageInfo { hasNextPage } } }"

    def ids(persona: str, **wanted: Any) -> list[str]:
        answer = face.ask(persona, query, {"f": wanted})
        assert answer.errors == []
        return [edge["node"]["id"] for edge in answer.data["commands"]["edges"]]

    own = {SALES: {converted}, MANAGER: {aside}, **{persona: {converted, aside} for persona in WATCHING}}
    assert {persona: set(ids(persona)) for persona in PERSONAS} == {
        persona: own.get(persona, set()) for persona in PERSONAS
    }
    opportunity = face.id("Opportunity", "OPP-020")
    correlation = face.look("auditor", aside).data["correlationId"]
    accepted = face.look("auditor", aside).data["acceptedAt"]
    assert ids("auditor", status=["AWAITING_APPROVAL"]) == [converted]
    assert ids("auditor", name=["completeMilestone", "postInvoice"]) == [aside]
    assert ids("auditor", subject=opportunity) == [converted]
    assert ids("auditor", correlationId=correlation) == [aside]
    assert set(ids("auditor", acceptedSince=accepted)) | set(ids("auditor", acceptedUntil=accepted)) == {
        converted,
        aside,
    }
    assert aside in ids("auditor", acceptedSince=accepted)
    assert aside not in ids("auditor", acceptedUntil=accepted)
    assert ids("auditor", mine=True) == []
    first = face.ask("auditor", query, {"n": 1}).data["commands"]
    assert first["pageInfo"]["hasNextPage"]
    after = first["edges"][0]["cursor"]
    second = face.ask("auditor", query, {"n": 1, "a": after}).data["commands"]
    assert {first["edges"][0]["node"]["id"], second["edges"][0]["node"]["id"]} == {converted, aside}
    assert not second["pageInfo"]["hasNextPage"]
    for wrong, code in (
        ({"a": after, "f": {"mine": True}}, "MALFORMED_CURSOR"),
        ({"n": 201}, "BAD_INPUT"),
        ({"f": {"name": []}}, "BAD_INPUT"),
        ({"f": {"subject": "?"}}, "MALFORMED_ID"),
    ):
        refused = face.ask("auditor", query, wrong)
        assert (refused.data, refused.codes) == ({"commands": None}, [(code, ["commands"])])


def test_what_waits_for_whom(face: Face, converted: str, aside: str) -> None:
    """Requests for approval are listed for whoever may decide on them, what is set aside for whoever sees to it."""
    query = "{ approvals { role state command { id } } quarantine { code state tier remedy command { id } } }"
    seen = {persona: face.ask(persona, query).data for persona in PERSONAS}
    waits = {"role": "finance-controller", "state": "PENDING", "command": {"id": converted}}
    left = {
        "code": "FORECAST_REJECTED",
        "state": "OPEN",
        "tier": "QUARANTINE_AND_CONTINUE",
        "remedy": "Correct what the forecasting tool refuses, then replay the step.",
        "command": {"id": aside},
    }
    deciding = {*WATCHING, SALES, "finance-controller"}
    for persona, said in seen.items():
        assert said["approvals"] == ([waits] if persona in deciding else []), persona
        assert said["quarantine"] == ([left] if persona in {*WATCHING, MANAGER} else []), persona
    assert face.ask("auditor", "{ quarantine(state: DISCARDED) { id } approvals(state: APPROVED) { id } }").data == {
        "quarantine": [],
        "approvals": [],
    }
    assert face.ask("auditor", "{ quarantine(first: 0) { id } }").codes == [("BAD_INPUT", ["quarantine"])]


def test_records_are_read_as_anywhere_else(face: Face, aside: str) -> None:
    """Who watches over commands sees no record by that: where it is not theirs to read, it is null with its error."""
    seen = face.look("operations", aside, "{ subjects { id } steps { name record { id } } }")
    assert seen.data["subjects"] == [None, None, None]
    assert [step["record"] for step in seen.data["steps"]] == [None, None, None]
    assert {error["extensions"]["code"] for error in seen.errors} == {"FORBIDDEN"}
