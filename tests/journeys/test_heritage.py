"""A legacy ERP that speaks SOAP keeps one company's books beside the cloud ERP of the others: one graph over both."""

from __future__ import annotations

from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree

from colonnade.demo import over
from demo.heritage.bound import heritage
from demo.heritage.ledger import DRAFT
from demo.systems import HTTP, dynamics_as, psa
from schema.rows import Ref
from tests.conftest import House
from tests.journeys.test_two_erps import GERMAN, LEGACY, finance

if TYPE_CHECKING:
    from collections.abc import Iterator

    from demo.firm.model import Firm, Invoice

QUERY = """{ engagements(first: 50) { edges { node {
  code erpStatus contractValue { amount currency } contractingEntity { code name functionalCurrency }
  invoices { id number kind documentStatus paymentStatus issueDate dueDate accountingDate legalEntity { code }
    customer { displayName } net { amount currency } tax { amount } total { amount } openAmount { amount }
    lines { description quantity unit unitPrice { amount } net { amount } taxCode revenueAccount }
    provenance { binding } }
} } } }"""


@pytest.fixture(scope="module")
def house(firm: Firm) -> Iterator[House]:
    """The graph over both ERPs."""
    with ExitStack() as stack:
        bound = [
            stack.enter_context(psa(firm)),
            stack.enter_context(finance(firm, "erp", "dynamics", german=False)),
            stack.enter_context(heritage(firm, LEGACY)),
            *stack.enter_context(dynamics_as(firm, "crm")),
        ]
        yield House(stack.enter_context(over(bound)))


def expected(invoice: Invoice, names: dict[str, str]) -> dict[str, Any]:
    """Return what the graph says of one of the firm's invoices."""

    def money(amount: Decimal) -> str:
        return format(amount.quantize(Decimal("0.01")), "f")

    return {
        "id": Ref("Invoice", LEGACY, invoice.number).encode(),
        "number": invoice.number,
        "kind": invoice.kind,
        "documentStatus": invoice.document_status,
        "paymentStatus": invoice.payment_status,
        "issueDate": invoice.issue_date.isoformat(),
        "dueDate": invoice.due_date.isoformat(),
        "accountingDate": invoice.accounting_date.isoformat(),
        "legalEntity": {"code": invoice.entity},
        "customer": {"displayName": names[invoice.customer]},
        "net": {"amount": money(invoice.net), "currency": invoice.currency},
        "tax": {"amount": money(invoice.tax)},
        "total": {"amount": money(invoice.total)},
        "openAmount": {"amount": money(invoice.open_amount)},
        "lines": [
            {
                "description": line.description,
                "quantity": format(line.quantity, "f"),
                "unit": line.unit,
                "unitPrice": {"amount": money(line.unit_price)},
                "net": {"amount": money(line.net)},
                "taxCode": line.tax_code,
                "revenueAccount": line.revenue_account,
            }
            for line in sorted(invoice.lines, key=lambda line: (len(line.code), line.code))
        ],
        "provenance": [{"binding": LEGACY}],
    }


def test_each_companys_money_comes_from_its_own_erp(house: House, firm: Firm) -> None:
    """Everything of NB-DE is the legacy system's, to the last digit; all others' is the cloud ERP's."""
    answer = house.ask(QUERY)
    assert answer.errors == []
    found = {edge["node"]["code"]: edge["node"] for edge in answer.data["engagements"]["edges"]}
    names = {customer.code: customer.name for customer in firm.customers}
    company = next(one for one in firm.legal_entities if one.code == "NB-DE")
    entity = {"code": company.code, "name": company.name, "functionalCurrency": company.currency}
    for engagement in firm.engagements:
        node = found[engagement.code]
        assert node["erpStatus"] == engagement.erp_status
        if engagement.entity != "NB-DE":
            assert {one["provenance"][0]["binding"] for one in node["invoices"]} <= {"erp"}
            continue
        assert node["contractingEntity"] == entity
        own = sorted((one for one in firm.invoices if one.engagement == engagement.code), key=lambda one: one.number)
        billed = [one for one in node["invoices"] if one["number"] is not None]
        assert billed == [expected(one, names) for one in own]
    assert set(GERMAN) <= set(found)


def test_the_call_law_holds(house: House) -> None:
    """One call a question and level, each with all of its ids."""
    (traffic,) = (system.traffic for system in house.bound if system.role == LEGACY)
    traffic.clear()
    house.ask(QUERY)
    assert sorted(traffic.calls()) == [
        f"POST {operation}" for operation in ("find_companies", "find_documents", "find_positions", "find_projects")
    ]


def test_a_draft_is_one(house: House) -> None:
    """A document that was not booked yet has neither number nor day."""
    asked = "query($id: ID!) { node(id: $id) { ... on Invoice { number documentStatus issueDate lifecycle } } }"
    answer = house.ask(asked, {"id": Ref("Invoice", LEGACY, DRAFT).encode()})
    assert answer.errors == []
    assert answer.data["node"] == {
        "number": None,
        "documentStatus": "DRAFT",
        "issueDate": None,
        "lifecycle": "DRAFT",
    }


def test_the_stored_wsdl_is_the_services(house: House) -> None:
    """What stands in the vendor's folder is what the service says of itself, but for where it is."""
    said = HTTP.get(f"{house.address[LEGACY]}/ledger?wsdl").content
    stored = Path("sources/erp/heritage/service.wsdl").read_bytes()
    assert plain(stored) == plain(said)


def plain(wsdl: bytes) -> bytes:
    """Write a WSDL without what differs from run to run: blanks, the address, and in which order types stand."""
    root = etree.fromstring(wsdl, etree.XMLParser(remove_blank_text=True))
    for address in root.iter("{http://schemas.xmlsoap.org/wsdl/soap/}address"):
        del address.attrib["location"]
    for schema in root.iter("{http://www.w3.org/2001/XMLSchema}schema"):
        schema[:] = sorted(schema, key=lambda part: (part.tag, part.get("name")))
    return etree.tostring(root, method="c14n")
