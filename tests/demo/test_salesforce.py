# ruff: noqa: S608  the statements are SOQL, and go to a server of our own
"""Salesforce, emulated: its SOQL, its collections, its limits and its misbehaviour, over real HTTP."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, TypeAlias

import httpx
import msgspec
import pytest

from demo import salesforce
from demo.emulator import serve
from demo.firm import northbeam
from demo.salesforce.ids import whole

Json: TypeAlias = dict[str, Any]
CLIENT, SECRET = "colonnade", "a-client-secret"
FORM = {"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": SECRET}
PAGE = 10
QUERY = f"{salesforce.DATA}/query"
EXACT = msgspec.json.Decoder(float_hook=Decimal)


def log_in(opened: httpx.Client) -> None:
    """Fetch a session and send it from now on."""
    token = opened.post(salesforce.LOGIN_PATH, data=FORM).json()
    opened.headers["Authorization"] = f"{token['token_type']} {token['access_token']}"


@pytest.fixture(scope="module")
def connected() -> Iterator[httpx.Client]:
    """Serve the firm's Salesforce for the whole file, ten records a page, to one client with a session."""
    app = salesforce.build(northbeam(), client_id=CLIENT, client_secret=SECRET, page=PAGE)
    with serve(app) as server, httpx.Client(base_url=server.url) as opened:
        log_in(opened)
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


def ask(client: httpx.Client, soql: str) -> Json:
    """Ask a query that is answered, numbers exact."""
    response = client.get(QUERY, params={"q": soql})
    assert response.status_code == 200, response.text
    content: Json = EXACT.decode(response.content)
    return content


def records(client: httpx.Client, soql: str) -> list[Json]:
    """Return all records of a query, page after page."""
    content = ask(client, soql)
    found = list(content["records"])
    while not content["done"]:
        content = client.get(content["nextRecordsUrl"]).json()
        found += content["records"]
    return found


def names(client: httpx.Client, soql: str) -> list[str]:
    """Return the names that a query finds."""
    return [record["Name"] for record in records(client, soql)]


def collect(client: httpx.Client, sobject: str, ids: list[str], fields: list[str]) -> httpx.Response:
    """Ask for a collection."""
    return client.post(f"{salesforce.DATA}/composite/sobjects/{sobject}", json={"ids": ids, "fields": fields})


def refused(response: httpx.Response, status: int) -> str:
    """Return the code of an error in the product's shape."""
    assert response.status_code == status, response.text
    (error,) = response.json()
    assert error.keys() == {"message", "errorCode"}
    return str(error["errorCode"])


def test_codes_become_ids() -> None:
    """Codes become ids whose last three characters check the case of the first fifteen, as documented."""
    assert salesforce.account_id("CUS-07") == "001Nb0000000007IAA"
    assert salesforce.opportunity_id("OPP-020") == "006Nb0000000020IAA"
    assert salesforce.line_id("OPP-020", 2) == "00kNb0000020002IAA"
    assert salesforce.user_id("RES-008") == "005Nb0000000008IAA"
    assert [whole(id_) for id_ in ("001D000000IRFma", "003RO0000035WQg")] == [
        "001D000000IRFmaIAH",
        "003RO0000035WQgYAM",
    ]
    assert [whole(id_) for id_ in ("001", "001D000000IRFmaAAA", "001D000000IRF-a")] == [None, None, None]
    with pytest.raises(ValueError, match="OPP-007"):
        salesforce.account_id("OPP-007")


def test_a_session_costs_a_secret(client: httpx.Client) -> None:
    """The token has the documented members and no end; what is wrong is answered 400 in OAuth's words."""
    token = client.post(salesforce.LOGIN_PATH, data=FORM).json()
    assert token.keys() == {
        *("access_token", "signature", "scope", "instance_url", "id", "token_type", "issued_at"),
    }
    assert token["instance_url"] == str(client.base_url)
    assert token["issued_at"] == "1775638800000"
    wrong = client.post(salesforce.LOGIN_PATH, data=FORM | {"client_secret": "other"})
    assert (wrong.status_code, wrong.json()["error"]) == (400, "invalid_client")
    for form, error in (
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"client_id": "x"}, "invalid_client_id"),
    ):
        assert client.post(salesforce.LOGIN_PATH, data=FORM | form).json()["error"] == error
    headers = {"Authorization": "Bearer other"}
    assert refused(client.get(QUERY, headers=headers), 401) == "INVALID_SESSION_ID"
    assert client.get("/services/data", headers=headers).json()[0]["version"] == "62.0"


