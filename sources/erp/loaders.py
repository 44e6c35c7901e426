"""What the ERP is asked, whichever product plays it."""

from __future__ import annotations

from schema.billing_event import BillingEventRow, BillingSourceRow
from schema.contract import ContractAmendmentRow, ContractLineRow, ContractRow, ScheduleEntryRow
from schema.cost_center import CostCenterRow
from schema.customer import CustomerErpRow
from schema.engagement import EngagementErpRow
from schema.exchange_rate import ExchangeRateRow
from schema.expense import ExpenseErpRow
from schema.fiscal_period import FiscalPeriodRow
from schema.invoice import InvoiceLineRow, InvoiceRow
from schema.ledger_rate import LedgerRateCardRow, LedgerRateRow
from schema.legal_entity import LegalEntityRow
from schema.milestone import MilestoneErpRow
from schema.project import ProjectErpRow
from schema.resource import ResourceErpRow
from schema.revenue_schedule import RevenueEntryRow, RevenueScheduleRow
from schema.role import RoleErpRow
from schema.time_entry import TimeEntryErpRow
from sources.questions import Question


class CustomersErp(Question):
    """The ERP's facet of each of these customers."""

    rows, by = CustomerErpRow, "Customer"


class EngagementsErp(Question):
    """The ERP's facet of each of these engagements: its own project."""

    rows, by = EngagementErpRow, "Engagement"


class EngagementsByLegalEntity(Question):
    """The ERP's projects of each of these entities: whose books an engagement is in."""

    rows, by, many = EngagementErpRow, "LegalEntity", True


class ProjectsErp(Question):
    """The ERP's facet of each of these nodes: the project that it controls them by."""

    rows, by = ProjectErpRow, "Project"


class MilestonesErp(Question):
    """The ERP's facet of each of these milestones: its place in the contract's schedule."""

    rows, by = MilestoneErpRow, "Milestone"


class RolesErp(Question):
    """The ERP's facet of each of these roles: the category that its hours are posted by."""

    rows, by = RoleErpRow, "Role"


class TimeEntriesErp(Question):
    """The ERP's facet of each of these time entries: its posting."""

    rows, by = TimeEntryErpRow, "TimeEntry"


class ExpensesErp(Question):
    """The ERP's facet of each of these expenses: its posting."""

    rows, by = ExpenseErpRow, "Expense"


class ResourcesErp(Question):
    """The ERP's facet of each of these people."""

    rows, by = ResourceErpRow, "Resource"


class LegalEntitiesById(Question):
    """The legal entities with these ids."""

    rows, by = LegalEntityRow, "LegalEntity"


class FiscalPeriodsById(Question):
    """The periods with these ids."""

    rows, by = FiscalPeriodRow, "FiscalPeriod"


class FiscalPeriodsByLegalEntity(Question):
    """The periods of each of these entities."""

    rows, by, many = FiscalPeriodRow, "LegalEntity", True


class CostCentersById(Question):
    """The cost centers with these ids."""

    rows, by = CostCenterRow, "CostCenter"


class CostCentersByLegalEntity(Question):
    """The cost centers of each of these entities."""

    rows, by, many = CostCenterRow, "LegalEntity", True


class LedgerRateCardsById(Question):
    """The cards of cost and transfer rates with these ids."""

    rows, by = LedgerRateCardRow, "LedgerRateCard"


class LedgerRateCardsByLegalEntity(Question):
    """What work costs each of these entities, and at what price they lend it."""

    rows, by, many = LedgerRateCardRow, "LegalEntity", True


class LedgerRatesById(Question):
    """The cost and transfer rates with these ids."""

    rows, by = LedgerRateRow, "LedgerRate"


class LedgerRatesByLedgerRateCard(Question):
    """The rates on each of these cards."""

    rows, by, many = LedgerRateRow, "LedgerRateCard", True


class LedgerRatesByRole(Question):
    """The cost and transfer rates of each of these roles."""

    rows, by, many = LedgerRateRow, "Role", True


class ExchangeRatesById(Question):
    """The rates with these ids."""

    rows, by = ExchangeRateRow, "ExchangeRate"


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


class ScheduleEntriesById(Question):
    """The schedule entries with these ids."""

    rows, by = ScheduleEntryRow, "ScheduleEntry"


class ScheduleEntriesByContractLine(Question):
    """The entries of each of these contract lines' schedules."""

    rows, by, many = ScheduleEntryRow, "ContractLine", True


class ContractAmendmentsById(Question):
    """The amendments with these ids."""

    rows, by = ContractAmendmentRow, "ContractAmendment"


class ContractAmendmentsByContract(Question):
    """The amendments to each of these contracts."""

    rows, by, many = ContractAmendmentRow, "Contract", True


class BillingEventsById(Question):
    """The billing events with these ids."""

    rows, by = BillingEventRow, "BillingEvent"


class BillingEventsByEngagement(Question):
    """What may be billed of each of these engagements."""

    rows, by, many = BillingEventRow, "Engagement", True


class BillingEventsByContractLine(Question):
    """What may be billed under each of these contract lines."""

    rows, by, many = BillingEventRow, "ContractLine", True


class BillingEventsByMilestone(Question):
    """The billing event of each of these milestones."""

    rows, by = BillingEventRow, "Milestone"


class BillingSourcesById(Question):
    """The sources of billing events with these ids."""

    rows, by = BillingSourceRow, "BillingSource"


class BillingSourcesByBillingEvent(Question):
    """The records behind each of these billing events."""

    rows, by, many = BillingSourceRow, "BillingEvent", True


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


class InvoiceLinesByBillingEvent(Question):
    """The document lines that bill each of these events."""

    rows, by, many = InvoiceLineRow, "BillingEvent", True


class RevenueSchedulesById(Question):
    """The revenue schedules with these ids."""

    rows, by = RevenueScheduleRow, "RevenueSchedule"


class RevenueSchedulesByContractLine(Question):
    """The revenue schedule of each of these contract lines."""

    rows, by = RevenueScheduleRow, "ContractLine"


class RevenueEntriesById(Question):
    """The revenue of the periods with these ids."""

    rows, by = RevenueEntryRow, "RevenueEntry"


class RevenueEntriesByRevenueSchedule(Question):
    """The periods of each of these revenue schedules."""

    rows, by, many = RevenueEntryRow, "RevenueSchedule", True
