"""Runn, emulated: its versions, cursors, segments, placeholders and misbehaviour, over real HTTP."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, TypeAlias

import httpx
import msgspec
import pytest

from demo import runn
from demo.emulator import serve
from demo.firm import northbeam

Json: TypeAlias = dict[str, Any]
KEY = "a-runn-token"
HEADERS = {"Authorization": f"Bearer {KEY}", "Accept-Version": runn.VERSION}
STAMPS = {"createdAt", "updatedAt"}
LISTS = {
    "people": 48,
    "placeholders": 21,
    "contracts": 48,
    "teams": 4,
    "roles": 5,
    "clients": 15,
    "projects": 31,
    "assignments": 167,
    "actuals": len(
        {
            (entry.work_date, entry.person, entry.engagement, entry.role)
            for entry in northbeam().time_entries
            if entry.approval_status == "APPROVED"
        }
    ),
    "person-requests": 21,
    "time-offs/leave": 75,
    "nb-role-demands": 78,
    "nb-capacity-scenarios": 1,
    "nb-capacity-buckets": 532 + 26 * 48,
}


@pytest.fixture(scope="module")
def connected() -> Iterator[httpx.Client]:
    """Serve the firm's Runn for the whole file, to one client with the token and the version."""
    app = runn.build(northbeam(), token=KEY)
    with serve(app) as server, httpx.Client(base_url=server.url, headers=HEADERS) as opened:
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


def read(client: httpx.Client, path: str, **params: object) -> Json:
    """Read what is answered, numbers exact."""
    response = client.get(path, params={name: str(value) for name, value in params.items()})
    assert response.status_code == 200, response.text
    content: Json = msgspec.json.Decoder(float_hook=Decimal).decode(response.content)
    return content


def values(client: httpx.Client, path: str, **params: object) -> list[Json]:
    """Return all rows of a list, page after page."""
    content = read(client, path, **params)
    found = list(content["values"])
    while content["nextCursor"]:
        content = read(client, path, **params, cursor=content["nextCursor"])
        found += content["values"]
    return found


def without_stamps(row: Json) -> Json:
    """Return a row without the instants that every row has."""
    assert row.keys() >= STAMPS
    return {name: value for name, value in row.items() if name not in STAMPS}


def refused(response: httpx.Response, status: int) -> str:
    """Return the message of an error in the product's shape."""
    error = response.json()
    assert (response.status_code, error["statusCode"], error.keys()) == (
        status,
        status,
        {"error", "message", "statusCode"},
    )
    return str(error["message"])


def test_codes_become_ids() -> None:
    """Codes become ids by plain functions, one range for each kind of thing."""
    assert runn.person_id("RES-023") == "30023"
    assert runn.placeholder_id("DEM-058") == "90058"
    assert (runn.project_id("ENG-007"), runn.project_id("OPP-021")) == ("50007", "55021")
    assert (runn.client_id("CUS-07"), runn.role_id("SENIOR"), runn.team_id("NB-UK")) == ("20007", "70003", "12")
    assert (runn.segment_id("ASG-053", 2), runn.demand_id("DEM-058")) == ("6053002", "40058")
    assert runn.scenario_id("BASELINE") == "BASELINE"
    with pytest.raises(ValueError, match="CUS-07"):
        runn.project_id("CUS-07")


def test_token_and_version_open_the_door(client: httpx.Client) -> None:
    """Both are asked for on every call; what there is not is answered 404, and nothing may be written."""
    with httpx.Client(base_url=client.base_url) as stranger:
        assert refused(stranger.get("/people/"), 401) == "Missing or invalid token"
        bearer = {"Authorization": f"Bearer {KEY}"}
        assert "accept-version" in refused(stranger.get("/people/", headers=bearer), 400)
        assert "accept-version" in refused(stranger.get("/people/", headers=bearer | {"Accept-Version": "2.0.0"}), 400)
    for path in ("/moons/", "/people/1", "/assignments/6001001", "/people/30001/moons/", "/projects/50001/contracts/"):
        assert refused(client.get(path), 404) == "Resource not found"
    assert client.post("/people/").status_code == 405


