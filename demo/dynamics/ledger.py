"""The ledger's rows: companies, fiscal periods, customers.

Public data entities of the product keep their names and their columns' names; columns that begin with NB are this
tenant's extensions, and entity sets that begin with NB its own data entities, made where the product has no public one.
"""

from collections.abc import Iterator
from typing import Final

from demo.dynamics import ids
from demo.dynamics.values import day, instant
from demo.emulator import Row
from demo.firm.model import Firm

DEFAULT_COMPANY: Final = "nbus"

WEEK_START: Final = {"MON": "Monday", "SUN": "Sunday"}
ROUNDING: Final = {"HALF_UP": "RoundHalfUp", "HALF_EVEN": "RoundHalfEven", "DOWN": "RoundDown"}
TAX_ROUNDING: Final = {"PER_LINE": "Line", "PER_DOCUMENT": "Invoice"}
PERIOD_TYPE: Final = {"REGULAR": "Operating", "ADJUSTMENT": "Closing"}
# The product's own status can't tell a period that is not yet open from one on hold after its close.
PERIOD_STATUS: Final = {
    "FUTURE": "OnHold",
    "OPEN": "Open",
    "CLOSING": "Open",
    "CLOSED": "OnHold",
    "LOCKED": "Closed",
}
CLOSE_STATE: Final = {
    "FUTURE": "NotOpened",
    "OPEN": "Open",
    "CLOSING": "Restricted",
    "CLOSED": "OnHold",
    "LOCKED": "PermanentlyClosed",
}
ON_HOLD: Final = {"OK": "No", "ON_HOLD": "Invoice"}


def legal_entities(firm: Firm) -> Iterator[Row]:
    """Yield LegalEntities; currency, calendar and rounding stand with the ledger in the product, here beside it."""
    for entity in firm.legal_entities:
        yield {
            "LegalEntityId": ids.data_area(entity.code),
            "Name": entity.name,
            "NameAlias": entity.code,
            "AddressCountryRegionISOCode": entity.country,
            "NBAccountingCurrency": entity.currency,
            "NBTimeZone": entity.time_zone,
            "NBWeekStart": WEEK_START[entity.week_start],
            "NBFiscalCalendar": f"{ids.data_area(entity.code)}-{entity.calendar}",
            "NBTaxRegime": entity.tax_regime,
            "NBRoundingMode": ROUNDING[entity.rounding_mode],
            "NBTaxRounding": TAX_ROUNDING[entity.tax_rounding],
        }


def fiscal_periods(firm: Firm) -> Iterator[Row]:
    """Yield NBFiscalPeriods: the product's LedgerFiscalPeriodsV2 and FiscalPeriods joined, under one id."""
    calendars = {entity.code: entity.calendar for entity in firm.legal_entities}
    for period in firm.fiscal_periods:
        company = ids.data_area(period.entity)
        yield {
            "PeriodId": ids.period_id(period.entity, period.code),
            "LegalEntityId": company,
            "LedgerName": company.upper(),
            "Calendar": f"{company}-{calendars[period.entity]}",
            "YearName": period.code.partition("-")[0],
            "PeriodName": period.code,
            "PeriodType": PERIOD_TYPE[period.kind],
            "StartDate": day(period.start),
            "EndDate": day(period.end),
            "PeriodStatus": PERIOD_STATUS[period.status],
            "CloseState": CLOSE_STATE[period.status],
            "ProjectCloseState": CLOSE_STATE[period.modules["TIME"]],
            "ReceivablesCloseState": CLOSE_STATE[period.modules["AR"]],
            "LedgerCloseState": CLOSE_STATE[period.modules["GL"]],
            "RevenueCloseState": CLOSE_STATE[period.modules["REVENUE"]],
            "CloseScheduledDateTime": instant(period.close_scheduled_at),
        }


def customers(firm: Firm) -> Iterator[Row]:
    """Yield CustomersV3; a customer is kept once, in the company that works for it first."""
    homes: dict[str | None, str] = {}
    for engagement in firm.engagements:
        homes.setdefault(engagement.customer, ids.data_area(engagement.entity))
    people = {person.code: person.name for person in firm.people}
    for customer in firm.customers:
        yield {
            "dataAreaId": homes.get(customer.code, DEFAULT_COMPANY),
            "CustomerAccount": ids.customer_account(customer.code),
            "OrganizationName": customer.legal_name,
            "NameAlias": customer.name,
            "PartyType": "Organization",
            "SalesCurrencyCode": customer.currency,
            "PaymentTerms": f"Net{customer.payment_terms_days}",
            "TaxExemptNumber": customer.tax_number,
            "AddressCountryRegionISOCode": customer.country,
            "OnHoldStatus": ON_HOLD[customer.credit_status],
            "LineOfBusinessId": customer.industry,
            "EmployeeResponsibleNumber": ids.personnel_number(customer.account_owner),
            "NBEmployeeResponsibleName": people[customer.account_owner],
            "NBPaymentTermsDays": customer.payment_terms_days,
            "NBParentCustomerAccount": ids.customer_account(customer.parent) if customer.parent else "",
        }
