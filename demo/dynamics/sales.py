"""The rows of the product when it plays CRM: opportunities and their lines. Its customers stand in the ledger."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from demo.dynamics import ids
from demo.dynamics.ledger import DEFAULT_COMPANY
from demo.dynamics.projects import BILLING_MODEL
from demo.dynamics.values import day, instant, text
from demo.emulator import Row
from demo.firm.model import Firm

# The sales process of this tenant: a system code, a label that an administrator may change, the product's own state.
STAGES: Final = {
    "PROSPECT": ("10", "Prospect", "Open"),
    "QUALIFIED": ("20", "Qualify", "Open"),
    "PROPOSED": ("30", "Propose", "Open"),
    "NEGOTIATING": ("40", "Negotiate", "Open"),
    "WON": ("90", "Won", "Won"),
    "LOST": ("95", "Lost", "Lost"),
}
PERCENT: Final = Decimal(100)


def opportunities(firm: Firm) -> Iterator[Row]:
    """Yield NBOpportunities; without a legal entity they stand in the default company."""
    for deal in firm.opportunities:
        code, label, state = STAGES[deal.stage]
        company = ids.data_area(deal.entity) if deal.entity else ""
        yield {
            "dataAreaId": company or DEFAULT_COMPANY,
            "OpportunityId": ids.opportunity_id(deal.code),
            "Subject": deal.name,
            "CustomerAccount": ids.customer_account(deal.customer),
            "StageCode": code,
            "StageName": label,
            "StateCode": state,
            "Probability": deal.probability * PERCENT,
            "EstimatedRevenue": deal.amount,
            "CurrencyCode": deal.currency,
            "EstimatedCloseDate": day(deal.expected_close_date),
            "ActualCloseDate": day(deal.closed_date),
            "ActualCloseDateTime": instant(deal.closed_at),
            "EstimatedStartDate": day(deal.expected_start_date),
            "LegalEntityId": company,
            "BillingModel": BILLING_MODEL[deal.model] if deal.model else "",
            "OwnerPersonnelNumber": ids.personnel_number(deal.owner),
        }


def opportunity_lines(firm: Firm) -> Iterator[Row]:
    """Yield NBOpportunityLines; RoleCode is free text here, and one of the firm's deals names a role nobody knows."""
    for deal in firm.opportunities:
        for line in deal.lines:
            yield {
                "dataAreaId": ids.data_area(deal.entity) if deal.entity else DEFAULT_COMPANY,
                "OpportunityLineId": f"{ids.opportunity_id(deal.code)}-{line.position}",
                "OpportunityId": ids.opportunity_id(deal.code),
                "LineNumber": line.position,
                "RoleCode": line.role,
                "Quantity": line.hours,
                "SalesPrice": line.unit_price,
                "CurrencyCode": deal.currency,
                "Workstream": line.workstream,
                "Region": text(line.region),
            }
