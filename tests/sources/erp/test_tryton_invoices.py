"""The installed Tryton is written to: each write has its effect once, which is counted in Tryton's own books."""

from __future__ import annotations

from contextlib import closing
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from demo.tryton.access import ADMIN
from demo.tryton.server import TODAY
from schema.engagement import ErpProjectStatus
from schema.problems import Code
from schema.rows import Ref
from sources.erp.writes import (
    DeleteDraft,
    DraftInvoice,
    SetControlStatus,
)
from sources.writing import OutcomeUnknownError
from tests.demo.test_tryton import Caller, ids, tryton
from tests.sources.erp.bookkeeper import bookkeeper
from tests.sources.erp.invoicing import CREATE, INVOICE, MOVE, NET, PLANT, POST, SEARCH, TOTAL, draft, post, posted

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from demo.tryton.ids import TrytonIds
    from demo.tryton.server import TrytonServer
    from tests.sources.erp.bookkeeper import Bookkeeper

__all__ = ["ids", "tryton"]
pytestmark = [pytest.mark.tryton, pytest.mark.xdist_group("tryton")]


@pytest.fixture(scope="module")
def admin(tryton: TrytonServer) -> Iterator[Caller]:
    """Whoever looks into Tryton itself."""
    with closing(Caller(tryton, ADMIN)) as caller:
        yield caller


@pytest.fixture
async def books(admin: Caller, ids: TrytonIds) -> AsyncIterator[Bookkeeper]:
    """Tryton as the ERP."""
    async with bookkeeper("erp", admin, ids) as one:
        yield one


async def test_a_draft_has_its_lines_and_tax_and_no_number(books: Bookkeeper) -> None:
    """It comes to its lines' net with the account's tax, under the customer's terms; asked for twice, it is one."""
    wanted = await draft(books)
    before = books.count(INVOICE), books.count("account.invoice.line"), posted(books)
    made = await books.write(wanted, "d-1")
    row = books.row(
        INVOICE, made.id, "state", "number", "untaxed_amount", "total_amount", "invoice_date", "move", "reference"
    )
    assert row == {
        "state": "draft",
        "number": None,
        "untaxed_amount": NET,
        "total_amount": TOTAL,
        "invoice_date": None,
        "move": None,
        "reference": "d-1",
    }
    lines = books.admin.rows(
        "account.invoice.line",
        [["invoice", "=", int(made.id or 0)]],
        *("quantity", "description", "analytic_accounts.account.code"),
    )
    charged = [[entry["account."]["code"] for entry in line["analytic_accounts."]] for line in lines]
    assert ([line["quantity"] for line in lines], charged) == ([12.5, 1.0], [["ERP-ENG-001"]] * 2)
    assert [line["description"] for line in lines] == ["Senior hours", "Retainer"]
    again = await books.write(wanted, "d-1")
    assert (again.id, again.found) == (made.id, True)
    after = books.count(INVOICE), books.count("account.invoice.line"), posted(books)
    assert after == (before[0] + 1, before[1], before[2])


async def test_a_draft_whose_answer_was_lost_is_found(books: Bookkeeper) -> None:
    """It was sent, and the connection broken: it is looked up by its key, and there is one."""
    before, wanted = books.count(INVOICE), await draft(books)
    await books.lost(wanted, "d-2", CREATE)
    found = await books.write(wanted, "d-2", again=True)
    assert (found.found, books.count(INVOICE), books.count(INVOICE, ["reference", "=", "d-2"])) == (True, before + 1, 1)
    assert books.between.calls.count(CREATE) == 1


async def test_keys_that_look_like_patterns_are_told_apart(books: Bookkeeper) -> None:
    """A key is no pattern: another one that it would match is another draft."""
    first, second = await books.write(await draft(books), "d%_x"), await books.write(await draft(books), "dA_x")
    assert first.id != second.id
    assert (await books.write(await draft(books), "d%_x")).id == first.id


