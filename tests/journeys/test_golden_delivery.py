"""Delivery's golden values, read through the graph: every hour, expense, milestone and rate of the firm."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from demo import kantata
from schema.rows import Ref

if TYPE_CHECKING:
    from collections.abc import Iterable

    from demo.firm.model import Firm
    from tests.conftest import House

HOURS = """totalCount pageInfo { hasNextPage endCursor } edges { node {
    code workDate hours billingClass approvalStatus markedBilled billRate { amount }
    postingStatus billingStatus lifecycle
} }"""
# engagement: entries, hours, value of the hours in the contract's currency (domain model, 9)
ENGAGEMENTS = {
    "ENG-001": (157, "1058.0", "198008.00"),
    "ENG-002": (103, "620.0", "75968.00"),
    "ENG-003": (105, "839.5", "117530.00"),
    "ENG-004": (103, "631.5", "90936.00"),
    "ENG-005": (156, "1044.5", "163768.00"),
    "ENG-006": (216, "1302.5", "234450.00"),
    "ENG-007": (304, "2011.5", "454220.00"),
    "ENG-008": (212, "1273.5", "263090.00"),
    "ENG-009": (101, "598.0", "98568.00"),
    "ENG-010": (109, "870.5", "191510.00"),
    "ENG-011": (159, "1085.0", "184784.00"),
    "ENG-012": (106, "630.0", "102060.00"),
    "ENG-013": (160, "1065.5", "240795.00"),
    "ENG-014": (255, "2039.5", "63301500"),
    "ENG-015": (102, "821.5", "22180500"),
    "ENG-016": (101, "604.0", "43654.200"),
    "ENG-017": (103, "409.5", "106470.00"),
    "ENG-018": (212, "1481.0", "255384.00"),
    "ENG-019": (0, "0", "0"),
    "ENG-020": (215, "1716.5", "411430.00"),
    "ENG-021": (213, "1707.5", "302632.00"),
    "ENG-022": (165, "1323.0", "230670.00"),
    "ENG-023": (138, "1103.5", "40912500"),
}


# engagement, first and last day: what the work of these days is worth
WORTH = {
    ("ENG-007", "2026-01-01", "2026-01-31"): "129680.00",
    ("ENG-007", "2026-02-01", "2026-02-28"): "130060.00",
    ("ENG-007", "2026-03-01", "2026-03-31"): "161480.00",
    ("ENG-014", "2026-01-01", "2026-01-31"): "19713000",
    ("ENG-016", "2026-01-01", "2026-01-31"): "13125.400",
    ("ENG-016", "2026-02-01", "2026-02-28"): "14470.800",
    ("ENG-003", "2026-01-01", "2026-04-05"): "113120.00",
}


def all_hours(house: House) -> dict[str, list[dict[str, Any]]]:
    """Read all hours of all engagements, page by page."""
    answer = house.ask(
        f"{{ engagements(first: 50) {{ edges {{ node {{ id code timeEntries(first: 200) {{ {HOURS} }} }} }} }} }}"
    )
    assert answer.errors == []
    nodes = [edge["node"] for edge in answer.data["engagements"]["edges"]]
    found = {node["code"]: [edge["node"] for edge in node["timeEntries"]["edges"]] for node in nodes}
    more = [
        f'{node["code"].replace("-", "")}: node(id: "{node["id"]}") {{ ... on Engagement {{ code '
        f'timeEntries(first: 200, after: "{node["timeEntries"]["pageInfo"]["endCursor"]}") {{ {HOURS} }} }} }}'
        for node in nodes
        if node["timeEntries"]["pageInfo"]["hasNextPage"]
    ]
    answer = house.ask(f"{{ {' '.join(more)} }}")
    assert answer.errors == []
    for node in answer.data.values():
        assert node["timeEntries"]["pageInfo"]["hasNextPage"] is False
        found[node["code"]] += [edge["node"] for edge in node["timeEntries"]["edges"]]
        assert node["timeEntries"]["totalCount"] == len(found[node["code"]])
    return found


def worth(entries: Iterable[dict[str, Any]]) -> Decimal:
    """Add up hours at their own rate."""
    return sum((Decimal(entry["hours"]) * Decimal(entry["billRate"]["amount"]) for entry in entries), Decimal(0))


def test_every_hour_is_the_firms_and_adds_up(house: House, firm: Firm) -> None:
    """Each entry has its own day, hours, rate and axes; all together they are the published figures."""
    found = all_hours(house)
    truth: dict[str, list[dict[str, Any]]] = {engagement.code: [] for engagement in firm.engagements}
    for entry in firm.time_entries:
        posted = entry.posting_status == "POSTED"
        truth[entry.engagement].append(
            {
                "code": entry.code,
                "workDate": str(entry.work_date),
                "hours": str(entry.hours),
                "billingClass": entry.billing_class,
                "approvalStatus": entry.approval_status,
                "markedBilled": entry.billing_status == "BILLED",
                "billRate": {"amount": str(entry.bill_rate)},
                "postingStatus": entry.posting_status if posted else None,
                "billingStatus": entry.billing_status if posted else None,
                "lifecycle": entry.lifecycle,
            }
        )
    assert found == truth
    published([entry for own in found.values() for entry in own])
    worked = {
        code: (len(own), sum(Decimal(entry["hours"]) for entry in own), worth(own)) for code, own in found.items()
    }
    assert worked == {
        code: (count, Decimal(hours), Decimal(value)) for code, (count, hours, value) in ENGAGEMENTS.items()
    }
    assert {
        (code, first, last): worth(entry for entry in found[code] if first <= entry["workDate"] <= last)
        for code, first, last in WORTH
    } == {days: Decimal(value) for days, value in WORTH.items()}


def published(every: list[dict[str, Any]]) -> None:
    """Hold all hours against the figures of the domain model: classes, approval, and one word for all three axes."""
    assert len({entry["code"] for entry in every}) == len(every) == 3_495
    assert sum(Decimal(entry["hours"]) for entry in every) == Decimal("24236.00")
    assert Counter(entry["billingClass"] for entry in every) == {"BILLABLE": 1872, "FEE_COVERED": 892, "INTERNAL": 731}
    assert Counter(entry["approvalStatus"] for entry in every) == {"APPROVED": 3407, "SUBMITTED": 35, "DRAFT": 53}
    assert Counter(entry["lifecycle"] for entry in every) == {
        "BILLED": 1117,
        "POSTED": 2054,
        "APPROVED": 236,
        "SUBMITTED": 35,
        "DRAFT": 53,
    }
    assert Counter(entry["postingStatus"] for entry in every) == {"POSTED": 3171, None: 324}
    assert sum(entry["markedBilled"] for entry in every) == 1117


def test_what_finance_made_of_the_hours(house: House, firm: Firm) -> None:
    """The posting's own hours, rate and day, the period it fell in, and the line that bills it."""
    id_ = Ref("Engagement", "psa", kantata.workspace_id("ENG-016")).encode()
    answer = house.ask(
        """query ($id: ID!) { node(id: $id) { ... on Engagement { timeEntries(first: 200) { edges { node {
            code billableHours submittedAt approvedAt billRate { currency } postedHours postedRate { amount currency }
            accountingDate fiscalPeriod { code legalEntity { code } }
            invoiceLine { invoice { number } } task { code } project { code } role { code } assignment { code }
            approver { displayName } } } } } } }""",
        {"id": id_},
    )
    assert answer.errors == []
    names = {person.code: person.name for person in firm.people}
    assert [edge["node"] for edge in answer.data["node"]["timeEntries"]["edges"]] == [
        {
            "code": entry.code,
            "billableHours": str(entry.billable_hours),
            "submittedAt": f"{entry.submitted_at:%Y-%m-%dT%H:%M:%S.000Z}" if entry.submitted_at else None,
            "approvedAt": f"{entry.approved_at:%Y-%m-%dT%H:%M:%S.000Z}" if entry.approved_at else None,
            "billRate": {"currency": "KWD"},
            "postedHours": str(entry.hours) if (posted := entry.posting_status == "POSTED") else None,
            "postedRate": {"amount": str(entry.bill_rate), "currency": "KWD"} if posted else None,
            "accountingDate": str(entry.accounting_date) if posted else None,
            "fiscalPeriod": {"code": entry.fiscal_period, "legalEntity": {"code": entry.entity}} if posted else None,
            "invoiceLine": {"invoice": {"number": entry.invoice_line[:12]}} if entry.invoice_line else None,
            "task": {"code": entry.task},
            "project": {"code": entry.project},
            "role": {"code": entry.role},
            "assignment": {"code": entry.assignment} if entry.assignment else None,
            "approver": {"displayName": names[entry.approver]} if entry.approver else None,
        }
        for entry in firm.time_entries
        if entry.engagement == "ENG-016"
    ]


