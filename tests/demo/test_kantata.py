"""Kantata, emulated: its dialect, its silent limits and its misbehaviour, over real HTTP."""

import time
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import pytest

from demo import kantata
from demo.emulator import Server, serve
from demo.firm import northbeam

Json: TypeAlias = dict[str, Any]
KEY = "a-kantata-token"
BEARER = {"Authorization": f"Bearer {KEY}"}
ALL_WORKSPACES = [str(4_200_000 + number) for number in range(1, 24)]
ENDPOINTS = {
    "workspaces": 23,
    "stories": 639,
    "users": 48,
    "workspace_allocations": 57,
    "workspace_resources": 57,
    "workspace_groups": 14,
    "roles": 5,
    "time_entries": 3495,
    "expenses": 221,
    "rate_cards": 11,
    "rate_card_versions": 12,
    "rate_card_roles": 60,
    "nb_practices": 3,
    "nb_time_periods": 72,
}


@pytest.fixture(scope="module")
def connected() -> Iterator[httpx.Client]:
    """Serve the firm's Kantata for the whole file, to one client with the token."""
    app = kantata.build(northbeam(), token=KEY)
    with serve(app) as server, httpx.Client(base_url=server.url, headers=BEARER) as opened:
        yield opened


@pytest.fixture
def client(connected: httpx.Client) -> httpx.Client:
    """Return the client of a server that behaves and remembers nothing."""
    misbehave(connected, name="none")
    connected.delete("/_control/log")
    return connected


def misbehave(client: httpx.Client, **quirk: object) -> None:
    """Switch a quirk on."""
    assert client.put("/_control/quirk", json=quirk).status_code == 204


def read(client: httpx.Client, name: str, **params: object) -> Json:
    """Read a list that is answered."""
    response = client.get(f"/api/v1/{name}.json", params={key: str(value) for key, value in params.items()})
    assert response.status_code == 200, response.text
    content: Json = response.json()
    return content


def listed(content: Json) -> list[str]:
    """Return the ids of an answer in their order."""
    return [result["id"] for result in content["results"]]


def logged(client: httpx.Client) -> list[Json]:
    """Return the server's log."""
    lines: list[Json] = client.get("/_control/log").json()
    return lines


def test_codes_become_ids() -> None:
    """Codes become ids by plain functions, one range for each kind of thing."""
    assert kantata.workspace_id("ENG-007") == "4200007"
    assert kantata.group_id("CUS-07") == "7300007"
    assert kantata.user_id("RES-023") == "8100023"
    assert kantata.allocation_id("ASG-053") == "5600053"
    assert kantata.role_id("SENIOR") == "6100003"
    assert kantata.story_id("ENG-007-P") == "310007000"
    assert kantata.story_id("ENG-007-W2") == "310007200"
    assert kantata.story_id("ENG-007-W1-BUILD") == "310007130"
    assert kantata.story_id("ENG-007-W1-BUILD-T2") == "310007132"
    assert kantata.story_id("ENG-012-M3") == "310012903"
    assert kantata.time_entry_id("TE-02117") == "9002117"
    with pytest.raises(ValueError, match="CUS-07"):
        kantata.workspace_id("CUS-07")


def test_absent_ids_are_missing_without_a_word(client: httpx.Client) -> None:
    """A batch answers the rows it has, in its own order, and says nothing of the id that it does not know."""
    content = read(client, "workspaces", only="4200016,9999999,4200007", order="created_at:asc")
    assert content["results"] == [{"key": "workspaces", "id": "4200007"}, {"key": "workspaces", "id": "4200016"}]
    assert sorted(content["workspaces"]) == ["4200007", "4200016"]
    assert content["meta"] == {"count": 2, "page_count": 1, "page_number": 1, "page_size": 20}
    assert content["count"] == 2


