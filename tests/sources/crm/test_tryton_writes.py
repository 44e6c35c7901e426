"""What became of a deal stands in the installed Tryton's opportunity, among what people wrote there."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from demo.tryton.access import ADMIN
from schema.problems import Code
from schema.rows import Ref
from sources.crm.writes import RecordEngagement, RecordInvoice
from tests.demo.test_tryton import Caller, ids, tryton
from tests.sources.erp.bookkeeper import bookkeeper

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from demo.tryton.ids import TrytonIds
    from demo.tryton.server import TrytonServer
    from tests.sources.erp.bookkeeper import Bookkeeper

__all__ = ["ids", "tryton"]
pytestmark = [pytest.mark.tryton, pytest.mark.xdist_group("tryton")]

WRITE = "model.sale.opportunity.write"


@pytest.fixture(scope="module")
def admin(tryton: TrytonServer) -> Iterator[Caller]:
    """Whoever looks into Tryton itself."""
    with closing(Caller(tryton, ADMIN)) as caller:
        yield caller


@pytest.fixture
async def deals(admin: Caller, ids: TrytonIds) -> AsyncIterator[Bookkeeper]:
    """Tryton as the CRM."""
    async with bookkeeper("crm", admin, ids) as one:
        yield one


def notes(deals: Bookkeeper) -> dict[int, list[str]]:
    """Return what stands in all opportunities, line by line."""
    rows: list[dict[str, Any]] = deals.admin.rows("sale.opportunity", [], "comment")
    return {row["id"]: (row["comment"] or "").splitlines() for row in rows}


async def test_code_and_number_are_set_and_set_anew(deals: Bookkeeper) -> None:
    """Each has its line, the last value counts, and all else stays; nor is another opportunity changed."""
    deal, before = deals.ids.opportunities["OPP-020"], notes(deals)
    ref = Ref("Opportunity", "crm", str(deal))
    await deals.write(RecordEngagement(opportunity=ref, code="ENG-090"), "k-1")
    for number in ("INV-1", "INV-2", "INV-2"):
        await deals.write(RecordInvoice(opportunity=ref, number=number), f"k-{number}")
    assert notes(deals) == before | {deal: [*before[deal], "engagement: ENG-090", "last_invoice: INV-2"]}


async def test_what_a_person_writes_meanwhile_is_kept(deals: Bookkeeper) -> None:
    """Written between our reading and our writing, it is not overwritten: ours is refused, and can be tried again."""
    deal = deals.ids.opportunities["OPP-023"]
    wanted = RecordEngagement(opportunity=Ref("Opportunity", "crm", str(deal)), code="ENG-091")

    def edited() -> None:
        deals.admin.call(WRITE, [deal], {"comment": "call them back"}, {})

    deals.between.before[WRITE] = edited
    assert await deals.refused(wanted, "k-2") is Code.STALE_VERSION
    assert notes(deals)[deal] == ["call them back"]
    await deals.write(wanted, "k-2")
    assert notes(deals)[deal] == ["call them back", "engagement: ENG-091"]


async def test_a_lost_answer_leaves_one_line(deals: Bookkeeper) -> None:
    """Sent again, it is set to what it is."""
    deal = deals.ids.opportunities["OPP-026"]
    wanted, before = RecordInvoice(opportunity=Ref("Opportunity", "crm", str(deal)), number="INV-9"), notes(deals)
    await deals.lost(wanted, "k-3", WRITE)
    await deals.write(wanted, "k-3", again=True)
    assert notes(deals) == before | {deal: [*before[deal], "last_invoice: INV-9"]}
