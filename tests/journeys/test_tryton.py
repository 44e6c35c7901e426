"""The same graph over a running Tryton: what it answers is what Tryton says itself, field by field."""

from __future__ import annotations

import base64
import os
import sqlite3
from collections import Counter
from contextlib import ExitStack, closing
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from colonnade.demo import over
from demo.tryton.bound import Log, with_tryton
from demo.tryton.layout import Layout
from tests.conftest import House

if TYPE_CHECKING:
    from collections.abc import Iterator

    from demo.firm.model import Firm
    from demo.systems import Bound

pytestmark = [pytest.mark.tryton, pytest.mark.xdist_group("tryton"), pytest.mark.timeout(180)]

Row = dict[str, Any]


class Tryton:
    """Tryton's own API, spoken without any code of the graph."""

    def __init__(self, bound: Bound) -> None:
        self.url, secret = f"{bound.address}/rpc/", bound.credentials
        self.http = httpx.Client(trust_env=False, timeout=60)
        user_id, token, *_ = self.post("common.db.login", secret["user"], {"password": secret["password"]}, "en")
        session = base64.b64encode(f"{secret['user']}:{user_id}:{token}".encode()).decode()
        self.http.headers["Authorization"] = f"Session {session}"

    def post(self, method: str, *params: object) -> Any:
        """Call a method."""
        answer = self.http.post(self.url, json={"id": 1, "method": method, "params": params}).raise_for_status().json()
        assert "error" not in answer
        return answer["result"]

    def rows(self, model: str, *fields: str, domain: list[Any] | None = None) -> list[Row]:
        """Read all rows of a model by their ids, each value in a plain form."""
        context = {"active_test": False}
        ids = self.post(f"model.{model}.search", domain or [], 0, None, [["id", "ASC"]], context)
        found = self.post(f"model.{model}.read", ids, list(fields), context)
        return sorted((_plain(row) for row in found), key=lambda row: row["id"])


def _plain(value: Any) -> Any:
    """Spell Tryton's typed values as the graph does: amounts and days as text."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    match value.get("__class__"):
        case "Decimal":
            return value["decimal"]
        case "date":
            return f"{value['year']:04}-{value['month']:02}-{value['day']:02}"
        case _:
            return {key: _plain(item) for key, item in value.items()}


@pytest.fixture(scope="module")
def systems(firm: Firm) -> Iterator[list[Bound]]:
    """Kantata emulated, Tryton real: where it is missing its tests are skipped loudly, and fail in CI."""
    if not Layout.of(None).template.exists() and "CI" not in os.environ:
        pytest.skip("Tryton is not installed: run 'make systems' (two minutes, once)")
    with with_tryton(firm) as bound:
        yield bound


@pytest.fixture(scope="module")
def real(systems: list[Bound]) -> Iterator[House]:
    """The graph over them."""
    with ExitStack() as stack:
        yield House(stack.enter_context(over(systems)))


@pytest.fixture
def tryton(systems: list[Bound]) -> Tryton:
    """Tryton's own API, with a session of its own."""
    return Tryton(next(system for system in systems if system.vendor == "tryton"))


def nodes(house: House, root: str, fields: str) -> list[Row]:
    """Read a whole list through the graph, with each record's id in Tryton."""
    answer = house.ask(f"{{ {root}(first: 200) {{ edges {{ node {{ provenance {{ sourceId }} {fields} }} }} }} }}")
    assert answer.errors == []
    found = [edge["node"] for edge in answer.data[root]["edges"]]
    for node in found:
        (origin,) = node.pop("provenance")
        node["id"] = int(origin["sourceId"])
    return sorted(found, key=lambda node: node["id"])


def money(row: Row, field: str) -> Row | None:
    """Return an amount with the currency beside it, as the graph writes it."""
    return None if row[field] is None else {"amount": row[field], "currency": row["currency."]["code"]}


