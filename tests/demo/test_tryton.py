"""The seeded Tryton, asked over its own JSON-RPC as a source asks it."""

import base64
import os
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from typing import Any, TypeAlias

import httpx
import pytest

from demo.firm import northbeam
from demo.tryton.ids import TrytonIds, load_ids
from demo.tryton.install import outdated
from demo.tryton.server import TrytonServer, serve

pytestmark = pytest.mark.tryton

Json: TypeAlias = dict[str, Any]
# Without it a person who left is not found, not even by id, and nothing says so.
CONTEXT = {"active_test": False}
STRANGER = 999_999
STATE_OF = {"FUTURE": "open", "OPEN": "open", "CLOSING": "open", "CLOSED": "closed", "LOCKED": "locked"}


class Caller:
    """One user's session with the running server."""

    def __init__(self, server: TrytonServer, user: str) -> None:
        """Sign in."""
        self.server = server
        traced = {"X-Correlation-ID": "test-tryton"}
        self._http = httpx.Client(base_url=server.base_url, headers=traced, trust_env=False, timeout=30)
        user_id, token, _ = self.call("common.db.login", user, {"password": server.password}, "en")
        spelled = base64.b64encode(f"{user}:{user_id}:{token}".encode()).decode()
        self._http.headers["Authorization"] = f"Session {spelled}"

    def close(self) -> None:
        """Let go of the connection."""
        self._http.close()

    def answer(self, method: str, *params: object) -> Json:
        """Call a method and return the whole answer, result or error."""
        response = self._http.post(self.server.rpc_url, json={"id": 1, "method": method, "params": params})
        return dict(response.raise_for_status().json())

    def call(self, method: str, *params: object) -> Any:
        """Call a method and return its result."""
        return self.answer(method, *params)["result"]

    def rows(self, model: str, domain: list[Any], *fields: str) -> list[Json]:
        """Search and read in one call, in order of id."""
        return list(self.call(f"model.{model}.search_read", domain, 0, None, [["id", "ASC"]], fields, CONTEXT))


@pytest.fixture(scope="module")
def tryton() -> Iterator[TrytonServer]:
    """Run the installed Tryton; where it is missing or older than its seed, say so, and in CI fail."""
    if stale := outdated():
        reason = f"Tryton is not installed, or out of date ({', '.join(stale)}): run `make systems`"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with serve() as server:
        yield server


@pytest.fixture(scope="module")
def reader(tryton: TrytonServer) -> Iterator[Caller]:
    """Sign in as the user Colonnade reads as."""
    with closing(Caller(tryton, tryton.user)) as caller:
        yield caller


@pytest.fixture(scope="module")
def writer(tryton: TrytonServer) -> Iterator[Caller]:
    """Sign in as the user Colonnade writes as."""
    with closing(Caller(tryton, tryton.writer)) as caller:
        yield caller


@pytest.fixture(scope="module")
def ids(tryton: TrytonServer) -> TrytonIds:
    """Return the ids the seed gave out."""
    del tryton
    return load_ids()


def money(value: Json) -> str:
    """Return a decimal as it was written on the wire."""
    assert value["__class__"] == "Decimal"
    return str(value["decimal"])


def day(year: int, month: int, number: int) -> Json:
    """Return a date as it stands on the wire."""
    return {"__class__": "date", "year": year, "month": month, "day": number}


@pytest.mark.parametrize(
    ("model", "kind", "count"),
    [
        ("company.company", "legal_entities", 4),
        ("party.party", "customers", 14),
        ("company.employee", "people", 48),
        ("project.work", "engagements", 23),
        ("analytic_account.account", "analytic_accounts", 23),
        ("account.invoice", "invoices", 36),
        ("sale.opportunity", "opportunities", 30),
        ("account.period", "fiscal_periods", 72),
    ],
)
def test_one_call_reads_every_company(reader: Caller, ids: TrytonIds, model: str, kind: str, count: int) -> None:
    """The reading user sees all four companies at once, and every id that the seed wrote down."""
    known = getattr(ids, kind)
    asked = sorted(known.values())
    rows = reader.rows(model, [["id", "in", [*asked, STRANGER]]], "id")
    assert (len(known), [row["id"] for row in rows]) == (count, asked)