def test_an_opportunity_in_the_vendors_words(client: httpx.Client) -> None:
    """A deal shows the product's own state beside its label, a probability up to 100, exact money and plain days."""
    fields = (
        "Id, Name, AccountId, Account.Name, Owner.Name, StageName, IsClosed, IsWon, ForecastCategory, Probability, "
        "Amount, CurrencyIsoCode, CloseDate, Opportunity_Code__c, Legal_Entity__c, Billing_Model__c, Start_Date__c, "
        "Engagement_Code__c, LastStageChangeDate"
    )
    (deal,) = records(client, f"SELECT {fields} FROM Opportunity WHERE Id = '006Nb0000000020'")
    head = {"type": "Opportunity", "url": f"{salesforce.DATA}/sobjects/Opportunity/006Nb0000000020IAA"}
    account = {"type": "Account", "url": f"{salesforce.DATA}/sobjects/Account/001Nb0000000008IAA"}
    assert deal.pop("Owner")["Name"] == next(person.name for person in northbeam().people if person.code == "RES-008")
    assert deal == {
        "attributes": head,
        "Id": "006Nb0000000020IAA",
        "Name": "Network rollout wave 2",
        "AccountId": "001Nb0000000008IAA",
        "StageName": "Closed Won",
        "IsClosed": True,
        "IsWon": True,
        "ForecastCategory": "Closed",
        "Probability": Decimal("100.0"),
        "Amount": Decimal("480000.0"),
        "CurrencyIsoCode": "USD",
        "CloseDate": "2026-04-06",
        "Opportunity_Code__c": "OPP-020",
        "Legal_Entity__c": "NB-US",
        "Billing_Model__c": "Time_Materials",
        "Start_Date__c": "2026-05-04",
        "Engagement_Code__c": None,
        "LastStageChangeDate": "2026-04-06T14:05:00.000+0000",
        "Account": {"attributes": account, "Name": "Hollin Telecom"},
    }


def test_stages_are_told_apart_without_their_labels(client: httpx.Client) -> None:
    """Closed, won and the forecast's category together tell all six stages apart."""
    found = records(client, "SELECT StageName, IsClosed, IsWon, ForecastCategory FROM Opportunity")
    keys = {(row["IsClosed"], row["IsWon"], row["ForecastCategory"]): row["StageName"] for row in found}
    assert len(found) == 30
    assert keys == {
        (False, False, "Omitted"): "Prospecting",
        (False, False, "Pipeline"): "Qualification",
        (False, False, "BestCase"): "Proposal/Price Quote",
        (False, False, "Forecast"): "Negotiation/Review",
        (True, True, "Closed"): "Closed Won",
        (True, False, "Omitted"): "Closed Lost",
    }