def test_customers_are_trytons(real: House, tryton: Tryton) -> None:
    """Every customer's name, legal name, country, currency and terms are those of Tryton's party."""
    rows = tryton.rows(
        "party.party",
        "name",
        "customer_currency.code",
        "addresses.party_name",
        "addresses.country.code",
        "customer_payment_term.lines.relativedeltas.days",
        domain=[["categories.name", "=", "Customer"]],
    )
    fields = "displayName legalName billingCountry billingCurrency paymentTermsDays"
    assert len(rows) == 14
    assert nodes(real, "customers", fields) == [
        {
            "id": row["id"],
            "displayName": row["name"],
            "legalName": row["addresses."][0]["party_name"],
            "billingCountry": row["addresses."][0]["country."]["code"],
            "billingCurrency": row["customer_currency."]["code"],
            "paymentTermsDays": row["customer_payment_term."]["lines."][0]["relativedeltas."][0]["days"],
        }
        for row in rows
    ]


def test_legal_entities_and_their_periods_are_trytons(real: House, tryton: Tryton) -> None:
    """Every company has its own name, currency, country, zone, and its own periods with their days and states."""
    companies = tryton.rows(
        "company.company", "party.name", "party.code", "currency.code", "timezone", "party.addresses.country.code"
    )
    periods = tryton.rows("account.period", "name", "company", "start_date", "end_date", "type", "state")
    state = {"open": "OPEN", "closed": "CLOSED", "locked": "LOCKED"}
    kind = {"standard": "REGULAR", "adjustment": "ADJUSTMENT"}
    fields = "code name functionalCurrency country timeZone fiscalPeriods { code range { start end } kind status }"
    assert (len(companies), len(periods)) == (4, 72)
    assert nodes(real, "legalEntities", fields) == [
        {
            "id": row["id"],
            "code": row["party."]["code"],
            "name": row["party."]["name"],
            "functionalCurrency": row["currency."]["code"],
            "country": row["party."]["addresses."][0]["country."]["code"],
            "timeZone": row["timezone"],
            "fiscalPeriods": [
                {
                    "code": period["name"],
                    "range": {"start": period["start_date"], "end": period["end_date"]},
                    "kind": kind[period["type"]],
                    "status": state[period["state"]],
                }
                for period in periods
                if period["company"] == row["id"]
            ],
        }
        for row in companies
    ]


def test_people_are_trytons(real: House, tryton: Tryton) -> None:
    """Every employee's name, number, days, company and supervisor are Tryton's."""
    rows = tryton.rows(
        "company.employee",
        "party.name",
        "party.code",
        "start_date",
        "end_date",
        "active",
        "company.party.code",
        "supervisor.party.name",
    )
    fields = """displayName employeeNumber hireDate terminationDate employmentStatus
        legalEntity { code } manager { displayName }"""
    assert len(rows) == 48
    assert nodes(real, "resources", fields) == [
        {
            "id": row["id"],
            "displayName": row["party."]["name"],
            "employeeNumber": row["party."]["code"],
            "hireDate": row["start_date"],
            "terminationDate": row["end_date"],
            "employmentStatus": "ACTIVE" if row["active"] else "TERMINATED",
            "legalEntity": {"code": row["company."]["party."]["code"]},
            "manager": {"displayName": row["supervisor."]["party."]["name"]} if row["supervisor."] else None,
        }
        for row in rows
    ]


def test_opportunities_are_trytons(real: House, tryton: Tryton) -> None:
    """Every opportunity's number, state, probability, amount, days and noted entity are Tryton's."""
    rows = tryton.rows(
        "sale.opportunity",
        "number",
        "description",
        "party.name",
        "state",
        "conversion_probability",
        "amount",
        "currency.code",
        "end_date",
        "comment",
    )
    stage = {"lead": "PROSPECT", "opportunity": "QUALIFIED", "converted": "NEGOTIATING", "won": "WON", "lost": "LOST"}
    fields = """code name customer { displayName } stage sourceStageLabel probability amount { amount currency }
        closedDate expectedStartDate billingModel proposedLegalEntity { code }"""

    def noted(row: Row, key: str) -> str | None:
        notes = dict(line.split(": ", 1) for line in (row["comment"] or "").splitlines())
        return notes.get(key)

    assert len(rows) == 30
    assert nodes(real, "opportunities", fields) == [
        {
            "id": row["id"],
            "code": row["number"],
            "name": row["description"],
            "customer": {"displayName": row["party."]["name"]},
            "stage": stage[row["state"]],
            "sourceStageLabel": row["state"],
            "probability": f"{row['conversion_probability']:.4f}",
            "amount": money(row, "amount"),
            "closedDate": row["end_date"] if row["state"] in {"won", "lost"} else None,
            "expectedStartDate": noted(row, "expected_start"),
            "billingModel": noted(row, "billing_model"),
            "proposedLegalEntity": {"code": code} if (code := noted(row, "proposed_entity")) else None,
        }
        for row in rows
    ]


