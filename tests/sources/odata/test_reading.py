"""What a real OData engine does to those who read it: short pages, long addresses, and exact amounts."""

from __future__ import annotations

import time
from math import ceil
from typing import TYPE_CHECKING, Any

import pytest

from schema.invoice import InvoiceLineRow, InvoiceRow
from schema.problems import Code
from schema.rows import Row
from sources.contract import Request, SourceFailure
from tests.sources.hostile import ask, scope

if TYPE_CHECKING:
    from demo.firm.model import Firm
    from sources.source import Source

pytestmark = [pytest.mark.cap, pytest.mark.timeout(180)]

ASKED = 36
# What the service sends at once unless it is asked for more.
PAGE = 20


async def test_every_invoice_is_what_the_firm_wrote(erp: Source, firm: Firm) -> None:
    """All documents are listed, page after page, each with its own amounts to the last digit, and its days."""
    places, total = await erp.page(InvoiceRow, None, 10_000, scope())
    rows: dict[str, Any] = {place.row.ref.id: place.row for place in places if isinstance(place.row, Row)}
    assert total == len(rows) == len(firm.invoices)
    for invoice in firm.invoices:
        row = rows[invoice.number]
        said = [row.net.amount, row.tax.amount, row.total.amount, row.open_amount.amount]
        assert said == [invoice.net, invoice.tax, invoice.total, invoice.open_amount]
        assert (row.issue_date, row.due_date, row.accounting_date) == (
            invoice.issue_date,
            invoice.due_date,
            invoice.accounting_date,
        )
        assert (row.total.currency, row.document_status.name) == (invoice.currency, invoice.document_status)


async def test_keys_are_asked_for_in_one_page(erp: Source, firm: Firm) -> None:
    """More lines than the server's page, asked by their ids: all are there, after one call."""
    codes = [line.code for invoice in firm.invoices for line in invoice.lines]
    within = scope()
    found = await ask(erp, "invoice_lines_by_id", *codes, by="InvoiceLine", within=within)
    assert {code for code, row in found.items() if isinstance(row, Row)} == set(codes)
    assert within.calls.spent("erp") == 1 < len(codes) / PAGE


async def test_a_page_of_the_server_is_not_the_end(erp: Source, firm: Firm) -> None:
    """Lines asked by their documents come in the server's short pages: its next links are followed to the last."""
    wanted = {invoice.number: {line.code for line in invoice.lines} for invoice in firm.invoices}
    within = scope()
    found = await ask(erp, "invoice_lines_by_invoice", *wanted, within=within)
    assert {number: {row.ref.id for row in rows} for number, rows in found.items()} == wanted
    assert within.calls.spent("erp") == ceil(sum(map(len, wanted.values())) / PAGE)


async def test_five_hundred_long_ids_are_cut_by_bytes(erp: Source, firm: Firm) -> None:
    """Ids that no address of the server could hold at once are asked in several: who is there is found, no other."""
    known = [f"{invoice.number}" for invoice in firm.invoices[:20]]
    nobody = [f"00000000-0000-4000-8000-{number:012d}" for number in range(480)]
    within = scope()
    found = await ask(erp, "invoices_by_id", *known, *nobody, within=within)
    assert {id_ for id_, row in found.items() if isinstance(row, Row)} == set(known)
    assert {found[id_] for id_ in nobody} == {None}
    assert within.calls.spent("erp") > 1


async def test_an_address_that_is_too_long_is_refused_whole(erp: Source) -> None:
    """What would happen without that: an empty 431 is no answer, and never told as nobody being there."""
    path = erp.manifest.entities["Invoice"].path
    with pytest.raises(SourceFailure) as caught:
        await erp.wire.send(Request(path, (("$filter", f"ID eq '{'0' * 17_000}'"),)), scope(), "probe")
    assert caught.value.code is Code.SOURCE_MISBEHAVED


async def test_what_belongs_to_a_record_comes_by_it(erp: Source, firm: Firm) -> None:
    """Periods of an entity come by the entity, with their days; nobody else's are among them."""
    entity = firm.legal_entities[0].code
    found = await ask(erp, "fiscal_periods_by_legal_entity", entity, by="LegalEntity")
    wanted = {one.code: (one.start, one.end) for one in firm.fiscal_periods if one.entity == entity}
    assert {row.code: (row.range.start, row.range.end) for row in found[entity]} == wanted


async def test_many_at_once_cost_less_than_one_by_one(
    erp: Source, firm: Firm, capsys: pytest.CaptureFixture[str]
) -> None:
    """As many lines read singly and in one batch: the same rows, in far less time."""
    codes = [line.code for invoice in firm.invoices for line in invoice.lines][:ASKED]
    await ask(erp, "invoice_lines_by_id", codes[0], by="InvoiceLine")
    began = time.perf_counter()
    single = {code: (await ask(erp, "invoice_lines_by_id", code, by="InvoiceLine"))[code] for code in codes}
    between = time.perf_counter()
    batched = await ask(erp, "invoice_lines_by_id", *codes, by="InvoiceLine")
    ended = time.perf_counter()
    assert all(isinstance(row, InvoiceLineRow) for row in batched.values())
    assert {code: row.net for code, row in single.items()} == {code: row.net for code, row in batched.items()}
    ratio = (between - began) / (ended - between)
    with capsys.disabled():
        print(f"FIGURE {erp.manifest.product} {erp.manifest.api}: {ASKED} ids singly / in one batch = {ratio:.1f}")  # noqa: T201
    assert ratio > 1
