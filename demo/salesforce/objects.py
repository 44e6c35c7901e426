"""The org's objects: how the firm is projected into them, the type of each field, and what a dot may follow.

Custom fields end in `__c`, as the product wants it. The standard ones keep their names; an org with several currencies
has `CurrencyIsoCode` on every record.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from demo.emulator import Row
from demo.firm.model import Firm
from demo.salesforce import ids

# Stage: the label an administrator may change, then what the product itself knows it by.
STAGES: Final = {
    "PROSPECT": ("Prospecting", "Omitted"),
    "QUALIFIED": ("Qualification", "Pipeline"),
    "PROPOSED": ("Proposal/Price Quote", "BestCase"),
    "NEGOTIATING": ("Negotiation/Review", "Forecast"),
    "WON": ("Closed Won", "Closed"),
    "LOST": ("Closed Lost", "Omitted"),
}
CLOSED: Final = {"WON", "LOST"}
BILLING_MODEL: Final = {
    None: None,
    "TIME_AND_MATERIALS": "Time_Materials",
    "TIME_AND_MATERIALS_CAPPED": "Time_Materials_Capped",
    "FIXED_FEE_MILESTONE": "Fixed_Fee",
    "RETAINER": "Retainer",
}
PERCENT: Final = Decimal(100)
STAMPS: Final = {"CreatedDate": "datetime", "LastModifiedDate": "datetime", "SystemModstamp": "datetime"}


def instant(value: datetime | None) -> str | None:
    """Return a point in time as the product writes it: 2026-04-06T14:05:00.000+0000."""
    return None if value is None else value.strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def _day(value: date | None) -> str | None:
    return None if value is None else value.isoformat()


def _stamps(firm: Firm) -> Row:
    return dict.fromkeys(STAMPS, instant(firm.as_of))


def accounts(firm: Firm) -> Iterator[Row]:
    """Yield an Account for every customer."""
    for customer in firm.customers:
        yield {
            "Id": ids.account_id(customer.code),
            "Name": customer.name,
            "AccountNumber": customer.code,
            "Industry": customer.industry,
            "OwnerId": ids.user_id(customer.account_owner),
            "ParentId": ids.account_id(customer.parent) if customer.parent else None,
            "CurrencyIsoCode": customer.currency,
            "Tax_Number__c": customer.tax_number,
            **_stamps(firm),
        }


def opportunities(firm: Firm) -> Iterator[Row]:
    """Yield an Opportunity for every deal; once it is closed, CloseDate is the day on which it was."""
    last = {invoice.engagement: invoice.number for invoice in firm.invoices if invoice.kind == "INVOICE"}
    for deal in firm.opportunities:
        label, forecast = STAGES[deal.stage]
        yield {
            "Id": ids.opportunity_id(deal.code),
            "Name": deal.name,
            "AccountId": ids.account_id(deal.customer),
            "OwnerId": ids.user_id(deal.owner),
            "StageName": label,
            "IsClosed": deal.stage in CLOSED,
            "IsWon": deal.stage == "WON",
            "ForecastCategory": forecast,
            "Probability": deal.probability * PERCENT,
            "Amount": deal.amount,
            "CurrencyIsoCode": deal.currency,
            "CloseDate": _day(deal.closed_date or deal.expected_close_date),
            "LastStageChangeDate": instant(deal.closed_at),
            "Opportunity_Code__c": deal.code,
            "Legal_Entity__c": deal.entity,
            "Billing_Model__c": BILLING_MODEL[deal.model],
            "Expected_Close_Date__c": _day(deal.expected_close_date),
            "Closed_Date__c": _day(deal.closed_date),
            "Start_Date__c": _day(deal.expected_start_date),
            "Engagement_Code__c": deal.engagement,
            "Last_Invoice_Number__c": last.get(deal.engagement) if deal.engagement else None,
            **_stamps(firm),
        }


def lines(firm: Firm) -> Iterator[Row]:
    """Yield an OpportunityLineItem for every line; the role is free text, and one deal names a role nobody knows."""
    for deal in firm.opportunities:
        for line in deal.lines:
            yield {
                "Id": ids.line_id(deal.code, line.position),
                "OpportunityId": ids.opportunity_id(deal.code),
                "SortOrder": line.position,
                "Quantity": line.hours,
                "UnitPrice": line.unit_price,
                "TotalPrice": line.hours * line.unit_price,
                "CurrencyIsoCode": deal.currency,
                "Role_Code__c": line.role,
                "Workstream__c": line.workstream,
                "Region__c": line.region,
                **_stamps(firm),
            }


def users(firm: Firm) -> Iterator[Row]:
    """Yield a User for everybody who owns an account or a deal."""
    owners = {customer.account_owner for customer in firm.customers} | {deal.owner for deal in firm.opportunities}
    for person in firm.people:
        if person.code in owners:
            yield {
                "Id": ids.user_id(person.code),
                "Name": person.name,
                "Username": person.email,
                "Email": person.email,
                "EmployeeNumber": person.employee_number,
                "IsActive": True,
                **_stamps(firm),
            }


@dataclass(frozen=True, slots=True)
class SObject:
    """One object. Fields that are not named in `types` are strings; `relations` are fields and the object they name."""

    project: Callable[[Firm], Iterable[Row]]
    mandatory: tuple[str, ...]
    types: Mapping[str, str]
    relations: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def type_of(self, name: str) -> str:
        """Return the type of a field."""
        return self.types.get(name, "string")


SOBJECTS: Final[Mapping[str, SObject]] = {
    "Account": SObject(
        accounts,
        ("Name",),
        {"Id": "id", "OwnerId": "id", "ParentId": "id", **STAMPS},
        {"Owner": ("OwnerId", "User"), "Parent": ("ParentId", "Account")},
    ),
    "Opportunity": SObject(
        opportunities,
        ("Name", "CurrencyIsoCode"),
        {
            **dict.fromkeys(("Id", "AccountId", "OwnerId"), "id"),
            **dict.fromkeys(("IsClosed", "IsWon"), "boolean"),
            **dict.fromkeys(("Probability", "Amount"), "double"),
            **dict.fromkeys(("CloseDate", "Expected_Close_Date__c", "Closed_Date__c", "Start_Date__c"), "date"),
            "LastStageChangeDate": "datetime",
            **STAMPS,
        },
        {"Owner": ("OwnerId", "User"), "Account": ("AccountId", "Account")},
    ),
    "OpportunityLineItem": SObject(
        lines,
        ("Role_Code__c",),
        {
            **dict.fromkeys(("Id", "OpportunityId"), "id"),
            "SortOrder": "int",
            **dict.fromkeys(("Quantity", "UnitPrice", "TotalPrice"), "double"),
            **STAMPS,
        },
        {"Opportunity": ("OpportunityId", "Opportunity")},
    ),
    "User": SObject(users, ("Name",), {"Id": "id", "IsActive": "boolean", **STAMPS}),
}