def test_the_split_week_and_the_borrowed_colleague(house: House, firm: Firm) -> None:
    """245 entries of 30 March to 5 April, 57 of them NB-US's in April; ENG-007 has 54 of RES-023 of NB-UK."""
    answer = house.ask("""{ resources(first: 100) { edges { node { employeeNumber legalEntity { code }
        timeEntries(first: 200) { totalCount edges { node { code workDate } } } } } } }""")
    assert answer.errors == []
    people = [edge["node"] for edge in answer.data["resources"]["edges"]]
    assert sum(person["timeEntries"]["totalCount"] for person in people) == 3_495
    worked = {
        (person["employeeNumber"], person["legalEntity"]["code"]): [
            edge["node"] for edge in person["timeEntries"]["edges"]
        ]
        for person in people
    }
    week = [
        (entry["workDate"], entity)
        for (_, entity), own in worked.items()
        for entry in own
        if "2026-03-30" <= entry["workDate"] <= "2026-04-05"
    ]
    assert len(week) == 245
    assert sum(day >= "2026-04-01" and entity == "NB-US" for day, entity in week) == 57
    (number,) = (person.employee_number for person in firm.people if person.code == "RES-023")
    lent = {entry.code for entry in firm.time_entries if (entry.person, entry.engagement) == ("RES-023", "ENG-007")}
    assert len(lent & {entry["code"] for entry in worked[number, "NB-UK"]}) == len(lent) == 54


