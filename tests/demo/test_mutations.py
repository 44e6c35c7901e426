"""The firm's drift: what each mutation changes, read over HTTP beside the truth, and that nothing else does."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple, TypeAlias

import httpx
import msgspec
import pytest
from starlette.applications import Starlette

from demo import bamboohr, dynamics, kantata, runn, salesforce, warehouse
from demo.crossrefs import cross_references, second_reference
from demo.emulator import Changes, serve
from demo.firm import northbeam
from demo.mutations import MUTATIONS, OLD_WORKSPACE, changes
from demo.salesforce.objects import SOBJECTS
from demo.systems import emulated
from schema.rows import Ref

Json: TypeAlias = dict[str, Any]
EXACT = msgspec.json.Decoder(float_hook=Decimal)
SECRET = "a-secret"
HR = f"/api/gateway.php/{bamboohr.COMPANY}/v1"
NUMBERS = {f"M{number:02}" for number in range(1, 25)} | {f"N{number:02}" for number in range(1, 7)}
WITHOUT_LINE = {"M02", "N05", "N06"}


def built(system: str, spoilt: Changes) -> Starlette:
    """Return a vendor's application."""
    firm = northbeam()
    match system:
        case "kantata":
            return kantata.build(firm, token=SECRET, changes=spoilt)
        case "dynamics":
            return dynamics.build(firm, client_id=SECRET, client_secret=SECRET, changes=spoilt)
        case "salesforce":
            return salesforce.build(firm, client_id=SECRET, client_secret=SECRET, changes=spoilt)
        case "bamboohr":
            return bamboohr.build(firm, key=SECRET, changes=spoilt)
    return runn.build(firm, token=SECRET, changes=spoilt)


class Copy:
    """One copy of the firm in five systems, read as each of them wants it."""

    def __init__(self, stack: ExitStack, *, mutated: bool) -> None:
        self.clients = {
            system: stack.enter_context(httpx.Client(base_url=stack.enter_context(serve(built(system, spoilt))).url))
            for system, spoilt in ((name, changes(name) if mutated else {}) for name in SYSTEMS)
        }
        for system, login in (("dynamics", dynamics.LOGIN_PATH), ("salesforce", salesforce.LOGIN_PATH)):
            form = {"grant_type": "client_credentials", "client_id": SECRET, "client_secret": SECRET}
            token = self.clients[system].post(login, data=form).json()["access_token"]
            self.clients[system].headers["Authorization"] = f"Bearer {token}"
        for system in ("kantata", "runn"):
            self.clients[system].headers["Authorization"] = f"Bearer {SECRET}"
        self.clients["runn"].headers["Accept-Version"] = runn.VERSION
        self.clients["bamboohr"].auth = httpx.BasicAuth(SECRET, "x")

    def get(self, system: str, path: str, params: dict[str, str]) -> Json:
        """Read what is answered, numbers exact."""
        response = self.clients[system].get(path, params=params)
        assert response.status_code == 200, response.text
        content: Json = EXACT.decode(response.content)
        return content

    def odata(self, entity_set: str, condition: str, *columns: str) -> list[list[Any]]:
        """Return columns of the ERP's rows for which a condition holds."""
        params = {"cross-company": "true", "$filter": condition, "$select": ",".join(columns)}
        rows = self.get("dynamics", f"/data/{entity_set}", params)["value"]
        return [[row[column] for column in columns] for row in rows]

    def kantata(self, name: str, **params: str) -> list[Json]:
        """Return the PSA's rows in their order."""
        content = self.get("kantata", f"/api/v1/{name}.json", {"per_page": "200", **params})
        return [content[name][result["id"]] for result in content["results"]]

    def runn(self, path: str, **params: str) -> list[Json]:
        """Return the rows of the forecasting tool's list, which all fit on one page."""
        content = self.get("runn", path, {"limit": "200", **params})
        assert content["nextCursor"] is None
        found: list[Json] = content["values"]
        return found


SYSTEMS = ("kantata", "dynamics", "salesforce", "bamboohr", "runn")