def test_a_workspace_in_the_vendors_words(client: httpx.Client) -> None:
    """An engagement shows its status by key, its budget in subunits, its hours in minutes and its custom fields."""
    includes = "primary_maven,primary_workspace_group"
    content = read(client, "workspaces", only="4200007", include=includes, optional_fields="estimated_minutes")
    workspace = content["workspaces"]["4200007"]
    engagement = next(found for found in northbeam().engagements if found.code == "ENG-007")
    assert workspace["title"] == "Order Management Renewal"
    assert workspace["status"] == {"color": "green", "key": 310, "message": "In Progress"}
    assert (workspace["price_in_cents"], workspace["currency"]) == (140_000_000, "USD")
    assert workspace["estimated_minutes"] == int((engagement.planned_hours or 0) * 60)
    assert workspace["primary_maven_id"] == kantata.user_id(engagement.manager)
    assert workspace["primary_workspace_group_id"] == "7300007"
    assert workspace["custom_fields"]["engagement_code"] == "ENG-007"
    assert workspace["custom_fields"]["legal_entity"] == "NB-US"
    assert workspace["custom_fields"]["planned_revenue"] == "1400000.00"
    assert list(content["users"]) == [workspace["primary_maven_id"]]
    assert content["workspace_groups"]["7300007"]["name"] == "Goldenfinch Retail"


def test_money_is_in_the_subunits_of_its_currency(client: httpx.Client) -> None:
    """Yen have no subunits and a dinar has a thousand, although the field speaks of cents."""
    found = read(client, "workspaces", only="4200014,4200016")["workspaces"]
    assert [(found[id_]["price_in_cents"], found[id_]["currency_base_unit"]) for id_ in sorted(found)] == [
        (190_000_000, 1),
        (140_000_000, 1000),
    ]


