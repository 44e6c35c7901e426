"""What the CRM is asked, whichever product plays it."""

from __future__ import annotations

from schema.customer import CustomerRow
from schema.opportunity import OpportunityLineRow, OpportunityRow
from sources.questions import Question


class CustomersById(Question):
    """The customers with these ids."""

    rows, by = CustomerRow, "Customer"


class OpportunitiesById(Question):
    """The opportunities with these ids."""

    rows, by = OpportunityRow, "Opportunity"


class OpportunitiesByCustomer(Question):
    """The opportunities of each of these customers."""

    rows, by, many = OpportunityRow, "Customer", True


class OpportunityLinesById(Question):
    """The lines with these ids."""

    rows, by = OpportunityLineRow, "OpportunityLine"


class OpportunityLinesByOpportunity(Question):
    """What each of these opportunities offers."""

    rows, by, many = OpportunityLineRow, "Opportunity", True
