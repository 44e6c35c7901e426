"""A command posts in the ledger of a running Tryton, once: through a crash, and through a period that was closed."""

from __future__ import annotations

import os
import tempfile
import time
from contextlib import ExitStack, closing
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from demo.issuer import issuer
from demo.systems import Bound, crm, forecast, hr, psa
from demo.tryton.access import ADMIN
from demo.tryton.bound import Log, tryton_words
from demo.tryton.ids import load_ids
from demo.tryton.layout import Layout
from demo.tryton.server import serve
from schema.rows import Ref
from tests.commands.giving import People
from tests.commands.rig import Forge, Rig
from tests.demo.test_tryton import Caller

if TYPE_CHECKING:
    from collections.abc import Iterator

    from demo.firm.model import Firm

pytestmark = [pytest.mark.tryton, pytest.mark.xdist_group("tryton"), pytest.mark.timeout(240)]

FINANCE, TOTAL = "finance", "72345.60"
# What a person puts on a new draft: the same again as was billed for February.
LIKE, ENTITY, APRIL = "INV-2602-001", "NB-UK", "NB-UK/2026-P04"
JOURNALS = "model.account.journal.period.search_read"
INVOICE = """query ($id: ID!) { node(id: $id) { ... on Invoice {
  number documentStatus total { amount currency } fiscalPeriod { code } } } }"""


class Partly(Rig):
    """A rig of which one system is real: it has no controls."""

    def _controls(self) -> dict[str, str]:
        return {role: control for role, control in super()._controls().items() if role != "erp"}


class Books:
    """Tryton's own books, as an accountant sees them."""

    def __init__(self, admin: Caller) -> None:
        self.admin, self.ids = admin, load_ids()
        self._context = {"company": self.ids.legal_entities[ENTITY]}

    def draft(self) -> int:
        """Put an earlier invoice on a new draft, and return that."""
        (made,) = self.press("account.invoice", "copy", self.ids.invoices[LIKE])
        return int(made)

    def press(self, model: str, method: str, *ids: int) -> Any:
        """Do something to records, as a person would."""
        answer = self.admin.answer(f"model.{model}.{method}", list(ids), self._context)
        assert "error" not in answer, answer
        return answer["result"]

    def close(self) -> None:
        """Close April, and with it the journals in it."""
        self.press("account.period", "close", self.ids.fiscal_periods[APRIL])

    def reopen(self, *, journals: bool) -> None:
        """Open April again, or the journals in it."""
        period = self.ids.fiscal_periods[APRIL]
        if not journals:
            self.press("account.period", "reopen", period)
            return
        held = [row["id"] for row in self.admin.rows("account.journal.period", [["period", "=", period]], "id")]
        self.press("account.journal.period", "reopen", *held)

    def posted(self) -> list[tuple[int, Decimal]]:
        """Return what stands on the accounts of revenue, line by line, of posted moves alone."""
        domain = [["move.state", "=", "posted"], ["account.code", "=", "4000"]]
        rows = self.admin.rows("account.move.line", domain, "move.origin", "credit")
        found = [(row["move."]["origin"], Decimal(row["credit"]["decimal"])) for row in rows]
        return [(int(origin.partition(",")[2]), credit) for origin, credit in found]

    def revenue(self, invoice: int) -> Decimal:
        """Return what an invoice has brought in the ledger."""
        return sum((credit for origin, credit in self.posted() if origin == invoice), Decimal(0))