class Firms(NamedTuple):
    """The firm as it is, and as its systems show it."""

    true: Copy
    drifted: Copy


@pytest.fixture(scope="module")
def firms() -> Iterator[Firms]:
    """Serve the firm twice, with and without its mutations."""
    with ExitStack() as stack:
        yield Firms(Copy(stack, mutated=False), Copy(stack, mutated=True))


def test_every_mutation_has_a_line_or_a_reason() -> None:
    """All thirty are there; three need no line, and each line names a system that there is."""
    assert {mutation.number for mutation in MUTATIONS} == NUMBERS - WITHOUT_LINE
    assert {mutation.system for mutation in MUTATIONS} == {*SYSTEMS, "warehouse"}
    known = {
        "kantata": kantata.PROJECTIONS,
        "dynamics": dynamics.ENTITY_SETS,
        "salesforce": {"Account"},
        "bamboohr": bamboohr.PROJECTIONS,
        "runn": runn.PROJECTIONS,
        "warehouse": warehouse.TABLES,
    }
    assert [mutation for mutation in MUTATIONS if mutation.table not in known[mutation.system]] == []


def test_some_mutations_can_be_chosen() -> None:
    """Changes can be had by their numbers, and one that finds nothing is an error."""
    assert list(changes("dynamics", ["M14", "M24"])) == ["Workers"]
    (change,) = changes("bamboohr", ["M13"])["employees"]
    with pytest.raises(LookupError):
        list(change([{"id": "1"}]))


def test_m01_an_engagement_is_absent_from_the_forecast(firms: Firms) -> None:
    """ENG-005 has neither project nor assignments nor demands."""
    for copy, counts in ((firms.true, (31, 78)), (firms.drifted, (30 + 1, 75))):
        assert (len(copy.runn("/projects/")), len(copy.runn("/nb-role-demands/"))) == counts
    assert firms.true.runn("/projects/50005/assignments/")
    assert firms.drifted.runn("/projects/50005/assignments/") == []
    assert firms.drifted.clients["runn"].get("/projects/50005").status_code == 404


def test_m02_a_won_deal_has_no_engagement() -> None:
    """OPP-020 is won in the CRM, and no reference leads from it to the PSA."""
    firm = northbeam()
    assert next(deal.stage for deal in firm.opportunities if deal.code == "OPP-020") == "WON"
    with emulated(firm) as bound:
        references = list(cross_references(firm, bound))
    deals = {ref.source_key for ref in references if ref.canonical.type == "Opportunity" and ref.foreign.role == "psa"}
    assert deals == {f"OPP-{number:03}" for number in range(1, 20)}