def test_milestones_have_their_days_and_the_contracts_amounts(house: House, firm: Firm) -> None:
    """Eighteen, seven of them completed; the amount is the ERP's, and the PSA's copy says the same."""
    answer = house.ask("""{ engagements(first: 50) { edges { node { code milestones {
        code name plannedDate actualDate status billable customerAcceptance acceptanceEvidence
        amount { amount currency } plannedAmount { amount currency } project { code } engagement { code } } } } } }""")
    assert answer.errors == []
    found = [found for edge in answer.data["engagements"]["edges"] for found in edge["node"]["milestones"]]
    assert found == [
        {
            "code": milestone.code,
            "name": milestone.name,
            "plannedDate": str(milestone.planned_date),
            "actualDate": str(milestone.actual_date) if milestone.actual_date else None,
            "status": milestone.status,
            "billable": milestone.billable,
            "customerAcceptance": milestone.acceptance,
            "acceptanceEvidence": milestone.acceptance_evidence,
            "amount": (money := {"amount": str(milestone.amount), "currency": milestone.currency}),
            "plannedAmount": money,
            "project": {"code": milestone.project},
            "engagement": {"code": milestone.engagement},
        }
        for milestone in firm.milestones
    ]
    assert {item["code"]: item["actualDate"] for item in found if item["status"] == "COMPLETED"} == {
        "ENG-002-M1": "2026-01-31",
        "ENG-002-M2": "2026-03-31",
        "ENG-006-M1": "2026-02-28",
        "ENG-011-M1": "2026-01-31",
        "ENG-011-M2": "2026-03-31",
        "ENG-012-M1": "2026-02-28",
        "ENG-012-M2": "2026-03-20",
    }
    amounts = [(item["code"][:7], item["amount"]["amount"]) for item in found]
    assert Counter(amounts) == {
        ("ENG-002", "80000.00"): 4,
        ("ENG-006", "180000.00"): 5,
        ("ENG-011", "152500.00"): 4,
        ("ENG-012", "33333.33"): 2,
        ("ENG-012", "33333.34"): 1,
        ("ENG-019", "47500.00"): 2,
    }
    assert {item["code"]: item["customerAcceptance"] for item in found}["ENG-011-M2"] == "REQUIRED"


