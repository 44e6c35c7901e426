"""BambooHR, emulated: its directory, its reports, its changes and its leave, over real HTTP."""

from collections.abc import Iterator
from typing import Any, TypeAlias

import httpx
import pytest

from demo import bamboohr
from demo.emulator import Change, Row, serve
from demo.firm import northbeam

Json: TypeAlias = dict[str, Any]
KEY = "a-bamboo-key"
BASE = f"/api/gateway.php/{bamboohr.COMPANY}/v1"
MIDNIGHT = "2026-04-08T00:00:00+00:00"
APRIL = {"start": "2026-04-01", "end": "2026-04-30"}


@pytest.fixture(scope="module")
def connected() -> Iterator[httpx.Client]:
    """Serve the firm's BambooHR for the whole file, to one client with the key and any password."""
    app = bamboohr.build(northbeam(), key=KEY)
    with serve(app) as server, httpx.Client(base_url=server.url, auth=(KEY, "x")) as opened:
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


def read(client: httpx.Client, path: str, **params: str) -> Any:
    """Read what is answered."""
    response = client.get(f"{BASE}{path}", params=params)
    assert response.status_code == 200, response.headers
    assert response.headers["X-NB-Snapshot-At"] == MIDNIGHT
    return response.json()


def report(client: httpx.Client, *fields: str, **params: str) -> Json:
    """Ask for a report."""
    body = {"title": "Staff", "fields": fields}
    response = client.post(f"{BASE}/reports/custom", params={"format": "JSON", **params}, json=body)
    assert response.status_code == 200, response.headers
    content: Json = response.json()
    return content


def refused(response: httpx.Response, status: int) -> str:
    """Return the message of an error, which stands in a header."""
    assert (response.status_code, response.content) == (status, b"")
    return response.headers["X-BambooHR-Error-Message"]


def test_codes_become_ids() -> None:
    """Codes become ids by plain functions, numbers written as texts."""
    assert bamboohr.employee_id("RES-023") == "2023"
    assert bamboohr.request_id("ABS-074") == "50074"
    assert bamboohr.holiday_calendar_id("HOL-UK") == "HOL-UK"
    with pytest.raises(ValueError, match="ABS-074"):
        bamboohr.employee_id("ABS-074")


def test_only_the_key_opens_the_door(client: httpx.Client) -> None:
    """The key is the user, whatever the password; without it, or with another, there is 401 without a body."""
    directory = f"{BASE}/employees/directory"
    assert client.get(directory, auth=(KEY, "anything")).status_code == 200
    assert refused(client.get(directory, auth=("other", "x")), 401) == "Invalid API key"
    for headers in ({"Authorization": f"Bearer {KEY}"}, {"Authorization": "Basic ***"}):
        with httpx.Client(base_url=client.base_url) as stranger:
            assert stranger.get(directory, headers=headers).status_code == 401
    assert refused(client.get("/api/gateway.php/other/v1/employees/directory"), 404) == "Not found"
    assert client.get(f"{BASE}/moons").status_code == 404
    assert client.post(directory).status_code == 405


def test_an_employee_in_the_vendors_words(client: httpx.Client) -> None:
    """A person shows what is asked for, all of it text, and nothing of what nobody knows."""
    fields = (
        "displayName,firstName,lastName,employeeNumber,workEmail,jobTitle,supervisorId,status,employmentHistoryStatus,"
        "hireDate,terminationDate,customWorkerType,customLegalEntity,customCostCenter,customWeeklyHours,"
        "customWorkingDays,customHolidayCalendar,customTimeZone,customSnapshotAt,shoeSize"
    )
    person = next(person for person in northbeam().people if person.code == "RES-023")
    assert person.manager is not None
    assert read(client, "/employees/2023/", fields=fields) == {
        "id": "2023",
        "displayName": person.name,
        "firstName": person.name.split()[0],
        "lastName": person.name.split()[1],
        "employeeNumber": "10023",
        "workEmail": person.email,
        "jobTitle": "Consultant",
        "supervisorId": bamboohr.employee_id(person.manager),
        "status": "Active",
        "employmentHistoryStatus": "Full-Time",
        "hireDate": person.hire_date.isoformat(),
        "terminationDate": "0000-00-00",
        "customWorkerType": "E",
        "customLegalEntity": "NB-UK",
        "customCostCenter": "CC-UK-310",
        "customWeeklyHours": "40.00",
        "customWorkingDays": "MON,TUE,WED,THU,FRI",
        "customHolidayCalendar": "HOL-UK",
        "customTimeZone": "Europe/London",
        "customSnapshotAt": MIDNIGHT,
    }
    assert read(client, "/employees/2023") == {"id": "2023"}
    assert refused(client.get(f"{BASE}/employees/9999/?fields=displayName"), 404) == "Not found"


