"""Fills a Tryton database with the demo firm; runs inside Tryton's environment with the repository on PYTHONPATH.

python -m demo.tryton.seed CONFIG_FILE DATABASE IDS_FILE
"""

import sys
from pathlib import Path

from demo.firm import northbeam
from demo.firm.model import Firm
from demo.tryton.access import password
from demo.tryton.ids import TrytonIds, write_ids
from demo.tryton.seeds.accounting import seed_books
from demo.tryton.seeds.calendar import close_periods, seed_calendar
from demo.tryton.seeds.erp import Erp
from demo.tryton.seeds.invoices import References, check_invoices, seed_invoices, seed_payments
from demo.tryton.seeds.organisation import (
    seed_companies,
    seed_countries,
    seed_currencies,
    seed_customers,
    seed_payment_terms,
)
from demo.tryton.seeds.projects import seed_analytic_accounts, seed_projects
from demo.tryton.seeds.sales import seed_opportunities
from demo.tryton.seeds.staff import seed_employees
from demo.tryton.seeds.users import seed_users
from demo.tryton.today import pin_today


def seed(erp: Erp, firm: Firm) -> TrytonIds:
    """Create everything; documents and payments are booked before their periods are closed."""
    currencies, countries = seed_currencies(erp, firm.exchange_rates), seed_countries(erp)
    companies = seed_companies(erp, firm.legal_entities, currencies, countries)
    terms = seed_payment_terms(erp, firm.customers)
    customers = seed_customers(erp, firm, countries, currencies, terms)
    people = seed_employees(erp, firm.people, companies)
    books = {entity.code: seed_books(erp, entity, companies[entity.code]) for entity in firm.legal_entities}
    periods = seed_calendar(erp, firm.fiscal_periods, companies)
    engagements = seed_projects(erp, firm.engagements, companies, customers)
    analytic = seed_analytic_accounts(erp, firm.engagements, books)
    opportunities = seed_opportunities(
        erp, firm, companies=companies, employees=people, customers=customers, currencies=currencies
    )
    known = References(books=books, currencies=currencies, customers=customers, terms=terms, analytic=analytic)
    invoices = seed_invoices(erp, firm.invoices, known)
    seed_payments(erp, firm, invoices, books)
    check_invoices(erp, firm, invoices)
    close_periods(erp, firm.fiscal_periods, periods, companies)
    seed_users(erp, companies, password())
    return TrytonIds(
        legal_entities=companies,
        customers=customers,
        people=people,
        engagements=engagements,
        analytic_accounts=analytic,
        invoices=invoices,
        opportunities=opportunities,
        fiscal_periods=periods,
    )


def main(config_file: str, database: str, ids_file: str) -> None:
    """Seed the database and write the ids beside it."""
    firm = northbeam()
    pin_today(firm.as_of.date())
    write_ids(Path(ids_file), seed(Erp(database, Path(config_file)), firm))


if __name__ == "__main__":
    main(*sys.argv[1:])