def test_periods_are_closed_and_locked_as_in_the_firm(reader: Caller, ids: TrytonIds) -> None:
    """What the firm closed takes no postings, what it locked cannot be reopened, all else is open."""
    states = {row["id"]: row["state"] for row in reader.rows("account.period", [], "state")}
    for period in northbeam().fiscal_periods:
        key = f"{period.entity}/{period.code}"
        assert states[ids.fiscal_periods[key]] == STATE_OF[period.status], key


def test_weeks_and_fiscal_years_keep_their_own_bounds(reader: Caller, ids: TrytonIds) -> None:
    """A 4-4-5 period ends on a Saturday in April, and Japan's March is the twelfth period of the year before."""
    keys = ["NB-US/2026-P03", "NB-JP/2025-P12"]
    domain = [["id", "in", [ids.fiscal_periods[key] for key in keys]]]
    rows = reader.rows("account.period", domain, "name", "start_date", "end_date", "company.party.code")
    assert {row["company."]["party."]["code"]: (row["name"], row["start_date"], row["end_date"]) for row in rows} == {
        "NB-US": ("2026-P03", day(2026, 3, 1), day(2026, 4, 4)),
        "NB-JP": ("2025-P12", day(2026, 3, 1), day(2026, 3, 31)),
    }


@pytest.mark.parametrize(
    ("number", "currency", "amounts"),
    [
        ("INV-2602-016", "KWD", ("14470.800", "2894.160", "17364.960", "17364.960")),
        ("INV-2601-014", "JPY", ("19713000", "1971300", "21684300", "0")),
        ("INV-2602-007", "USD", ("130060.00", "0.00", "130060.00", "130060.00")),
        ("CRN-2603-008", "USD", ("-3600.00", "0.00", "-3600.00", "-3600.00")),
    ],
)
def test_amounts_keep_the_digits_of_their_currency(
    reader: Caller, ids: TrytonIds, number: str, currency: str, amounts: tuple[str, ...]
) -> None:
    """Net, tax, total and open amount come from Tryton's own accounting, with the currency's own scale."""
    fields = ("untaxed_amount", "tax_amount", "total_amount", "amount_to_pay")
    (row,) = reader.rows("account.invoice", [["id", "=", ids.invoices[number]]], "currency.code", *fields)
    assert row["currency."]["code"] == currency
    assert tuple(money(row[field]) for field in fields) == amounts


def test_every_invoice_agrees_with_the_firm(reader: Caller) -> None:
    """All documents carry the firm's amounts, and those that are paid are paid in Tryton."""
    rows = reader.rows("account.invoice", [], "reference", "state", "total_amount", "amount_to_pay")
    booked = {row["reference"]: (row["state"], money(row["total_amount"]), money(row["amount_to_pay"])) for row in rows}
    assert booked.keys() == {invoice.number for invoice in northbeam().invoices}
    for invoice in northbeam().invoices:
        state, total, owed = booked[invoice.number]
        assert state == ("paid" if invoice.payment_status == "PAID" else "posted")
        assert (Decimal(total), Decimal(owed)) == (invoice.total, invoice.open_amount)


def test_lines_are_read_by_invoice(reader: Caller, ids: TrytonIds) -> None:
    """One call brings the lines of several invoices, each naming its own; quantities are numbers, prices decimals."""
    domain = [["invoice", "in", [ids.invoices["INV-2602-016"], ids.invoices["CRN-2603-008"], STRANGER]]]
    fields = ("invoice", "description", "quantity", "unit_price", "amount", "origin")
    rows = reader.rows("account.invoice.line", domain, *fields)
    assert [
        (row["invoice"], row["description"], row["quantity"], money(row["unit_price"]), money(row["amount"]))
        for row in rows
    ] == [
        (ids.invoices["INV-2602-016"], "Senior hours, 2026-02", 152.5, "68.200", "10400.500"),
        (ids.invoices["INV-2602-016"], "Manager hours, 2026-02", 50.5, "80.600", "4070.300"),
        (ids.invoices["CRN-2603-008"], "Credit: consultant hours, 2026-02", -20.0, "180.00", "-3600.00"),
    ]
    assert rows[-1]["origin"].startswith("account.invoice.line,")