def test_ids_cannot_be_listed(client: httpx.Client) -> None:
    """There is no read by many ids: a list of them is no employee, and a filter on them filters nothing."""
    assert client.get(f"{BASE}/employees/2023,2024/").status_code == 404
    assert len(read(client, "/employees/directory", ids="2023,2024")["employees"]) == 48


def test_the_directory(client: httpx.Client) -> None:
    """The directory says what its fields are and lists everybody with the few that it has."""
    content = read(client, "/employees/directory")
    assert content["fields"][0] == {"id": "displayName", "type": "text", "name": "Display Name"}
    assert len(content["employees"]) == 48
    assert content["employees"][0].keys() == {"id", *(field["id"] for field in content["fields"])}


def test_a_report_scans_everybody(client: httpx.Client) -> None:
    """One call answers the fields asked for, for everybody; a field that nobody knows is left out without a word."""
    content = report(client, "displayName", "customCostCenter", "hireDate", "shoeSize")
    assert content["title"] == "Staff"
    assert content["fields"][1:] == [
        {"id": "customCostCenter", "type": "text", "name": "Custom Cost Center"},
        {"id": "hireDate", "type": "date", "name": "Hire Date"},
    ]
    assert len({row["id"] for row in content["employees"]}) == 48
    assert content["employees"][22]["customCostCenter"] == "CC-UK-310"
    path = f"{BASE}/reports/custom"
    assert client.post(path, params={"format": "PDF"}, json={"fields": []}).status_code == 400
    assert client.post(path, content=b"{").status_code == 400
    assert client.get(path).status_code == 405


def test_who_has_left_is_silently_left_out() -> None:
    """Without onlyCurrent=false a report says nothing of those who have left; one employee at a time is still shown."""
    gone: Change = lambda rows: [_left(row) if row["id"] == "2044" else row for row in rows]  # noqa: E731
    app = bamboohr.build(northbeam(), key=KEY, changes={"employees": [gone]})
    with serve(app) as server, httpx.Client(base_url=server.url, auth=(KEY, "x")) as opened:
        current = {row["id"] for row in report(opened, "status")["employees"]}
        everybody = {row["id"] for row in report(opened, "status", onlyCurrent="false")["employees"]}
        assert everybody - current == {"2044"}
        assert read(opened, "/employees/2044", fields="terminationDate")["terminationDate"] == "2026-03-31"
        assert len(read(opened, "/employees/directory")["employees"]) == 47


def _left(row: Row) -> Row:
    return {**row, "status": "Inactive", "terminationDate": "2026-03-31"}


def test_changed_employees(client: httpx.Client) -> None:
    """Those changed since an instant come by their id; since before all changes that is everybody."""
    everybody = read(client, "/employees/changed/", since="2026-01-01T00:00:00Z")
    assert (len(everybody["employees"]), everybody["latest"]) == (48, "2026-03-09T00:00:00+00:00")
    later = read(client, "/employees/changed/", since="2026-03-08T23:59:00+00:00")
    assert later["employees"] == {
        id_: {"id": id_, "action": "Updated", "lastChanged": changed}
        for id_, changed in (("2001", "2026-03-09T00:00:00+00:00"), ("2002", "2026-03-08T23:59:00+00:00"))
    }
    assert read(client, "/employees/changed", since=MIDNIGHT) == {"latest": MIDNIGHT, "employees": {}}
    assert read(client, "/employees/changed", since="2026-01-01T00:00:00Z", type="deleted")["employees"] == {}
    for params in ({}, {"since": "yesterday"}, {"since": "2026-01-01T00:00:00"}, {"since": MIDNIGHT, "type": "moved"}):
        assert client.get(f"{BASE}/employees/changed", params=params).status_code == 400


