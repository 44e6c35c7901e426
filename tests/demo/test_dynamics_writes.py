"""Writing to Dynamics, emulated: what it takes, in which words it refuses, and what a person may change beside it."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from demo import dynamics
from demo.emulator import serve
from demo.firm.model import Firm

CLIENT, SECRET = "colonnade", "a-client-secret"
FORM = {"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": SECRET, "scope": "erp/.default"}
POSTING = {
    "NBFacadeKey": "key-1",
    "dataAreaId": "nbuk",
    "PersonnelNumber": "000117",
    "ProjectID": "P-000001",
    "AccountingDate": "2026-04-01T12:00:00Z",
    "BillingStatus": "Open",
    "ExpenseCode": "EXP-0100",
    "TransactionDate": "2026-03-24T12:00:00Z",
    "Amount": 172.25,
    "CurrencyCode": "GBP",
}
LOCK = "NBBillingEvents/Microsoft.Dynamics.DataEntities.NBLock"


@pytest.fixture(scope="module")
def connected(firm: Firm) -> Iterator[httpx.Client]:
    """Serve the firm's Dynamics for the whole file, to one client with a token."""
    app = dynamics.build(firm, client_id=CLIENT, client_secret=SECRET)
    with serve(app) as server, httpx.Client(base_url=server.url, trust_env=False) as opened:
        token = opened.post(dynamics.LOGIN_PATH, data=FORM).json()["access_token"]
        opened.headers["Authorization"] = f"Bearer {token}"
        yield opened


@pytest.fixture
def client(connected: httpx.Client) -> httpx.Client:
    """Return the client of Dynamics as at the start."""
    connected.post("/_control/restore")
    return connected


def refused(client: httpx.Client, call: str, body: Any = None) -> tuple[int, str]:
    """Return the status and the words of a refusal, which changed nothing."""
    method, _, path = call.partition(" ")
    answer = client.request(method, f"/data/{path}", json=body)
    assert client.get("/_control/effects").json() == []
    return answer.status_code, answer.json()["error"]["message"]


def changed(client: httpx.Client, path: str, body: Any) -> int:
    """Change something as a person would, and return the status."""
    return client.put(f"/_control/table/{path}", json=body).status_code


def test_a_posting_is_answered_as_it_stands(client: httpx.Client) -> None:
    """201 with the whole record, its number behind the last one; the effects carry the client's key."""
    answer = client.post("/data/NBExpensePostings", json=POSTING)
    assert answer.status_code == 201
    made = {name: answer.json()[name] for name in ("TransactionId", "Amount", "PeriodId", "PostingStatus")}
    assert made == {
        "TransactionId": "TX-000220",
        "Amount": 172.25,
        "PeriodId": "nbuk-2026-P04",
        "PostingStatus": "Posted",
    }
    effects = [(line["table"], line["id"], line["key"]) for line in client.get("/_control/effects").json()]
    assert effects == [
        ("NBNumberSequences", "ExpensePostings", "key-1"),
        ("NBExpensePostings", "TX-000220", "key-1"),
    ]


def test_a_changed_record_has_another_tag(client: httpx.Client) -> None:
    """204 without a body; the entity tag follows the content."""
    asked = {"$filter": "ProjectID eq 'P-000001'", "cross-company": "true"}
    (before,) = client.get("/data/ProjectsV2", params=asked).json()["value"]
    answer = client.patch("/data/ProjectsV2('P-000001')", json={"ProjectStage": "UserDefined1"})
    assert (answer.status_code, answer.content) == (204, b"")
    (after,) = client.get("/data/ProjectsV2", params=asked).json()["value"]
    assert after["@odata.etag"] != before["@odata.etag"]
    assert {**after, "@odata.etag": ""} == {**before, "@odata.etag": "", "ProjectStage": "UserDefined1"}


@pytest.mark.parametrize(
    ("call", "body", "status", "words"),
    [
        ("POST Nothing", {}, 404, "No HTTP resource was found that matches the request URI 'Nothing'."),
        ("PUT ProjectsV2('P-000001')", {}, 405, "does not support http method 'PUT'."),
        ("POST ProjectsV2", {}, 405, "does not support http method 'POST'."),
        ("PATCH ProjectsV2('P-9')", {}, 404, "No record of ProjectsV2 found with the key 'P-9'."),
        ("PATCH ProjectsV2('P-000001')", {"ProjectName": "x"}, 400, "unknown field `ProjectName`"),
        ("PATCH ProjectsV2('P-000001')", {"ProjectStage": "x"}, 400, "Invalid enum value 'x'"),
        ("POST NBExpensePostings", POSTING | {"Amount": "much"}, 400, "`$.Amount`"),
        ("POST NBExpensePostings", POSTING | {"NBFacadeKey": ""}, 400, "`$.NBFacadeKey`"),
        (
            "POST NBExpensePostings",
            POSTING | {"AccountingDate": "2026-03-31T12:00:00Z"},
            400,
            "The fiscal period 2026-P03 of ledger NBUK is not open for project: 2026-03-31 cannot be posted to.",
        ),
        (
            "POST NBExpensePostings",
            POSTING | {"AccountingDate": "2031-03-31T12:00:00Z"},
            400,
            "The calendar of nbuk has no period for 2031-03-31.",
        ),
        ("DELETE NBProjectInvoices('INV-2602-001')", None, 409, "INV-2602-001 has been posted"),
        (
            f"POST {LOCK}",
            {"NBFacadeKey": "key-1", "BillingEventIds": ["BE-2603-001", "BE-2603-011"]},
            409,
            "Billing event BE-2603-011 has not passed AcceptanceCheck.",
        ),
    ],
)
def test_a_refusal_says_why(client: httpx.Client, call: str, body: Any, status: int, words: str) -> None:
    """Unknown sets, methods, records, fields and values, closed periods, and what is no longer so."""
    told = refused(client, call, body)
    assert told[0] == status
    assert words in told[1]


def test_a_key_is_taken_once(client: httpx.Client) -> None:
    """A second record with the same alternate key is refused, whatever else it says."""
    client.post("/data/NBExpensePostings", json=POSTING)
    client.delete("/_control/effects")
    status, words = refused(client, "POST NBExpensePostings", POSTING | {"ExpenseCode": "EXP-0101"})
    assert (status, words) == (
        409,
        "Cannot write a record of NBExpensePostings. The alternate key NBFacadeKey already exists.",
    )


def test_a_batch_takes_reads_alone(client: httpx.Client) -> None:
    """A part that would change something is no part of a JSON batch here."""
    part = {"id": "1", "method": "DELETE", "url": "NBProjectInvoices('INV-2602-001')"}
    status, words = refused(client, "POST $batch", {"requests": [part]})
    assert (status, words[:31]) == (400, "The batch request is not valid.")


def test_a_person_changes_what_they_like(client: httpx.Client) -> None:
    """Known columns of a record that there is; it is no client's effect, and the start brings it back."""
    period = "NBFiscalPeriods/nbuk-2026-P03"
    assert changed(client, period, {"ProjectCloseState": "Open"}) == 204
    assert client.get("/_control/effects").json() == []
    posting = POSTING | {"AccountingDate": "2026-03-31T12:00:00Z"}
    assert client.post("/data/NBExpensePostings", json=posting).status_code == 201
    client.post("/_control/restore")
    assert client.post("/data/NBExpensePostings", json=posting).status_code == 400
    assert changed(client, period, {"Nothing": "Open"}) == 400
    assert changed(client, period, ["Open"]) == 400
    assert changed(client, "NBFiscalPeriods/nobody", {}) == 404
    assert changed(client, "Nothing/nobody", {}) == 404