async def test_a_draft_is_deleted_once(books: Bookkeeper) -> None:
    """Deleted twice it is deleted, and what it was to bill is free again; what was posted stays."""
    wanted = await draft(books)
    before, made = books.count(INVOICE), await books.write(wanted, "d-3")
    deleting = DeleteDraft(invoice=Ref("Invoice", "erp", made.id or ""))
    await books.lost(deleting, "d-3/undo", "model.account.invoice.delete")
    assert (await books.write(deleting, "d-3/undo", again=True)).found
    assert (await books.write(deleting, "d-3/undo")).found
    assert books.count(INVOICE) == before
    for line in wanted.lines:
        assert books.row("account.invoice.line", line.event.id, "invoice") == {"invoice": None}
    kept = Ref("Invoice", "erp", str(books.ids.invoices["INV-2602-016"]))
    assert await books.refused(DeleteDraft(invoice=kept), "d-4") is Code.STALE_VERSION
    assert books.count(INVOICE) == before


async def test_a_posting_is_in_the_ledger_once(books: Bookkeeper) -> None:
    """It has a number and a posted move that balances; posted twice, and under another key, it is one."""
    made, before = await books.write(await draft(books), "d-5"), posted(books)
    done = await books.write(post(made.id), "p-5")
    row = books.row(INVOICE, made.id, "state", "number", "invoice_date", "accounting_date", "move", "reference")
    assert (row["state"], row["invoice_date"], row["accounting_date"]) == ("posted", TODAY, TODAY)
    assert (row["reference"], done.id) == ("d-5 p-5", made.id)
    assert done.values == {"number": row["number"], "total": str(TOTAL)}
    assert ledger(books, row["move"]) == {"1.2.1": TOTAL, "2.2.3": NET - TOTAL, "4000": -NET}
    again = await books.write(post(made.id), "p-5")
    assert (again.found, again.values) == (True, done.values)
    assert await books.refused(post(made.id), "p-other") is Code.STALE_VERSION
    assert (await books.write(await draft(books), "d-5")).id == made.id
    assert posted(books) == (before[0] + 1, before[1] + 1)


def ledger(books: Bookkeeper, move: int) -> dict[str, Decimal]:
    """Return a posted move's balance by account."""
    assert books.row(MOVE, move, "state") == {"state": "posted"}
    found: dict[str, Decimal] = {}
    for line in books.admin.rows("account.move.line", [["move", "=", move]], "account.code", "debit", "credit"):
        amount = Decimal(line["debit"]["decimal"]) - Decimal(line["credit"]["decimal"])
        found[line["account."]["code"]] = found.get(line["account."]["code"], Decimal(0)) + amount
    return found


@pytest.mark.parametrize("method", ["model.account.invoice.write", POST])
async def test_a_posting_whose_answer_was_lost_is_there_once(books: Bookkeeper, method: str) -> None:
    """Whichever of its calls was the last that came through, it is posted once."""
    made, before = await books.write(await draft(books), f"d-{method}"), posted(books)
    await books.lost(post(made.id), f"p-{method}", method)
    done = await books.write(post(made.id), f"p-{method}", again=True)
    assert done.found is (method == POST)
    assert done.values["number"] == books.row(INVOICE, made.id, "number")["number"]
    assert posted(books) == (before[0] + 1, before[1] + 1)


async def test_what_cannot_be_read_again_is_not_known_and_then_found(books: Bookkeeper) -> None:
    """Posted, and deaf to every question after it: the outcome is unknown and no refusal; it is found, and is one."""
    made, before = await books.write(await draft(books), "d-14"), posted(books)
    books.between.before[POST] = lambda: books.between.keeps.add(SEARCH)
    with pytest.raises(OutcomeUnknownError):
        await books.write(post(made.id), "p-14")
    books.between.keeps.clear()
    found = await books.write(post(made.id), "p-14", again=True)
    assert (found.found, posted(books)) == (True, (before[0] + 1, before[1] + 1))
    assert books.between.calls.count(POST) == 1


