"""Writing to Kantata, emulated: what it takes, what it refuses and in which words, and that it takes the same twice."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from demo import kantata
from demo.emulator import serve
from demo.firm.model import Firm

KEY = "a-kantata-token"
API = "/api/v1"
WORKSPACE = {"title": "A new one", "currency": "KWD"}
ENTRY = {
    "workspace_id": kantata.workspace_id("ENG-001"),
    "user_id": kantata.user_id("RES-017"),
    "date_performed": "2026-04-08",
    "time_in_minutes": 60,
}
ALLOCATION = {
    "workspace_id": kantata.workspace_id("ENG-001"),
    "user_id": kantata.user_id("RES-017"),
    "role_id": kantata.role_id("SENIOR"),
    "start_date": "2026-04-13",
    "end_date": "2026-04-17",
    "minutes": 1200,
}


@pytest.fixture(scope="module")
def connected(firm: Firm) -> Iterator[httpx.Client]:
    """Serve the firm's Kantata for the whole file."""
    with (
        serve(kantata.build(firm, token=KEY)) as server,
        httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {KEY}"}, trust_env=False) as opened,
    ):
        yield opened


@pytest.fixture
def client(connected: httpx.Client) -> httpx.Client:
    """Return the client of Kantata as at the start."""
    connected.post("/_control/restore")
    return connected


def made(client: httpx.Client, name: str, singular: str, given: dict[str, Any]) -> dict[str, Any]:
    """Make a record, and return it."""
    content = client.post(f"{API}/{name}.json", json={singular: given}).json()
    assert content["results"] == [{"key": name, "id": content["results"][0]["id"]}]
    return content[name][content["results"][0]["id"]]  # type: ignore[no-any-return]


def test_the_same_twice_is_two_records_of_one_reference(client: httpx.Client) -> None:
    """There is no idempotency key: both are found by the one reference, the older first."""
    reference = {"service_name": "a-test", "service_model": "Engagement", "service_model_ref": "key-1"}
    ids = [
        made(client, "workspaces", "workspace", WORKSPACE | {"external_reference": dict(reference)})["id"] for _ in "12"
    ]
    found = client.get(
        f"{API}/workspaces.json",
        params={"external_reference_service_model_refs": "key-1,key-2", "order": "created_at:asc"},
    ).json()
    assert [result["id"] for result in found["results"]] == ids == ["4200024", "4200025"]
    other = client.get(f"{API}/stories.json", params={"external_reference_service_model_refs": "key-1"}).json()
    assert other["count"] == 0


def test_a_new_workspace_stands_as_the_product_makes_it(client: httpx.Client) -> None:
    """What was not said is as the product has it: a prospect, in the subunits of its currency, changed just now."""
    row = made(client, "workspaces", "workspace", WORKSPACE | {"custom_fields": {"engagement_code": "ENG-024"}})
    assert row["status"] == {"color": "gray", "key": 105, "message": "Prospect"}
    assert (row["currency_base_unit"], row["archived"], row["start_date"]) == (1000, False, None)
    assert (row["custom_fields"]["engagement_code"], row["custom_fields"]["practice"]) == ("ENG-024", None)
    assert (row["created_at"], row["updated_at"]) == ("2026-04-08T09:00:01+00:00", "2026-04-08T09:00:01+00:00")


def test_what_is_not_said_stays(client: httpx.Client) -> None:
    """A PUT sets what it names, in the tenant's own fields too; the rest stays, and the record was changed later."""
    id_ = kantata.workspace_id("ENG-001")
    before = client.get(f"{API}/workspaces.json", params={"only": id_}).json()["workspaces"][id_]
    given = {"title": "Renamed", "custom_fields": {"erp_reference": "P-1"}}
    answer = client.put(f"{API}/workspaces/{id_}.json", json={"workspace": given})
    after = answer.json()["workspaces"][id_]
    changed = {"title": "Renamed", "updated_at": "2026-04-08T09:00:01+00:00"}
    assert after == {**before, **changed, "custom_fields": before["custom_fields"] | {"erp_reference": "P-1"}}


def test_an_allocation_brings_its_resource_along(client: httpx.Client) -> None:
    """The workspace resource that it books is there, with the person's name and the role's."""
    row = made(client, "workspace_allocations", "workspace_allocation", ALLOCATION)
    params = {"only": row["workspace_resource_id"]}
    resource = client.get(f"{API}/workspace_resources.json", params=params).json()["workspace_resources"]["5700058"]
    assert (row["workspace_resource_id"], resource["workspace_id"]) == ("5700058", 4_200_001)
    assert resource["role_name"] == "Senior Consultant"


REFUSED: dict[str, tuple[str, str, dict[str, Any], int, str]] = {
    "no title": ("POST", "workspaces", {"workspace": {"currency": "USD"}}, 422, "Title can't be blank"),
    "no such attribute": ("POST", "workspaces", {"workspace": WORKSPACE | {"colour": "red"}}, 422, "Colour is invalid"),
    "of the wrong kind": (
        "POST",
        "workspaces",
        {"workspace": WORKSPACE | {"archived": "no"}},
        422,
        "Archived is invalid",
    ),
    "no such field": (
        "POST",
        "workspaces",
        {"workspace": WORKSPACE | {"custom_fields": {"mood": "good"}}},
        422,
        "Mood is invalid",
    ),
    "nobody": ("POST", "time_entries", {"time_entry": ENTRY | {"user_id": "1"}}, 422, "User is invalid"),
    "a locked period": (
        "POST",
        "time_entries",
        {"time_entry": ENTRY | {"date_performed": "2026-03-31"}},
        422,
        "Date performed is in a locked time period",
    ),
    "no such status": (
        "PUT",
        "workspaces/4200001",
        {"workspace": {"status_key": 999}},
        422,
        "Status key is not included in the list",
    ),
    "no such workspace": ("PUT", "workspaces/1", {"workspace": {"title": "X"}}, 404, "Page Not Found"),
    "no such list": ("POST", "nb_practices", {"nb_practice": {}}, 404, "Page Not Found"),
    "no body of it": ("POST", "workspaces", {"story": {}}, 400, "Bad Request: workspace is missing"),
    "no name elsewhere": (
        "POST",
        "workspaces",
        {"workspace": WORKSPACE | {"external_reference": {"service_name": "a-test"}}},
        422,
        "Service model ref can't be blank",
    ),
    "no version": (
        "POST",
        "rate_card_versions",
        {"rate_card_version": {"cloned_from_id": kantata.rate_card_version_id("RC-BILL-NB-UK-V2")}},
        422,
        "Version can't be blank",
    ),
    "in use": ("DELETE", "workspaces/4200001", {}, 422, "Record is in use and can't be deleted"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_in_the_products_words(client: httpx.Client, case: str) -> None:
    """The status and the sentence are the product's, and nothing has changed."""
    method, path, body, status, message = REFUSED[case]
    answer = client.request(method, f"{API}/{path}.json", json=body)
    assert answer.status_code == status
    assert answer.json() == {"errors": [{"type": "system", "message": message}]}
    assert client.get("/_control/effects").json() == []


def test_only_the_token_may_write(client: httpx.Client) -> None:
    """Another token is refused, and nothing has changed."""
    answer = client.post(f"{API}/workspaces.json", json={"workspace": WORKSPACE}, headers={"Authorization": "Bearer x"})
    assert answer.status_code == 401
    assert client.get("/_control/effects").json() == []
