"""Commands given through the graph: carried out, tried without an effect, answered again, and refused."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
from websockets.asyncio.client import connect

from colonnade.wiring import graph
from commands.registry import DEFINITIONS
from demo.systems import HTTP
from resolvers.sdl import sdl
from tests.commands.facing import LOOKED_AT, facing
from tests.terminal import invoke

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.commands.facing import Face

MANAGER = "engagement-manager"
SUBJECT = "northbeam.10022"
PROTOCOL: Any = "graphql-transport-ws"
KEYED = """mutation($input: CompleteMilestoneInput!) {
  done: completeMilestone(input: $input) { command { id } problems { code } }
}"""


@pytest.fixture(scope="module")
def face() -> Iterator[Face]:
    """The firm, once for the file: each test is about records of its own."""
    with facing() as running:
        yield running


def milestone(face: Face, code: str, **more: Any) -> dict[str, Any]:
    """Return the input that completes a milestone."""
    return {"milestoneId": face.id("Milestone", code), "actualDate": "2026-04-07", **more}


def internal(face: Face, name: str, **more: Any) -> dict[str, Any]:
    """Return the input of an engagement without a customer, which the delivery director has to approve."""
    entity = face.id("LegalEntity", "NB-UK")
    return {"name": name, "legalEntityId": entity, "plannedStart": "2026-04-13", **more}


def test_a_command_is_carried_out_in_every_system(face: Face) -> None:
    """Taken in, it is answered at once; done, the graph shows what each system made of it."""
    said = milestone(face, "ENG-019-M1", acceptanceEvidence="signed")
    taken = face.give(MANAGER, "completeMilestone", said, Idempotency_Key="m1")
    assert (taken.errors, taken.data["command"]["status"], taken.data["problems"]) == ([], "ACCEPTED", [])
    assert "idempotency-replayed" not in taken.headers
    done = face.settled(taken.data["command"]["id"])
    assert (done["status"], done["name"], done["actor"]) == ("SUCCEEDED", "completeMilestone", SUBJECT)
    assert done["correlationId"] == taken.headers["x-correlation-id"]
    event = {"__typename": "BillingEvent", "id": done["steps"][1]["record"]["id"]}
    # What it made it is about as well.
    about = {said["milestoneId"], face.id("Engagement", "ENG-019"), event["id"]}
    assert {subject["id"] for subject in done["subjects"]} == about
    assert done["input"] == [
        {"path": path, "value": said[path], "restricted": None}
        for path in ("milestoneId", "actualDate", "acceptanceEvidence")
    ]
    assert [(step["name"], step["system"], step["operation"], step["state"]) for step in done["steps"]] == [
        ("psa.milestone", "PSA", "CompleteMilestone", "DONE"),
        ("erp.event", "ERP", "CreateBillingEvent", "DONE"),
        ("forecast.milestone", "FORECAST", "RecordMilestone", "DONE"),
    ]
    values = {value["path"]: value["value"] for value in done["steps"][1]["values"]}
    assert (values["amount.amount"], values["amount.currency"], values["accepted"]) == ("47500.00", "GBP", "true")
    assert done["result"] == [event]
    # What forecasting made is the milestone itself, by the cross-reference that was made with it.
    assert done["steps"][2]["record"] == {"__typename": "Milestone", "id": said["milestoneId"]}
    query = (
        "query($m: ID!, $e: ID!) { node(id: $m) { ... on Milestone { status actualDate } } event: node(id: $e) { id } }"
    )
    read = face.ask(MANAGER, query, {"m": said["milestoneId"], "e": event["id"]})
    assert read.data == {"node": {"status": "COMPLETED", "actualDate": "2026-04-07"}, "event": {"id": event["id"]}}


def test_a_dry_run_shows_the_plan_and_changes_nothing(face: Face) -> None:
    """It needs no key, and leaves no command: the writes that would be done, each with its values."""
    before = face.effects(), face.ask("auditor", "{ commands { edges { cursor } } }").data
    tried = face.give(MANAGER, "completeMilestone", milestone(face, "ENG-019-M2", dryRun=True))
    assert (tried.errors, tried.data["command"], tried.data["problems"]) == ([], None, [])
    assert [(one["step"], one["kind"], one["system"]) for one in tried.data["plan"]] == [
        ("psa.milestone", "COMPENSATABLE", "PSA"),
        ("erp.event", "PIVOT", "ERP"),
        ("forecast.milestone", "RETRIABLE", "FORECAST"),
    ]
    assert tried.data["plan"][0]["values"] == [
        {"path": "milestone", "value": face.id("Milestone", "ENG-019-M2"), "restricted": None},
        {"path": "actualDate", "value": "2026-04-07", "restricted": None},
    ]
    assert (face.effects(), face.ask("auditor", "{ commands { edges { cursor } } }").data) == before


def test_a_replay_has_the_first_answer_and_is_marked(face: Face) -> None:
    """Whatever has become of the command, its data is the same again; by the key of the header or of the input."""
    said = internal(face, "Replayed")
    first = face.give(MANAGER, "createEngagement", said, LOOKED_AT, Idempotency_Key="r1")
    assert face.act("delivery-director", "decideApproval", id=_approval(first), approve=False)["problems"] == []
    again = face.give(MANAGER, "createEngagement", said, LOOKED_AT, Idempotency_Key="r1")
    inside = face.give(MANAGER, "createEngagement", {**said, "idempotencyKey": "r1"}, LOOKED_AT)
    assert (again.data, inside.data) == (first.data, first.data)
    assert [one.headers.get("idempotency-replayed") for one in (first, again, inside)] == [None, "true", "true"]


def _approval(answer: Any) -> str:
    (approval,) = answer.data["command"]["approvals"]
    return str(approval["id"])


@pytest.mark.parametrize(
    ("inside", "header", "code"),
    [
        ({}, {}, "IDEMPOTENCY_KEY_MISSING"),
        ({}, {"Idempotency_Key": ""}, "IDEMPOTENCY_KEY_MISSING"),
        ({"idempotencyKey": "a"}, {"Idempotency_Key": "b"}, "BAD_INPUT"),
        ({}, {"Idempotency_Key": "a\tb"}, "BAD_INPUT"),
        ({}, {"Idempotency_Key": "x" * 256}, "BAD_INPUT"),
    ],
)
def test_a_wrong_key_is_an_error_of_the_request(
    face: Face, inside: dict[str, str], header: dict[str, str], code: str
) -> None:
    """Nothing is taken in, and the payload is null."""
    refused = face.give(MANAGER, "createEngagement", internal(face, f"Wrong {code}", **inside), **header)
    assert (refused.data, refused.codes) == (None, [(code, ["done"])])
    assert f"Wrong {code}" not in json.dumps(face.ask("auditor", _NAMES).data)


_NAMES = "{ commands(first: 200) { edges { node { input { value } } } } }"


def test_a_key_stands_for_one_input(face: Face) -> None:
    """The same key with another input is a conflict; for another command, or from another caller, it is another key."""
    face.given(MANAGER, "createEngagement", internal(face, "One"), "c1")
    other = face.give(MANAGER, "createEngagement", internal(face, "Two"), Idempotency_Key="c1")
    assert (other.data, other.codes) == (None, [("IDEMPOTENCY_CONFLICT", ["done"])])
    colleague = face.give("consultant", "createEngagement", internal(face, "Two"), Idempotency_Key="c1")
    assert [one["code"] for one in colleague.data["problems"]] == ["FORBIDDEN"]


def test_a_header_names_one_act_of_each_command(face: Face) -> None:
    """Two commands of one request share it; of two alike the second is refused, and is not taken for the first."""
    document = """mutation($a: CreateEngagementInput!, $b: CreateEngagementInput!, $m: CompleteMilestoneInput!) {
      a: createEngagement(input: $a) { command { id } } m: completeMilestone(input: $m) { problems { code } }
      b: createEngagement(input: $b) { command { id } }
    }"""
    alike = {"a": internal(face, "Alike"), "b": internal(face, "Alike, too"), "m": milestone(face, "ENG-011-M1")}
    twice = [face.ask(MANAGER, document, alike, Idempotency_Key="h1") for _ in range(2)]
    for answer in twice:
        assert answer.codes == [("IDEMPOTENCY_KEY_MISSING", ["b"])]
        assert answer.data["m"]["problems"] == [{"code": "INVALID_TRANSITION"}]
        # One of the three was no replay.
        assert "idempotency-replayed" not in answer.headers
    assert twice[0].data == twice[1].data
    two = document.replace("b: createEngagement(input: $b) { command { id } }", "").replace(
        ", $b: CreateEngagementInput!", ""
    )
    both = face.ask(MANAGER, two, {"a": alike["a"], "m": alike["m"]}, Idempotency_Key="h1")
    assert both.headers["idempotency-replayed"] == "true"
    assert "Alike, too" not in json.dumps(face.ask("auditor", _NAMES).data)


def test_a_batch_is_a_replay_if_all_of_it_is(face: Face) -> None:
    """Operations of a batch share the header, and the mark."""
    old = {"query": KEYED, "variables": {"input": milestone(face, "ENG-011-M1", idempotencyKey="b1")}}
    new = {"query": KEYED, "variables": {"input": milestone(face, "ENG-011-M2", idempotencyKey="b2")}}
    marks = []
    for batch in ([old], [old, new], [old, new, {"query": "{ __typename }"}]):
        response = HTTP.post(face.url, json=batch, headers=face.signed(MANAGER))
        assert all("errors" not in one for one in response.json())
        marks.append(response.headers.get("idempotency-replayed"))
    assert marks == [None, None, "true"]


def test_whoever_may_not_is_refused_and_nothing_happens(face: Face) -> None:
    """The refusal is a problem with its cure, and is kept; no system was changed."""
    before = face.effects()
    refused = face.give("consultant", "completeMilestone", milestone(face, "ENG-011-M3"), Idempotency_Key="f1")
    (problem,) = refused.data["problems"]
    assert (problem["code"], problem["tier"], problem["retryable"]) == ("FORBIDDEN", None, False)
    assert problem["remedy"] == "Ask as somebody who may read or do this."
    assert refused.data["command"]["status"] == "REFUSED"
    assert face.look("auditor", refused.data["command"]["id"]).data["steps"] == []
    assert face.effects() == before


def test_a_mutation_is_posted(face: Face) -> None:
    """A GET runs none."""
    said = json.dumps({"input": milestone(face, "ENG-011-M3", idempotencyKey="g1")})
    response = HTTP.get(face.url, params={"query": KEYED, "variables": said}, headers=face.signed(MANAGER))
    assert (response.status_code, response.headers["allow"]) == (405, "POST, OPTIONS")
    assert "g1" not in json.dumps(face.ask("auditor", "{ commands { edges { node { input { value } } } } }").data)


async def test_over_a_socket_the_input_names_the_act(face: Face) -> None:
    """A header of the upgrade names none: the socket carries many."""
    said = milestone(face, "ENG-011-M1")
    shown = {**face.signed(MANAGER), "Idempotency-Key": "s0"}
    url = face.url.replace("http", "ws")
    async with connect(url, subprotocols=[PROTOCOL], proxy=None, additional_headers=shown) as socket:
        await socket.send('{"type": "connection_init"}')
        heard = [json.loads(await socket.recv())["type"]]
        for id_, given in (("1", said), ("2", {**said, "idempotencyKey": "s2"})):
            payload = {"query": KEYED, "variables": {"input": given}}
            await socket.send(json.dumps({"id": id_, "type": "subscribe", "payload": payload}))
            async with asyncio.timeout(10):
                heard += [json.loads(await socket.recv()) for _ in range(2)]
    (error,) = heard[1]["payload"]["errors"]
    assert error["extensions"]["code"] == "IDEMPOTENCY_KEY_MISSING"
    assert heard[3]["payload"]["data"]["done"]["problems"] == [{"code": "INVALID_TRANSITION"}]


def test_a_service_key_gives_commands_for_somebody(face: Face) -> None:
    """Alone it is refused; on behalf of a person it acts for them, and the trail knows both."""
    config = face.running.config
    key = invoke("token", "create", "portal", "--role", MANAGER, "--config", config).stdout.split()[0]
    shown = {"Authorization": f"Bearer {key}", "Idempotency-Key": "k1"}
    body = {"query": KEYED, "variables": {"input": milestone(face, "ENG-011-M1")}}
    alone = HTTP.post(face.url, json=body, headers=shown).json()
    assert alone["data"] == {"done": None}
    assert alone["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert "On-Behalf-Of" in alone["errors"][0]["message"]
    behalf = HTTP.post(face.url, json=body, headers={**shown, "On-Behalf-Of": SUBJECT}).json()
    id_ = behalf["data"]["done"]["command"]["id"]
    assert face.look("auditor", id_).data["actor"] == SUBJECT
    with sqlite3.connect(config.with_name("colonnade.db")) as store:
        said = "SELECT actor, acting_key FROM commands ORDER BY sequence DESC LIMIT 1"
        assert store.execute(said).fetchall() == [(SUBJECT, "portal")]


def test_every_mutation_has_its_price() -> None:
    """A command asks several systems and changes them; an act on one is cheaper."""
    printed = sdl(graph()).split("\ntype Mutation {\n")[1].partition("\n}")[0]
    prices = dict(re.findall(r"^  (\w+)\(.*@cost\(weight: (\d+)\)$", printed, re.MULTILINE))
    fields = re.findall(r"^  (\w+)\(", printed, re.MULTILINE)
    assert prices == {field: "100" if field in DEFINITIONS else "10" for field in fields}
    assert set(DEFINITIONS) < set(fields)