def test_time_off_requests(client: httpx.Client) -> None:
    """Leave that overlaps the days asked for comes with its hours day by day; start and end must be given."""
    (long,) = read(client, "/time_off/requests/", **APRIL, status="approved", employeeId="2044", type="84")
    assert (long["id"], long["employeeId"], long["start"], long["end"]) == ("50075", "2044", "2026-04-01", "2026-06-30")
    assert (long["status"]["status"], long["type"]["name"]) == ("approved", "Unpaid Leave")
    assert long["amount"] == {"unit": "hours", "amount": str(8 * 65)}
    assert [long["dates"][f"2026-04-{day:02}"] for day in (1, 3, 4, 5, 6)] == ["8", "8", "0", "0", "8"]
    year = {"start": "2026-01-01", "end": "2026-12-31"}
    assert len(read(client, "/time_off/requests", **year)) == 75
    assert read(client, "/time_off/requests", **year, status="denied,canceled") == []
    assert len(read(client, "/time_off/requests", **year, status="denied,approved")) == 75
    assert client.get(f"{BASE}/time_off/requests", params={"start": "2026-01-01"}).status_code == 400


def test_holiday_calendars(client: httpx.Client) -> None:
    """The tenant's own list has each calendar with its days."""
    found = {calendar["id"]: calendar for calendar in read(client, "/nb_holiday_calendars")}
    assert list(found) == ["HOL-DE", "HOL-JP", "HOL-UK", "HOL-US"]
    assert found["HOL-UK"]["days"] == [
        {"date": "2026-04-03", "name": "Good Friday"},
        {"date": "2026-04-06", "name": "Easter Monday"},
    ]


def test_too_many_calls_are_put_off() -> None:
    """Within the window there are as many calls as there are, bad keys counted; then 503 and a time to wait."""
    app = bamboohr.build(northbeam(), key=KEY, window=(2, 0.5))
    with serve(app) as server, httpx.Client(base_url=server.url, auth=(KEY, "x")) as opened:
        path = f"{BASE}/employees/directory"
        assert [opened.get(path, auth=(key, "x")).status_code for key in ("other", KEY, KEY)] == [401, 200, 503]
        assert opened.get(path).headers["Retry-After"] == "1"


@pytest.mark.parametrize(
    ("quirk", "ids"),
    [
        ("reverse", ["HOL-US", "HOL-UK", "HOL-JP", "HOL-DE"]),
        ("gap", ["HOL-JP", "HOL-UK", "HOL-US"]),
        ("duplicates", ["HOL-DE", "HOL-DE", "HOL-JP", "HOL-UK", "HOL-US"]),
    ],
)
def test_row_quirks(client: httpx.Client, quirk: str, ids: list[str]) -> None:
    """The quirks spoil every list."""
    misbehave(client, name=quirk, entity="holiday_calendars")
    assert [calendar["id"] for calendar in read(client, "/nb_holiday_calendars")] == ids
    misbehave(client, name=quirk, entity="employees")
    shown = [row["id"] for row in report(client, "displayName")["employees"]]
    assert shown != [bamboohr.employee_id(f"RES-{number:03}") for number in range(1, 49)]


def test_failing_answers(client: httpx.Client) -> None:
    """Failures have no body and say what they are in a header."""
    path = f"{BASE}/employees/directory"
    for name, status in (("status_500", 500), ("status_503", 503), ("expired", 401)):
        misbehave(client, name=name)
        assert refused(client.get(path), status)
    assert client.get(path).status_code == 200