def test_what_is_offered_is_trytons(real: House, firm: Firm) -> None:
    """Every line of every deal has the firm's role, hours, price, workstream and region, as Tryton keeps them."""
    fields = "code lines { roleCode hours unitPrice { amount currency } workstream region }"
    assert {node["code"]: node["lines"] for node in nodes(real, "opportunities", fields)} == {
        deal.code: [
            {
                "roleCode": line.role,
                "hours": f"{line.hours:.2f}",
                "unitPrice": {"amount": str(line.unit_price), "currency": deal.currency},
                "workstream": line.workstream,
                "region": line.region,
            }
            for line in deal.lines
        ]
        for deal in firm.opportunities
    }


def test_invoices_and_their_lines_are_trytons(real: House, tryton: Tryton) -> None:
    """Every document's number, states, days, period and amounts, and every line's, are those of Tryton's books."""
    rows = tryton.rows(
        "account.invoice",
        "number",
        "state",
        "sequence_type_cache",
        "party.name",
        "company.party.code",
        "currency.code",
        "untaxed_amount",
        "tax_amount",
        "total_amount",
        "amount_to_pay",
        "invoice_date",
        "accounting_date",
        "lines_to_pay.maturity_date",
        "move.period.name",
        "origin_invoices.number",
    )
    lines = tryton.rows(
        "account.invoice.line",
        "invoice",
        "description",
        "quantity",
        "unit.symbol",
        "unit_price",
        "amount",
        "currency.code",
        "account.code",
    )
    fields = """number kind documentStatus paymentStatus lifecycle customer { displayName } legalEntity { code }
        net { amount currency } tax { amount currency } total { amount currency } openAmount { amount currency }
        issueDate dueDate accountingDate fiscalPeriod { code } corrects { number } correctedBy { number }
        lines { description quantity unit unitPrice { amount currency } net { amount currency }
            revenueAccount }"""
    found = nodes(real, "invoices", fields)
    for node in found:
        node["openAmount"]["amount"] = Decimal(node["openAmount"]["amount"])
        for line in node["lines"]:
            line["quantity"] = float(line["quantity"])
    assert (len(rows), len(lines)) == (36, 66)
    assert found == [
        {
            "id": row["id"],
            "number": row["number"],
            "kind": row["sequence_type_cache"].upper(),
            "documentStatus": "POSTED",
            "paymentStatus": _paid(row),
            "lifecycle": "PAID" if row["state"] == "paid" else "POSTED",
            "customer": {"displayName": row["party."]["name"]},
            "legalEntity": {"code": row["company."]["party."]["code"]},
            "net": money(row, "untaxed_amount"),
            "tax": money(row, "tax_amount"),
            "total": money(row, "total_amount"),
            # Tryton says "0" of what is paid; the graph gives it its currency's digits.
            "openAmount": {**(money(row, "amount_to_pay") or {}), "amount": Decimal(row["amount_to_pay"])},
            "issueDate": row["invoice_date"],
            "dueDate": row["lines_to_pay."][0]["maturity_date"],
            "accountingDate": row["accounting_date"],
            "fiscalPeriod": {"code": row["move."]["period."]["name"]},
            "corrects": {"number": row["origin_invoices."][0]["number"]} if row["origin_invoices."] else None,
            "correctedBy": [
                {"number": other["number"]}
                for other in rows
                if row["number"] in {origin["number"] for origin in other["origin_invoices."]}
            ],
            "lines": [
                {
                    "description": line["description"],
                    "quantity": line["quantity"],
                    "unit": line["unit."]["symbol"] if line["unit."] else None,
                    "unitPrice": money(line, "unit_price"),
                    "net": money(line, "amount"),
                    "revenueAccount": line["account."]["code"],
                }
                for line in lines
                if line["invoice"] == row["id"]
            ],
        }
        for row in rows
    ]
    assert Counter(node["paymentStatus"] for node in found) == {"UNPAID": 20, "PAID": 15, "PARTIAL": 1}