async def test_what_cannot_be_asked_first_is_not_begun(books: Bookkeeper) -> None:
    """Where no question is answered nothing is sent that changes anything: that is known, and may pass."""
    before, wanted = books.count(INVOICE), await draft(books)
    books.between.keeps.add(SEARCH)
    assert await books.refused(wanted, "d-15") is Code.SOURCE_UNAVAILABLE
    assert (books.count(INVOICE), CREATE in books.between.calls) == (before, False)


async def test_what_was_changed_meanwhile_is_not_posted(books: Bookkeeper) -> None:
    """Neither what comes to another total, nor what a person changes between our reading and our writing."""
    made, before = await books.write(await draft(books), "d-6"), posted(books)
    assert await books.refused(post(made.id, total="2550.61"), "p-6") is Code.STALE_VERSION
    id_, context = int(made.id or 0), {"company": books.company}

    def edited() -> None:
        books.admin.call("model.account.invoice.write", [id_], {"comment": "a person was here"}, context)

    for method in ("model.account.invoice.write", POST):
        books.between.before[method] = edited
        assert await books.refused(post(made.id), "p-6") is Code.STALE_VERSION
    row = books.row(INVOICE, made.id, "state", "number", "move", "comment")
    assert row == {"state": "draft", "number": None, "move": None, "comment": "a person was here"}
    assert posted(books) == before


async def test_a_closed_period_takes_nothing_until_it_is_open_with_its_journals(books: Bookkeeper) -> None:
    """Closed, it is refused as such, and so with its journal alone closed; both opened, it is posted once."""
    earlier, made = [await books.write(await draft(books), key) for key in ("d-70", "d-7")]
    # What is closed with a period is each journal that something was posted by.
    await books.write(post(earlier.id), "p-70")
    books.between.calls.clear()
    before = posted(books)
    period = books.ids.fiscal_periods["NB-UK/2026-P04"]
    books.press("account.period", "close", period)
    try:
        assert await books.refused(post(made.id), "p-7") is Code.PERIOD_CLOSED
    finally:
        books.press("account.period", "reopen", period)
    journals = [row["id"] for row in books.admin.rows("account.journal.period", [["period", "=", period]], "id")]
    assert len(journals) == 1
    assert await books.refused(post(made.id), "p-7") is Code.PERIOD_CLOSED
    assert books.row(INVOICE, made.id, "state", "number", "move") == {"state": "draft", "number": None, "move": None}
    assert (posted(books), POST in books.between.calls) == (before, False)
    books.press("account.journal.period", "reopen", *journals)
    done = await books.write(post(made.id), "p-7")
    row = books.row(INVOICE, made.id, "move", "number")
    assert (done.values["number"], ledger(books, row["move"])["4000"]) == (row["number"], -NET)
    assert posted(books) == (before[0] + 1, before[1] + 1)


async def test_a_period_that_closes_in_the_very_moment_is_told_as_such(books: Bookkeeper) -> None:
    """Open when it was asked, closed when it is posted: the refusal is looked into, and waits for the period."""
    made, period = await books.write(await draft(books), "d-16"), books.ids.fiscal_periods["NB-UK/2026-P04"]
    before = posted(books)
    books.between.before[POST] = lambda: books.press("account.period", "close", period)
    try:
        assert await books.refused(post(made.id), "p-16") is Code.PERIOD_CLOSED
    finally:
        books.press("account.period", "reopen", period)
        held = [["period", "=", period], ["state", "=", "closed"]]
        journals = [row["id"] for row in books.admin.rows("account.journal.period", held, "id")]
        books.press("account.journal.period", "reopen", *journals)
    assert (POST in books.between.calls, posted(books)) == (True, before)
    await books.write(post(made.id), "p-16")
    assert posted(books) == (before[0] + 1, before[1] + 1)


async def test_a_locked_period_is_no_reason_to_wait(books: Bookkeeper) -> None:
    """Nobody can open it again: the posting is refused for good."""
    made, before = await books.write(await draft(books), "d-8"), posted(books)
    first = books.ids.fiscal_periods["NB-UK/2026-P01"]
    books.press("account.period", "lock_", first)
    assert await books.refused(post(made.id, date(2026, 1, 30)), "p-8") is Code.SOURCE_REFUSED
    assert posted(books) == before


