"""A command followed as it goes on: to whoever may see it, from how it stands now to its end."""

from __future__ import annotations

import json
import threading
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from demo.systems import HTTP
from tests.commands.facing import facing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.commands.facing import Face

MANAGER, DIRECTOR = "engagement-manager", "delivery-director"
FOLLOWED = """subscription($id: ID!) { commandProgress(id: $id) {
  status steps { name state } input { path } subjects { ... on Milestone { status } }
} }"""


@pytest.fixture(scope="module")
def face() -> Iterator[Face]:
    """The firm, once for the file."""
    with facing() as running:
        yield running


def followed(face: Face, persona: str, id_: str) -> Iterator[Any]:
    """Yield what is told of a command, until the stream ends."""
    asked = {"query": FOLLOWED, "variables": {"id": id_}}
    shown = face.signed(persona) | {"Accept": "text/event-stream"}
    with HTTP.stream("POST", face.url, json=asked, headers=shown) as response:
        told = (json.loads(line[6:]) for line in response.iter_lines() if line.startswith("data: {"))
        yield from (body["data"]["commandProgress"] for body in told)


def waiting(face: Face, key: str) -> tuple[str, str]:
    """Give a command that waits for the delivery director; return its id, and the request's."""
    entity = face.id("LegalEntity", "NB-UK")
    said = {"name": key, "legalEntityId": entity, "plannedStart": "2026-04-13", "idempotencyKey": key}
    command = face.give(MANAGER, "createEngagement", said, "{ id approvals { id } }").data["command"]
    return command["id"], command["approvals"][0]["id"]


def test_a_command_is_followed_to_its_end(face: Face) -> None:
    """First as it stands, then after each change, the records read anew each time; the stream ends with it."""
    face.fault("erp", "POST /data/NBBillingEvents", "hold_before")
    said = {"milestoneId": face.id("Milestone", "ENG-019-M1"), "actualDate": "2026-04-07"}
    id_ = face.given(MANAGER, "completeMilestone", said, "followed")
    told = list(followed(face, MANAGER, id_))
    assert all(one != another for one, another in pairwise(told))
    last = told[-1]
    assert (last["status"], {step["state"] for step in last["steps"]}) == ("SUCCEEDED", {"DONE"})
    assert last["subjects"][0] == {"status": "COMPLETED"} or last["subjects"][1] == {"status": "COMPLETED"}
    assert told[0]["status"] in {"ACCEPTED", "RUNNING"}
    assert [one["status"] for one in told].count("SUCCEEDED") == 1


def test_one_that_has_ended_is_told_once(face: Face) -> None:
    """There is nothing to wait for."""
    id_, asked = waiting(face, "ended")
    face.act(DIRECTOR, "decideApproval", id=asked, approve=False)
    assert [one["status"] for one in followed(face, "auditor", id_)] == ["REJECTED"]


@pytest.mark.parametrize("id_", [None, "Q29tbWFuZHxmYWNhZGV8bm9ib2R5", "?"])
def test_what_may_not_be_seen_is_as_what_is_not_there(face: Face, id_: str | None) -> None:
    """Null, and the end."""
    known, _ = waiting(face, "unseen") if id_ is None else (id_, "")
    assert list(followed(face, "consultant", known)) == [None]


def test_who_may_no_longer_see_it_is_told_no_more(face: Face) -> None:
    """Whoever could have decided sees a command until it is withdrawn; the next look ends the stream."""
    id_, _ = waiting(face, "lost")
    told: list[Any] = []
    began = threading.Event()

    def listen() -> None:
        for one in followed(face, DIRECTOR, id_):
            told.append(one)
            began.set()

    listening = threading.Thread(target=listen)
    listening.start()
    assert began.wait(10)
    face.act(MANAGER, "cancelCommand", id=id_, reason="no longer wanted")
    listening.join(10)
    assert not listening.is_alive()
    assert [one and one["status"] for one in told] == ["AWAITING_APPROVAL", None]
    assert told[0]["input"]
