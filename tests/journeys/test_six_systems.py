"""The firm on six systems: Kantata, Dynamics, Salesforce, BambooHR, Runn and a warehouse, each with its dialect."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from shutil import copytree
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from colonnade.demo import over
from demo import salesforce
from demo.systems import Emulated, emulated, misbehave
from schema.rows import Ref
from tests.colonnade.test_resilience import metrics
from tests.conftest import House

if TYPE_CHECKING:
    from collections.abc import Iterator

    from colonnade.demo import Running
    from demo.firm.model import Firm
    from demo.systems import Bound

README = Path("README.md")
REPORT = "POST /api/gateway.php/northbeam/v1/reports/custom"
DEEP = """{ engagements(first: 20) { edges { node { code customer { displayName industry accountOwner }
    opportunity { code } assignments { code resource { employeeNumber displayName manager { displayName } } } } } } }"""
PEOPLE = "{ resources(first: 100) { totalCount edges { node { employeeNumber displayName } } } }"


class Six(House):
    """The graph over the six; the servers' control addresses are their own, whatever the path behind."""

    def __init__(self, running: Running) -> None:
        super().__init__(running)
        self.log = {system.role: system.traffic for system in self.bound if isinstance(system.traffic, Emulated)}

    def spoil(self, role: str, quirk: str, **details: object) -> None:
        """Make a role's system misbehave."""
        misbehave(self.log[role].address, quirk, **details)


@pytest.fixture(scope="module")
def six(firm: Firm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Six]:
    """All six, what is read whole with a window so short that each test sees its own scan."""
    with ExitStack() as stack:
        folder = tmp_path_factory.mktemp("vendors")
        bound = [_hasty(system, folder) for system in stack.enter_context(emulated(firm))]
        yield Six(stack.enter_context(over(bound)))


@pytest.fixture
def calm(six: Six) -> Six:
    """The same, calm, the window past."""
    for role in six.log:
        six.spoil(role, "none")
    time.sleep(WINDOW)
    for traffic in six.log.values():
        traffic.clear()
    return six


WINDOW = 0.1


def _hasty(system: Bound, folder: Path) -> Bound:
    source = Path("sources") / system.role / system.vendor
    manifest, windows = re.subn(
        r"(?m)^seconds = \d+$", f"seconds = {WINDOW}", (source / "source.toml").read_text("utf-8")
    )
    if not windows:
        return system
    vendor = copytree(source, folder / system.role / system.vendor)
    (vendor / "source.toml").write_text(manifest, encoding="utf-8")
    return replace(system, vendor=str(vendor))


def test_every_value_is_the_firms(calm: Six, firm: Firm) -> None:
    """Customers from SOQL and people from a report of everybody meet the engagements that they belong to."""
    answer = calm.ask(DEEP)
    assert answer.errors == []
    people = {person.code: person for person in firm.people}
    customers = {customer.code: customer for customer in firm.customers}
    for edge, truth in zip(answer.data["engagements"]["edges"], firm.engagements, strict=False):
        customer = customers.get(truth.customer or "")
        assert edge["node"]["code"] == truth.code
        assert edge["node"]["opportunity"] == ({"code": truth.opportunity} if truth.opportunity else None)
        assert edge["node"]["customer"] == (
            {
                "displayName": customer.name,
                "industry": customer.industry,
                "accountOwner": people[customer.account_owner].name,
            }
            if customer
            else None
        )
        assert edge["node"]["assignments"] == [
            {
                "code": item.code,
                "resource": {
                    "employeeNumber": (person := people[item.person]).employee_number,
                    "displayName": person.name,
                    "manager": {"displayName": people[person.manager].name} if person.manager else None,
                },
            }
            for item in firm.assignments
            if item.engagement == truth.code
        ]


def test_the_readmes_query_has_the_readmes_answer(calm: Six) -> None:
    """The query of the first screen gives the answer beside it, to the last digit."""
    text = README.read_text(encoding="utf-8")
    answer = re.search(r"```json\n(.*?)```", text, re.DOTALL)
    assert answer is not None
    assert calm.ask(readme()).data == json.loads(answer[1])["data"]