def test_invoices_are_found_by_engagement(reader: Caller, ids: TrytonIds) -> None:
    """The analytic account that a line is charged to leads from engagements to their invoices in one call."""
    chosen = [ids.analytic_accounts[code] for code in ("ENG-012", "ENG-016")]
    charged = "lines.analytic_accounts.account"
    rows = reader.rows("account.invoice", [[charged, "in", chosen]], "reference", charged)
    found = {row["reference"]: row["lines."][0]["analytic_accounts."][0]["account"] for row in rows}
    assert found == {
        "INV-2601-016": ids.analytic_accounts["ENG-016"],
        "INV-2602-016": ids.analytic_accounts["ENG-016"],
        "INV-2602-012": ids.analytic_accounts["ENG-012"],
    }


def test_a_credit_note_is_found_by_the_invoice_it_corrects(reader: Caller, ids: TrytonIds) -> None:
    """The chain of corrections can be asked for, because the credit's line names the invoice's line."""
    corrected = ids.invoices["INV-2602-008"]
    rows = reader.rows("account.invoice", [["origin_invoices", "in", [corrected]]], "reference", "origin_invoices")
    assert [(row["reference"], row["origin_invoices"]) for row in rows] == [("CRN-2603-008", [corrected])]


def test_what_sales_knows_is_read_across_companies(reader: Caller, ids: TrytonIds) -> None:
    """Three opportunities of three companies come in one call, the unknown id of a fourth is passed over."""
    codes = ("OPP-020", "OPP-023", "OPP-026")
    domain = [["id", "in", [*(ids.opportunities[code] for code in codes), STRANGER]]]
    fields = ("number", "state", "amount", "conversion_probability", "company.party.code")
    rows = reader.rows("sale.opportunity", domain, *fields)
    found = {row["number"]: (row["state"], money(row["amount"]), row["conversion_probability"]) for row in rows}
    assert found == {
        "OPP-020": ("won", "480000.00", 1.0),
        "OPP-023": ("opportunity", "190080.00", 0.3),
        "OPP-026": ("converted", "35640000", 0.75),
    }
    assert {row["company."]["party."]["code"] for row in rows} == {"NB-US", "NB-UK", "NB-JP"}


def test_the_reading_user_cannot_write(reader: Caller, ids: TrytonIds) -> None:
    """Neither a document nor a party can be changed by it, and nothing is."""
    invoice, party = ids.invoices["INV-2602-016"], ids.customers["CUS-01"]
    for model, row, values in (("account.invoice", invoice, {"comment": "x"}), ("party.party", party, {"name": "x"})):
        assert reader.answer(f"model.{model}.write", [row], values, {})["error"][0] == "UserError"
    (left,) = reader.rows("party.party", [["id", "=", party]], "name")
    assert left["name"] == "Aldermoor Rail"


def test_a_closed_period_refuses_a_posting(writer: Caller, ids: TrytonIds) -> None:
    """A draft may be dated into it; posting the draft is refused, and leaves it a draft without a number."""
    fields = ("company", "party", "invoice_address", "currency", "account", "journal", "payment_term")
    (like,) = writer.rows("account.invoice", [["id", "=", ids.invoices["INV-2602-016"]]], *fields)
    context = {"company": like["company"]}
    row = {field: like[field] for field in fields} | {"type": "out", "invoice_date": day(2026, 2, 27)}
    created = writer.call("model.account.invoice.create", [row], context)
    refused = writer.answer("model.account.invoice.post", created, context)["error"]
    (draft,) = writer.rows("account.invoice", [["id", "in", created]], "state", "number")
    writer.call("model.account.invoice.delete", created, context)
    assert (refused[0], draft["state"], draft["number"]) == ("UserError", "draft", None)


def test_the_server_tells_what_it_was_asked(reader: Caller, tryton: TrytonServer) -> None:
    """The log names the method called and carries the caller's correlation id."""
    tryton.clear()
    reader.rows("company.company", [], "id")
    (request,) = tryton.requests()
    assert (request.method, request.path, request.status) == ("POST", "/northbeam/rpc/", 200)
    assert (request.rpc, request.correlation_id) == ("model.company.company.search_read", "test-tryton")
