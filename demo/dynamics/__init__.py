"""Dynamics 365 Finance & Operations, emulated: OData V4 under `/data`, a token for client credentials.

The same product plays ERP, CRM and HR, each with a server of its own. What the product documents is kept: silently
only the default company's rows without `cross-company=true`, server-driven paging by `@odata.nextLink`, days as their
noon in UTC, enums as symbols, no nulls. Data entities whose name begins with NB are this tenant's own.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

from starlette.applications import Starlette

from demo.dynamics import invoices, ledger, postings, projects, sales, workers
from demo.dynamics.ids import (
    contract_id,
    contract_line_id,
    customer_account,
    data_area,
    invoice_number,
    opportunity_id,
    period_id,
    personnel_number,
    project_id,
    transaction_id,
)
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
    "invoice_number",
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
    "CustomersV3": (ledger.customers, "CustomerAccount", ("OrganizationName", "NameAlias")),
    "ProjectsV2": (projects.projects, "ProjectID", ("ProjectName", "NBContractCurrencyCode")),
    "ProjectContractHeaders": (projects.contracts, "ProjectContractId", ("Name", "SalesCurrencyCode")),
    "ProjectContractLines": (projects.contract_lines, "ContractLineId", ("Description", "SalesCurrencyCode")),
    "NBProjectInvoices": (invoices.invoices, "InvoiceNumber", ("CurrencyCode",)),
    "NBProjectInvoiceLines": (invoices.invoice_lines, "InvoiceLineId", ("Description", "CurrencyCode")),
    "NBTimePostings": (postings.time_postings, "TransactionId", ("TimeEntryCode", "SalesCurrencyCode")),
    "NBBillingEvents": (postings.billing_events, "BillingEventId", ("CurrencyCode",)),
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
    return application(Service(kept, client_id, client_secret, page))
