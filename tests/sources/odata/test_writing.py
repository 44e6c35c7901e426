"""Changes of a real OData engine: once under one key, all parts of a group or none, and refused by its own words."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from schema.invoice import DocumentStatus, InvoiceRow
from schema.problems import Code
from schema.rows import Ref
from schema.values import Money
from sources.contract import Request, decode
from sources.erp.writes import DeleteDraft, LockEvents, ReleaseEvents, SettleEvents
from sources.writing import Words
from tests.sources.hostile import ask, scope
from tests.sources.odata.engine import CLOSED_DAY, Clerk, draft, events, key, post
from tests.sources.written import NOW

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from demo.systems import Bound

pytestmark = [pytest.mark.cap, pytest.mark.timeout(180)]


@pytest.fixture
async def clerk(engine: Mapping[str, Bound]) -> AsyncIterator[Clerk]:
    """A clerk at the running engine."""
    one = Clerk(engine["sap_cap"])
    yield one
    await one.aclose()


async def test_a_draft_is_there_once(clerk: Clerk) -> None:
    """Sent again under its key it is found, whether its answer was lost or the key is refused as taken."""
    own = key()
    made = await clerk.write(draft(), own)
    assert made.id is not None
    assert (await clerk.write(draft(), own, again=True)) == type(made)(made.id, found=True)
    assert (await clerk.write(draft(), own)) == type(made)(made.id, found=True)
    assert [row["ID"] for row in await clerk.rows("Invoices", f"facadeKey eq '{own}'")] == [made.id]
    row: InvoiceRow = (await ask(clerk.source, "invoices_by_id", made.id))[made.id]
    assert (row.total, row.document_status) == (Money.of(Decimal("0.30"), "GBP"), DocumentStatus.DRAFT)


async def test_a_posting_is_there_once(clerk: Clerk) -> None:
    """Its number is told again when its answer was lost; under another key it is a conflict."""
    made = await clerk.write(draft(), key())
    own = key()
    done = await clerk.write(post(str(made.id)), own)
    again = await clerk.write(post(str(made.id)), own, again=True)
    assert (done.values["total"], again.values, again.found) == ("0.3", done.values, True)
    assert await clerk.refused(post(str(made.id)), key()) is Code.STALE_VERSION


async def test_what_the_books_refuse_has_a_reason(clerk: Clerk) -> None:
    """A closed period is told as one, another total as a conflict; the draft stays one."""
    made = await clerk.write(draft(), key())
    assert await clerk.refused(post(str(made.id), day=CLOSED_DAY), key()) is Code.PERIOD_CLOSED
    assert await clerk.refused(post(str(made.id), "0.31"), key()) is Code.STALE_VERSION


async def test_a_draft_is_deleted_once_and_a_posted_one_stays(clerk: Clerk) -> None:
    """Deleted twice it is deleted; what is posted is not."""
    drafted, posted = [str((await clerk.write(draft(), key())).id) for _ in range(2)]
    await clerk.write(post(posted), key())
    gone = DeleteDraft(invoice=Ref("Invoice", "erp", drafted))
    assert not (await clerk.write(gone, key())).found
    assert (await clerk.write(gone, key())).found
    assert await clerk.refused(DeleteDraft(invoice=Ref("Invoice", "erp", posted)), key()) is Code.STALE_VERSION


async def test_a_group_is_done_whole_or_not_at_all(clerk: Clerk) -> None:
    """One event that another invoice holds fails all of them, whatever the statuses of the others say."""
    free = [row["ID"] for row in await clerk.rows("BillingEvents", "state eq 'open'")][:3]
    assert len(free) == 3
    own, another = key(), key()
    await clerk.write(LockEvents(events=events(free[2])), another)
    assert await clerk.refused(LockEvents(events=events(*free)), own) is Code.STALE_VERSION
    await clerk.write(ReleaseEvents(events=events(free[2])), key())
    for _ in range(2):
        await clerk.write(LockEvents(events=events(*free)), own)
    locked = await clerk.rows("BillingEvents", f"lockKey eq '{own}'")
    assert {row["ID"] for row in locked} == set(free)
    await clerk.write(SettleEvents(events=events(*free), invoice=Ref("Invoice", "erp", "INV-2601-001")), key())
    assert {row["state"] for row in await clerk.rows("BillingEvents", f"lockKey eq '{own}'")} == {"invoiced"}
    assert await clerk.refused(ReleaseEvents(events=events(*free)), key()) is Code.STALE_VERSION


async def test_the_engine_shows_a_yes_for_what_it_rolled_back(clerk: Clerk) -> None:
    """The trap itself: a part's 200 beside a 409, and nothing of it is there afterwards."""
    first, second = [row["ID"] for row in await clerk.rows("BillingEvents", "state eq 'open'")][:2]
    await clerk.write(LockEvents(events=events(second)), key())
    before = await clerk.rows("BillingEvents")
    act = clerk.source.acts[LockEvents]
    words = Words(key(), NOW, {ref: ref.id for ref in events(first, second)}, clerk.source.manifest.codes)
    request = act.send(LockEvents(events=events(first, second)), words)
    assert isinstance(request, Request)
    answer = decode(bytes(await clerk.source.wire.write(request, scope(), "probe")))
    assert [part["status"] for part in answer["responses"]] == [200, 409]
    assert await clerk.rows("BillingEvents") == before
