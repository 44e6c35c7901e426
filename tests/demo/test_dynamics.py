"""Dynamics, emulated: its OData, its silent company filter, its paging and its misbehaviour, over real HTTP."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any, TypeAlias

import httpx
import msgspec
import pytest

from demo import dynamics
from demo.dynamics.values import day
from demo.emulator import serve
from demo.firm import northbeam

Json: TypeAlias = dict[str, Any]
CLIENT, SECRET = "colonnade", "a-client-secret"
PAGE = 10
FORM = {"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": SECRET, "scope": "erp/.default"}
EVERYWHERE = {"cross-company": "true"}
SETS = {
    "LegalEntities": 4,
    "NBFiscalPeriods": 72,
    "FinancialDimensionValues": 15,
    "ExchangeRates": 36,
    "CustomersV3": 14,
    "ProjectsV2": 23,
    "ProjectContractHeaders": 19,
    "ProjectContractLines": 19,
    "NBBillingScheduleLines": 54,
    "NBContractAmendments": 3,
    "NBProjectInvoices": 36,
    "NBProjectInvoiceLines": 66,
    "NBBillingEvents": 53,
    "NBRevenueSchedules": 19,
    "NBRevenueScheduleLines": 88,
    "NBLaborCategories": 5,
    "NBHourPriceLists": 5,
    "NBHourPrices": 25,
    "Workers": 48,
    "NBOpportunities": 30,
    "NBOpportunityLines": 72,
}


def log_in(opened: httpx.Client) -> None:
    """Fetch a token and send it from now on."""
    token = opened.post(dynamics.LOGIN_PATH, data=FORM).json()
    opened.headers["Authorization"] = f"{token['token_type']} {token['access_token']}"


@pytest.fixture(scope="module")
def connected() -> Iterator[httpx.Client]:
    """Serve the firm's Dynamics for the whole file, ten rows a page, to one client with a token."""
    app = dynamics.build(northbeam(), client_id=CLIENT, client_secret=SECRET, page=PAGE)
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


def ask(client: httpx.Client, entity_set: str, options: dict[str, str] | None = None) -> httpx.Response:
    """Ask for an entity set in all companies."""
    return client.get(f"/data/{entity_set}", params=EVERYWHERE | (options or {}))


def read(client: httpx.Client, entity_set: str, **options: str) -> Json:
    """Read one page, numbers exact; `filter` stands for `$filter`, and so on."""
    response = ask(client, entity_set, {f"${name}": value for name, value in options.items()})
    assert response.status_code == 200, response.text
    content: Json = msgspec.json.Decoder(float_hook=Decimal).decode(response.content)
    return content


def rows(content: Json) -> list[Json]:
    """Return the rows of a page."""
    found: list[Json] = content["value"]
    return found


def accounts(content: Json) -> list[str]:
    """Return the customer accounts of a page."""
    return [row["CustomerAccount"] for row in rows(content)]


def followed(client: httpx.Client, content: Json) -> list[Json]:
    """Return the rows of this page and of all that follow it."""
    found = rows(content)
    while link := content.get("@odata.nextLink"):
        content = client.get(link).json()
        found = [*found, *rows(content)]
    return found


def test_codes_become_numbers() -> None:
    """The firm's codes become the product's numbers by plain functions."""
    assert dynamics.data_area("NB-US") == "nbus"
    assert dynamics.period_id("NB-UK", "2026-P03") == "nbuk-2026-P03"
    assert dynamics.customer_account("CUS-07") == "C-10007"
    assert dynamics.personnel_number("RES-023") == "000123"
    assert dynamics.project_id("ENG-007") == "P-000007"
    assert dynamics.contract_id("CON-007") == "PC-000007"
    assert dynamics.contract_line_id("CON-007-L1") == "PC-000007-1"
    assert dynamics.invoice_number("INV-2602-008") == "INV-2602-008"
    assert dynamics.opportunity_id("OPP-020") == "OP-000020"
    with pytest.raises(ValueError, match="ENG-007"):
        dynamics.customer_account("ENG-007")