@pytest.mark.parametrize(
    ("entity_set", "condition", "columns", "true", "drifted"),
    [
        ("ProjectsV2", "ProjectID eq 'P-000013'", ["dataAreaId"], ["nbde"], ["nbuk"]),
        ("ProjectContractHeaders", "ProjectContractId eq 'PC-000013'", ["dataAreaId"], ["nbde"], ["nbuk"]),
        ("ProjectsV2", "ProjectID eq 'P-000009'", ["NBContractCurrencyCode"], ["EUR"], ["USD"]),
        ("ProjectContractHeaders", "ProjectContractId eq 'PC-000009'", ["SalesCurrencyCode"], ["EUR"], ["USD"]),
        ("ProjectContractLines", "ContractLineId eq 'PC-000009-1'", ["SalesCurrencyCode"], ["EUR"], ["USD"]),
        ("ProjectsV2", "ProjectID eq 'P-000001'", ["NBContractValue"], [480_000], [450_000]),
        ("ProjectContractLines", "ContractLineId eq 'PC-000001-1'", ["LineAmount"], [480_000], [450_000]),
        ("ProjectsV2", "ProjectID eq 'P-000008'", ["ProjectStage"], ["InProcess"], ["Finished"]),
        ("NBTimePostings", "TimeEntryCode eq 'TE-02117'", ["Hours"], [8], [Decimal("7.5")]),
        ("NBTimePostings", "TimeEntryCode eq 'TE-02137'", ["SalesPrice"], [162], [158]),
        (
            *("NBTimePostings", "TimeEntryCode eq 'TE-02121'", ["WorkDate", "AccountingDate", "PeriodId"]),
            ["2026-03-02T12:00:00Z", "2026-03-02T12:00:00Z", "nbuk-2026-P03"],
            ["2026-03-02T12:00:00Z", "2026-02-28T12:00:00Z", "nbuk-2026-P02"],
        ),
        ("Workers", "PersonnelNumber eq '000123'", ["DimensionDisplayValue"], ["CC-UK-310"], ["CC-UK-320"]),
        (
            *("NBProjectInvoices", "InvoiceNumber eq 'INV-2602-016'", ["NetAmount"]),
            *([Decimal("14470.8")], [Decimal("14470.7")]),
        ),
        ("NBProjectInvoices", "InvoiceNumber eq 'INV-2601-014'", ["NetAmount"], [19_713_000], [19_713_001]),
        (
            "NBProjectInvoices",
            "InvoiceNumber eq 'INV-2601-016'",
            ["NetAmount"],
            [Decimal("13125.4")],
            [Decimal("13125.4")],
        ),
        (
            "ProjectsV2",
            "ProjectID eq 'P-000011'",
            ["ProjectName"],
            ["Grid Connection Portal"],
            ["GRID CONNECTION PORTAL "],
        ),
        ("CustomersV3", "CustomerAccount eq 'C-10012'", ["TaxExemptNumber"], ["DE811999010"], ["DE811999010"]),
    ],
    ids=[
        "M03",
        "M03",
        "M04",
        "M04",
        "M04",
        "M05",
        "M05",
        "M06",
        "M08",
        "M11",
        "M12",
        "M14",
        "M21",
        "N01",
        "N05",
        "N02",
        "M24",
    ],
)
def test_the_erps_copy(  # noqa: PLR0917  a case is a line of a table
    firms: Firms, entity_set: str, condition: str, columns: list[str], true: list[Any], drifted: list[Any]
) -> None:
    """One row of the ERP shows another value than the truth; its events and the customer's number do not."""
    assert firms.true.odata(entity_set, condition, *columns) == [true]
    assert firms.drifted.odata(entity_set, condition, *columns) == [drifted]


@pytest.mark.parametrize(
    ("entity_set", "condition", "true", "drifted"),
    [
        ("NBTimePostings", "TimeEntryCode eq 'TE-02119'", 1, 0),
        ("NBTimePostings", "TimeEntryCode eq 'TE-02100'", 1, 2),
        ("NBBillingEvents", "MilestoneCode eq 'ENG-002-M2'", 1, 0),
    ],
    ids=["M09", "M10", "M18"],
)
def test_the_erps_rows(firms: Firms, entity_set: str, condition: str, true: int, drifted: int) -> None:
    """A posting is missing, another is there twice, and a milestone's event was never made."""
    counts = [len(copy.odata(entity_set, condition, "dataAreaId")) for copy in firms]
    assert counts == [true, drifted]


def test_m07_a_second_workspace_for_one_project(firms: Firms) -> None:
    """ENG-018-OLD is an active workspace, and a second reference of it names the ERP's project."""
    assert firms.true.kantata("workspaces", only=OLD_WORKSPACE) == []
    (old,) = firms.drifted.kantata("workspaces", only=OLD_WORKSPACE)
    assert (old["custom_fields"]["engagement_code"], old["status"]["key"]) == ("ENG-018-OLD", 310)
    firm = northbeam()
    with emulated(firm) as bound:
        known = [ref for ref in cross_references(firm, bound) if ref.foreign == Ref("Engagement", "erp", "P-000018")]
        second = second_reference(firm, bound)
    assert [ref.canonical.id for ref in known] == [kantata.workspace_id("ENG-018")]
    assert (second.canonical, second.foreign) == (Ref("Engagement", "psa", OLD_WORKSPACE), known[0].foreign)
    assert second.source_type != known[0].source_type


