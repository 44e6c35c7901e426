"""The ledger's rows: companies, fiscal periods, financial dimensions, exchange rates, customers.

Public data entities of the product keep their names and their columns' names; columns that begin with NB are this
tenant's extensions, and entity sets that begin with NB its own data entities, made where the product has no public one.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from demo.dynamics import ids
from demo.dynamics.values import day, instant, yes_no
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
PATTERN: Final = {"CALENDAR_MONTH": "Months", "WEEKS_445": "Weeks445"}
YEAR_END: Final = {"CALENDAR_MONTH": "", "WEEKS_445": "Saturday nearest 31 December"}
YEAR_LABEL: Final = {"START_YEAR": "FirstDay", "END_YEAR": "LastDay", "NEAREST_DECEMBER": "NearestDecember"}
COST_CENTER, BUSINESS_UNIT = "CostCenter", "BusinessUnit"
RATE_TYPE: Final = {"SPOT": "Spot", "PERIOD_AVERAGE": "Average", "CONTRACT_FIXED": "Contract"}
# Rates of small currencies are kept for a hundred of them.
CONVERSION_FACTOR: Final = {"JPY": (100, "Hundred")}
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
            "NBCalendarPattern": PATTERN[entity.calendar],
            "NBYearEndRule": YEAR_END[entity.calendar],
            "NBYearLabelRule": YEAR_LABEL[entity.year_label_rule],
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


def dimension_values(firm: Firm) -> Iterator[Row]:
    """Yield FinancialDimensionValues: cost centers, and beside them the business units of all companies."""
    for center in firm.cost_centers:
        yield {
            "FinancialDimension": COST_CENTER,
            "DimensionValue": center.code,
            "Description": center.name,
            "LegalEntityId": ids.data_area(center.entity),
            "ActiveFrom": day(center.start),
            "ActiveTo": day(center.end),
            "IsSuspended": yes_no(not center.active),
        }
    for practice in firm.practices:
        yield {
            "FinancialDimension": BUSINESS_UNIT,
            "DimensionValue": practice.code,
            "Description": practice.name,
            "LegalEntityId": "",
            "ActiveFrom": day(None),
            "ActiveTo": day(None),
            "IsSuspended": "No",
        }


def exchange_rate_id(rate: str) -> str:
    """Return the key of a rate: `Budget-GBP-USD-2026-03-31`."""
    kind, pair, day_ = rate.split("/")
    return f"{RATE_TYPE[kind]}-{pair}-{day_}"


def exchange_rates(firm: Firm) -> Iterator[Row]:
    """Yield ExchangeRates, which all companies share; the product's key has four parts, and is one column here."""
    for rate in firm.exchange_rates:
        units, factor = CONVERSION_FACTOR.get(rate.base, (1, "One"))
        yield {
            "NBExchangeRateId": exchange_rate_id(rate.code),
            "RateTypeName": RATE_TYPE[rate.kind],
            "FromCurrency": rate.base,
            "ToCurrency": rate.quote,
            "StartDate": day(rate.day),
            "Rate": Decimal(units) * rate.rate,
            "ConversionFactor": factor,
            "NBRateSource": rate.source,
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
            "NBIsOrderReferenceMandatory": "No",
            "NBParentCustomerAccount": ids.customer_account(customer.parent) if customer.parent else "",
        }