def test_accounts_and_lines(client: httpx.Client) -> None:
    """An account has its tax number, a line its role, hours, price and workstream; three digits stay three."""
    (account,) = records(
        client,
        "SELECT Name, Industry, ParentId, Parent.Name, Tax_Number__c FROM account WHERE accountnumber = 'CUS-12'",
    )
    del account["attributes"]
    assert account == {
        "Name": "Lindqvist Maschinenbau",
        "Industry": "Machinery",
        "ParentId": None,
        "Parent": None,
        "Tax_Number__c": "DE811999010",
    }
    shown = "Role_Code__c, Quantity, UnitPrice, Workstream__c, Region__c"
    soql = f"SELECT {shown} FROM OpportunityLineItem WHERE OpportunityId = '{{}}' ORDER BY SortOrder DESC"
    last = records(client, soql.format(salesforce.opportunity_id("OPP-020")))[0]
    assert list(last.values())[1:] == ["CONSULTANT", Decimal("900.0"), Decimal("180.0"), "West", "US-WEST"]
    dinars = ask(client, soql.format(salesforce.opportunity_id("OPP-016")))["records"]
    expected = [line for deal in northbeam().opportunities if deal.code == "OPP-016" for line in deal.lines]
    assert [row["UnitPrice"] for row in dinars] == [line.unit_price for line in reversed(expected)]
    unmapped = "SELECT Id FROM OpportunityLineItem WHERE Role_Code__c = 'cloud_architect'"
    assert [row["Id"] for row in records(client, unmapped)] == [salesforce.line_id("OPP-022", 4)]


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("Name LIKE 'network%'", ["Network Investment Strategy", "Network rollout wave 2"]),
        ("CloseDate > 2026-06-15 AND IsClosed = false", ["Store labour planning", "Trial data platform"]),
        ("Probability >= 75 AND Probability < 100", ["Factory energy management", "Supplier quality programme"]),
        (
            "Amount > 107999999.999 AND CurrencyIsoCode = 'JPY'",
            ["Component Supply Planning", "Executive Office Support"],
        ),
        ("Legal_Entity__c = null", ["Store labour planning"]),
        ("LastStageChangeDate >= 2026-04-06T16:05:00+02:00", ["Network rollout wave 2"]),
        ("Account.Name = 'HOLLIN telecom' AND IsWon = TRUE", ["Network Investment Strategy", "Network rollout wave 2"]),
        (
            "Id IN ('006Nb0000000020', '006Nb0000000021IAA', '006Nb0000009999')",
            ["Network rollout wave 2", "Store labour planning"],
        ),
        (r"Name = 'It\'s not there'", []),
    ],
)
def test_conditions(client: httpx.Client, where: str, found: list[str]) -> None:
    """Each comparison compares by the field's type; text knows no case, instants know their offset."""
    assert names(client, f"select Name from Opportunity where {where} order by Name") == found


def test_order_and_limit(client: httpx.Client) -> None:
    """Rows come in the order asked for, by a relation's field, too; the limit bounds the total."""
    soql = "SELECT Name, Account.Name FROM Opportunity ORDER BY Account.Name DESC, Name ASC LIMIT 12"
    content = ask(client, soql)
    accounts = [row["Account"]["Name"] for row in records(client, soql)]
    assert (content["totalSize"], content["done"], len(accounts)) == (12, False, 12)
    assert accounts == sorted(accounts, reverse=True)


def test_pages_follow_their_cursor(client: httpx.Client) -> None:
    """Ten records a page, each once; the next page is asked by a path that says nothing of the query."""
    first = ask(client, "SELECT Id FROM OpportunityLineItem")
    assert (first["totalSize"], first["done"], len(first["records"])) == (72, False, PAGE)
    assert first["nextRecordsUrl"].startswith(f"{QUERY}/01gNb0000")
    found = [row["Id"] for row in records(client, "SELECT Id FROM OpportunityLineItem")]
    assert (len(found), len(set(found))) == (72, 72)
    assert refused(client.get(f"{QUERY}/01gNb0000999999IAA-10"), 400) == "INVALID_QUERY_LOCATOR"


@pytest.mark.parametrize(
    ("soql", "code"),
    [
        ("", "MALFORMED_QUERY"),
        ("SELECT FROM Account", "MALFORMED_QUERY"),
        ("SELECT Name FROM Account WHERE Name = 'a' OR Name = 'b' AND Name = 'c'", "MALFORMED_QUERY"),
        ("SELECT Name FROM Account WHERE Name = 'a", "MALFORMED_QUERY"),
        ("SELECT COUNT() FROM Account", "MALFORMED_QUERY"),
        ("SELECT Name FROM Account LIMIT 1.5", "MALFORMED_QUERY"),
        ("SELECT Name FROM Account; DROP", "MALFORMED_QUERY"),
        ("SELECT Nope FROM Account", "INVALID_FIELD"),
        ("SELECT Boss.Name FROM Account", "INVALID_FIELD"),
        ("SELECT Owner.Manager.Name FROM Account", "INVALID_FIELD"),
        ("SELECT Name FROM Account WHERE Name = 7", "INVALID_FIELD"),
        ("SELECT Name FROM Opportunity WHERE CloseDate = '2026-01-01'", "INVALID_FIELD"),
        ("SELECT Name FROM Opportunity WHERE IsWon = perhaps", "INVALID_FIELD"),
        ("SELECT Name FROM Moon", "INVALID_TYPE"),
        ("SELECT Name FROM Account WHERE Id = 'bogus'", "INVALID_QUERY_FILTER_OPERATOR"),
        ("SELECT Name FROM Account WHERE Id LIKE '001%'", "INVALID_QUERY_FILTER_OPERATOR"),
        (f"SELECT Name FROM Account WHERE Name = '{'x' * 4001}'", "MALFORMED_QUERY"),
    ],
)
def test_what_is_wrong_is_refused(client: httpx.Client, soql: str, code: str) -> None:
    """A statement that is wrong or not known is answered 400 with the product's code, and never guessed."""
    assert refused(client.get(QUERY, params={"q": soql}), 400) == code


