"""What the ERP is asked, whichever product plays it."""

from __future__ import annotations

from schema.contract import ContractLineRow, ContractRow
from schema.customer import CustomerErpRow
from schema.engagement import EngagementErpRow
from schema.fiscal_period import FiscalPeriodRow
from schema.invoice import InvoiceLineRow, InvoiceRow
from schema.legal_entity import LegalEntityRow
from sources.questions import Question


class CustomersErp(Question):
    """The ERP's facet of each of these customers."""

    rows, by = CustomerErpRow, "Customer"


class EngagementsErp(Question):
    """The ERP's facet of each of these engagements: its own project."""

    rows, by = EngagementErpRow, "Engagement"


class LegalEntitiesById(Question):
    """The legal entities with these ids."""

    rows, by = LegalEntityRow, "LegalEntity"


class FiscalPeriodsById(Question):
    """The periods with these ids."""

    rows, by = FiscalPeriodRow, "FiscalPeriod"


class FiscalPeriodsByLegalEntity(Question):
    """The periods of each of these entities."""

    rows, by, many = FiscalPeriodRow, "LegalEntity", True


class ContractsById(Question):
    """The contracts with these ids."""

    rows, by = ContractRow, "Contract"


class ContractsByEngagement(Question):
    """The contract behind each of these engagements."""

    rows, by = ContractRow, "Engagement"


class ContractLinesById(Question):
    """The contract lines with these ids."""

    rows, by = ContractLineRow, "ContractLine"


class ContractLinesByContract(Question):
    """The lines of each of these contracts."""

    rows, by, many = ContractLineRow, "Contract", True


class InvoicesById(Question):
    """The documents with these ids."""

    rows, by = InvoiceRow, "Invoice"


class InvoicesByEngagement(Question):
    """The documents that bill each of these engagements."""

    rows, by, many = InvoiceRow, "Engagement", True


class InvoicesByCustomer(Question):
    """The documents sent to each of these customers."""

    rows, by, many = InvoiceRow, "Customer", True


class InvoicesByCorrected(Question):
    """The documents that correct each of these."""

    rows, by, many = InvoiceRow, "corrected", True


class InvoiceLinesById(Question):
    """The document lines with these ids."""

    rows, by = InvoiceLineRow, "InvoiceLine"


class InvoiceLinesByInvoice(Question):
    """The lines of each of these documents."""

    rows, by, many = InvoiceLineRow, "Invoice", True
