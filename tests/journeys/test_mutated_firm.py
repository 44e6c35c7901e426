"""The firm as an auditor finds it: what is planted in one system shows as that system's, and nothing is mixed up."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from demo import kantata
from schema.rows import Ref

if TYPE_CHECKING:
    from demo.firm.model import Firm
    from tests.conftest import House


def engagements(house: House, fields: str) -> dict[str, Any]:
    """Read all engagements by their codes."""
    answer = house.ask(f"{{ engagements(first: 50) {{ edges {{ node {{ code {fields} }} }} }} }}")
    return {edge["node"].pop("code"): edge["node"] for edge in answer.data["engagements"]["edges"]}


def test_each_owner_says_what_was_planted_with_it(mutated: House) -> None:
    """The ERP's value, currency, entity and status, and forecasting's silence, stand beside the PSA's own words."""
    found = engagements(
        mutated,
        """deliveryStatus erpStatus plannedRevenue { amount } contractValue { amount currency }
        contractingEntity { code } demands { code }""",
    )
    assert (found["ENG-001"]["plannedRevenue"], found["ENG-001"]["contractValue"]) == (
        {"amount": "480000.00"},
        {"amount": "450000.00", "currency": "GBP"},
    )
    assert found["ENG-005"]["demands"] == []
    assert (found["ENG-008"]["deliveryStatus"], found["ENG-008"]["erpStatus"]) == ("ACTIVE", "CLOSED")
    assert found["ENG-009"]["contractValue"]["currency"] == "USD"
    assert found["ENG-013"]["contractingEntity"] == {"code": "NB-UK"}


def test_two_engagements_that_claim_one_project_are_no_guess(mutated: House) -> None:
    """An invoice of the ERP's project that two workspaces claim has no engagement, and says why."""
    answer = mutated.ask("{ invoices(first: 100) { edges { node { number engagement { code } } } } }")
    found = {edge["node"]["number"]: edge["node"]["engagement"] for edge in answer.data["invoices"]["edges"]}
    assert found["INV-2601-018"] is None
    assert found["INV-2601-001"] == {"code": "ENG-001"}
    assert {error["extensions"]["code"] for error in answer.errors} == {"REFERENCE_AMBIGUOUS"}
    assert sum(engagement is None for engagement in found.values()) == 2


def test_hr_and_delivery_may_disagree(mutated: House) -> None:
    """Somebody whom HR has let go is still booked, and each says so for itself."""
    fields = "employmentStatus terminationDate assignments { status }"
    answer = mutated.ask(f"{{ resources(first: 100) {{ edges {{ node {{ {fields} }} }} }} }}")
    gone = [edge["node"] for edge in answer.data["resources"]["edges"] if edge["node"]["terminationDate"]]
    assert [(person["employmentStatus"], person["terminationDate"], person["assignments"]) for person in gone] == [
        ("TERMINATED", "2026-03-31", [{"status": "ACTIVE"}])
    ]


def test_a_second_copy_of_a_number_does_not_change_the_others(mutated: House) -> None:
    """One minor unit more or less in the ERP is the ERP's to say: the graph shows it as it is."""
    answer = mutated.ask("{ invoices(first: 100) { edges { node { number net { amount } } } } }")
    net = {edge["node"]["number"]: edge["node"]["net"]["amount"] for edge in answer.data["invoices"]["edges"]}
    assert (net["INV-2602-016"], net["INV-2601-014"], net["INV-2601-016"]) == ("14470.700", "19713001", "13125.400")


def test_a_name_that_two_claim_leads_to_none(mutated: House) -> None:
    """The ERP's project that two workspaces claim is ambiguous by look-up, too, and both references show."""
    by_name = 'entityType: Engagement, system: ERP, sourceId: "P-000018"'
    answer = mutated.ask(f"{{ nodeBySource({by_name}) {{ id }} crossReference({by_name}) {{ state }} }}")
    assert answer.data == {"nodeBySource": None, "crossReference": None}
    assert answer.codes == [
        ("REFERENCE_AMBIGUOUS", ["crossReference"]),
        ("REFERENCE_AMBIGUOUS", ["nodeBySource"]),
    ]
    legacy = mutated.ask(f'{{ crossReference({by_name}, sourceType: "LegacyProject") {{ sourceKey state }} }}')
    assert legacy.data == {"crossReference": {"sourceKey": "ENG-018-OLD", "state": "ACTIVE"}}


ENTRY = """code hours billRate { amount } postingStatus postedHours postedRate { amount } accountingDate
    fiscalPeriod { code } billingStatus lifecycle workDate approvalStatus markedBilled"""


