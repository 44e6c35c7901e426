"""The legacy ERP books a document once, whatever becomes of its answer; what it refuses has changed nothing."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from demo.heritage.bound import heritage
from demo.heritage.ledger import DRAFT
from demo.systems import HTTP
from schema.invoice import DocumentStatus
from schema.problems import Code
from schema.values import CurrencyCode, Money
from sources.contract import SourceFailure
from sources.erp.writes import PostInvoice
from sources.registry import Binding
from sources.writing import OutcomeUnknownError
from tests.sources.written import NOW, Written

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from demo.firm.model import Firm
    from demo.systems import Bound

OPEN, CLOSED = date(2026, 4, 8), date(2026, 2, 27)


@pytest.fixture
def bound(firm: Firm) -> Iterator[Bound]:
    """The legacy ERP in the morning."""
    with heritage(firm, "erp.legacy") as running:
        yield running


@pytest.fixture
async def erp(bound: Bound) -> AsyncIterator[Written]:
    """The same, to be written to."""
    written = Written(Binding(bound.role, bound.vendor, bound.address, bound.credentials), {})
    yield written
    await written.aclose()


async def posting(erp: Written, day: date = OPEN, *, more: int = 0) -> PostInvoice:
    """Return the posting of the one draft; `more` is by how much another total is expected."""
    invoice = erp.ref("Invoice", DRAFT)
    total = (await erp.row("invoices_by_id", invoice)).total
    expected = Money(amount=total.amount + Decimal(more), currency=CurrencyCode(total.currency))
    return PostInvoice(invoice=invoice, posting_date=day, expected_total=expected)


def posted(bound: Bound) -> list[str]:
    """Return what was booked, in the ledger's own words."""
    booked: list[str] = HTTP.get(f"{bound.address}/_control/posted").json()
    return booked


async def test_a_document_is_booked(erp: Written, bound: Bound) -> None:
    """It has its number and day, brings both, and stands in the books once, however often it is asked for."""
    write = await posting(erp)
    done = await erp.do(write, "one")
    assert (done.id, done.values["number"]) == (DRAFT, "H-2026-0001")
    assert done.values["total"] == str(write.expected_total.amount)
    assert await erp.do(write, "one") == done
    row = await erp.row("invoices_by_id", write.invoice)
    assert (row.number, row.document_status, row.accounting_date) == ("H-2026-0001", DocumentStatus.POSTED, OPEN)
    assert posted(bound) == [DRAFT]


async def test_a_lost_answer(erp: Written, bound: Bound) -> None:
    """What was booked unheard is not booked again: the same request brings what it did."""
    write = await posting(erp)
    HTTP.put(f"{bound.address}/_control/lose/post_document").raise_for_status()
    with pytest.raises(OutcomeUnknownError):
        await erp.do(write, "one")
    assert posted(bound) == [DRAFT]
    done = await erp.do(write, "one", at=NOW + timedelta(seconds=6), attempted=NOW)
    assert done.values["number"] == "H-2026-0001"
    assert posted(bound) == [DRAFT]


@pytest.mark.parametrize(
    ("day", "more", "code"), [(CLOSED, 0, Code.PERIOD_CLOSED), (OPEN, 1, Code.SOURCE_REFUSED)], ids=["closed", "total"]
)
async def test_what_is_refused(erp: Written, bound: Bound, day: date, more: int, code: Code) -> None:
    """A closed period and another total are refused by their codes, and nothing is booked."""
    write = await posting(erp, day, more=more)
    before = await erp.state("invoices_by_id", write.invoice)
    with pytest.raises(SourceFailure) as refused:
        await erp.do(write, "one")
    assert refused.value.code is code
    assert await erp.state("invoices_by_id", write.invoice) == before
    assert posted(bound) == []


async def test_a_period_that_is_opened_again(erp: Written, bound: Bound) -> None:
    """The same posting under the same key goes through then, once."""
    write = await posting(erp, CLOSED)
    with pytest.raises(SourceFailure):
        await erp.do(write, "one")
    HTTP.put(f"{bound.address}/_control/closed/2026-01-31").raise_for_status()
    assert (await erp.do(write, "one")).values["number"] == "H-2026-0001"
    assert posted(bound) == [DRAFT]


async def test_what_somebody_else_has_booked(erp: Written, bound: Bound) -> None:
    """A document that is no draft any more is booked for nobody else."""
    write = await posting(erp)
    await erp.do(write, "another")
    with pytest.raises(SourceFailure) as refused:
        await erp.do(write, "one")
    assert refused.value.code is Code.STALE_VERSION
    assert posted(bound) == [DRAFT]