def _paid(row: Row) -> str:
    if row["state"] == "paid":
        return "PAID"
    return "UNPAID" if row["amount_to_pay"] == row["total_amount"] else "PARTIAL"


DEEP = """
{ engagements(first: 20) { edges { node {
    code erpStatus contractingEntity { code } customer { displayName legalName }
    assignments { resource { displayName legalEntity { code } } }
    invoices { total { amount currency } lines { net { amount } } }
} } } }
"""


def test_one_query_crosses_kantata_and_tryton(real: House, firm: Firm) -> None:
    """Twenty engagements join both systems by the cross-references, with the firm's own truth on either side."""
    answer = real.ask(DEEP)
    assert answer.errors == []
    people = {person.code: person for person in firm.people}
    customers = {customer.code: customer for customer in firm.customers}
    for edge, truth in zip(answer.data["engagements"]["edges"], firm.engagements, strict=False):
        node, customer = edge["node"], customers.get(truth.customer or "")
        assert (node["code"], node["erpStatus"]) == (truth.code, truth.erp_status)
        assert node["contractingEntity"] == {"code": truth.entity}
        assert node["customer"] == (
            {"displayName": customer.name, "legalName": customer.legal_name} if customer else None
        )
        assert sorted(item["resource"]["displayName"] for item in node["assignments"]) == sorted(
            people[item.person].name for item in firm.assignments if item.engagement == truth.code
        )
        assert Counter((item["total"]["amount"], len(item["lines"])) for item in node["invoices"]) == Counter(
            (str(item.total), len(item.lines)) for item in firm.invoices if item.engagement == truth.code
        )


def test_tryton_is_asked_once_a_question_and_told_the_correlation_id(real: House, systems: list[Bound]) -> None:
    """Twenty engagements cost one call a question and level, each under the correlation id of the request."""
    log = next(system.traffic for system in systems if isinstance(system.traffic, Log))
    real.ask(DEEP)
    log.clear()
    answer = real.ask(DEEP, headers={"X-Correlation-ID": "journey-7"})
    assert answer.errors == []
    assert Counter(log.calls()) == {
        "model.project.work.search_read": 1,
        "model.party.party.search_read": 2,
        "model.company.company.search_read": 2,
        "model.company.employee.search_read": 1,
        "model.account.invoice.search_read": 1,
        "model.account.invoice.line.search_read": 1,
    }
    assert {request.correlation_id for request in log.server.requests()} == {"journey-7"}


def test_what_tryton_does_not_know_is_said(real: House) -> None:
    """Categories of labor are nothing that Tryton keeps: null with one error that names the question, and no other."""
    answer = real.ask("{ roles(first: 2) { edges { node { code erpLaborCategory } } } }")
    assert [edge["node"] for edge in answer.data["roles"]["edges"]] == [
        {"code": "ANALYST", "erpLaborCategory": None},
        {"code": "CONSULTANT", "erpLaborCategory": None},
    ]
    (error,) = answer.errors
    assert {name: error["extensions"][name] for name in ("code", "system", "question", "count")} == {
        "code": "NOT_OFFERED",
        "system": "ERP",
        "question": "roles_erp",
        "count": 2,
    }


def test_a_session_that_ended_is_opened_again_once(real: House, systems: list[Bound]) -> None:
    """Sessions that Tryton has forgotten cost one login a binding, however many calls meet it at once."""
    real.ask(DEEP)
    log = next(system.traffic for system in systems if isinstance(system.traffic, Log))
    with closing(sqlite3.connect(log.server.log.with_name(f"{log.server.database}.sqlite"), timeout=10)) as database:
        database.execute("DELETE FROM ir_session")
        database.commit()
    log.clear()
    assert real.ask(DEEP).errors == []
    assert Counter(log.calls())["common.db.login"] == 3