def test_every_expense_is_the_firms(house: House, firm: Firm) -> None:
    """January and February are posted, March is approved, April is a draft; amounts in the spender's currency."""
    answer = house.ask("""{ engagements(first: 50) { edges { node { code expenses(first: 200) {
        totalCount edges { node { code incurredDate category billable markup approvalStatus receipt
        amount { amount currency }
        taxAmount { amount } postingStatus accountingDate billingStatus fiscalPeriod { code } project { code }
    } } } } } } }""")
    assert answer.errors == []
    nodes = [edge["node"] for edge in answer.data["engagements"]["edges"]]
    assert {node["code"]: node["expenses"]["totalCount"] for node in nodes} == {
        engagement.code: sum(expense.engagement == engagement.code for expense in firm.expenses)
        for engagement in firm.engagements
    }
    found = {edge["node"]["code"]: edge["node"] for node in nodes for edge in node["expenses"]["edges"]}
    assert found == {
        expense.code: {
            "code": expense.code,
            "incurredDate": str(expense.incurred_date),
            "category": expense.category,
            "billable": expense.billable,
            "markup": f"{expense.markup:.4f}" if expense.markup is not None else None,
            "approvalStatus": expense.approval_status,
            "receipt": expense.receipt,
            "amount": {"amount": str(expense.amount), "currency": expense.currency},
            "taxAmount": None,
            "postingStatus": "POSTED" if (posted := expense.posting_status == "POSTED") else None,
            "accountingDate": str(expense.accounting_date) if posted else None,
            "billingStatus": expense.billing_status if posted else None,
            "fiscalPeriod": {"code": expense.fiscal_period} if posted else None,
            "project": {"code": expense.project},
        }
        for expense in firm.expenses
    }
    assert Counter(
        (item["incurredDate"][:7], item["approvalStatus"], item["postingStatus"]) for item in found.values()
    ) == {
        ("2026-01", "APPROVED", "POSTED"): 60,
        ("2026-02", "APPROVED", "POSTED"): 52,
        ("2026-03", "APPROVED", None): 57,
        ("2026-04", "DRAFT", None): 52,
    }


RATES = {
    "RC-BILL-NB-US-V1": ("140.00", "180.00", "220.00", "260.00", "320.00"),
    "RC-BILL-NB-UK-V1": ("112.00", "144.00", "176.00", "208.00", "256.00"),
    "RC-BILL-NB-UK-V2": ("118.00", "151.00", "185.00", "218.00", "269.00"),
    "RC-BILL-NB-DE-V1": ("126.00", "162.00", "198.00", "234.00", "288.00"),
    "RC-BILL-NB-JP-V1": ("21000", "27000", "33000", "39000", "48000"),
}


def test_each_entity_has_its_rate_card_and_the_second_of_the_uk_begins_in_april(house: House) -> None:
    """One bill card an entity from July 2025; NB-UK's first version ends with March, and whole pounds follow."""
    ids = [Ref("RateCard", "psa", kantata.rate_card_version_id(code)).encode() for code in RATES]
    answer = house.ask(
        """query ($ids: [ID!]!) { nodes(ids: $ids) { ... on RateCard {
            code kind version status currency legalEntity { code } engagement { code } customer { code: displayName }
            rates { unit region amount { amount currency } effective { start end } role { code } resource { id } }
        } } }""",
        {"ids": ids},
    )
    assert answer.errors == []
    currencies = {"NB-US": "USD", "NB-UK": "GBP", "NB-DE": "EUR", "NB-JP": "JPY"}
    days = {"RC-BILL-NB-UK-V1": ("2025-07-01", "2026-03-31"), "RC-BILL-NB-UK-V2": ("2026-04-01", None)}
    roles = ("ANALYST", "CONSULTANT", "SENIOR", "MANAGER", "PRINCIPAL")
    for card, (code, amounts) in zip(answer.data["nodes"], RATES.items(), strict=True):
        entity, (start, end) = code[8:13], days.get(code, ("2025-07-01", None))
        currency = currencies[entity]
        assert card == {
            "code": code,
            "kind": "BILL",
            "version": int(code[-1]),
            "status": "ACTIVE",
            "currency": currency,
            "legalEntity": {"code": entity},
            "engagement": None,
            "customer": None,
            "rates": [
                {
                    "unit": "HOUR",
                    "region": None,
                    "amount": {"amount": amount, "currency": currency},
                    "effective": {"start": start, "end": end},
                    "role": {"code": role},
                    "resource": None,
                }
                for role, amount in zip(roles, amounts, strict=True)
            ],
        }


