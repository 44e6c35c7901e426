"""How Salesforce is told what became of a deal: fields of this org's own on the Opportunity, each set to a value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sources.contract import Request
from sources.crm.writes import RecordEngagement, RecordInvoice
from sources.writes import Act

if TYPE_CHECKING:
    from sources.writes import Acts, Said

OPPORTUNITY = "/services/data/v62.0/sobjects/Opportunity"


def _record_engagement(write: RecordEngagement, said: Said) -> Request:
    body = {"Engagement_Code__c": write.code}
    return Request(f"{OPPORTUNITY}/{said.id(write.opportunity)}", body=body, method="PATCH")


def _record_invoice(write: RecordInvoice, said: Said) -> Request:
    body = {"Last_Invoice_Number__c": write.number}
    return Request(f"{OPPORTUNITY}/{said.id(write.opportunity)}", body=body, method="PATCH")


ACTS: Acts = {RecordEngagement: Act(_record_engagement), RecordInvoice: Act(_record_invoice)}
