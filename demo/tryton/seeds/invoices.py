"""Invoices and the credit note, posted by Tryton, and the payments that settle them."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from demo.firm.model import Firm, Invoice, InvoiceLine, Payment
from demo.tryton.seeds.accounting import Books
from demo.tryton.seeds.erp import Erp, Row


@dataclass(frozen=True, slots=True)
class References:
    """What invoices refer to, by the firm's codes; payment terms by days."""

    books: dict[str, Books]
    currencies: dict[str, int]
    customers: dict[str, int]
    terms: dict[int, int]
    analytic: dict[str, int]


@dataclass(frozen=True, slots=True)
class _Shipped:
    """What the modules ship, and the customers' addresses by party."""

    journal: int
    hour: int
    addresses: dict[int, int]


def seed_invoices(erp: Erp, invoices: Iterable[Invoice], known: References) -> dict[str, int]:
    """Create and post all documents, company by company in order of date; return ids by the firm's number."""
    shipped = _shipped(erp, known)
    found: dict[str, int] = {}
    for entity, documents in _by_entity(invoices).items():
        company = known.books[entity].company
        for correcting in (False, True):
            batch = [document for document in documents if bool(document.corrects) is correcting]
            origins = _first_lines(erp, found) if correcting else {}
            rows = [_invoice(document, known, shipped, origins) for document in batch]
            # Tryton counts the analytic accounts a line may have in the company one works for.
            ids = erp.create("account.invoice", rows, company=company)
            found |= dict(zip((document.number for document in batch), ids, strict=True))
        erp.call("account.invoice", "post", [found[document.number] for document in documents], company=company)
    return found


def _by_entity(invoices: Iterable[Invoice]) -> dict[str, list[Invoice]]:
    grouped: dict[str, list[Invoice]] = {}
    for invoice in invoices:
        grouped.setdefault(invoice.entity, []).append(invoice)
    return grouped


def _shipped(erp: Erp, known: References) -> _Shipped:
    addresses = erp.rows("party.address", [["party", "in", list(known.customers.values())]], ["party"])
    return _Shipped(
        journal=erp.by("account.journal", "type")["revenue"],
        hour=erp.xml_id("product.uom_hour"),
        addresses={row["party"]: row["id"] for row in addresses},
    )


def _first_lines(erp: Erp, invoices: dict[str, int]) -> dict[str, int]:
    """Return the first line of each document, which a correction names as its origin."""
    lines = erp.rows("account.invoice.line", [["sequence", "=", 1]], ["invoice"])
    by_invoice = {line["invoice"]: line["id"] for line in lines}
    return {number: by_invoice[invoice] for number, invoice in invoices.items()}


def _invoice(invoice: Invoice, known: References, shipped: _Shipped, origins: dict[str, int]) -> Row:
    books, customer = known.books[invoice.entity], known.customers[invoice.customer]
    origin = origins[invoice.corrects] if invoice.corrects else None
    return {
        "type": "out",
        "company": books.company,
        "party": customer,
        "invoice_address": shipped.addresses[customer],
        "currency": known.currencies[invoice.currency],
        "account": books.receivable,
        "journal": shipped.journal,
        "payment_term": known.terms[(invoice.due_date - invoice.issue_date).days],
        "invoice_date": invoice.issue_date,
        "accounting_date": invoice.accounting_date,
        "reference": invoice.number,
        "description": invoice.reason,
        "lines": [("create", [_line(line, invoice, known, shipped.hour, origin) for line in invoice.lines])],
    }


def _line(line: InvoiceLine, invoice: Invoice, known: References, hour: int, origin: int | None) -> Row:
    books = known.books[invoice.entity]
    charged = {"root": books.analytic_root, "account": known.analytic[invoice.engagement]}
    return {
        "type": "line",
        "company": books.company,
        "currency": known.currencies[invoice.currency],
        "sequence": line.position,
        "description": line.description,
        "quantity": float(line.quantity),
        "unit": hour if line.unit == "HOUR" else None,
        "unit_price": line.unit_price,
        "account": books.revenue[line.revenue_account],
        "taxes": [("add", list(books.taxes))],
        "analytic_accounts": [("create", [charged])],
        "origin": f"account.invoice.line,{origin}" if origin else None,
    }


def seed_payments(erp: Erp, firm: Firm, invoices: dict[str, int], books: dict[str, Books]) -> None:
    """Enter every payment through Tryton's own wizard, which reconciles what is settled."""
    entity_of = {invoice.number: invoice.entity for invoice in firm.invoices}
    for payment in firm.payments:
        _pay(erp, payment, invoices[payment.invoice], books[entity_of[payment.invoice]])


def _pay(erp: Erp, payment: Payment, invoice: int, books: Books) -> None:
    wizard = erp.wizard("account.invoice.pay", company=books.company, on=("account.invoice", invoice))
    wizard.form.payment_method = erp.record("account.invoice.payment.method", books.payment_method)
    wizard.form.amount = payment.amount
    wizard.form.date = payment.received_date
    wizard.form.description = payment.reference
    wizard.execute("choice")
    if wizard.form_state == "ask":
        wizard.form.type = "partial"
        wizard.execute("pay")


def check_invoices(erp: Erp, firm: Firm, invoices: dict[str, int]) -> None:
    """Stop unless Tryton's accounting arrived at the firm's very amounts, in both currencies."""
    owed = ["lines_to_pay.debit", "lines_to_pay.credit"]
    fields = ["reference", "state", "untaxed_amount", "tax_amount", "total_amount", "amount_to_pay", *owed]
    booked = {
        row["reference"]: row for row in erp.rows("account.invoice", [["id", "in", list(invoices.values())]], fields)
    }
    for invoice in firm.invoices:
        row = booked[invoice.number]
        ledger = sum((line["debit"] - line["credit"] for line in row["lines_to_pay."]), Decimal(0))
        actual = (row["state"], *(row[field] for field in fields[2:6]), ledger)
        state = "paid" if invoice.payment_status == "PAID" else "posted"
        expected = (state, invoice.net, invoice.tax, invoice.total, invoice.open_amount, invoice.entity_total)
        if actual != expected:
            raise ValueError(f"{invoice.number}: Tryton has {actual}, the firm {expected}")