@pytest.mark.parametrize(("path", "count"), LISTS.items())
def test_following_the_cursor_gives_every_row_once(client: httpx.Client, path: str, count: int) -> None:
    """The pages of a list hold each of its rows once, and the last has no cursor."""
    found = [row["id"] for row in values(client, f"/{path}/", limit=min(500, max(1, count // 4)))]
    assert (len(found), len(set(found))) == (count, count)
    assert found == sorted(found)


def test_pages_have_their_sizes(client: httpx.Client) -> None:
    """50 rows unless asked and 200 at most; 100 and 500 for assignments; more than that is refused."""
    assert [len(read(client, path)["values"]) for path in ("/time-offs/leave", "/assignments/")] == [50, 100]
    assert len(read(client, "/assignments", limit=500)["values"]) == 167
    for path, limit in (("/people/", 201), ("/assignments/", 501), ("/people/", 0), ("/people/", "many")):
        assert "limit" in refused(client.get(path, params={"limit": limit}), 400)
    assert "cursor" in refused(client.get("/people/", params={"cursor": "zzz"}), 400)


def test_ids_cannot_be_listed(client: httpx.Client) -> None:
    """No list takes ids, and a filter takes one value; what is not documented is refused."""
    for params in ({"ids": "30001,30002"}, {"id": "30001"}, {"sortBy": "name"}, {"includePlaceholders": "perhaps"}):
        assert client.get("/people/", params=params).status_code == 400
    assert read(client, "/assignments/", personId="30001,30002")["values"] == []


def test_a_person(client: httpx.Client) -> None:
    """A person in the list shows references and team; alone, it shows custom fields, too."""
    person = next(person for person in northbeam().people if person.code == "RES-023")
    row = next(row for row in values(client, "/people/") if row["id"] == 30023)
    assert without_stamps(row) == {
        "id": 30023,
        "firstName": person.name.split()[0],
        "lastName": person.name.split()[1],
        "email": person.email,
        "isArchived": False,
        "teamId": 12,
        "references": [
            {"referenceName": "Employee-ID", "externalId": "10023"},
            {"referenceName": "Resource", "externalId": "RES-023"},
        ],
        "tags": [],
        "holidaysGroupId": None,
        "managers": [],
    }
    alone = read(client, "/people/30023")
    assert alone.keys() - row.keys() == {"notes", "skills", "customFields"}
    assert [row["id"] for row in values(client, "/people", externalId="RES-023")] == [30023]
    assert [row["id"] for row in values(client, "/people", email=person.email.upper())] == [30023]


def test_placeholders_live_among_the_people(client: httpx.Client) -> None:
    """They are left out of the people unless asked for, and their assignments are not."""
    everybody = values(client, "/people/", includePlaceholders="true")
    placeholders = values(client, "/placeholders/")
    assert len(everybody) == 48 + 21
    assert without_stamps(placeholders[0]) == {
        "id": 90058,
        "firstName": "Consultant",
        "lastName": "Placeholder",
        "isArchived": False,
        "references": [{"referenceName": "RoleDemand", "externalId": "DEM-058"}],
        "tags": [],
    }
    (wanted,) = values(client, "/people/90058/assignments/")
    assert without_stamps(wanted) == {
        "id": 7000058,
        "personId": 90058,
        "startDate": "2026-09-07",
        "endDate": "2026-11-29",
        "projectId": 55021,
        "minutesPerDay": 360,
        "roleId": 70002,
        "isActive": True,
        "note": "DEM-058",
        "isBillable": True,
        "phaseId": None,
        "isNonWorkingDay": False,
        "isTemplate": False,
        "isPlaceholder": True,
        "workstreamId": None,
    }
    request = without_stamps(values(client, "/person-requests/")[0])
    assert (request["personId"], request["projectId"], request["status"]) == (90058, 55021, "REQUESTED")


def test_projects(client: httpx.Client) -> None:
    """An engagement is a confirmed project, an open deal a tentative one with its probability."""
    sure, tentative = read(client, "/projects/50016"), read(client, "/projects/55026/")
    assert without_stamps(sure) == {
        "id": 50016,
        "name": "Turnaround Planning Office",
        "isTemplate": False,
        "isArchived": False,
        "isConfirmed": True,
        "pricingModel": "tm",
        "rateType": "hours",
        "teamId": 12,
        "budget": 140000,
        "expensesBudget": None,
        "references": [{"referenceName": "Engagement", "externalId": "ENG-016"}],
        "clientId": 20014,
        "rateCardId": 1,
        "customFields": {"select": [], "text": [], "checkbox": [], "date": []},
        "managerIds": [],
        "tags": [],
    }
    assert (tentative["isConfirmed"], tentative["references"][0]["externalId"]) == (False, "OPP-026")
    assert tentative["customFields"]["text"] == [{"id": 9001, "name": "Probability", "value": "75"}]
    assert [row["id"] for row in values(client, "/projects/", externalId="ENG-005")] == [50005]
    assert [row["id"] for row in values(client, "/projects/", name="turnaround")] == [50016]


ASSIGNMENT = {
    "personId": 30044,
    "projectId": 50014,
    "roleId": 70003,
    "startDate": "2026-03-30",
    "endDate": "2026-07-10",
    "minutesPerDay": 480,
}
REFUSED = [
    ("POST", "/projects/", {"name": "Nobody's"}, 400, "body: Object missing required field `clientId`"),
    ("POST", "/projects/", {"name": "A", "clientId": 1}, 404, "Client not found"),
    ("POST", "/projects/", {"name": "A", "clientId": 20001, "color": "red"}, 400, "unknown field `color`"),
    ("PATCH", "/projects/59999", {"isArchived": True}, 404, "Project not found"),
    ("PATCH", "/projects/50014", {"teamId": 99}, 404, "Team not found"),
    ("POST", "/projects/59999/milestones/", {"title": "A", "date": "2026-04-08"}, 404, "Project not found"),
    ("POST", "/assignments/", ASSIGNMENT | {"personId": 10**40}, 400, "$.personId"),
    ("POST", "/assignments/", ASSIGNMENT | {"roleId": 1}, 404, "Role not found"),
    ("POST", "/assignments/", ASSIGNMENT | {"startDate": "2026-07-11"}, 400, "endDate must be on or after startDate"),
    ("POST", "/assignments/", ASSIGNMENT | {"startDate": "2026-04-01", "endDate": "2026-06-30"}, 400, "on leave"),
    ("POST", "/nb-role-demands/", {"code": "DEM-073"}, 400, "missing required field"),
    ("PATCH", "/nb-role-demands/40073", {"startDate": "2026-06-01"}, 400, "must both be given"),
    ("PATCH", "/nb-role-demands/40073", {"filledByAssignmentCodes": ["ASG-999"]}, 404, "Assignment not found"),
    ("PUT", "/nb-allocations/ASG-999", {"startDate": "2026-06-01", "endDate": "2026-06-30"}, 404, "Assignment not"),
    ("PATCH", "/assignments/6053001", {"endDate": "2026-06-30"}, 405, "Method not allowed"),
]


@pytest.mark.parametrize(("method", "path", "body", "status", "said"), REFUSED)
def test_what_is_refused_changes_nothing(  # noqa: PLR0917  a call and its answer
    client: httpx.Client, method: str, path: str, body: Json, status: int, said: str
) -> None:
    """What is missing, unknown, not documented or in the wrong order is named, and no table has changed."""
    assert said in refused(client.request(method, path, json=body), status)
    assert client.get("/_control/effects").json() == []


def test_a_write_is_stamped_and_can_be_taken_back(client: httpx.Client) -> None:
    """What changed was changed after the firm's own instant, one change after the other; restored, it never was."""
    before = read(client, "/projects/50014")
    first = client.patch("/projects/50014", json={"isArchived": True}).json()
    second = client.patch("/projects/50014", json={"isArchived": False}).json()
    assert before["updatedAt"] < northbeam().as_of.isoformat() < first["updatedAt"] < second["updatedAt"]
    assert client.post("/_control/restore").status_code == 204
    assert read(client, "/projects/50014") == before


def test_leave_splits_an_assignment(client: httpx.Client) -> None:
    """The segments of an assignment are its days without its person's leave, in order, each with the same minutes."""
    firm = northbeam()
    assignment = next(found for found in firm.assignments if found.code == "ASG-053")
    segments = values(client, "/assignments/", personId=30044, projectId=50014)
    assert [str(row["id"]) for row in segments] == runn.segment_ids(firm, assignment)
    assert (segments[0]["startDate"], segments[-1]["startDate"], segments[-1]["endDate"]) == (
        *("2026-01-05", "2026-07-01", "2026-09-30"),
    )
    assert {(row["minutesPerDay"], row["note"], row["isBillable"]) for row in segments} == {(480, "ASG-053", True)}
    shown = {
        date.fromisoformat(row["startDate"]) + timedelta(offset)
        for row in segments
        for offset in range((date.fromisoformat(row["endDate"]) - date.fromisoformat(row["startDate"])).days + 1)
    }
    away = [(absence.start, absence.end) for absence in firm.absences if absence.person == "RES-044"]
    whole = [assignment.start + timedelta(offset) for offset in range((assignment.end - assignment.start).days + 1)]
    assert shown == {day for day in whole if not any(start <= day <= end for start, end in away)}
    assert values(client, "/time-offs/leave/", personId=30044)[-1]["endDate"] == "2026-06-30"


def test_filters_of_assignments(client: httpx.Client) -> None:
    """They may be asked by project or role, by days that overlap, by change, and under a project."""
    under = values(client, "/projects/50004/assignments/")
    assert under == values(client, "/assignments/", projectId=50004)
    assert {row["roleId"] for row in values(client, "/assignments/", roleId=70005)} == {70005}
    late = values(client, "/assignments/", startDate="2026-10-01", endDate="2026-10-31")
    assert late
    assert all(row["startDate"] <= "2026-10-31" and row["endDate"] >= "2026-10-01" for row in late)
    assert values(client, "/assignments/", modifiedAfter="2026-04-08") == []
    assert len(values(client, "/assignments/", modifiedAfter="2026-04-07T08:59:59Z")) == 167
    assert client.get("/assignments/", params={"modifiedAfter": "lately"}).status_code == 400


def test_roles_and_contracts(client: httpx.Client) -> None:
    """A contract says in what role somebody works, and the role what others call it."""
    (contract,) = values(client, "/people/30012/contracts/")
    assert without_stamps(contract) == {
        "id": 80012,
        "personId": 30012,
        "roleId": 70003,
        "startDate": contract["startDate"],
        "endDate": None,
        "employmentType": "employee",
        "costPerHour": None,
        "minutesPerDay": 480,
        "rosteredDays": dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), 480),
        "jobTitle": "Senior Consultant",
    }
    role = read(client, "/roles/70003")
    assert (role["standardRate"], role["defaultHourCost"]) == (220, 104)
    assert role["references"] == [{"referenceName": "Role", "externalId": "SENIOR"}]
    assert 30012 in role["personIds"]


def test_the_tenants_own_lists(client: httpx.Client) -> None:
    """Demands, filled or not, and the capacity plan stand in lists that say by their names whose they are."""
    filled, wanted = (without_stamps(values(client, "/nb-role-demands/")[index]) for index in (0, -1))
    assert filled.pop("filledByAssignmentCodes") == ["ASG-001"]
    assert filled == {
        "id": 40001,
        "code": "DEM-001",
        "placeholderId": None,
        "engagementProjectId": 50003,
        "opportunityProjectId": None,
        "workstreamCode": "ENG-003-W1",
        "roleId": 70001,
        "teamId": 11,
        "headcount": 1,
        "startDate": "2026-01-05",
        "endDate": "2026-06-30",
        "minutesPerWeek": 2400,
        "region": None,
        "status": "filled",
        "scenarioId": "BASELINE",
        "probability": 100,
    }
    assert (wanted["status"], wanted["opportunityProjectId"], wanted["probability"]) == ("requested", 55027, 90)
    (scenario,) = values(client, "/nb-capacity-scenarios/")
    assert (scenario["id"], scenario["kind"], scenario["isApproved"]) == ("BASELINE", "baseline", True)
    week = {"weekStart": "2026-04-06", "teamId": 11, "roleId": 70001}
    bucket, *people = values(client, "/nb-capacity-buckets", **week)
    assert [(row["personId"], row["capacityMinutes"]) for row in people] == [(30001, 2400), (30009, 2400)]
    assert without_stamps(bucket) == {
        "id": 1,
        "scenarioId": "BASELINE",
        "weekStart": "2026-04-06",
        "teamId": 11,
        "roleId": 70001,
        "personId": None,
        "capacityMinutes": 4800,
        "firmMinutes": 4800,
        "tentativeMinutes": 0,
        "demandMinutes": 0,
    }


def test_calls_are_counted(client: httpx.Client) -> None:
    """Each answer says how many calls are left in the minute; the one too many is put off."""
    first, second = (int(client.get("/roles/").headers["x-ratelimit-remaining"]) for _ in range(2))
    assert first - second == 1
    with serve(runn.build(northbeam(), token=KEY, per_minute=2)) as server:
        answers = [httpx.get(f"{server.url}/roles/", headers=HEADERS) for _ in range(3)]
    assert [answer.headers["x-ratelimit-remaining"] for answer in answers] == ["1", "0", "0"]
    assert refused(answers[-1], 429) == "Rate limit exceeded, retry in 1 minute"
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60


@pytest.mark.parametrize(
    ("quirk", "ids"),
    [
        ("reverse", [14, 13, 12, 11]),
        ("gap", [12, 13, 14]),
        ("lost", [12, 13, 14]),
        ("duplicates", [11, 11, 12, 13, 14]),
        ("bad_row", [11, 12, 13, 14]),
        ("short_page", [11, 12, 13, 14]),
    ],
)
def test_row_quirks(client: httpx.Client, quirk: str, ids: list[int]) -> None:
    """The quirks spoil lists; pages that are short have a cursor to follow."""
    misbehave(client, name=quirk, entity="teams")
    assert [row["id"] for row in values(client, "/teams/")] == ids
    assert len(read(client, "/roles/")["values"]) == 5


def test_failing_answers(client: httpx.Client) -> None:
    """Failures come in the product's words; a token is refused once."""
    for name, status in (("status_500", 500), ("status_503", 503), ("expired", 401)):
        misbehave(client, name=name)
        assert refused(client.get("/roles/"), status)
    assert client.get("/roles/").status_code == 200