def test_absent_ids_are_missing_without_a_word(client: httpx.Client) -> None:
    """A batch answers the rows it has; the id that it does not know is simply not there."""
    content = read(client, "CustomersV3", filter="CustomerAccount in ('C-10007','C-99999','C-10001')", count="true")
    assert accounts(content) == ["C-10001", "C-10007"]
    assert content["@odata.count"] == 2
    assert "@odata.nextLink" not in content
    assert content["@odata.context"] == f"{str(client.base_url).rstrip('/')}/data/$metadata#CustomersV3"
    assert all(row["@odata.etag"].startswith('W/"') for row in rows(content))


def test_other_companies_are_left_out_without_a_word(client: httpx.Client) -> None:
    """Without cross-company only the default company's rows are answered, also in a batch by ids."""
    wanted = {"$filter": "CustomerAccount in ('C-10007','C-10001')"}
    assert accounts(client.get("/data/CustomersV3", params=wanted).json()) == ["C-10007"]
    assert accounts(client.get("/data/CustomersV3", params=wanted | EVERYWHERE).json()) == ["C-10001", "C-10007"]
    here = client.get("/data/ProjectsV2", params={"$filter": "dataAreaId eq 'nbde'"}).json()
    assert rows(here) == []
    assert len(rows(client.get("/data/LegalEntities").json())) == 4


@pytest.mark.parametrize(("entity_set", "count"), SETS.items())
def test_next_links_lead_to_every_row_once(client: httpx.Client, entity_set: str, count: int) -> None:
    """Pages are as long as the server likes; following them gives each row once, and the count is of all."""
    key = dynamics.ENTITY_SETS[entity_set][1]
    first = read(client, entity_set, count="true")
    found = [row[key] for row in followed(client, first)]
    assert len(rows(first)) == min(PAGE, count)
    assert len(found) == len(set(found)) == count == first["@odata.count"]


def test_top_and_skip_reach_over_pages(client: httpx.Client) -> None:
    """A client's own limits hold over the server's pages, and an id is a place to go on from."""
    first = read(client, "Workers", top="15", skip="20", orderby="PersonnelNumber desc")
    found = [row["PersonnelNumber"] for row in followed(client, first)]
    assert found == [f"{number:06}" for number in range(128, 113, -1)]
    after = read(client, "Workers", filter="PersonnelNumber gt '000146'", orderby="PersonnelNumber", top="5")
    assert [row["PersonnelNumber"] for row in rows(after)] == ["000147", "000148"]
    assert rows(read(client, "Workers", top="0")) == []


def test_amounts_are_exact_numbers(client: httpx.Client) -> None:
    """Decimals are JSON numbers written from decimals: whole yen, a dinar's tenths, a negative credit."""
    wanted = "InvoiceNumber in ('INV-2601-014','INV-2601-016','CRN-2603-008')"
    response = ask(client, "NBProjectInvoices", {"$filter": wanted, "$select": "InvoiceNumber,NetAmount"})
    assert b'"NetAmount":19713000}' in response.content
    assert b'"NetAmount":13125.4}' in response.content
    assert b'"NetAmount":-3600}' in response.content
    dear = read(client, "NBProjectInvoices", filter="NetAmount ge 19713000.0", select="InvoiceNumber")
    assert [row["InvoiceNumber"] for row in rows(dear)] == ["INV-2601-014"]
    exact = read(client, "NBProjectInvoices", filter="NetAmount eq 13125.400", select="InvoiceNumber")
    assert [row["InvoiceNumber"] for row in rows(exact)] == ["INV-2601-016"]


