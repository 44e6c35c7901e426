"""What Salesforce is told of a deal: the engagement that it became, and the last invoice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from demo.salesforce import opportunity_id
from schema.problems import Code
from schema.rows import Ref
from sources.contract import Request
from sources.crm.writes import RecordEngagement, RecordInvoice

if TYPE_CHECKING:
    from tests.sources.clerk import Clerk

DEAL = Ref("Opportunity", "crm", opportunity_id("OPP-020"))
NOBODYS = Ref("Opportunity", "crm", opportunity_id("OPP-999"))
FIELDS = "Engagement_Code__c, Last_Invoice_Number__c, SystemModstamp"


async def told(sales: Clerk, deal: Ref = DEAL) -> list[Any]:
    """Return what stands in the fields that we write, and since when."""
    statement = f"SELECT {FIELDS} FROM Opportunity WHERE Id = '{deal.id}'"  # noqa: S608  this is SOQL, and ours
    answer = await sales.ask(Request("/services/data/v62.0/query", (("q", statement),)))
    (record,) = answer["records"]
    return [record[field] for field in FIELDS.split(", ")]


async def test_a_deal_says_what_became_of_it(sales: Clerk) -> None:
    """Engagement and invoice stand on the opportunity, which has another version each time."""
    assert await told(sales) == [None, None, "2026-04-08T09:00:00.000+0000"]
    before = await sales.read("opportunities_by_id", "Opportunity", DEAL.id)
    await sales.write(RecordEngagement(opportunity=DEAL, code="ENG-024"))
    await sales.write(RecordInvoice(opportunity=DEAL, number="INV-UK-00012"))
    assert await told(sales) == ["ENG-024", "INV-UK-00012", "2026-04-08T09:00:02.000+0000"]
    assert sales.changed() == [("Opportunity", DEAL.id)] * 2
    after = await sales.read("opportunities_by_id", "Opportunity", DEAL.id)
    assert (after.code, after.stage, after.amount) == (before.code, before.stage, before.amount)


@pytest.mark.parametrize("what", ["lose_answer", "fail_after", "fail_before"])
async def test_a_lost_answer_is_written_again(sales: Clerk, what: str) -> None:
    """A value that is set twice is set."""
    wanted = RecordEngagement(opportunity=DEAL, code="ENG-024")
    await sales.lost(wanted, what)
    await sales.write(wanted, again=True)
    assert (await told(sales))[0] == "ENG-024"


async def test_what_was_written_is_taken_back(sales: Clerk) -> None:
    """An empty code is none."""
    await sales.write(RecordEngagement(opportunity=DEAL, code="ENG-024"))
    await sales.write(RecordEngagement(opportunity=DEAL, code=""))
    assert (await told(sales))[0] is None


async def test_an_unknown_deal_is_refused(sales: Clerk) -> None:
    """Nothing is written for a record that there is not."""
    assert await sales.refused(RecordInvoice(opportunity=NOBODYS, number="INV-UK-00012")) is Code.SOURCE_REFUSED