def test_the_call_law(calm: Six) -> None:
    """The README's query costs each system one call a question and level, for one engagement as for twenty."""
    copies = read_copies(calm)
    one = cost(calm, readme())
    twenty = cost(calm, readme().replace("first: 1)", "first: 20)"))
    assert (
        one
        == twenty
        == {
            "/api/v1/workspaces.json": 1,
            "/api/v1/workspace_allocations.json": 1,
            "/data/ProjectsV2": 1,
            "/data/CustomersV3": 1,
            "/data/NBProjectInvoices": 1,
            "Account": 1,
            REPORT: 1,
            "/nb-role-demands/": 1,
        }
    )
    assert read_copies(calm) == copies + 2


def read_copies(house: Six) -> float:
    """Return how often the warehouse was read; it keeps no log, but the graph counts."""
    labels = ("Engagement", "OK", "warehouse", "warehouse")
    return metrics(house).get(("colonnade_upstream_requests_total", *labels), 0)


def readme() -> str:
    """Return the query of the README's first screen."""
    found = re.search(r"```graphql\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    return found[1]


def cost(house: Six, query: str) -> Counter[str]:
    """Ask, and count what the systems were asked for; BambooHR's window begins with the question."""
    time.sleep(WINDOW)
    for traffic in house.log.values():
        traffic.clear()
    assert house.ask(query).errors == []
    calls = [urlsplit(call) for system in house.log.values() for call in system.calls()]
    return Counter(
        (dict(parse_qsl(call.query)).get("q", "").partition(" FROM ")[2].partition(" ")[0] or asked(call.path))
        for call in calls
        if "token" not in call.path
    )


def asked(path: str) -> str:
    """Return the path of a read, with its method where that is not GET."""
    return path.removeprefix("GET ")


def test_a_list_without_reads_by_id_is_scanned_once_a_window(calm: Six) -> None:
    """Any number of questions costs no more than one scan a window; behind it the list is read again."""
    began = time.monotonic()
    for _ in range(3):
        assert calm.ask(PEOPLE).errors == []
        assert calm.ask(DEEP).errors == []
    windows = (time.monotonic() - began) / WINDOW
    scans = len(calm.log["hr"].calls())
    assert 1 <= scans <= windows + 1
    time.sleep(WINDOW)
    calm.ask(PEOPLE)
    assert len(calm.log["hr"].calls()) == scans + 1


def test_opportunities_are_translated_by_flags_not_by_labels(calm: Six, firm: Firm) -> None:
    """Every deal has the firm's stage, probability, amount and days; an early pipeline is a prospect."""
    fields = """code stage probability amount { amount currency } expectedCloseDate closedDate expectedStartDate
        billingModel proposedLegalEntity { code } customer { displayName }"""
    answer = calm.ask(f"{{ opportunities(first: 100) {{ edges {{ node {{ {fields} }} }} }} }}")
    assert answer.errors == []
    customers = {customer.code: customer.name for customer in firm.customers}
    days = ("expected_close_date", "closed_date", "expected_start_date")

    def told(deal: Any) -> dict[str, Any]:
        close, closed, start = (str(day) if (day := getattr(deal, name)) else None for name in days)
        return {
            "code": deal.code,
            "stage": deal.stage,
            "probability": f"{deal.probability:.4f}",
            "amount": {"amount": str(deal.amount), "currency": deal.currency} if deal.amount is not None else None,
            "expectedCloseDate": close,
            "closedDate": closed,
            "expectedStartDate": start,
            "billingModel": deal.model,
            "proposedLegalEntity": {"code": deal.entity} if deal.entity else None,
            "customer": {"displayName": customers[deal.customer]},
        }

    found = [edge["node"] for edge in answer.data["opportunities"]["edges"]]
    assert sorted(found, key=lambda node: node["code"]) == [told(deal) for deal in firm.opportunities]


@pytest.mark.parametrize("role", ["crm", "hr"])
@pytest.mark.parametrize("quirk", ["reverse", "duplicates", "strangers"])
def test_a_disorderly_answer_changes_nothing(calm: Six, role: str, quirk: str) -> None:
    """Reversed, doubled or strange rows leave every value as it was."""
    before = calm.ask(DEEP)
    time.sleep(WINDOW)
    calm.spoil(role, quirk)
    after = calm.ask(DEEP)
    assert (after.data, after.errors) == (before.data, [])


def test_a_bad_person_costs_themselves_alone(calm: Six) -> None:
    """One employee that cannot be read is null wherever they stand, with one error, and everybody else is complete."""
    before = calm.ask(PEOPLE).data["resources"]["edges"]
    time.sleep(WINDOW)
    calm.spoil("hr", "bad_row")
    answer = calm.ask(PEOPLE)
    after = answer.data["resources"]["edges"]
    assert after == [{"node": None}, *before[1:]]
    assert answer.codes == [("BAD_ROW", ["resources", "edges", 0, "node"])]


@pytest.mark.parametrize("quirk", ["status_500", "status_503", "html", "truncated"])
def test_hr_away_costs_its_own_fields(calm: Six, quirk: str) -> None:
    """People are null with one error; what the others say of the same engagements is complete."""
    before = calm.ask(DEEP).data["engagements"]["edges"]
    time.sleep(WINDOW)
    calm.spoil("hr", quirk)
    answer = calm.ask(DEEP)
    for edge in before:
        for item in edge["node"]["assignments"]:
            item["resource"] = None
    assert answer.data["engagements"]["edges"] == before
    (error,) = answer.errors
    # BambooHR says 503 when it had too many calls.
    code = {"status_500": "SOURCE_UNAVAILABLE", "status_503": "SOURCE_THROTTLED"}.get(quirk, "SOURCE_MISBEHAVED")
    assert (error["extensions"]["code"], error["extensions"]["system"]) == (code, "HR")


def test_pages_of_soql_are_followed(calm: Six, firm: Firm) -> None:
    """Salesforce answering three records a page costs more calls and no value."""
    before = calm.ask(DEEP)
    calm.spoil("crm", "short_page", rows=3)
    assert calm.ask(DEEP).data == before.data
    found = calm.ask("{ customers(first: 100) { edges { node { displayName } } } }")
    assert {edge["node"]["displayName"] for edge in found.data["customers"]["edges"]} == {
        customer.name for customer in firm.customers
    }


def test_role_demand_is_the_firms(calm: Six, firm: Firm) -> None:
    """Every demand that Runn keeps meets its role in Kantata, and its engagement there or its deal in Salesforce."""
    fields = """code count status probabilityWeight hoursPerWeek range { start end } region
        role { code } engagement { code } opportunity { code }"""
    answer = calm.ask(f"{{ roleDemands(first: 200) {{ totalCount edges {{ node {{ {fields} }} }} }} }}")
    assert answer.errors == []
    assert answer.data["roleDemands"]["totalCount"] == len(firm.role_demands) == 78
    assert [edge["node"] for edge in answer.data["roleDemands"]["edges"]] == [
        {
            "code": demand.code,
            "count": demand.count,
            "status": demand.status,
            "probabilityWeight": f"{demand.probability_weight:.4f}",
            "hoursPerWeek": f"{demand.hours_per_week:.2f}",
            "range": {"start": str(demand.start), "end": str(demand.end)},
            "region": demand.region,
            "role": {"code": demand.role},
            "engagement": {"code": demand.engagement} if demand.engagement else None,
            "opportunity": {"code": demand.opportunity} if demand.opportunity else None,
        }
        for demand in firm.role_demands
    ]


def test_demands_are_found_from_their_engagement_and_their_deal(calm: Six, firm: Firm) -> None:
    """An engagement and a deal list their own demands, and a deal without any has an empty list."""
    answer = calm.ask("""{ engagements(first: 23) { edges { node { code demands { code } } } }
        opportunities(first: 30) { edges { node { code demands { code } } } } }""")
    assert answer.errors == []
    for root, attribute in (("engagements", "engagement"), ("opportunities", "opportunity")):
        for edge in answer.data[root]["edges"]:
            assert edge["node"]["demands"] == [
                {"code": demand.code}
                for demand in firm.role_demands
                if getattr(demand, attribute) == edge["node"]["code"]
            ]


def test_an_id_that_no_record_can_have_costs_nobody_else(calm: Six) -> None:
    """Salesforce refuses a whole list for one ill-formed id: it is not asked for it, and the others answer."""
    good = [Ref("Customer", "crm", salesforce.account_id(code)).encode() for code in ("CUS-01", "CUS-07")]
    ids = [good[0], Ref("Customer", "crm", "abc").encode(), good[1]]
    answer = calm.ask("query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Customer { displayName } } }", {"ids": ids})
    assert answer.data == {"nodes": [{"displayName": "Aldermoor Rail"}, None, {"displayName": "Goldenfinch Retail"}]}