@pytest.fixture(scope="module")
def house(firm: Firm) -> Iterator[tuple[Rig, Books]]:
    """The house over Tryton as the ERP, all other roles emulated; a server that can be killed."""
    if not Layout.of(None).template.exists() and "CI" not in os.environ:
        pytest.skip("Tryton is not installed: run 'make systems' (two minutes, once)")
    with ExitStack() as stack:
        server = stack.enter_context(serve())
        secrets = {"user": server.writer, "password": server.password}
        words = tryton_words(load_ids())["erp"]
        erp = Bound("erp", "tryton", f"{server.base_url}/{server.database}", secrets, words, Log(server))
        bound = [erp, *(stack.enter_context(system(firm)) for system in (psa, crm, hr, forecast))]
        forge = Forge()
        stack.callback(forge.stop)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="colonnade-rig-")))
        rig = Partly(forge, bound, stack.enter_context(issuer()), folder, None)
        stack.callback(rig.end)
        rig.fresh()
        rig.start()
        yield rig, Books(stack.enter_context(closing(Caller(server, ADMIN))))


def given(people: People, draft: int) -> str:
    """Have a draft posted as of the firm's day, and return the command."""
    said = {
        "invoiceId": Ref("Invoice", "erp", str(draft)).encode(),
        "expectedTotal": {"amount": TOTAL, "currency": "GBP"},
        "postingDate": "2026-04-08",
    }
    return people.taken(FINANCE, "postInvoice", said)


def shown(people: People, draft: int) -> Any:
    """Return the invoice as the graph shows it."""
    return people.read("auditor", INVOICE, id=Ref("Invoice", "erp", str(draft)).encode())["node"]


def test_a_command_posts_in_the_ledger_though_the_server_dies(house: tuple[Rig, Books]) -> None:
    """The server is killed when it has said yes; when it is back, the invoice is posted, and is in the books once."""
    rig, books = house
    people, draft, before = People(rig), books.draft(), len(books.posted())
    command = given(people, draft)
    rig.kill()
    rig.start()
    assert people.rested(FINANCE, command, "SUCCEEDED", "PARKED", "DEAD_LETTERED")["status"] == "SUCCEEDED"
    invoice = shown(people, draft)
    assert (invoice["documentStatus"], invoice["fiscalPeriod"]) == ("POSTED", {"code": "2026-P04"})
    assert invoice["total"] == {"amount": TOTAL, "currency": "GBP"}
    (row,) = books.admin.rows("account.invoice", [["id", "=", draft]], "number", "state")
    assert (row["number"], row["state"]) == (invoice["number"], "posted")
    assert (books.revenue(draft), len(books.posted())) == (Decimal("60288.00"), before + 3)


def test_a_closed_period_holds_a_posting_until_its_journals_are_open_too(house: tuple[Rig, Books]) -> None:
    """Parked, it survives a crash and adds nothing; opened in both layers, it goes on by itself and is posted once."""
    rig, books = house
    people, (earlier, draft) = People(rig), (books.draft(), books.draft())
    people._given = 10  # noqa: SLF001  keys of its own
    done = people.rested(FINANCE, given(people, earlier))
    assert done["status"] == "SUCCEEDED"
    before = books.posted()
    books.close()
    command = given(people, draft)
    found = people.rested(FINANCE, command)
    assert (found["status"], found["waitingFor"]) == ("PARKED", "PERIOD_CLOSED")
    rig.kill()
    rig.start()
    assert people.rested(FINANCE, command)["status"] == "PARKED"
    asked = rig.bound[0].traffic
    asked.clear()
    books.reopen(journals=False)
    # It is tried again, and the journals are asked about: closed, they are the period, too.
    until = time.monotonic() + 30
    while JOURNALS not in asked.calls():
        assert time.monotonic() < until
        time.sleep(0.1)
    assert people.rested(FINANCE, command)["status"] == "PARKED"
    assert (shown(people, draft)["documentStatus"], books.posted()) == ("DRAFT", before)
    books.reopen(journals=True)
    done = people.rested(FINANCE, command, "SUCCEEDED", "DEAD_LETTERED", seconds=60)
    assert (done["status"], shown(people, draft)["documentStatus"]) == ("SUCCEEDED", "POSTED")
    assert (books.revenue(draft), len(books.posted())) == (Decimal("60288.00"), len(before) + 3)