def test_limits_of_length(client: httpx.Client) -> None:
    """4,000 characters of text pass, 16,384 bytes of address do not."""
    assert names(client, f"SELECT Name FROM Account WHERE Name = '{'x' * 4000}'") == []
    ids = ", ".join(f"'{salesforce.account_id(f'CUS-{number}')}'" for number in range(1, 900))
    too_long = client.get(QUERY, params={"q": f"SELECT Name FROM Account WHERE Id IN ({ids})"})
    assert (too_long.status_code, too_long.headers["Content-Type"]) == (414, "text/html; charset=utf-8")


def test_collections_keep_the_order_and_say_null(client: httpx.Client) -> None:
    """One record comes for each id, in its place, as often as asked for; null for absent, foreign and malformed."""
    second, first = salesforce.account_id("CUS-02"), salesforce.account_id("CUS-01")
    ids = [
        second,
        salesforce.account_id("CUS-999"),
        first[:15],
        "nonsense",
        second,
        salesforce.opportunity_id("OPP-001"),
    ]
    found = collect(client, "Account", ids, ["Id", "Name"])
    assert [record and record["Name"] for record in found.json()] == [
        *("Brightquay Insurance", None, "Aldermoor Rail", None, "Brightquay Insurance", None),
    ]
    assert found.headers["Sforce-Limit-Info"].startswith("api-usage=")
    query = {"ids": ",".join(ids), "fields": "Id,Name"}
    assert client.get(f"{salesforce.DATA}/composite/sobjects/Account", params=query).json() == found.json()


def test_collections_refuse(client: httpx.Client) -> None:
    """2,000 ids pass and one more does not; neither do unknown fields, relations, objects, and bodies that are none."""
    ids = [salesforce.account_id(f"CUS-{number}") for number in range(1, 2002)]
    full = collect(client, "Account", ids[:2000], ["Name"]).json()
    assert (len(full), sum(record is not None for record in full)) == (2000, 14)
    assert refused(collect(client, "Account", ids, ["Name"]), 400) == "EXCEEDED_ID_LIMIT"
    assert refused(collect(client, "Account", ids[:1], ["Nope"]), 400) == "INVALID_FIELD"
    assert refused(collect(client, "Account", ids[:1], ["Owner.Name"]), 400) == "INVALID_FIELD"
    assert refused(collect(client, "Moon", ids[:1], ["Name"]), 400) == "INVALID_TYPE"
    path = f"{salesforce.DATA}/composite/sobjects/Account"
    assert refused(client.post(path, content=b"{"), 400) == "JSON_PARSER_ERROR"
    assert refused(client.get(f"{salesforce.DATA}/nowhere"), 404) == "NOT_FOUND"
    assert refused(client.get("/services/data/v61.0/query"), 404) == "NOT_FOUND"
    assert refused(client.post(QUERY), 405) == "METHOD_NOT_ALLOWED"


def test_the_orgs_calls_can_be_used_up() -> None:
    """After the last call of the day everything is answered 403, and logging in does not help."""
    app = salesforce.build(northbeam(), client_id=CLIENT, client_secret=SECRET, daily=2)
    with serve(app) as server, httpx.Client(base_url=server.url) as opened:
        log_in(opened)
        query = {"q": "SELECT Id FROM Account"}
        assert [opened.get(QUERY, params=query).status_code for _ in range(3)] == [200, 200, 403]
        log_in(opened)
        assert refused(opened.get(QUERY, params=query), 403) == "REQUEST_LIMIT_EXCEEDED"