def test_an_invoice_in_the_products_words(client: httpx.Client) -> None:
    """A document shows its two statuses as symbols, days as noon, and its amounts with a currency beside them."""
    (invoice,) = rows(read(client, "NBProjectInvoices", filter="InvoiceNumber eq 'INV-2601-016'"))
    truth = next(found for found in northbeam().invoices if found.number == "INV-2601-016")
    assert (invoice["InvoiceStatus"], invoice["SettlementStatus"]) == ("Confirmed", "PartlySettled")
    assert (invoice["CustomerAccount"], invoice["ProjectID"], invoice["dataAreaId"]) == ("C-10014", "P-000016", "nbuk")
    assert (invoice["NetAmount"], invoice["TaxAmount"], invoice["TotalAmount"]) == (truth.net, truth.tax, truth.total)
    assert (invoice["OpenAmount"], invoice["CurrencyCode"]) == (truth.open_amount, "KWD")
    assert invoice["InvoiceDate"] == f"{truth.issue_date}T12:00:00Z"
    assert invoice["PeriodId"] == dynamics.period_id("NB-UK", truth.fiscal_period)
    assert invoice["CorrectedInvoiceNumber"] == ""
    lines = rows(read(client, "NBProjectInvoiceLines", filter="InvoiceNumber eq 'INV-2601-016'"))
    assert sum(line["LineAmount"] for line in lines) == truth.net


def test_a_project_carries_stage_contract_and_value(client: httpx.Client) -> None:
    """Finance's view of an engagement stands in one row; an internal one has neither contract nor value."""
    found = {
        row["ProjectID"]: row for row in rows(read(client, "ProjectsV2", filter="ProjectID in ('P-000007','P-000020')"))
    }
    assert found["P-000007"]["ProjectStage"] == "InProcess"
    assert (found["P-000007"]["dataAreaId"], found["P-000007"]["ProjectContractID"]) == ("nbus", "PC-000007")
    assert (found["P-000007"]["NBContractValue"], found["P-000007"]["NBContractCurrencyCode"]) == (1_400_000, "USD")
    assert found["P-000007"]["ProjectedEndDate"] == day(date(2026, 12, 18))
    assert (found["P-000020"]["NBContractValue"], found["P-000020"]["CustomerAccount"]) == (None, "")
    (line,) = rows(read(client, "ProjectContractLines", filter="ProjectContractId eq 'PC-000003'"))
    assert (line["NBBillingModel"], line["LineAmount"], line["NBCapAmount"]) == ("TMCAP", 115_000, 115_000)
    assert (line["NBCapBehavior"], line["SalesTaxGroup"]) == ("Split", "US-NONE")


def test_a_period_shows_its_state_and_its_modules(client: httpx.Client) -> None:
    """March of the British entity is closing: time is closed, receivables are open."""
    (period,) = rows(read(client, "NBFiscalPeriods", filter="PeriodId eq 'nbuk-2026-P03'"))
    assert (period["StartDate"], period["EndDate"]) == ("2026-03-01T12:00:00Z", "2026-03-31T12:00:00Z")
    assert (period["PeriodStatus"], period["CloseState"]) == ("Open", "Restricted")
    assert (period["ProjectCloseState"], period["ReceivablesCloseState"]) == ("OnHold", "Open")
    assert (period["LedgerCloseState"], period["RevenueCloseState"]) == ("Restricted", "Restricted")
    locked = read(
        client, "NBFiscalPeriods", filter="LegalEntityId eq 'nbus' and CloseState eq 'NotOpened'", count="true"
    )
    assert locked["@odata.count"] == 8