@pytest.fixture(scope="module")
def hours(mutated: House) -> Any:
    """The hours that the ledger tells differently, and how it answered."""
    codes = ("TE-02117", "TE-02119", "TE-02100", "TE-02137", "TE-02121", "TE-02118")
    ids = [Ref("TimeEntry", "psa", kantata.time_entry_id(code)).encode() for code in codes]
    return mutated.ask(
        f"query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on TimeEntry {{ {ENTRY} }} }} }}", {"ids": ids}
    )


def test_the_ledgers_hours_rate_and_day_stand_beside_the_psas(hours: Any) -> None:
    """M08, M11 and M12: other hours, another rate, an earlier day; and M09: no posting of what was approved."""
    found = {node["code"]: node for node in hours.data["nodes"]}
    assert (found["TE-02117"]["hours"], found["TE-02117"]["postedHours"]) == ("8.00", "7.50")
    assert (found["TE-02137"]["billRate"], found["TE-02137"]["postedRate"]) == (
        {"amount": "162.00"},
        {"amount": "158.00"},
    )
    early = found["TE-02121"]
    assert (early["workDate"], early["accountingDate"], early["fiscalPeriod"]) == (
        "2026-03-02",
        "2026-02-28",
        {"code": "2026-P02"},
    )
    missing = found["TE-02119"]
    assert (missing["approvalStatus"], missing["postingStatus"], missing["postedHours"]) == ("APPROVED", None, None)
    assert missing["lifecycle"] == "APPROVED"
    assert found["TE-02118"]["lifecycle"] == "POSTED"


def test_an_entry_that_was_posted_twice_is_no_guess(hours: Any) -> None:
    """M10: of two postings none is *the* one; what the PSA says stands, and the error names every field it costs."""
    twice = next(node for node in hours.data["nodes"] if node["code"] == "TE-02100")
    assert (twice["hours"], twice["approvalStatus"]) == ("4.50", "APPROVED")
    assert {twice[name] for name in ("postingStatus", "postedHours", "billingStatus", "lifecycle")} == {None}
    (error,) = hours.errors
    assert error["extensions"]["code"] == "REFERENCE_AMBIGUOUS"
    assert error["message"] == "ERP has more than one record where there may be one"
    assert {path[-1] for path in error["extensions"]["paths"]} >= {"postingStatus", "lifecycle", "fiscalPeriod"}


def test_a_milestones_copy_of_its_amount(mutated: House) -> None:
    """M19: the PSA's three amounts are a cent short of the contract's line."""
    found = engagements(mutated, "milestones { plannedAmount { amount } amount { amount } }")["ENG-012"]["milestones"]
    assert [(item["plannedAmount"]["amount"], item["amount"]["amount"]) for item in found] == [
        ("33333.33", "33333.33"),
        ("33333.33", "33333.33"),
        ("33333.33", "33333.34"),
    ]


def test_billed_hours_that_the_psa_does_not_know_of(mutated: House) -> None:
    """M20: what INV-2602-010 bills is BILLED, and not marked so in the PSA; January's is."""
    id_ = Ref("Engagement", "psa", kantata.workspace_id("ENG-010")).encode()
    answer = mutated.ask(
        """query ($id: ID!) { node(id: $id) { ... on Engagement { timeEntries(first: 200) { edges { node {
            workDate markedBilled billingStatus } } } } } }""",
        {"id": id_},
    )
    billed = [edge["node"] for edge in answer.data["node"]["timeEntries"]["edges"]]
    marks = {(entry["workDate"][:7], entry["markedBilled"]) for entry in billed if entry["billingStatus"] == "BILLED"}
    assert marks == {("2026-01", True), ("2026-02", False)}


def test_a_period_that_only_the_psa_has_open(mutated: House) -> None:
    """M23: February of NB-UK is closed in the ERP, and time may still be entered in the PSA."""
    answer = mutated.ask("{ legalEntities { edges { node { code fiscalPeriods { code status timeLocked } } } } }")
    february = {
        edge["node"]["code"]: period
        for edge in answer.data["legalEntities"]["edges"]
        for period in edge["node"]["fiscalPeriods"]
        # NB-JP's year begins in April.
        if period["code"] == ("2025-P11" if edge["node"]["code"] == "NB-JP" else "2026-P02")
    }
    assert answer.errors == []
    assert {code: (period["status"], period["timeLocked"]) for code, period in february.items()} == {
        "NB-US": ("CLOSED", True),
        "NB-UK": ("CLOSED", False),
        "NB-DE": ("CLOSED", True),
        "NB-JP": ("CLOSED", True),
    }