async def test_a_warning_is_agreed_to_where_it_was_meant(books: Bookkeeper) -> None:
    """Of a day to come Tryton warns, and whoever posts has said it: agreed to once, it is posted."""
    made, before = await books.write(await draft(books, PLANT), "d-9"), posted(books)
    await books.write(post(made.id, TODAY + timedelta(days=1), "2529.35", "EUR"), "p-9")
    assert books.between.calls.count("model.res.user.warning.skip") == 1
    assert (posted(books), books.count("res.user.warning")) == ((before[0] + 1, before[1] + 1), 0)


async def test_another_warning_is_a_refusal(books: Bookkeeper) -> None:
    """That a line is taxed otherwise than its product a person must judge: nobody agrees, and nothing is posted."""
    made, before = await books.write(await draft(books), "d-13"), posted(books)
    first, *_ = books.admin.rows("account.invoice.line", [["invoice", "=", int(made.id or 0)]], "id")
    product, *_ = books.admin.rows("product.product", [], "default_uom")
    values = {"product": product["id"], "unit": product["default_uom"]}
    books.admin.call("model.account.invoice.line.write", [first["id"]], values, {"company": books.company})
    assert await books.refused(post(made.id), "p-13") is Code.SOURCE_REFUSED
    assert (POST in books.between.calls, "model.res.user.warning.skip" in books.between.calls) == (True, False)
    assert (posted(books), books.row(INVOICE, made.id, "state")["state"]) == (before, "draft")


async def test_an_ended_session_costs_one_login(books: Bookkeeper) -> None:
    """Logged out behind our back, the house logs in again once, and the draft is made once."""
    before = books.count(INVOICE)
    first, second = await draft(books), await draft(books)
    await books.write(first, "d-10")
    books.between.calls.clear()
    books.end_session()
    await books.write(second, "d-11")
    assert (books.between.calls.count("common.db.login"), books.count(INVOICE)) == (1, before + 2)


async def test_a_customer_that_is_not_there_makes_no_draft(books: Bookkeeper) -> None:
    """What must be known first is not: it is refused before anything is sent that changes something."""
    before, wanted = books.count(INVOICE), await draft(books)
    strange = DraftInvoice(**{name: getattr(wanted, name) for name in wanted.__struct_fields__} | {"currency": "XXX"})
    assert await books.refused(strange, "d-12") is Code.SOURCE_REFUSED
    assert (books.count(INVOICE), CREATE in books.between.calls) == (before, False)


async def test_what_is_billed_already_makes_no_draft(books: Bookkeeper) -> None:
    """What another draft has taken up, or a person has changed, is on no second one."""
    wanted = await draft(books)
    await books.write(wanted, "d-17")
    before = books.count(INVOICE)
    assert await books.refused(wanted, "d-18") is Code.STALE_VERSION
    other = await draft(books)
    event, context = int(other.lines[0].event.id), {"company": books.company}
    books.admin.call("model.account.invoice.line.write", [event], {"quantity": 11}, context)
    assert await books.refused(other, "d-19") is Code.STALE_VERSION
    assert books.count(INVOICE) == before


async def test_an_engagements_work_is_blocked_and_opened(books: Bookkeeper) -> None:
    """Its status is set, twice as once, and no other work's."""
    work = books.ids.engagements["ENG-001"]
    others = books.count("project.work", ["status.name", "=", "Blocked"])
    ref = Ref("Engagement", "psa", "ENG-001")
    for _ in range(2):
        await books.write(SetControlStatus(engagement=ref, status=ErpProjectStatus.BLOCKED), "s-1")
    assert books.row("project.work", work, "status.name")["status."]["name"] == "Blocked"
    assert books.count("project.work", ["status.name", "=", "Blocked"]) == others + 1
    await books.write(SetControlStatus(engagement=ref, status=ErpProjectStatus.OPEN), "s-2")
    assert books.count("project.work", ["status.name", "=", "Blocked"]) == others
