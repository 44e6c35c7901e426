"""Lists chosen, ordered and searched by their owners: exact, page by page the same, and never believed unchecked."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from colonnade.demo import over
from demo.systems import emulated
from tests.conftest import Answer, House

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from demo.firm.model import Firm

# The field by which a record is known to people.
KNOWN = {
    "engagements": "code",
    "customers": "displayName",
    "opportunities": "code",
    "invoices": "number",
    "resources": "employeeNumber",
    "roleDemands": "code",
    "timeEntries": "code",
    "expenses": "code",
    "milestones": "code",
    "legalEntities": "code",
    "fiscalPeriods": "code",
    "billingEvents": "code",
    "costCenters": "code",
    "exchangeRates": "date",
}


@pytest.fixture(scope="module")
def vendors(firm: Firm) -> Iterator[House]:
    """Each role played by its own product."""
    with emulated(firm) as bound, over(bound) as running:
        # Those whose rows are spoilt: what is read whole is chosen from in memory.
        yield House(running, [system for system in bound if system.role in {"psa", "erp", "crm"}])


@pytest.fixture
def calm(vendors: House) -> Iterator[House]:
    """The same, calm before and after the test."""
    vendors.calm()
    yield vendors
    vendors.calm()


class Case(NamedTuple):
    """One list: its arguments in GraphQL, and what the firm says stands in it, in order."""

    root: str
    arguments: str
    expected: Callable[[Firm], list[str]]


def _ordered(records: Any, key: Callable[[Any], Any], *, down: bool = False) -> list[str]:
    # Python keeps equal ones in their order, and the firm's records stand in the order of their ids.
    return [record.code for record in sorted(records, key=key, reverse=down)]


def _within(day: date | None, start: str, end: str) -> bool:
    return day is not None and start <= day.isoformat() <= end


KANTATA = {
    "code": Case(
        "engagements", 'filter: {code: ["ENG-003", "ENG-001", "ENG-999"]}', lambda _firm: ["ENG-001", "ENG-003"]
    ),
    "days": Case(
        "engagements",
        'filter: {plannedEnd: {from: "2026-06-30", to: "2026-09-30"}}',
        lambda firm: [one.code for one in firm.engagements if _within(one.planned_end, "2026-06-30", "2026-09-30")],
    ),
    "an open end": Case(
        "engagements",
        'filter: {plannedStart: {from: "2026-01-06"}}',
        lambda firm: [one.code for one in firm.engagements if one.planned_start > date(2026, 1, 5)],
    ),
    "order": Case(
        "engagements", "order: NAME_DESC", lambda firm: _ordered(firm.engagements, lambda one: one.name, down=True)
    ),
    "search": Case("engagements", 'search: "PLAT claims"', lambda _firm: ["ENG-002"]),
    "search with words that it ignores": Case("engagements", 'search: "the platform of"', lambda _firm: ["ENG-002"]),
    "work days": Case(
        "timeEntries",
        'filter: {workDate: {from: "2026-03-02", to: "2026-03-03"}}',
        lambda firm: [one.code for one in firm.time_entries if _within(one.work_date, "2026-03-02", "2026-03-03")],
    ),
    "days in an order": Case(
        "expenses",
        'filter: {incurredDate: {from: "2026-03-01"}} order: INCURRED_DATE_DESC',
        lambda firm: _ordered(
            (one for one in firm.expenses if one.incurred_date >= date(2026, 3, 1)),
            lambda one: one.incurred_date,
            down=True,
        ),
    ),
    "milestones": Case(
        "milestones",
        'order: PLANNED_DATE_ASC filter: {plannedDate: {to: "2026-03-31"}}',
        lambda firm: _ordered(
            (one for one in firm.milestones if one.planned_date <= date(2026, 3, 31)), lambda one: one.planned_date
        ),
    ),
}
DYNAMICS = {
    "number": Case(
        "invoices", 'filter: {number: ["INV-2602-008", "INV-2601-016"]}', lambda _: ["INV-2601-016", "INV-2602-008"]
    ),
    "codes": Case(
        "invoices",
        "filter: {documentStatus: [POSTED], paymentStatus: [PARTIAL, UNPAID]}",
        lambda firm: sorted(
            one.number
            for one in firm.invoices
            if one.document_status == "POSTED" and one.payment_status in {"PARTIAL", "UNPAID"}
        ),
    ),
    "days in an order": Case(
        "invoices",
        'filter: {issueDate: {from: "2026-02-01", to: "2026-02-28"}} order: ISSUE_DATE_DESC',
        lambda firm: [
            one.number
            for one in sorted(
                sorted(firm.invoices, key=lambda one: one.number), key=lambda one: one.issue_date, reverse=True
            )
            if _within(one.issue_date, "2026-02-01", "2026-02-28")
        ],
    ),
    "order": Case(
        "invoices", "order: NUMBER_DESC", lambda firm: sorted((one.number for one in firm.invoices), reverse=True)
    ),
    "search": Case(
        "invoices",
        'search: "inv-2602-00"',
        lambda firm: sorted(one.number for one in firm.invoices if one.number.startswith("INV-2602-00")),
    ),
    "a period": Case(
        "fiscalPeriods",
        'filter: {status: [CLOSING], rangeStart: {to: "2026-03-15"}, rangeEnd: {from: "2026-03-15"}}',
        lambda _firm: ["2026-P03", "2026-P03"],
    ),
    "rates": Case(
        "exchangeRates",
        'filter: {from: ["EUR"], to: ["USD"], date: {from: "2026-03-01"}} order: DATE_DESC',
        lambda firm: sorted(
            (
                one.day.isoformat()
                for one in firm.exchange_rates
                if (one.base, one.quote) == ("EUR", "USD") and one.day >= date(2026, 3, 1)
            ),
            reverse=True,
        ),
    ),
    "billing": Case(
        "billingEvents",
        "filter: {kind: [MILESTONE]} order: CODE_DESC",
        lambda firm: sorted((one.code for one in firm.billing_events if one.kind == "MILESTONE"), reverse=True),
    ),
    "cost centers": Case("costCenters", "order: CODE_ASC", lambda firm: sorted(one.code for one in firm.cost_centers)),
    "entities": Case("legalEntities", 'filter: {country: ["GB", "DE"]} order: CODE_DESC', lambda _: ["NB-UK", "NB-DE"]),
}
SALESFORCE = {
    "days in an order": Case(
        "opportunities",
        'filter: {expectedCloseDate: {from: "2026-04-01"}} order: EXPECTED_CLOSE_DATE_DESC',
        lambda firm: _ordered(
            (one for one in firm.opportunities if one.expected_close_date >= date(2026, 4, 1)),
            lambda one: one.expected_close_date,
            down=True,
        ),
    ),
    "codes": Case(
        "opportunities",
        'filter: {code: ["OPP-020", "OPP-003"], closedDate: {to: "2026-12-31"}}',
        lambda _firm: ["OPP-003", "OPP-020"],
    ),
    "search": Case("opportunities", 'search: "Wave ROLL"', lambda _firm: ["OPP-020"]),
    "search in the code": Case("opportunities", 'search: "opp-02 wave"', lambda _firm: ["OPP-020"]),
    "order": Case("customers", "order: DISPLAY_NAME_ASC", lambda firm: sorted(one.name for one in firm.customers)),
}
SCANNED = {
    "codes": Case(
        "resources",
        "filter: {workerType: [CONTRACTOR]}",
        lambda firm: [one.employee_number for one in firm.people if one.worker_type == "CONTRACTOR"],
    ),
    "order": Case(
        "resources",
        "order: HIRE_DATE_DESC",
        lambda firm: [one.employee_number for one in sorted(firm.people, key=lambda one: one.hire_date, reverse=True)],
    ),
    "search": Case(
        "resources",
        'search: "sandoval dana"',
        lambda firm: [one.employee_number for one in firm.people if one.name == "Dana Sandoval"],
    ),
    "nobody": Case("resources", "filter: {employmentStatus: [TERMINATED]}", lambda _firm: []),
    "demands": Case(
        "roleDemands",
        "filter: {status: [OPEN]} order: RANGE_START_DESC",
        lambda firm: _ordered(
            (one for one in firm.role_demands if one.status == "OPEN"), lambda one: one.start, down=True
        ),
    ),
    "a day in them": Case(
        "roleDemands",
        'filter: {rangeStart: {to: "2026-05-20"}, rangeEnd: {from: "2026-05-20"}}',
        lambda firm: [one.code for one in firm.role_demands if one.start <= date(2026, 5, 20) <= one.end],
    ),
}
CASES = {
    f"{vendor}, {name}": case
    for vendor, cases in {"PSA": KANTATA, "ERP": DYNAMICS, "CRM": SALESFORCE, "read whole": SCANNED}.items()
    for name, case in cases.items()
}


def page(house: House, case: Case, first: int = 200, after: str | None = None) -> Answer:
    """Ask for one page of a list."""
    return house.ask(
        f"""query ($first: Int!, $after: String) {{ {case.root}(first: $first, after: $after {case.arguments}) {{
            totalCount pageInfo {{ hasNextPage endCursor }}
            edges {{ cursor node {{ known: {KNOWN[case.root]} }} }} }} }}""",
        {"first": first, "after": after},
    )


def shown(answer: Answer, root: str) -> list[str]:
    """Return what a page shows."""
    assert answer.errors == []
    return [edge["node"]["known"] for edge in answer.data[root]["edges"]]


@pytest.mark.parametrize("name", CASES)
def test_a_list_is_what_the_firm_says(vendors: House, firm: Firm, name: str) -> None:
    """Exactly the records that the filters mean, in the wanted order; who counts, counts them."""
    case = CASES[name]
    answer = page(vendors, case)
    assert shown(answer, case.root) == case.expected(firm)[:200]
    assert answer.data[case.root]["totalCount"] in {len(case.expected(firm)), None}


@pytest.mark.parametrize("name", [name for name in CASES if "work days" not in name])
def test_its_pages_join_without_a_seam(vendors: House, firm: Firm, name: str) -> None:
    """Walked in steps of five it is the same list: none twice, none left out, in the same order."""
    case = CASES[name]
    seen: list[str] = []
    after = None
    while True:
        answer = page(vendors, case, 5, after)
        seen += shown(answer, case.root)
        info = answer.data[case.root]["pageInfo"]
        if not info["hasNextPage"]:
            break
        after = info["endCursor"]
    assert seen == case.expected(firm)


def one_id(house: House, root: str, known: str) -> str:
    """Return a record's id by what people call it."""
    answer = house.ask(f"{{ {root}(first: 200) {{ edges {{ node {{ id known: {KNOWN[root]} }} }} }} }}")
    return next(edge["node"]["id"] for edge in answer.data[root]["edges"] if edge["node"]["known"] == known)  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("root", "expected"),
    [
        ("engagements", ["ENG-014", "ENG-015"]),
        ("opportunities", ["OPP-014", "OPP-015", "OPP-026"]),
        ("invoices", ["INV-2601-014", "INV-2601-015", "INV-2602-014", "INV-2602-015", "INV-2603-015"]),
    ],
)
def test_a_reference_is_said_in_the_owners_words(vendors: House, root: str, expected: list[str]) -> None:
    """A customer is born in the CRM; the PSA and the ERP are asked by what they call it."""
    customer = one_id(vendors, "customers", "Miyashiro Denki")
    assert shown(page(vendors, Case(root, f'filter: {{customer: ["{customer}"]}}', lambda _: [])), root) == expected


