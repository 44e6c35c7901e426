"""Each company's books: chart of accounts, tax, payment method, and the root that engagements hang on."""

from dataclasses import dataclass
from typing import Final

from demo.firm.model import LegalEntity
from demo.tryton.seeds.erp import Erp

CHART: Final = "account.account_template_root_en"
# Accounts of the universal chart.
CASH, RECEIVABLE, TAX, SERVICES, EXCHANGE = "1.1.1", "1.2.1", "2.2.3", "4.2.2", "6.2.1"
REVENUE: Final = {"4000": "Consulting fees", "4010": "Milestone fees", "4020": "Retainer fees"}
TAX_ROUNDING: Final = {"PER_DOCUMENT": "document", "PER_LINE": "line"}


@dataclass(frozen=True, slots=True)
class Books:
    """What the documents of one company refer to; a company that levies no tax has no taxes."""

    company: int
    receivable: int
    revenue: dict[str, int]
    taxes: tuple[int, ...]
    payment_method: int
    analytic_root: int


def seed_books(erp: Erp, entity: LegalEntity, company: int) -> Books:
    """Give a company its accounts, tax and payment method."""
    _create_chart(erp, company)
    accounts = erp.by("account.account", "code", [["company", "=", company]])
    _configure(erp, entity, company, accounts)
    root = {"name": "Engagements", "type": "root", "company": company, "state": "opened"}
    taxes = _create_taxes(erp, entity, company, accounts[TAX])
    return Books(
        company=company,
        receivable=accounts[RECEIVABLE],
        revenue=_create_revenue_accounts(erp, company, accounts[SERVICES], taxes),
        taxes=taxes,
        payment_method=_create_payment_method(erp, company, accounts[CASH]),
        analytic_root=erp.create_one("analytic_account.account", root, company=company),
    )


def _create_chart(erp: Erp, company: int) -> None:
    wizard = erp.wizard("account.create_chart", company=company)
    wizard.execute("account")
    wizard.form.account_template = erp.record("account.account.template", erp.xml_id(CHART))
    wizard.form.company = erp.record("company.company", company)
    wizard.execute("create_account")
    wizard.execute("end")


def _configure(erp: Erp, entity: LegalEntity, company: int, accounts: dict[str, int]) -> None:
    """Set the company's defaults; only with a default receivable account can a customer be invoiced by hand."""
    values = {
        "default_account_receivable": accounts[RECEIVABLE],
        "tax_rounding": TAX_ROUNDING[entity.tax_rounding],
        "currency_exchange_credit_account": accounts[EXCHANGE],
        "currency_exchange_debit_account": accounts[EXCHANGE],
    }
    erp.write("account.configuration", [1], values, company=company)


def _create_revenue_accounts(erp: Erp, company: int, like: int, taxes: tuple[int, ...]) -> dict[str, int]:
    """Create the accounts of revenue; what is booked to one of them is taxed as the account says."""
    model = erp.rows("account.account", [["id", "=", like]], ["type", "parent"])[0]
    rows = [
        {
            "company": company,
            "code": code,
            "name": name,
            "type": model["type"],
            "parent": model["parent"],
            "taxes": [("add", list(taxes))],
        }
        for code, name in REVENUE.items()
    ]
    return dict(zip(REVENUE, erp.create("account.account", rows, company=company), strict=True))


def _create_taxes(erp: Erp, entity: LegalEntity, company: int, account: int) -> tuple[int, ...]:
    if not entity.tax_rate:
        return ()
    tax = {
        "company": company,
        "name": entity.tax_code,
        "description": entity.tax_code,
        "type": "percentage",
        "rate": entity.tax_rate,
        "invoice_account": account,
        "credit_note_account": account,
    }
    return (erp.create_one("account.tax", tax, company=company),)


def _create_payment_method(erp: Erp, company: int, cash: int) -> int:
    method = {
        "company": company,
        "name": "Bank transfer",
        "journal": erp.by("account.journal", "type")["cash"],
        "debit_account": cash,
        "credit_account": cash,
    }
    return erp.create_one("account.invoice.payment.method", method, company=company)