def test_people_and_deals_have_no_nulls(client: httpx.Client) -> None:
    """Who stays has an end in 2154, who reports to nobody an empty number; an open deal closed in 1900."""
    (top,) = rows(read(client, "Workers", filter="ManagerPersonnelNumber eq ''"))
    assert (top["PersonnelNumber"], top["WorkerType"], top["NBEmploymentStatus"]) == ("000108", "Employee", "Active")
    assert top["EmploymentEndDate"] == "2154-12-31T23:59:59Z"
    assert (top["EmploymentLegalEntityId"], top["NBWeeklyHours"]) == ("nbus", 40)
    (deal,) = rows(read(client, "NBOpportunities", filter="OpportunityId eq 'OP-000021'"))
    assert (deal["StageCode"], deal["StageName"], deal["StateCode"], deal["Probability"]) == (
        "10",
        "Prospect",
        "Open",
        10,
    )
    assert (deal["ActualCloseDate"], deal["LegalEntityId"]) == ("1900-01-01T12:00:00Z", "")
    (won,) = rows(read(client, "NBOpportunities", filter="OpportunityId eq 'OP-000020'"))
    assert (won["EstimatedRevenue"], won["ActualCloseDateTime"]) == (480_000, "2026-04-06T14:05:00Z")
    unknown = rows(read(client, "NBOpportunityLines", filter="RoleCode eq 'CLOUD_ARCHITECT'"))
    assert [line["OpportunityId"] for line in unknown] == ["OP-000022"]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("NameAlias eq 'Al Noor Petrochem'", ["C-10014"]),
        ("NameAlias eq 'O''Brien'", []),
        ("dataAreaId eq 'nbde' and CustomerAccount gt 'C-10009'", ["C-10012"]),
        ("(dataAreaId eq 'nbde') and (CustomerAccount le 'C-10009' and NBPaymentTermsDays eq 30)", ["C-10009"]),
        ("CustomerAccount eq 'C-10009' or CustomerAccount eq 'C-10012'", ["C-10009", "C-10012"]),
        ("CustomerAccount eq 'C-10009' or CustomerAccount eq 'C-10012' and dataAreaId eq 'nbus'", ["C-10009"]),
        (
            "(CustomerAccount eq 'C-10009' or CustomerAccount eq 'C-10012') and CustomerAccount gt 'C-10010'",
            ["C-10012"],
        ),
        ("NBPaymentTermsDays gt 45 and SalesCurrencyCode in ( 'JPY' , 'KWD' )", ["C-10013", "C-10014"]),
    ],
)
def test_filters(client: httpx.Client, source: str, found: list[str]) -> None:
    """Comparisons, lists, conjunctions and parentheses choose the rows they say."""
    assert accounts(read(client, "CustomersV3", filter=source)) == found


def batched(client: httpx.Client, *urls: str, prefer: str = "") -> list[tuple[str, int, int | None]]:
    """Read these addresses in one batch; return each part's id, status and number of rows."""
    requests = [{"id": f"r{number}", "method": "GET", "url": url} for number, url in enumerate(urls)]
    answer = client.post("/data/$batch", json={"requests": requests}, headers={"Prefer": prefer})
    assert answer.status_code == 200
    return [
        (part["id"], part["status"], len(part["body"]["value"]) if part["status"] == 200 else None)
        for part in answer.json()["responses"]
    ]


def test_a_batch_answers_each_part_for_itself(client: httpx.Client) -> None:
    """Below an outer 200 each read has its own status; what follows a failure is tried only if that is preferred."""
    good, bad = "CustomersV3?cross-company=true&$top=2", "CustomersV3?$filter=Moon%20eq%20'full'"
    assert batched(client, good, bad, good, prefer="continue-on-error") == [
        ("r0", 200, 2),
        ("r1", 400, None),
        ("r2", 200, 2),
    ]
    assert batched(client, good, bad, good) == [("r0", 200, 2), ("r1", 400, None), ("r2", 424, None)]
    assert batched(client, "Moons", prefer="odata.continue-on-error") == [("r0", 404, None)]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b'{"requests": 5}',
        msgspec.json.encode({"requests": [{"id": "1", "method": "GET", "url": "x"}] * 1001}),
    ],
)
def test_what_is_no_batch_is_refused(client: httpx.Client, body: bytes) -> None:
    """A body that is none, or more than a thousand requests, is answered 400."""
    assert client.post("/data/$batch", content=body).status_code == 400