def test_time_of_a_person_on_an_engagement(vendors: House, firm: Firm) -> None:
    """Two references and a range of days, all in one call."""
    person = next(one for one in firm.people if any(entry.person == one.code for entry in firm.time_entries))
    entry = next(one for one in firm.time_entries if one.person == person.code)
    resource = one_id(vendors, "resources", person.employee_number)
    engagement = one_id(vendors, "engagements", entry.engagement)
    wanted = f'filter: {{resource: ["{resource}"], engagement: ["{engagement}"], workDate: {{to: "2026-02-28"}}}}'
    found = shown(page(vendors, Case("timeEntries", wanted, lambda _: [])), "timeEntries")
    assert found == [
        one.code
        for one in firm.time_entries
        if (one.person, one.engagement) == (entry.person, entry.engagement) and one.work_date <= date(2026, 2, 28)
    ]
    assert found


BAD = {
    "no values": ("invoices", "filter: {number: []}", "BAD_INPUT"),
    "too many": ("invoices", f"filter: {{number: {['x'] * 101}}}".replace("'", '"'), "BAD_INPUT"),
    "empty": ("invoices", 'filter: {number: [""]}', "BAD_INPUT"),
    "NUL": ("invoices", r'filter: {number: ["INV\u0000"]}', "BAD_INPUT"),
    "long": ("invoices", f'filter: {{number: ["{"x" * 256}"]}}', "BAD_INPUT"),
    "backwards": ("invoices", 'filter: {issueDate: {from: "2026-02-02", to: "2026-02-01"}}', "BAD_INPUT"),
    "no id": ("invoices", 'filter: {customer: ["C-10001"]}', "MALFORMED_ID"),
    "an asterisk": ("invoices", 'search: "INV*"', "BAD_INPUT"),
    "a blank": ("invoices", 'search: "  "', "BAD_INPUT"),
    "a long text": ("invoices", f'search: "{"x" * 101}"', "BAD_INPUT"),
    "a NUL to search": ("opportunities", r'search: "\u0000"', "BAD_INPUT"),
    "several words too many": ("opportunities", 'search: "a b c d e f g h i"', "BAD_INPUT"),
    "what this CRM cannot": ("opportunities", "filter: {stage: [WON]}", "NOT_OFFERED"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_asked_is_refused(calm: House, name: str) -> None:
    """A wish that is wrong, or that this owner cannot fulfil, is an error before anybody is asked."""
    root, arguments, code = BAD[name]
    answer = page(calm, Case(root, arguments, lambda _: []))
    assert (answer.data, answer.codes) == ({root: None}, [(code, [root])])
    assert calm.calls() == []


def test_another_types_id_is_no_customers(vendors: House) -> None:
    """An id of this graph, but of an invoice."""
    invoice = one_id(vendors, "invoices", "INV-2602-008")
    answer = page(vendors, Case("engagements", f'filter: {{customer: ["{invoice}"]}}', lambda _: []))
    assert answer.codes == [("MALFORMED_ID", ["engagements"])]


def test_whom_the_owner_does_not_know_is_not_nobody(vendors: House) -> None:
    """A customer without a cross-reference to the PSA may have engagements there all the same: no empty list."""
    unknown = "Q3VzdG9tZXJ8Y3JtfDAwMU5iMDAwMDAwOTk5OUlBQQ"
    answer = page(vendors, Case("engagements", f'filter: {{customer: ["{unknown}"]}}', lambda _: []))
    assert answer.codes == [("REFERENCE_UNKNOWN", ["engagements"])]


SPELLS = ["' or 1 eq 1 or '", "x') or (1 eq 1", "%", "_", "\\", "\\' OR Name LIKE '", "ENG-001):(41:ENG-002", '"', "--"]


@pytest.mark.parametrize("spell", SPELLS)
@pytest.mark.parametrize(
    ("root", "field"), [("invoices", "number"), ("opportunities", "code"), ("resources", "employeeNumber")]
)
def test_a_value_is_a_value(vendors: House, root: str, field: str, spell: str) -> None:
    """What would be syntax in a source's language is a text that no record has."""
    query = f"query ($text: String!) {{ {root}(filter: {{{field}: [$text]}}) {{ edges {{ node {{ id }} }} }} }}"
    answer = vendors.ask(query, {"text": spell})
    assert (answer.data, answer.errors) == ({root: {"edges": []}}, [])


@pytest.mark.parametrize("spell", SPELLS)
@pytest.mark.parametrize("root", ["invoices", "opportunities", "resources"])
def test_a_text_to_search_is_a_text(vendors: House, root: str, spell: str) -> None:
    """Nor is it a pattern: a per cent sign is looked for as itself."""
    answer = vendors.ask(
        f"query ($text: String!) {{ {root}(search: $text) {{ edges {{ node {{ id }} }} }} }}", {"text": spell}
    )
    assert (answer.data, answer.errors) == ({root: {"edges": []}}, [])


def test_brackets_are_not_put_into_a_custom_fields_value(vendors: House) -> None:
    """There they would begin another value: such a code cannot be asked for, and is not."""
    answer = page(vendors, Case("engagements", 'filter: {code: ["ENG-001):(41:ENG-002"]}', lambda _: []))
    assert answer.codes == [("NOT_OFFERED", ["engagements"])]


@pytest.mark.parametrize("other", ["", "order: NUMBER_ASC", 'filter: {number: ["INV-2602-008"]}', 'search: "inv"'])
def test_a_cursor_of_another_choice_is_refused(vendors: House, other: str) -> None:
    """A place among some rows, or in one order, is none among others or in another."""
    chosen = Case("invoices", "order: ISSUE_DATE_ASC filter: {documentStatus: [POSTED]}", lambda _: [])
    cursor = page(vendors, chosen, 3).data["invoices"]["pageInfo"]["endCursor"]
    answer = page(vendors, Case("invoices", other, lambda _: []), 3, cursor)
    assert answer.codes == [("MALFORMED_CURSOR", ["invoices"])]
    assert page(vendors, chosen, 3, cursor).errors == []


SPOILT = {
    "PSA": Case("engagements", 'filter: {plannedEnd: {to: "2026-06-30"}} order: NAME_ASC', lambda _: []),
    "ERP": Case("invoices", "filter: {paymentStatus: [PARTIAL, UNPAID]} order: ISSUE_DATE_ASC", lambda _: []),
    "CRM": Case(
        "opportunities", "filter: {billingModel: [RETAINER, FIXED_FEE_MILESTONE]} order: NAME_ASC", lambda _: []
    ),
}


@pytest.mark.parametrize("role", SPOILT)
@pytest.mark.parametrize("quirk", ["unfiltered", "strangers", "reverse", "duplicates", "gap", "lost", "short_page"])
def test_no_list_is_believed_unchecked(calm: House, role: str, quirk: str) -> None:
    """Whatever the source does to its rows: the list is right, a true part of it in its order, or an error."""
    case = SPOILT[role]
    truth = shown(page(calm, case), case.root)
    calm.misbehave(role.lower(), quirk)
    answer = page(calm, case)
    if quirk in {"unfiltered", "strangers", "reverse"}:
        assert (answer.data, answer.codes) == ({case.root: None}, [("SOURCE_MISBEHAVED", [case.root])])
    elif quirk == "gap":
        assert shown(answer, case.root) == truth[1:]
    elif quirk == "lost" and role != "CRM":
        assert answer.codes == [("SOURCE_MISBEHAVED", [case.root])]
    elif quirk != "lost":
        assert shown(answer, case.root) == truth
        assert answer.data[case.root]["totalCount"] in ({None} if quirk == "duplicates" else {len(truth), None})
