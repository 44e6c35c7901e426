"""Writing to an emulated system: one transaction a call, what it changed, calls that go wrong, and the way back."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from demo import kantata
from demo.emulator import serve
from demo.firm.model import Firm

KEY = "a-kantata-token"
PATH = "/api/v1/workspaces.json"
REFERENCE = {"service_name": "a-test", "service_model": "Engagement", "service_model_ref": "key-1"}
BODY = {"workspace": {"title": "A new one", "currency": "USD", "external_reference": REFERENCE}}
MADE = {"call": 1, "method": "POST", "path": PATH, "correlation": None, "key": "key-1", "what": "came"}
WORKSPACE = {**MADE, "table": "workspaces", "id": "4200024"}
EFFECTS = [WORKSPACE, {**MADE, "table": "external_references", "id": "6600001"}]


@pytest.fixture(scope="module")
def connected(firm: Firm) -> Iterator[httpx.Client]:
    """Serve a system that can be written to, for the whole file."""
    with (
        serve(kantata.build(firm, token=KEY)) as server,
        httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {KEY}"}, trust_env=False) as opened,
    ):
        yield opened


@pytest.fixture
def client(connected: httpx.Client) -> httpx.Client:
    """Return the client of a system as at the start."""
    assert connected.post("/_control/restore").status_code == 204
    return connected


def fault(client: httpx.Client, *faults: dict[str, object]) -> None:
    """Let calls go wrong."""
    assert client.put("/_control/faults", json=faults).status_code == 204


def effects(client: httpx.Client) -> list[dict[str, Any]]:
    """Return what was changed."""
    return client.get("/_control/effects").json()  # type: ignore[no-any-return]


def titles(client: httpx.Client) -> list[str]:
    """Return the titles of the workspaces that begin with A."""
    rows = client.get(PATH, params={"per_page": 200}).json()["workspaces"].values()
    return [row["title"] for row in rows if row["title"].startswith("A new")]


def test_an_effect_is_logged_with_the_clients_key(client: httpx.Client) -> None:
    """Each row that changed is a line with the call, its key, table and id; forgotten, nothing is undone."""
    assert client.post(PATH, json=BODY).status_code == 200
    assert effects(client) == EFFECTS
    assert client.delete("/_control/effects").status_code == 204
    assert (effects(client), titles(client)) == ([], ["A new one"])


def test_everything_goes_back_to_the_start(client: httpx.Client) -> None:
    """Data, logs, quirks and faults are as they were, and the next id is the same again."""
    client.post(PATH, json=BODY)
    client.put("/_control/quirk", json={"name": "gap"})
    fault(client, {"match": "POST", "what": "refuse"})
    client.post("/_control/restore")
    assert (effects(client), client.get("/_control/faults").json()) == ([], [])
    assert client.get("/_control/quirk").json()["name"] == "none"
    assert client.get("/_control/log").json() == []
    assert titles(client) == []
    client.post(PATH, json=BODY)
    assert effects(client) == EFFECTS


def test_what_is_refused_half_way_changes_nothing(client: httpx.Client) -> None:
    """A version is inserted before its second rate is refused: the whole call is undone."""
    rate = {"role_id": kantata.role_id("SENIOR"), "rate": 20_000, "custom_fields": {}}
    version = {
        "cloned_from_id": kantata.rate_card_version_id("RC-BILL-NB-UK-V2"),
        "custom_fields": {"version": 3},
        "rate_card_roles": [rate, {**rate, "role_id": "nobody"}],
    }
    answer = client.post("/api/v1/rate_card_versions.json", json={"rate_card_version": version})
    assert (answer.status_code, effects(client)) == (422, [])
    assert client.get("/api/v1/rate_card_versions.json").json()["count"] == 12


def test_a_lost_answer_leaves_its_effect(client: httpx.Client) -> None:
    """The connection is closed without a byte; the workspace is there, and the call is in the log."""
    fault(client, {"match": f"POST {PATH}", "what": "lose_answer"})
    with pytest.raises(httpx.RemoteProtocolError):
        client.post(PATH, json=BODY)
    assert effects(client) == EFFECTS
    assert [line["method"] for line in client.get("/_control/log").json()] == ["POST"]


@pytest.mark.parametrize(("what", "kept"), [("fail_before", []), ("fail_after", EFFECTS), ("refuse", [])])
def test_a_call_fails_before_or_after_its_effect(client: httpx.Client, what: str, kept: list[object]) -> None:
    """The answer is the product's own for that failure; the effect is there or not."""
    fault(client, {"match": "POST", "what": what, "status": 503})
    answer = client.post(PATH, json=BODY)
    assert answer.status_code == (422 if what == "refuse" else 503)
    assert list(answer.json()) == ["errors"]
    assert effects(client) == kept


@pytest.mark.parametrize(("what", "meanwhile"), [("hold_before", []), ("hold_after", EFFECTS)])
def test_what_is_kept_back_happens_though_the_client_has_gone(
    client: httpx.Client, what: str, meanwhile: list[object]
) -> None:
    """The effect comes at the end of the wait, or at its beginning, and nobody need wait for it."""
    fault(client, {"match": "POST", "what": what, "seconds": 0.5})
    with pytest.raises(httpx.ReadTimeout):
        client.post(PATH, json=BODY, timeout=0.2)
    assert effects(client) == meanwhile
    deadline = time.monotonic() + 5
    while effects(client) != EFFECTS and time.monotonic() < deadline:
        time.sleep(0.02)
    assert effects(client) == EFFECTS


def test_others_are_answered_while_one_is_kept_back(client: httpx.Client) -> None:
    """A call that waits keeps nobody else waiting."""
    fault(client, {"match": "POST", "what": "hold_after", "seconds": 1.0})
    with ThreadPoolExecutor(1) as other:
        held = other.submit(client.post, PATH, json=BODY)
        time.sleep(0.2)
        began = time.monotonic()
        assert titles(client) == ["A new one"]
        assert time.monotonic() - began < 0.7
        assert held.result().status_code == 200


def test_a_fault_meets_the_nth_call_that_matches_and_no_other(client: httpx.Client) -> None:
    """Reads do not match, the first write passes, the second fails, and the third passes again."""
    second = {"match": "^POST /api/v1/workspaces", "what": "fail_before", "nth": 2, "seconds": 1.0, "status": 500}
    fault(client, second)
    assert client.get("/_control/faults").json() == [second]
    titles(client)
    assert [client.post(PATH, json=BODY).status_code for _ in range(3)] == [200, 500, 200]
    assert client.get("/_control/faults").json() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"match": "(", "what": "refuse"},
        {"match": "POST", "what": "explode"},
        {"match": "POST", "what": "refuse", "nth": 0},
        {"match": "POST", "what": "refuse", "status": 404},
        {"match": "POST", "what": "refuse", "whom": "me"},
    ],
)
def test_what_is_no_fault_is_refused(client: httpx.Client, wrong: dict[str, object]) -> None:
    """A slip in a test is answered with 400 and what is wrong, and nothing goes wrong instead."""
    answer = client.put("/_control/faults", json=[wrong])
    assert (answer.status_code, bool(answer.text)) == (400, True)
    assert client.get("/_control/faults").json() == []