def test_m13_hr_has_let_somebody_go(firms: Firms) -> None:
    """RES-044 is terminated in HR, and the forecast's assignment of ASG-053 goes on."""
    path, params = f"{HR}/employees/2044", {"fields": "status,employmentHistoryStatus,terminationDate"}
    assert list(firms.true.get("bamboohr", path, params).values()) == ["2044", "Active", "Full-Time", "0000-00-00"]
    assert list(firms.drifted.get("bamboohr", path, params).values()) == [
        "2044",
        "Inactive",
        "Terminated",
        "2026-03-31",
    ]
    assert len(firms.drifted.get("bamboohr", f"{HR}/employees/directory", {})["employees"]) == 47
    changed = firms.drifted.get("bamboohr", f"{HR}/employees/changed", {"since": "2026-03-31T00:00:00Z"})
    assert list(changed["employees"]) == ["2044"]
    assert firms.drifted.runn("/assignments/", personId="30044")[-1]["endDate"] == "2026-09-30"


def test_m15_a_role_nobody_maps(firms: Firms) -> None:
    """RES-012 works in the forecast in a role whose code is SR_CONS."""
    for copy, role, code in ((firms.true, 70003, "SENIOR"), (firms.drifted, 70099, "SR_CONS")):
        (contract,) = copy.runn("/people/30012/contracts/", limit="50")
        assert contract["roleId"] == role
        assert {row["roleId"] for row in copy.runn("/assignments/", personId="30012")} == {role}
        assert copy.get("runn", f"/roles/{role}", {})["references"][0]["externalId"] == code


def test_m16_and_m17_the_forecasts_assignments(firms: Firms) -> None:
    """ASG-024 ends a month early, ASG-055 takes half of each day."""
    for copy, end, daily in ((firms.true, "2026-06-30", 480), (firms.drifted, "2026-05-31", 240)):
        assert copy.runn("/assignments/", personId="30019", projectId="50004")[-1]["endDate"] == end
        assert {row["minutesPerDay"] for row in copy.runn("/assignments/", personId="30046")} == {daily}


def test_m19_a_cent_is_missing_in_the_psa(firms: Firms) -> None:
    """The three milestones of ENG-012 are 99 999.99 together, the contract's line 100 000.00."""
    totals = [
        sum(
            Decimal(row["custom_fields"]["amount"])
            for row in copy.kantata("stories", workspace_id="4200012", story_type="milestone")
        )
        for copy in firms
    ]
    assert totals == [Decimal("100000.00"), Decimal("99999.99")]
    assert firms.drifted.odata("ProjectContractLines", "ContractLineId eq 'PC-000012-1'", "LineAmount") == [[100_000]]


def test_m20_billed_hours_are_not_flagged(firms: Firms) -> None:
    """Every entry behind INV-2602-010 is billed, but the PSA does not know."""
    billed = [
        {row["id"] for row in copy.kantata("time_entries", workspace_id="4200010") if row["is_invoiced"]}
        for copy in firms
    ]
    behind = {
        kantata.time_entry_id(entry.code)
        for entry in northbeam().time_entries
        if entry.invoice_line and entry.invoice_line.startswith("INV-2602-010-")
    }
    assert billed[0] - billed[1] == behind
    assert len(behind) > 20


def test_m23_a_period_is_open_in_the_psa(firms: Firms) -> None:
    """Time may still be entered for February in NB-UK, which the ERP has closed."""
    locked = [copy.kantata("nb_time_periods", only="NB-UK-2026-P02")[0]["locked"] for copy in firms]
    assert locked == [True, False]
    state = firms.drifted.odata("NBFiscalPeriods", "PeriodId eq 'nbuk-2026-P02'", "CloseState")
    assert state == [["OnHold"]]


def test_m24_the_crm_has_another_tax_number(firms: Firms) -> None:
    """CUS-12 has a number of its own in the CRM."""
    soql = {"q": "SELECT Tax_Number__c FROM Account WHERE AccountNumber = 'CUS-12'"}
    found = [copy.get("salesforce", f"{salesforce.DATA}/query", soql)["records"][0]["Tax_Number__c"] for copy in firms]
    assert found == ["DE811999010", "DE811999001"]


