"""No wrong value, whichever way a system's lists go wrong: the calm value, or null with its own error in its place."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.sources.comparing import IDS, codes, deep, differences, paths

if TYPE_CHECKING:
    from tests.conftest import Answer
    from tests.sources.conftest import NearHouse

pytestmark = pytest.mark.sweep

ROLES = ("psa", "erp", "crm")  # one server each; the CRM's is HR, too
# The tables behind the deep query, by the server that keeps them.
TABLES = {
    "psa": ("workspaces", "stories", "workspace_allocations", "users"),
    "erp": (
        "LegalEntities",
        "NBFiscalPeriods",
        "FinancialDimensionValues",
        "CustomersV3",
        "ProjectsV2",
        "ProjectContractHeaders",
        "ProjectContractLines",
        "NBProjectInvoices",
        "NBProjectInvoiceLines",
        "NBBillingEvents",
        "NBRevenueSchedules",
        "NBRevenueScheduleLines",
    ),
    "crm": ("CustomersV3", "NBOpportunities", "Workers"),
}
# Fields of which an absent row says that the owner has nothing yet, and records that `nodes` does not find.
MAY_BE_NULL = {
    *("erpStatus", "contractValue", "contractingEntity", "legalName", "creditStatus", "bookable", "billableTarget"),
    *("contract", "engagement", "revenueSchedule"),
}


@pytest.fixture(scope="module")
def calm(near: NearHouse) -> Answer:
    """The answer while every system behaves."""
    near.calm()
    answer = deep(near)
    assert answer.errors == []
    assert None not in answer.data["nodes"]
    return answer


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("quirk", ["reverse", "duplicates", "strangers"])
def test_what_can_be_put_right_is(house: NearHouse, calm: Answer, quirk: str, role: str) -> None:
    """Rows in another order, twice, or of somebody else: the answer is the calm one to the last byte."""
    house.misbehave(role, quirk)
    answer = deep(house)
    assert answer.errors == []
    assert answer.data == calm.data


@pytest.mark.parametrize(("role", "rows"), [("psa", 40), ("erp", 7), ("crm", 3)])
def test_pages_shorter_than_asked_are_followed_to_the_end(house: NearHouse, calm: Answer, role: str, rows: int) -> None:
    """A server that cuts its pages short costs calls, and nothing else."""
    house.misbehave(role, "short_page", rows=rows)
    answer = deep(house)
    assert answer.errors == []
    assert answer.data == calm.data
    assert max(line["rows"] for line in house.log(role)) == rows


@pytest.mark.parametrize(("role", "table"), [(role, table) for role in TABLES for table in TABLES[role]])
def test_a_bad_record_costs_itself_alone(house: NearHouse, calm: Answer, role: str, table: str) -> None:
    """Only the record that cannot be read is null, with BAD_ROW wherever it stands; the others keep their place."""
    house.misbehave(role, "bad_row", entity=table)
    answer = deep(house)
    found = differences(calm.data, answer.data)
    assert (found.wrong, found.short) == ([], set())
    assert found.null == paths(answer)
    # Of a user, the facet reads no text that could be spoilt.
    assert codes(answer) == (set() if table == "users" else {"BAD_ROW"})


@pytest.mark.parametrize(("role", "table"), [(role, table) for role in TABLES for table in TABLES[role]])
def test_a_lost_record_is_never_absent(house: NearHouse, calm: Answer, role: str, table: str) -> None:
    """Where the source sends fewer rows than it counts, what is missing is unknown: null and SOURCE_MISBEHAVED."""
    house.misbehave(role, "lost", entity=table)
    answer = deep(house)
    found = differences(calm.data, answer.data)
    assert (found.wrong, found.short) == ([], set())
    # It may say so of what was null before, too: that there is no contract is no longer known.
    assert set() < found.null <= paths(answer)
    assert codes(answer) == {"SOURCE_MISBEHAVED"}


@pytest.mark.parametrize(
    ("role", "table"),
    [
        ("psa", "workspaces"),
        ("psa", "stories"),
        ("psa", "users"),
        ("erp", "LegalEntities"),
        ("erp", "ProjectsV2"),
        ("erp", "ProjectContractHeaders"),
        ("erp", "NBProjectInvoices"),
        ("crm", "CustomersV3"),
        ("crm", "Workers"),
    ],
)
def test_a_gap_is_at_most_an_absence(house: NearHouse, calm: Answer, role: str, table: str) -> None:
    """A row that the source neither sends nor counts is missing from its list, or null; nobody stands in for it."""
    house.misbehave(role, "gap", entity=table)
    answer = deep(house)
    found = differences(calm.data, answer.data)
    assert found.wrong == []
    assert found.null | found.short != set()
    assert paths(answer) <= found.null
    silent = found.null - paths(answer)
    assert {path[-1] for path in silent if len(path) > 2} <= MAY_BE_NULL
    assert codes(answer) <= {"NOT_FOUND"}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("quirk", ["gap", "lost", "bad_row"])
def test_a_whole_system_in_disorder(house: NearHouse, calm: Answer, quirk: str, role: str) -> None:
    """With every list of a system broken at once there still is no value that is not the calm one's at the same id."""
    house.misbehave(role, quirk)
    answer = deep(house)
    found = differences(calm.data, answer.data)
    assert found.wrong == []
    assert (quirk == "gap") or (found.short == set() and found.null <= paths(answer))
    assert codes(answer) <= {"gap": {"NOT_FOUND"}, "lost": {"SOURCE_MISBEHAVED"}, "bad_row": {"BAD_ROW"}}[quirk]


def test_errors_of_one_cause_are_one_error(house: NearHouse) -> None:
    """A whole table of records lost is one error for each question that asked for them, each with all of its paths."""
    house.misbehave("erp", "lost")
    answer = deep(house)
    questions = Counter(error["extensions"]["question"] for error in answer.errors)
    assert set(questions.values()) == {1}
    assert set(questions) >= {"engagements_erp", "contracts_by_engagement", "invoices_by_engagement", "customers_erp"}
    assert {error["extensions"]["system"] for error in answer.errors} == {"ERP"}


def test_the_same_record_is_the_same_everywhere(calm: Answer) -> None:
    """The calm answer itself shows no record twice with different values: the comparison stands on firm ground."""
    seen: dict[str, dict[str, object]] = {}

    def visit(value: object) -> None:
        if isinstance(value, list):
            for item in value:
                visit(item)
        elif isinstance(value, dict):
            plain = {name: item for name, item in value.items() if isinstance(item, str)}
            known = seen.setdefault(value["id"], {}) if "id" in value else plain
            assert {name: known.get(name, item) for name, item in plain.items()} == plain
            known.update(plain)
            for item in value.values():
                visit(item)

    visit(calm.data["nodes"])
    assert [node["id"] for node in calm.data["nodes"]] == IDS
    assert len(seen) > 150