def test_what_was_approved_last_night_is_not_posted_yet(mutated: House, firm: Firm) -> None:
    """N06: the 236 entries of the last approval have no posting, and nobody calls that an error."""
    waiting = [entry for entry in firm.time_entries if entry.lifecycle == "APPROVED"]
    assert len(waiting) == 236
    ids = [Ref("TimeEntry", "psa", kantata.time_entry_id(entry.code)).encode() for entry in waiting[:200]]
    answer = mutated.ask(
        """query ($ids: [ID!]!) { nodes(ids: $ids) { ... on TimeEntry { approvedAt postingStatus lifecycle } } }""",
        {"ids": ids},
    )
    assert answer.errors == []
    said = {(node["approvedAt"], node["postingStatus"], node["lifecycle"]) for node in answer.data["nodes"]}
    assert said == {("2026-04-07T16:00:00.000Z", None, "APPROVED")}


def test_the_contracts_say_what_was_planted_with_them(mutated: House) -> None:
    """M03, M04 and M05: the contract itself names the other company, the other currency, the other value."""
    found = engagements(
        mutated,
        """plannedRevenue { currency } contract { currency legalEntity { code }
        lines { amount { amount currency } } }""",
    )
    assert found["ENG-013"]["contract"]["legalEntity"] == {"code": "NB-UK"}
    lines = [{"amount": {"amount": "310000.00", "currency": "USD"}}]
    assert found["ENG-009"] == {
        "plannedRevenue": {"currency": "EUR"},
        "contract": {"currency": "USD", "legalEntity": {"code": "NB-DE"}, "lines": lines},
    }
    assert found["ENG-001"]["contract"]["lines"] == [{"amount": {"amount": "450000.00", "currency": "GBP"}}]


def test_a_milestone_that_nobody_bills(mutated: House) -> None:
    """M18: ENG-002's second milestone is reached and has no event, so 14 of the 16 events that are due are ready."""
    found = engagements(mutated, "billingEvents { code status } milestones { code status billingEvent { status } }")
    milestones = {milestone.pop("code"): milestone for node in found.values() for milestone in node["milestones"]}
    assert milestones["ENG-002-M2"] == {"status": "COMPLETED", "billingEvent": None}
    assert milestones["ENG-012-M2"] == {"status": "COMPLETED", "billingEvent": {"status": "READY"}}
    # By code: ENG-018's are claimed by two engagements (M07), and are due once.
    events = {event["code"]: event["status"] for node in found.values() for event in node["billingEvents"]}
    due = [status for status in events.values() if status not in ("INVOICED", "CANCELLED")]
    assert (len(events), len(due), due.count("READY")) == (52, 16, 14)
    assert f"{Decimal(due.count('READY')) / len(due):.4f}" == "0.8750"


def test_what_is_written_otherwise_says_the_same(mutated: House) -> None:
    """N02: the ERP shouts ENG-011's name, which is the PSA's to say."""
    assert engagements(mutated, "name")["ENG-011"]["name"] == "Grid Connection Portal"


def test_a_person_whose_cost_goes_elsewhere(mutated: House) -> None:
    """M14: HR says of one person what the ERP does not post by; of all others both say the same."""
    answer = mutated.ask("""{ resources(first: 100) { edges { node {
        employeeNumber costCenter { code } postingCostCenter { code } } } } }""")
    assert answer.errors == []
    people = [edge["node"] for edge in answer.data["resources"]["edges"]]
    assert len(people) == 48
    assert [person for person in people if person["costCenter"] != person["postingCostCenter"]] == [
        {
            "employeeNumber": "10023",
            "costCenter": {"code": "CC-UK-310"},
            "postingCostCenter": {"code": "CC-UK-320"},
        }
    ]


def test_the_warehouses_copies_are_its_own_word(mutated: House) -> None:
    """M22 and N04: the rate that reports use, and a copy that is a day older, stand beside what the ERP says."""
    rate = mutated.ask(
        """{ nodeBySource(entityType: ExchangeRate, system: WAREHOUSE, sourceId: "SPOT/GBP-USD/2026-03-31") {
        ... on ExchangeRate { rate reportedRate reportedAt } } }"""
    )
    assert (rate.errors, rate.data["nodeBySource"]) == (
        [],
        {"rate": "1.271", "reportedRate": "1.2701", "reportedAt": "2026-04-08T06:00:00.000Z"},
    )
    found = engagements(mutated, "reportedRevenue { amount } reportedAt")
    assert found["ENG-006"] == {"reportedRevenue": {"amount": "180000.00"}, "reportedAt": "2026-04-07T07:00:00.000Z"}
    assert found["ENG-007"]["reportedAt"] == "2026-04-08T06:00:00.000Z"