@pytest.mark.parametrize(
    "options",
    [
        {"$filter": "Moon eq 'full'"},
        {"$filter": "NameAlias eq 'a' or"},
        {"$filter": "contains(NameAlias,'a')"},
        {"$filter": "startswith(NameAlias,'A')"},
        {"$filter": "NameAlias ne 'a'"},
        {"$filter": "NameAlias eq 5"},
        {"$filter": "NBPaymentTermsDays eq '30'"},
        {"$filter": "NameAlias in ()"},
        {"$filter": "NameAlias eq 'a"},
        {"$filter": "(" * 60 + "NameAlias eq 'a'" + ")" * 60},
        {"$filter": ""},
        {"$select": "CustomerAccount,Moon"},
        {"$orderby": "Moon"},
        {"$orderby": "NameAlias sideways"},
        {"$top": "-1"},
        {"$skip": "9" * 5000},
        {"$expand": "Contacts"},
    ],
)
def test_what_is_not_known_is_refused(client: httpx.Client, options: dict[str, str]) -> None:
    """An option, a field, an operator or a literal that the server can't honour is answered 400."""
    refused = ask(client, "CustomersV3", options)
    assert refused.status_code == 400
    assert refused.json()["error"]["message"].startswith("The query specified in the URI is not valid.")


def test_a_url_has_its_limit(client: httpx.Client) -> None:
    """Up to 16 kB of URL are read, more are refused."""
    many = ",".join(f"'C-{number}'" for number in range(10_001, 10_801))
    assert ask(client, "CustomersV3", {"$filter": f"CustomerAccount in ({many})"}).status_code == 200
    more = ",".join(f"'C-{number}'" for number in range(10_001, 12_001))
    assert ask(client, "CustomersV3", {"$filter": f"CustomerAccount in ({more})"}).status_code == 414
    assert ask(client, "Moons").status_code == 404