FIRST, SECOND, OTHER = (salesforce.account_id(f"CUS-0{number}") for number in (1, 2, 3))


@pytest.mark.parametrize(
    ("quirk", "ids", "total"),
    [
        ("reverse", [SECOND, FIRST], 2),
        ("gap", [SECOND], 1),
        ("lost", [SECOND], 2),
        ("duplicates", [FIRST, FIRST, SECOND], 3),
        ("strangers", [FIRST, SECOND, OTHER], 3),
        ("bad_row", [FIRST, SECOND], 2),
    ],
)
def test_row_quirks(client: httpx.Client, quirk: str, ids: list[str], total: int) -> None:
    """The quirks spoil queries and, of all things, collections, whose readers trust the order."""
    misbehave(client, name=quirk, entity="Account")
    content = ask(client, f"SELECT Id, Name FROM Account WHERE Id IN ('{FIRST}', '{SECOND}')")
    assert ([row["Id"] for row in content["records"]], content["totalSize"]) == (ids, total)
    collected = collect(client, "Account", [FIRST, SECOND], ["Id", "Name"]).json()
    assert [row["Id"] for row in collected] == ids
    spoilt = [row["Name"] for row in collected if not isinstance(row["Name"], str)]
    assert spoilt == ([12345] if quirk == "bad_row" else [])


def test_other_quirks(client: httpx.Client) -> None:
    """Short pages are followed like others; failures come in the product's words; a session ends once."""
    misbehave(client, name="short_page", rows=4)
    assert len(records(client, "SELECT Id FROM Account")) == 14
    query = {"q": "SELECT Id FROM Account"}
    for name, status, code in (
        ("status_500", 500, "UNKNOWN_EXCEPTION"),
        ("status_503", 503, "SERVER_UNAVAILABLE"),
        ("expired", 401, "INVALID_SESSION_ID"),
    ):
        misbehave(client, name=name)
        assert refused(client.get(QUERY, params=query), status) == code
    assert client.get(QUERY, params=query).status_code == 200


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("Opportunity/006Nb0000000020IAA", {"Nothing__c": "x"}, 400, "INVALID_FIELD"),
        ("Opportunity/006Nb0000000020IAA", {"IsWon": False}, 400, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ("Opportunity/006Nb0000000020IAA", {"Name": ""}, 400, "REQUIRED_FIELD_MISSING"),
        ("Opportunity/006Nb0000000020IAA", {"Amount": "much"}, 400, "JSON_PARSER_ERROR"),
        ("Opportunity/006Nb0000000020IAA", {"CloseDate": "20260408"}, 400, "JSON_PARSER_ERROR"),
        ("Opportunity/006Nb0000000020IAA", ["x"], 400, "JSON_PARSER_ERROR"),
        ("Opportunity/006Nb0000000999IAA", {"Name": "x"}, 404, "NOT_FOUND"),
        ("Nothing/006Nb0000000020IAA", {"Name": "x"}, 400, "INVALID_TYPE"),
    ],
)
def test_a_bad_change_changes_nothing(client: httpx.Client, path: str, body: object, status: int, code: str) -> None:
    """Unknown fields and records, values that do not fit, what the product derives, and what must not be empty."""
    answer = client.patch(f"{salesforce.DATA}/sobjects/{path}", json=body)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (status, code)
    assert client.get("/_control/effects").json() == []


def test_fields_are_changed_and_emptied(client: httpx.Client) -> None:
    """204 without a body; by the short id, too; the record's stamps are newer."""
    path = f"{salesforce.DATA}/sobjects/Opportunity/006Nb0000000020"
    answer = client.patch(path, json={"amount": 1200.50, "CloseDate": "2026-05-04", "Legal_Entity__c": ""})
    assert (answer.status_code, answer.content) == (204, b"")
    soql = "SELECT Amount, CloseDate, Legal_Entity__c, SystemModstamp FROM Opportunity WHERE Id = '006Nb0000000020'"
    (deal,) = records(client, soql)
    del deal["attributes"]
    assert deal == {
        "Amount": 1200.5,
        "CloseDate": "2026-05-04",
        "Legal_Entity__c": None,
        "SystemModstamp": "2026-04-08T09:00:01.000+0000",
    }
    client.post("/_control/restore")
