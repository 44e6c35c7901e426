"""Lists of a real OData engine, chosen, searched, ordered and followed: what comes is what the firm has."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest

from schema.connection import Days, Wanted
from schema.fiscal_period import FiscalPeriodRow, PeriodStatus
from schema.invoice import InvoiceRow
from schema.legal_entity import LegalEntityRow
from schema.rows import Ref, Row
from sources.manifest import Stamp
from sources.selection import EVERYTHING, Selection, Since
from tests.sources.hostile import scope

if TYPE_CHECKING:
    from demo.firm.model import Firm
    from sources.source import Source

pytestmark = [pytest.mark.cap, pytest.mark.timeout(180)]

MARCH = (date(2026, 3, 1), date(2026, 3, 31))


async def listed(erp: Source, row: type[Row], wanted: Wanted | None = None, size: int = 500) -> list[Any]:
    """Return what a list brings, page after page of so many rows."""
    chosen = EVERYTHING if wanted is None else erp.choices(row).select(wanted)
    after, rows = None, []
    while True:
        places, _ = await erp.page(row, after, size, scope(), chosen)
        rows += [place.row for place in places]
        if len(places) < size:
            return rows
        after = places[-1].position


async def test_days_choose(erp: Source, firm: Firm) -> None:
    """Documents of a month are those of its days, the first and the last among them."""
    wanted = Wanted(filters={"issue_date": Days(from_=MARCH[0], to=MARCH[1])})
    found = await listed(erp, InvoiceRow, wanted)
    expected = {one.number for one in firm.invoices if MARCH[0] <= one.issue_date <= MARCH[1]}
    assert {row.ref.id for row in found} == expected != set()


async def test_values_choose(erp: Source, firm: Firm) -> None:
    """References and codes choose together."""
    entity = firm.legal_entities[0].code
    filters = {"legal_entity": [Ref("LegalEntity", "erp", entity)], "status": [PeriodStatus.OPEN, PeriodStatus.CLOSED]}
    found = await listed(erp, FiscalPeriodRow, Wanted(filters=filters))
    expected = {one.code for one in firm.fiscal_periods if one.entity == entity and one.status in {"OPEN", "CLOSED"}}
    assert {row.code for row in found} == expected != set()


@pytest.mark.parametrize("descending", [False, True])
async def test_days_order(erp: Source, firm: Firm, descending: bool) -> None:  # noqa: FBT001  a case
    """A list is in the order of its days, and goes on where a page ended, also among equal days."""
    found = await listed(erp, FiscalPeriodRow, Wanted(order="range.start", descending=descending), size=7)
    days = [row.range.start for row in found]
    assert days == sorted(days, reverse=descending)
    assert len({row.ref for row in found}) == len(found) == len(firm.fiscal_periods)


async def test_words_are_found(erp: Source, firm: Firm) -> None:
    """A part of a name is found, however it is written."""
    found = await listed(erp, LegalEntityRow, Wanted(search="gmbh"))
    expected = {one.code for one in firm.legal_entities if "gmbh" in one.name.casefold()}
    assert {row.ref.id for row in found} == expected != set()


async def test_changes_are_asked_for_by_an_instant(erp: Source, firm: Firm) -> None:
    """From the instant of the seed on every document was changed, and none after it."""
    stamps = (Stamp(at="modifiedAt"),)
    since, later = firm.as_of, datetime(2026, 4, 9, tzinfo=UTC)
    found, _ = await erp.page(InvoiceRow, None, 500, scope(), Selection(since=Since(stamps, since)))
    none, _ = await erp.page(InvoiceRow, None, 500, scope(), Selection(since=Since(stamps, later)))
    assert (len(found), none) == (len(firm.invoices), [])