def test_a_contract_line_names_the_card_that_prices_it(house: House, firm: Firm) -> None:
    """A running UK contract keeps the prices it began with on a card of its own; others follow their entity's."""
    answer = house.ask("""{ engagements(first: 50) { edges { node { code contract { lines {
        rateCard { code engagement { code } } } } } } } }""")
    assert answer.errors == []
    scopes = {card.code: card.engagement for card in firm.rate_cards}
    lines = {contract.engagement: contract.lines for contract in firm.contracts}
    for node in (edge["node"] for edge in answer.data["engagements"]["edges"]):
        assert [line["rateCard"] for line in (node["contract"] or {"lines": []})["lines"]] == [
            {
                "code": line.rate_card,
                "engagement": {"code": scopes[line.rate_card]} if scopes[line.rate_card] else None,
            }
            if line.rate_card
            else None
            for line in lines.get(node["code"], ())
        ]


def test_roles_are_known_to_finance_by_a_category(house: House, firm: Firm) -> None:
    """Five roles, all in use, and what the ERP posts their hours by."""
    ids = [Ref("Role", "psa", kantata.role_id(role.code)).encode() for role in firm.roles]
    answer = house.ask(
        "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Role { code active erpLaborCategory } } }", {"ids": ids}
    )
    assert answer.errors == []
    assert answer.data["nodes"] == [
        {"code": code, "active": True, "erpLaborCategory": f"LC-{code}"}
        for code in ("ANALYST", "CONSULTANT", "SENIOR", "MANAGER", "PRINCIPAL")
    ]


def test_practices_their_engagements_and_their_people(house: House, firm: Firm) -> None:
    """Three service lines; internal engagements and those who work for nobody in particular have none."""
    answer = house.ask("""{
        engagements(first: 50) { edges { node { code practice { code name leader { displayName } } } } }
        resources(first: 100) { edges { node { employeeNumber practice { code } } } } }""")
    assert answer.errors == []
    engagements = {edge["node"]["code"]: edge["node"]["practice"] for edge in answer.data["engagements"]["edges"]}
    numbers: dict[str, list[int]] = {}
    for code, practice in engagements.items():
        numbers.setdefault(practice["code"] if practice else "", []).append(int(code[4:]))
    assert numbers == {
        "STRATEGY": [1, 4, 8, 9, 13, 15, 17],
        "TECHNOLOGY": [2, 3, 6, 7, 10, 11, 18],
        "OPERATIONS": [5, 12, 14, 16, 19],
        "": [20, 21, 22, 23],
    }
    names = {person.code: person.name for person in firm.people}
    leaders = {practice.code: (practice.name, names[practice.leader]) for practice in firm.practices}
    assert {
        practice["code"]: (practice["name"], practice["leader"]["displayName"])
        for practice in engagements.values()
        if practice
    } == leaders
    assert {edge["node"]["employeeNumber"]: edge["node"]["practice"] for edge in answer.data["resources"]["edges"]} == {
        person.employee_number: {"code": person.practice} if person.practice else None for person in firm.people
    }


def test_projects_under_financial_control(house: House, firm: Firm) -> None:
    """The ERP controls an engagement by its topmost node: a reference, and whether anything may be posted."""
    answer = house.ask("""{ engagements(first: 50) { edges { node { code
        projects { code erpReference postingAllowed actualStart actualEnd children { erpReference } } } } } }""")
    assert answer.errors == []
    tops = {node.engagement: node for node in firm.projects if node.parent is None}
    for engagement, edge in zip(firm.engagements, answer.data["engagements"]["edges"], strict=True):
        node, top = edge["node"], tops[engagement.code]
        (project,) = node["projects"]
        assert project == {
            "code": top.code,
            "erpReference": f"ERP-{engagement.code}",
            "postingAllowed": engagement.status != "PROPOSED",
            "actualStart": str(top.actual_start) if top.actual_start else None,
            "actualEnd": str(top.actual_end) if top.actual_end else None,
            "children": [{"erpReference": None}] * 2,
        }
