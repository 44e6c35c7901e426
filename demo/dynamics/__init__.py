"""Dynamics 365 Finance & Operations, emulated: OData V4 under `/data`, a token for client credentials.

The same product plays ERP, CRM and HR, each with a server of its own. What the product documents is kept: silently
only the default company's rows without `cross-company=true`, server-driven paging by `@odata.nextLink`, days as their
noon in UTC, enums as symbols, no nulls. Data entities whose name begins with NB are this tenant's own.

What may be changed stands in `operations`: single records by POST, PATCH and DELETE, several together by this tenant's
own actions. NBFacadeKey is an alternate key of whatever a client makes: a second record with the same one is refused.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

from starlette.applications import Starlette

from demo.dynamics import invoices, ledger, postings, prices, projects, revenue, sales, sequences, workers
from demo.dynamics.books import Books
from demo.dynamics.ids import (
    contract_id,
    contract_line_id,
    customer_account,
    data_area,
    invoice_number,
    labor_category,
    opportunity_id,
    period_id,
    personnel_number,
    project_id,
    transaction_id,
)
from demo.dynamics.ledger import exchange_rate_id
from demo.dynamics.service import LOGIN_PATH, Service
from demo.emulator import UNCHANGED, Changes, Database, Row, application
from demo.firm.model import Firm

__all__ = [
    "ENTITY_SETS",
    "LOGIN_PATH",
    "build",
    "contract_id",
    "contract_line_id",
    "customer_account",
    "data_area",
    "exchange_rate_id",
    "invoice_number",
    "labor_category",
    "opportunity_id",
    "period_id",
    "personnel_number",
    "project_id",
    "transaction_id",
]

Projection = Callable[[Firm], Iterable[Row]]

# Entity set: how the firm is projected into it, its key, the texts that no row may be without.
ENTITY_SETS: Final[Mapping[str, tuple[Projection, str, tuple[str, ...]]]] = {
    "LegalEntities": (ledger.legal_entities, "LegalEntityId", ("Name",)),
    "NBFiscalPeriods": (ledger.fiscal_periods, "PeriodId", ("PeriodName",)),
    "FinancialDimensionValues": (ledger.dimension_values, "DimensionValue", ("Description",)),
    "ExchangeRates": (ledger.exchange_rates, "NBExchangeRateId", ("FromCurrency", "ToCurrency")),
    "CustomersV3": (ledger.customers, "CustomerAccount", ("OrganizationName", "NameAlias")),
    "ProjectsV2": (projects.projects, "ProjectID", ("ProjectName", "NBContractCurrencyCode")),
    "ProjectContractHeaders": (projects.contracts, "ProjectContractId", ("Name", "SalesCurrencyCode")),
    "ProjectContractLines": (projects.contract_lines, "ContractLineId", ("Description", "SalesCurrencyCode")),
    "NBBillingScheduleLines": (projects.billing_schedule, "ScheduleLineId", ("CurrencyCode",)),
    "NBContractAmendments": (projects.amendments, "AmendmentId", ("Description", "CurrencyCode")),
    "NBProjectInvoices": (invoices.invoices, "InvoiceId", ("CurrencyCode",)),
    "NBProjectInvoiceLines": (invoices.invoice_lines, "InvoiceLineId", ("Description", "CurrencyCode")),
    "NBTimePostings": (postings.time_postings, "TransactionId", ("SalesCurrencyCode",)),
    "NBExpensePostings": (postings.expense_postings, "TransactionId", ("CurrencyCode",)),
    "NBBillingEvents": (postings.billing_events, "BillingEventId", ("CurrencyCode",)),
    "NBBillingEventLines": (postings.event_lines, "EventLineId", ("CurrencyCode",)),
    "NBRevenueSchedules": (revenue.revenue_schedules, "RevenueScheduleId", ("CurrencyCode",)),
    "NBRevenueScheduleLines": (revenue.revenue_lines, "RevenueScheduleLineId", ("CurrencyCode",)),
    "NBLaborCategories": (postings.labor_categories, "CategoryId", ("CategoryName",)),
    "NBHourPriceLists": (prices.hour_price_lists, "PriceListId", ("Name", "CurrencyCode")),
    "NBHourPrices": (prices.hour_prices, "PriceId", ("CurrencyCode",)),
    "NBSalesHourPrices": (prices.sales_prices, "PriceId", ("CurrencyCode",)),
    "NBNumberSequences": (sequences.sequences, "NumberSequenceCode", ()),
    "Workers": (workers.workers, "PersonnelNumber", ("Name",)),
    "NBOpportunities": (sales.opportunities, "OpportunityId", ("Subject",)),
    "NBOpportunityLines": (sales.opportunity_lines, "OpportunityLineId", ("CurrencyCode",)),
}


def build(
    firm: Firm,
    *,
    client_id: str,
    client_secret: str,
    page: int = 1000,
    database: Path | None = None,
    changes: Changes = UNCHANGED,
) -> Starlette:
    """Return the application for a firm; the database is in memory unless a file is given."""
    kept = Database(database, changes)
    for name, (project, key, mandatory) in ENTITY_SETS.items():
        kept.create(name, project(firm), key=key, mandatory=mandatory)
    books = Books(kept, {data_area(entity.code): entity for entity in firm.legal_entities}, firm.as_of)
    return application(Service(books, client_id, client_secret, page), kept)
