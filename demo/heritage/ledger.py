"""What the legacy ERP keeps: one company's books, and the drafts that it posts."""

from dataclasses import asdict, dataclass, replace
from datetime import date
from decimal import Decimal
from threading import Lock
from typing import Any, Final

from demo.firm.model import Customer, Firm, FiscalPeriod, Invoice, InvoiceLine

COMPANY: Final = "NB-DE"
USER, PASSWORD = "colonnade-demo", "heritage-demo-password"
STATUS: Final = {"DRAFT": "D", "IN_REVIEW": "R", "POSTED": "P", "CANCELLED": "X"}
SETTLED: Final = {"UNPAID": "0", "PARTIAL": "1", "PAID": "2", "REVERSED": "9"}
KIND: Final = {"INVOICE": "RE", "CREDIT_NOTE": "GU"}
CREDIT: Final = {"OK": "0", "ON_HOLD": "1"}
DRAFTS: Final = tuple(f"H-D-{number:04}" for number in range(1, 9))
DRAFT: Final = DRAFTS[0]


class RefusedError(Exception):
    """What the books do not take: a code, and the words for people."""

    def __init__(self, code: str, said: str) -> None:
        super().__init__(said)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """An invoice or credit note as the legacy ERP writes it."""

    docno: str
    number: str | None
    kind: str
    status: str
    settled: str
    company: str
    debtor: str
    project: str
    issued: date | None
    due: date | None
    booked: date | None
    currency: str
    net: Decimal
    tax: Decimal
    total: Decimal
    open: Decimal
    corrects: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A line of a document."""

    posno: str
    docno: str
    text: str
    quantity: Decimal
    unit: str
    price: Decimal
    currency: str
    net: Decimal
    tax: Decimal
    taxcode: str
    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """The legal entity whose books these are."""

    code: str
    name: str
    currency: str
    country: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """An engagement as the legacy ERP controls it."""

    projno: str
    state: str
    company: str
    value: Decimal | None
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Debtor:
    """A customer as whom the legacy ERP bills."""

    debtno: str
    name: str
    blocked: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A month of the company's books."""

    periodno: str
    company: str
    first: date
    last: date
    state: str


class Books:
    """The company's books, and which requests were carried out."""

    def __init__(self, firm: Firm) -> None:
        self._lock = Lock()
        self.restore(firm)

    def restore(self, firm: Firm) -> None:
        """Put the books to where they are in the morning."""
        entity = next(one for one in firm.legal_entities if one.code == COMPANY)
        company = Company(code=entity.code, name=entity.name, currency=entity.currency, country=entity.country)
        self.companies = {company.code: company}
        own = [invoice for invoice in firm.invoices if invoice.entity == COMPANY]
        self.documents = {one.docno: one for one in [*map(_document, own), *(_draft(own[0], no) for no in DRAFTS)]}
        self.positions = {line.code: _position(invoice, line) for invoice in own for line in invoice.lines}
        self.projects = {
            one.code: Project(
                projno=one.code, state=one.erp_status, company=COMPANY, value=one.value, currency=one.currency
            )
            for one in firm.engagements
            if one.entity == COMPANY
        }
        self.debtors = {one.code: _debtor(one) for one in firm.customers}
        self._months = [one for one in firm.fiscal_periods if one.entity == COMPANY]
        self.closed_until = date(2026, 2, 28)
        self.carried_out: dict[str, str] = {}

    @property
    def periods(self) -> dict[str, Period]:
        """The months, as they stand now."""
        return {one.code: self._period(one) for one in self._months}

    def _period(self, month: FiscalPeriod) -> Period:
        state = "CLOSED" if month.end <= self.closed_until else "OPEN"
        return Period(periodno=month.code, company=COMPANY, first=month.start, last=month.end, state=state)

    def found(self, table: str, by: str, wanted: list[str] | None, after: str | None) -> list[dict[str, Any]]:
        """Return rows in the order of their keys, those behind `after`."""
        rows = sorted(getattr(self, table).items())
        behind = (asdict(row) for key, row in rows if not after or key > after)
        return [row for row in behind if wanted is None or row[by] in wanted]

    def post(self, number: str, booked: date, total: Decimal, request: str) -> Document:
        """Book a draft. The same request again is answered with what it did the first time."""
        with self._lock:
            return self._post(number, booked, total, request)

    def _post(self, number: str, booked: date, total: Decimal, request: str) -> Document:
        if request in self.carried_out:
            return self.documents[self.carried_out[request]]
        document = self.documents.get(number)
        if document is None:
            raise RefusedError("Client.NotFound", "no such document")
        if document.status != "D":
            raise RefusedError("Client.Conflict", "the document is no draft any more")
        if booked <= self.closed_until:
            raise RefusedError("Client.PeriodClosed", f"booked until {self.closed_until}")
        if total != document.total:
            raise RefusedError("Client.Validation", "another total was expected")
        given = f"H-2026-{len(self.carried_out) + 1:04}"
        self.documents[number] = replace(document, number=given, status="P", booked=booked, issued=booked)
        self.carried_out[request] = number
        return self.documents[number]


def _document(invoice: Invoice) -> Document:
    return Document(
        docno=invoice.number,
        number=invoice.number,
        kind=KIND[invoice.kind],
        status=STATUS[invoice.document_status],
        settled=SETTLED[invoice.payment_status],
        company=invoice.entity,
        debtor=invoice.customer,
        project=invoice.engagement,
        issued=invoice.issue_date,
        due=invoice.due_date,
        booked=invoice.accounting_date,
        currency=invoice.currency,
        net=invoice.net,
        tax=invoice.tax,
        total=invoice.total,
        open=invoice.open_amount,
        corrects=invoice.corrects,
    )


def _debtor(customer: Customer) -> Debtor:
    return Debtor(debtno=customer.code, name=customer.name, blocked=CREDIT[customer.credit_status])


def _draft(like: Invoice, number: str) -> Document:
    """Return a document that is still to be booked: half of another one."""
    made = _document(like)
    return replace(made, docno=number, number=None, status="D", settled="0", issued=None, booked=None, corrects=None)


def _position(invoice: Invoice, line: InvoiceLine) -> Position:
    return Position(
        posno=line.code,
        docno=invoice.number,
        text=line.description,
        quantity=line.quantity,
        unit=line.unit,
        price=line.unit_price,
        currency=invoice.currency,
        net=line.net,
        tax=line.tax,
        taxcode=line.tax_code,
        account=line.revenue_account,
    )