@pytest.mark.parametrize(
    ("wrong", "status", "error"),
    [
        ({"client_secret": "other"}, 401, "invalid_client"),
        ({"client_id": "other"}, 400, "unauthorized_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ],
)
def test_a_wrong_login_is_refused(client: httpx.Client, wrong: dict[str, str], status: int, error: str) -> None:
    """A token is given for the registered client and its secret alone."""
    refused = client.post(dynamics.LOGIN_PATH, data=FORM | wrong)
    assert (refused.status_code, refused.json()["error"]) == (status, error)
    assert client.get("/data/CustomersV3", headers={"Authorization": "Bearer other"}).status_code == 401
    granted = client.post(dynamics.LOGIN_PATH, data=FORM).json()
    assert (granted["token_type"], granted["expires_in"]) == ("Bearer", 3599)


THREE = "CustomerAccount in ('C-10001','C-10002','C-10003')"


@pytest.mark.parametrize(
    ("quirk", "found", "count"),
    [
        ("none", ["C-10001", "C-10002", "C-10003"], 3),
        ("reverse", ["C-10003", "C-10002", "C-10001"], 3),
        ("gap", ["C-10002", "C-10003"], 2),
        ("lost", ["C-10002", "C-10003"], 3),
        ("duplicates", ["C-10001", "C-10001", "C-10002", "C-10003"], 4),
        ("strangers", ["C-10001", "C-10002", "C-10003", "C-10004"], 4),
        ("bad_row", ["C-10001", "C-10002", "C-10003"], 3),
    ],
)
def test_row_quirks(client: httpx.Client, quirk: str, found: list[str], count: int) -> None:
    """Each quirk of the rows does what it says and nothing else, and only to its entity set."""
    misbehave(client, name=quirk, entity="CustomersV3")
    content = read(client, "CustomersV3", filter=THREE, count="true")
    assert (accounts(content), content["@odata.count"]) == (found, count)
    bad = [row for row in rows(content) if not isinstance(row["NameAlias"], str)]
    assert [row["OrganizationName"] for row in bad] == ([12345] if quirk == "bad_row" else [])
    assert len(rows(read(client, "LegalEntities"))) == 4


def test_short_pages_must_be_followed(client: httpx.Client) -> None:
    """The server shows three rows a page, and its links lead to all of them."""
    misbehave(client, name="short_page")
    first = read(client, "CustomersV3")
    assert accounts(first) == ["C-10001", "C-10002", "C-10003"]
    assert len(followed(client, first)) == 14


def test_failing_answers(client: httpx.Client) -> None:
    """A broken server answers 500, 503 with a time to wait, a page of HTML, or half of its JSON."""
    whole = ask(client, "LegalEntities").content
    misbehave(client, name="status_500")
    assert ask(client, "LegalEntities").json() == {"error": {"code": "", "message": "An error has occurred."}}
    misbehave(client, name="status_503")
    unavailable = ask(client, "LegalEntities")
    assert (unavailable.status_code, unavailable.headers["Retry-After"]) == (503, "1")
    misbehave(client, name="html")
    assert ask(client, "LegalEntities").text.startswith("<!DOCTYPE html>")
    misbehave(client, name="truncated")
    assert ask(client, "LegalEntities").content == whole[: len(whole) // 2]


def test_an_expired_token_is_refused_once(client: httpx.Client) -> None:
    """The next list is answered 401 with the reason in its header, and then all is well again."""
    misbehave(client, name="expired", entity="Workers")
    assert ask(client, "LegalEntities").status_code == 200
    expired = ask(client, "Workers")
    assert (expired.status_code, expired.content) == (401, b"")
    assert 'error="invalid_token"' in expired.headers["WWW-Authenticate"]
    assert ask(client, "Workers").status_code == 200


def test_two_instances_live_side_by_side(client: httpx.Client) -> None:
    """As ERP and as HR the product runs twice, each with its own tokens, log and quirks."""
    with serve(dynamics.build(northbeam(), client_id=CLIENT, client_secret="other")) as server:  # noqa: S106  made up
        assert httpx.get(f"{server.url}/data/Workers", headers=dict(client.headers)).status_code == 401
        misbehave(client, name="status_500")
        token = httpx.post(f"{server.url}{dynamics.LOGIN_PATH}", data=FORM | {"client_secret": "other"}).json()
        answer = httpx.get(f"{server.url}/data/Workers", headers={"Authorization": f"Bearer {token['access_token']}"})
        assert len(answer.json()["value"]) == 48
        assert len(httpx.get(f"{server.url}/_control/log").json()) == 3
        assert client.get("/_control/log").json() == []


def test_hours_posted_and_what_may_be_billed(client: httpx.Client) -> None:
    """A posting says when it counts and what it sold for; an event says what may be billed and what holds it."""
    assert read(client, "NBTimePostings", count="true", top="1")["@odata.count"] == 3171
    (posting,) = rows(read(client, "NBTimePostings", filter="TimeEntryCode eq 'TE-02117'"))
    del posting["@odata.etag"]
    assert posting == {
        "dataAreaId": "nbuk",
        "TransactionId": "TR-002117",
        "TimeEntryCode": "TE-02117",
        "PersonnelNumber": "000117",
        "ProjectID": "P-000001",
        "WorkDate": "2026-03-02T12:00:00Z",
        "Hours": 8,
        "NBBillableHours": 8,
        "SalesPrice": 112,
        "SalesCurrencyCode": "GBP",
        "CostPrice": Decimal("49.6"),
        "CostCurrencyCode": "GBP",
        "AccountingDate": "2026-03-02T12:00:00Z",
        "PeriodId": "nbuk-2026-P03",
        "PostingStatus": "Posted",
        "BillingStatus": "ReadyToInvoice",
        "BillingEventId": "BE-2603-001",
        "InvoiceLineId": "",
        "NBFacadeKey": "",
    }
    (held,) = rows(read(client, "NBBillingEvents", filter="AcceptanceCheck eq 'Failed'"))
    assert (held["MilestoneCode"], held["EventStatus"], held["Amount"], held["NBHours"]) == (
        *("ENG-011-M2", "Open", 152500, None),
    )
    assert (held["CompletionCheck"], held["ApprovalCheck"]) == ("Passed", "NotApplicable")