@pytest.mark.parametrize(("name", "count"), ENDPOINTS.items())
def test_paging_to_the_end_gives_every_row_once(client: httpx.Client, name: str, count: int) -> None:
    """The pages of a list hold each of its rows once, in the order of their creation."""
    size = min(200, max(2, count // 6))
    first = read(client, name, per_page=size, order="created_at:asc")
    following = range(2, first["meta"]["page_count"] + 1)
    pages = [first, *(read(client, name, per_page=size, page=page, order="created_at:asc") for page in following)]
    found = [id_ for page in pages for id_ in listed(page)]
    created = [page[name][id_]["created_at"] for page in pages for id_ in listed(page)]
    assert len(found) == len(set(found)) == count == first["count"]
    assert first["meta"]["page_count"] == -(-count // size)
    assert created == sorted(created)
    assert listed(read(client, name, per_page=size, page=len(pages) + 1)) == []


def test_a_page_is_20_unless_asked_and_silently_200_at_most(client: httpx.Client) -> None:
    """Nothing in the status tells that a page is smaller than what was asked for."""
    assert read(client, "stories")["meta"]["page_size"] == 20
    capped = read(client, "stories", per_page=500)
    assert len(capped["results"]) == 200
    assert capped["meta"] == {"count": 639, "page_count": 4, "page_number": 1, "page_size": 200}


def test_keys_are_shown_only_with_their_include(client: httpx.Client) -> None:
    """Without its include a foreign key is not in the answer, and neither is an optional field."""
    assert not {"primary_maven_id", "estimated_minutes"} & read(client, "workspaces")["workspaces"]["4200001"].keys()
    assert not {"workspace_id", "parent_id"} & read(client, "stories", only="310007121")["stories"]["310007121"].keys()


def test_included_rows_stand_among_those_asked_for(client: httpx.Client) -> None:
    """A parent that comes along is no result, though it stands under the same key and shows less."""
    content = read(client, "stories", only="310007121", include="parent,workspace")
    assert listed(content) == ["310007121"]
    assert sorted(content["stories"]) == ["310007120", "310007121"]
    assert content["stories"]["310007121"]["parent_id"] == "310007120"
    assert "parent_id" not in content["stories"]["310007120"]
    assert list(content["workspaces"]) == ["4200007"]


def test_children_are_read_parent_by_parent(client: httpx.Client) -> None:
    """The parent filter takes one id; a list is refused, and read by project instead."""
    tasks = read(client, "stories", with_parent_id="310007120", story_type="task", order="created_at:asc")
    assert listed(tasks) == ["310007121", "310007122", "310007123", "310007124", "310007125"]
    refused = client.get("/api/v1/stories.json", params={"with_parent_id": "310007120,310007130"})
    assert refused.status_code == 400
    assert refused.json() == {"errors": [{"type": "system", "message": "Bad Request: with_parent_id takes one value"}]}
    nodes = read(client, "stories", with_projects="4200007,4200008", story_types="deliverable", per_page=200)
    assert nodes["count"] == 14
    tops = read(client, "stories", with_projects="4200007,4200008", parents_only="true", order="created_at:asc")
    assert listed(tops) == ["310007000", "310008000"]


def test_children_of_many_parents_come_along_with_them(client: httpx.Client) -> None:
    """Asked for by id, parents bring their direct children, and a list that says whose child each is."""
    content = read(
        client, "stories", only="310007100,310007121,310008000", include="sub_stories", order="created_at:asc"
    )
    assert listed(content) == ["310007100", "310008000", "310007121"]
    lists = {id_: content["stories"][id_]["sub_story_ids"] for id_ in listed(content)}
    assert lists == {
        "310007100": ["310007120", "310007130"],
        "310008000": ["310008100", "310008200"],
        "310007121": [],
    }
    assert len(content["stories"]) == 7
    assert content["count"] == 3


def test_a_task_and_a_phase_are_told_apart_by_system_codes(client: httpx.Client) -> None:
    """Nodes and tasks are stories; custom fields say which node it is, and hours are whole minutes."""
    found = read(client, "stories", only="310007120,310007121")["stories"]
    task = next(found for found in northbeam().tasks if found.code == "ENG-007-W1-DESIGN-T1")
    assert (found["310007120"]["story_type"], found["310007120"]["custom_fields"]["kind"]) == ("deliverable", "PHS")
    assert found["310007120"]["custom_fields"]["phase"] == "PH-DES"
    assert found["310007120"]["custom_fields"]["region"] == "NA"
    assert (found["310007121"]["story_type"], found["310007121"]["custom_fields"]["kind"]) == ("task", "TSK")
    assert found["310007121"]["percentage_complete"] == task.progress * 100
    assert found["310007121"]["time_estimate_in_minutes"] == task.planned_hours * 60


def test_an_allocation_carries_a_whole_assignment(client: httpx.Client) -> None:
    """One list shows the person, the role, the days, the total of minutes, hard or soft, and the rate."""
    content = read(client, "workspace_allocations", workspace_ids="4200006", user_ids="8100002", include="workspace")
    assert listed(content) == ["5600002"]
    allocation = content["workspace_allocations"]["5600002"]
    assert allocation["workspace_id"] == "4200006"
    assert (allocation["user_id"], allocation["role_id"]) == ("8100002", "6100002")
    assert (allocation["start_date"], allocation["end_date"]) == ("2026-01-05", "2026-12-18")
    assert (allocation["hard"], allocation["percentage"], allocation["minutes"]) == (True, 50, 250 * 240)
    assert (allocation["resource_bill_rate"], allocation["currency"]) == (18_000, "USD")
    assert allocation["custom_fields"] == {
        "assignment_code": "ASG-002",
        "booking": "running",
        "story_id": "310006100",
        "billable": True,
        "bill_rate": "180.00",
        "minutes_per_day": 240,
        "resource_request": "DEM-002",
    }
    assert read(client, "workspace_allocations", type="soft")["count"] == 0


def test_archived_workspaces_vanish_with_all_that_is_theirs() -> None:
    """A closed engagement is left out of lists and of batches unless it is asked for."""
    firm = northbeam()
    first, *others = firm.engagements
    closed = replace(firm, engagements=(replace(first, status="CLOSED"), *others))
    with (
        serve(kantata.build(closed, token=KEY)) as server,
        httpx.Client(base_url=server.url, headers=BEARER) as client,
    ):
        assert listed(read(client, "workspaces", only="4200001")) == []
        archived = read(client, "workspaces", only="4200001", include_archived="true")["workspaces"]["4200001"]
        assert (archived["archived"], archived["status"]["key"]) == (True, 620)
        assert read(client, "workspaces", archived="only")["count"] == 1
        assert read(client, "stories", workspace_id="4200001")["count"] == 0
        assert read(client, "stories", workspace_id="4200001", show_from_archived_workspaces="true")["count"] == 27
        for name, count in (("time_entries", 157), ("expenses", 6)):
            assert read(client, name, workspace_id="4200001")["count"] == 0
            assert read(client, name, workspace_id="4200001", from_archived_workspaces="true")["count"] == count


def test_words_are_matched_from_their_beginning(client: httpx.Client) -> None:
    """Text is searched word by word, whatever the case; a wildcard is a letter like any other."""
    assert listed(read(client, "workspaces", matching="ren ORDER")) == ["4200007"]
    assert listed(read(client, "workspaces", search="enewal")) == []
    assert listed(read(client, "workspaces", search="%")) == []


@pytest.mark.parametrize(
    "params",
    [
        {"colour": "red"},
        {"page": "0"},
        {"per_page": "x"},
        {"order": "title"},
        {"include": "moon"},
        {"page": "9" * 5000},
    ],
)
def test_what_is_not_documented_is_refused(client: httpx.Client, params: dict[str, str]) -> None:
    """A parameter or a value that the endpoint does not know is answered 400 in the vendor's error body."""
    response = client.get("/api/v1/workspaces.json", params=params)
    assert response.status_code == 400
    assert response.json()["errors"][0]["type"] == "system"


def test_only_the_token_opens_the_door(client: httpx.Client) -> None:
    """Without the token, or with another, there is 401 in the vendor's words."""
    for headers in ({"Authorization": ""}, {"Authorization": "Bearer other"}):
        refused = client.get("/api/v1/workspaces.json", headers=headers)
        assert refused.status_code == 401
        assert refused.json() == {"errors": [{"type": "oauth", "message": "Invalid OAuth 2 Request"}]}
    assert client.get("/api/v1/moons.json").status_code == 404


THREE = "4200001,4200002,4200003"


@pytest.mark.parametrize(
    ("quirk", "ids", "count"),
    [
        ("none", ["4200001", "4200002", "4200003"], 3),
        ("reverse", ["4200003", "4200002", "4200001"], 3),
        ("gap", ["4200002", "4200003"], 2),
        ("lost", ["4200002", "4200003"], 3),
        ("duplicates", ["4200001", "4200001", "4200002", "4200003"], 4),
        ("strangers", ["4200001", "4200002", "4200003", "4200004"], 4),
        ("bad_row", ["4200001", "4200002", "4200003"], 3),
    ],
)
def test_row_quirks(client: httpx.Client, quirk: str, ids: list[str], count: int) -> None:
    """Each quirk of the rows does what it says and nothing else, and only to its entity."""
    misbehave(client, name=quirk, entity="workspaces")
    content = read(client, "workspaces", only=THREE, order="created_at:asc")
    assert (listed(content), content["count"]) == (ids, count)
    titles = [content["workspaces"][id_]["title"] for id_ in ids]
    assert [title for title in titles if not isinstance(title, str)] == ([12345] if quirk == "bad_row" else [])
    assert read(client, "roles", only="6100001,6100002,6100003")["count"] == 3


def test_short_pages_must_be_followed(client: httpx.Client) -> None:
    """The server shows three rows a page whatever is asked, and its numbers of pages are right."""
    misbehave(client, name="short_page")
    first = read(client, "workspaces", per_page=200, order="created_at:asc")
    assert first["meta"] == {"count": 23, "page_count": 8, "page_number": 1, "page_size": 3}
    pages = [read(client, "workspaces", per_page=200, page=page, order="created_at:asc") for page in range(1, 9)]
    assert [id_ for page in pages for id_ in listed(page)] == ALL_WORKSPACES


def test_failing_answers(client: httpx.Client) -> None:
    """A broken server answers 500, 503 with a time to wait, a page of HTML, or half of its JSON."""
    whole = client.get("/api/v1/roles.json").content
    misbehave(client, name="status_500")
    assert client.get("/api/v1/roles.json").json() == {
        "errors": [{"type": "system", "message": "Something went wrong."}]
    }
    misbehave(client, name="status_503")
    unavailable = client.get("/api/v1/roles.json")
    assert (unavailable.status_code, unavailable.headers["Retry-After"]) == (503, "1")
    misbehave(client, name="html")
    page = client.get("/api/v1/roles.json")
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    misbehave(client, name="truncated")
    assert client.get("/api/v1/roles.json").content == whole[: len(whole) // 2]
    assert [line["status"] for line in logged(client)] == [200, 500, 503, 200, 200]


def test_an_expired_token_is_refused_once(client: httpx.Client) -> None:
    """The next list is answered 401, and then all is well again."""
    misbehave(client, name="expired")
    assert [client.get("/api/v1/roles.json").status_code for _ in range(2)] == [401, 200]
    assert client.get("/_control/quirk").json()["name"] == "none"


def test_a_slow_answer_keeps_its_time(client: httpx.Client) -> None:
    """The answer comes after the seconds that were set, and is right."""
    misbehave(client, name="slow", seconds=0.15)
    began = time.monotonic()
    assert read(client, "roles")["count"] == 5
    assert time.monotonic() - began >= 0.15


@pytest.mark.parametrize("quirk", [{"name": "moody"}, {"name": "gap", "rows": 0}, {"name": "gap", "mood": 1}, []])
def test_an_unknown_quirk_is_refused(client: httpx.Client, quirk: object) -> None:
    """A quirk that does not exist is answered 400 and changes nothing."""
    assert client.put("/_control/quirk", json=quirk).status_code == 400
    assert client.get("/_control/quirk").json()["name"] == "none"


def test_the_log_tells_what_was_asked(client: httpx.Client) -> None:
    """It keeps method, path with query, the headers that trace a call, the rows and the status; no credentials."""
    headers = {"X-Correlation-ID": "c-1", "traceparent": "00-aa-bb-01"}
    client.get("/api/v1/workspaces.json?only=4200001,9999999", headers=headers)
    assert logged(client) == [
        {
            "method": "GET",
            "path": "/api/v1/workspaces.json?only=4200001,9999999",
            "headers": {"x-correlation-id": "c-1", "traceparent": "00-aa-bb-01"},
            "rows": 1,
            "status": 200,
        }
    ]
    assert client.delete("/_control/log").status_code == 204
    assert logged(client) == []


def test_a_stopped_server_refuses_connections() -> None:
    """After stop nothing listens any more, and stopping twice does no harm."""
    server = Server(kantata.build(northbeam(), token=KEY), port=0)
    assert httpx.get(f"{server.url}/api/v1/roles.json", headers=BEARER).status_code == 200
    server.stop()
    server.stop()
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{server.url}/api/v1/roles.json", headers=BEARER)


def test_a_database_file_is_written_anew(tmp_path: Path) -> None:
    """Two starts on one file leave each row once, and money in it is exact."""
    database = tmp_path / "kantata.sqlite"
    for _ in range(2):
        with serve(kantata.build(northbeam(), token=KEY, database=database)) as server:
            content = httpx.get(f"{server.url}/api/v1/workspaces.json", headers=BEARER).json()
            assert content["count"] == 23
    assert Decimal(content["workspaces"]["4200016"]["custom_fields"]["planned_revenue"]) == Decimal("140000.000")


def test_a_time_entry_and_its_days(client: httpx.Client) -> None:
    """Time is in minutes, its rate in subunits; entries may be asked by workspace, by person and between two days."""
    entry = read(client, "time_entries", only="9002117", include="user,story,workspace")["time_entries"]["9002117"]
    assert (entry["date_performed"], entry["time_in_minutes"], entry["rate_in_cents"]) == ("2026-03-02", 480, 11_200)
    assert (entry["approved"], entry["billable"], entry["user_id"]) == (True, True, kantata.user_id("RES-017"))
    assert entry["is_invoiced"] is False
    assert entry["story_id"] == kantata.story_id("ENG-001-W1-BUILD-T3")
    assert entry["custom_fields"] | {"approver_id": None} == {
        "entry_code": "TE-02117",
        "billing_class": "hourly",
        "billable_minutes": 480,
        "approval": "approved",
        "submitted_at": "2026-03-03T08:00:00+00:00",
        "approved_at": "2026-03-10T16:00:00+00:00",
        "approver_id": None,
        "rejection_reason": None,
        "allocation_id": kantata.allocation_id("ASG-021"),
        "deliverable_id": kantata.story_id("ENG-001-W1-BUILD"),
        "reverses_id": None,
        "reversed_by_id": None,
        "split_of_id": None,
    }
    march = {"workspace_id": "4200001", "date_performed_between": "2026-03-02:2026-03-08", "order": "created_at:asc"}
    expected = [
        found
        for found in northbeam().time_entries
        if found.engagement == "ENG-001" and "2026-03-02" <= found.work_date.isoformat() <= "2026-03-08"
    ]
    assert listed(read(client, "time_entries", **march)) == [kantata.time_entry_id(found.code) for found in expected]


def test_time_and_expenses_of_several_people_and_workspaces(client: httpx.Client) -> None:
    """Time takes lists of workspaces and of people; expenses take one workspace, and a list is refused."""
    firm = northbeam()
    two = read(client, "time_entries", workspace_ids="4200001,4200003")["count"]
    assert two == sum(entry.engagement in {"ENG-001", "ENG-003"} for entry in firm.time_entries)
    people = read(client, "time_entries", with_user_ids="8100006,8100017")["count"]
    assert people == sum(entry.person in {"RES-006", "RES-017"} for entry in firm.time_entries)
    spent = [expense for expense in firm.expenses if expense.engagement == "ENG-014"]
    content = read(client, "expenses", workspace_id="4200014", include="user,story", order="created_at:asc")
    assert content["count"] == len(spent)
    shown = content["expenses"][kantata.expense_id(spent[0].code)]
    assert (shown["amount_in_cents"], shown["currency_base_unit"]) == (int(spent[0].amount), 1)
    assert "workspace_id" not in shown
    assert client.get("/api/v1/expenses.json", params={"workspace_id": "4200001,4200003"}).status_code == 400


def test_a_rate_card_has_versions_and_a_version_has_rates(client: httpx.Client) -> None:
    """NB-UK's card has two versions, and the second asks 118 for an analyst's hour from April."""
    second = kantata.rate_card_version_id("RC-BILL-NB-UK-V2")
    content = read(client, "rate_card_versions", only=second, include="rate_card,rate_card_roles")
    version = content["rate_card_versions"][second]
    card = read(client, "rate_cards", only=version["rate_card_id"], include="rate_card_versions")["rate_cards"]
    assert card[version["rate_card_id"]]["rate_card_version_ids"] == ["86009021", "86009022"]
    rates = [content["rate_card_roles"][id_] for id_ in version["rate_card_role_ids"]]
    assert [(rate["rate"], rate["custom_fields"]["effective_from"]) for rate in rates] == [
        (rate, "2026-04-01") for rate in (11_800, 15_100, 18_500, 21_800, 26_900)
    ]


def test_a_milestone_is_a_story(client: httpx.Client) -> None:
    """It has its amount and whether the customer accepted it in custom fields; the days are those of a story."""
    found = read(client, "stories", story_type="milestone", workspace_id="4200011")
    second = found["stories"][kantata.story_id("ENG-011-M2")]
    assert (found["count"], second["state"], second["due_date"]) == (4, "completed", "2026-03-27")
    assert second["custom_fields"] == {
        "code": "ENG-011-M2",
        "kind": "MIL",
        "actual_end": "2026-03-31",
        "billable": True,
        "amount": "152500.00",
        "currency": "GBP",
        "acceptance": "pending",
        "acceptance_evidence": None,
    }


def test_periods_say_whether_time_may_be_entered(client: httpx.Client) -> None:
    """The tenant's own list follows the ledger's periods."""
    periods = read(client, "nb_time_periods", only="NB-UK-2026-P02,NB-UK-2026-P04")["nb_time_periods"]
    assert {id_: period["locked"] for id_, period in periods.items()} == {
        "NB-UK-2026-P02": True,
        "NB-UK-2026-P04": False,
    }