def test_n03_a_tentative_allocation(firms: Firms) -> None:
    """RES-021 is planned on a tentative twin of ENG-006's project."""
    (planned,) = firms.drifted.runn("/assignments/", projectId="50906")
    assert (planned["personId"], planned["minutesPerDay"]) == (30021, 120)
    project = firms.drifted.get("runn", "/projects/50906", {})
    assert (project["isConfirmed"], project["references"][0]["externalId"]) == (False, "ENG-006")


def test_n06_what_was_approved_last_evening_is_not_posted(firms: Firms) -> None:
    """236 entries are approved in the PSA and have no posting in the ERP yet."""
    fresh = {
        entry.code
        for entry in northbeam().time_entries
        if entry.approved_at and entry.approved_at.date() == date(2026, 4, 7)
    }
    late = "WorkDate ge '2026-03-30T12:00:00Z'"
    assert len(fresh) == 236
    assert firms.drifted.odata("NBTimePostings", late.replace("'", ""), "TimeEntryCode") == []


def test_the_warehouse() -> None:
    """M22: one rate has two digits changed round. N04: one figure is 26 hours old, and was right then."""
    firm = northbeam()
    true, drifted = warehouse.tables(firm), warehouse.tables(firm, changes("warehouse"))
    rates = [rows["exchange_rates"] for rows in (true, drifted)]
    ((before, after),) = [pair for pair in zip(*rates, strict=True) if pair[0] != pair[1]]
    assert (before["rate"], after["rate"]) == (Decimal("1.2710"), Decimal("1.2701"))
    assert (after["base_currency"], after["quote_currency"], after["rate_date"]) == ("GBP", "USD", date(2026, 3, 31))
    stale = next(row for row in drifted["recognized_revenue"] if row["engagement_code"] == "ENG-006")
    fresh = next(row for row in true["recognized_revenue"] if row["engagement_code"] == "ENG-006")
    assert (fresh["recognized_amount"], stale["recognized_amount"]) == (Decimal("198000.00"), Decimal("180000.00"))
    assert firm.as_of - stale["copied_at"] == timedelta(hours=26)


# Rows that each mutation changes, adds or leaves out; every other row of every table stays as it was.
TOUCHED = {
    "M01": 11,
    "M03": 3,
    "M04": 3,
    "M05": 2,
    "M06": 1,
    "M07": 1,
    "M08": 1,
    "M09": 1,
    "M10": 1,
    "M11": 1,
    "M12": 1,
    "M13": 1,
    "M14": 1,
    "M15": 5,
    "M16": 1,
    "M17": 3,
    "M18": 2,
    "M19": 1,
    "M20": 29,
    "M21": 1,
    "M22": 1,
    "M23": 1,
    "M24": 1,
    "N01": 1,
    "N02": 1,
    "N03": 2,
    "N04": 1,
}


def projected(system: str, table: str) -> list[Json]:
    """Return a table's rows as the truth has them."""
    firm = northbeam()
    match system:
        case "dynamics":
            return list(dynamics.ENTITY_SETS[table][0](firm))
        case "salesforce":
            return list(SOBJECTS[table].project(firm))
        case "warehouse":
            return warehouse.tables(firm)[table]
    return list({"kantata": kantata, "bamboohr": bamboohr, "runn": runn}[system].PROJECTIONS[table][0](firm))


@pytest.mark.parametrize("number", TOUCHED)
def test_a_mutation_touches_no_more_than_it_says(number: str) -> None:
    """All other rows are the same, and in the same order."""
    touched = 0
    for mutation in MUTATIONS:
        if mutation.number == number:
            truth = projected(mutation.system, mutation.table)
            before, after = (list(map(msgspec.json.encode, rows)) for rows in (truth, mutation.change(truth)))
            known, left = frozenset(before), frozenset(after)
            kept = [row for row in after if row in known]
            assert kept == [row for row in before if row in left]
            touched += max(len(before), len(after)) - len(kept)
    assert touched == TOUCHED[number]
