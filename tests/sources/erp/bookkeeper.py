"""Somebody who has the installed Tryton changed through the house, and reads what came of it in Tryton itself."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import httpx

from colonnade.wiring import SystemClock
from demo.tryton.bound import tryton_words
from schema.contract import BillingModel
from schema.rows import Ref
from schema.values import Money
from sources.contract import SourceFailure
from sources.erp.writes import CreateProject, Line
from sources.registry import Binding, connect
from sources.writing import OutcomeUnknownError, Words, Writer, references
from tests.sources.clerk import LATER
from tests.sources.erp.parting import parting
from tests.sources.hostile import scope
from tests.sources.written import NOW

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from demo.tryton.ids import TrytonIds
    from schema.problems import Code
    from sources.writes import Done, Write
    from tests.demo.test_tryton import Caller
    from tests.sources.erp.parting import Parting


class Bookkeeper:
    """One role of Tryton. What is its own is named by its ids, what is another's by the firm's codes."""

    def __init__(self, role: str, between: Parting, admin: Caller, ids: TrytonIds) -> None:
        """Bind it through the server in between; `admin` asks it directly."""
        server = admin.server
        self.between, self.admin, self.ids = between, admin, ids
        secrets = {"user": server.writer, "password": server.password}
        binding = Binding(role, "tryton", f"{between.address}/{server.database}", secrets)
        self.source = connect(binding, SystemClock())
        self._writer, self._words = Writer(self.source), tryton_words(ids)[role]

    async def write(self, write: Write, key: str, *, again: bool = False) -> Done:
        """Have a write carried out; `again` where it was tried before and its answer is missing."""
        ids = {ref: self._word(ref) for ref in references(write)}
        words = Words(key, LATER if again else NOW, ids, self.source.manifest.codes)
        return await self._writer.perform(write, words, scope(), NOW if again else None)

    async def refused(self, write: Write, key: str) -> Code:
        """Have a write carried out that is refused, and return why."""
        try:
            await self.write(write, key)
        except SourceFailure as failure:
            return failure.code
        raise AssertionError("it was not refused")

    async def lost(self, write: Write, key: str, method: str) -> None:
        """Have a write carried out whose call of a method is carried out, and never answered."""
        self.between.loses.add(method)
        try:
            await self.write(write, key)
        except OutcomeUnknownError:
            return
        raise AssertionError("its answer came")

    def row(self, model: str, id_: str | int | None, *fields: str) -> dict[str, Any]:
        """Return what Tryton itself says of a record, amounts and days as values."""
        (row,) = self.admin.rows(model, [["id", "=", int(id_ or 0)]], *fields)
        return {name: _value(value) for name, value in row.items() if name != "id"}

    def count(self, model: str, *domain: list[Any]) -> int:
        """Count Tryton's records."""
        return int(self.admin.call(f"model.{model}.search_count", list(domain), {"active_test": False}))

    def press(self, model: str, button: str, *ids: int) -> None:
        """Press a button in Tryton, as a person would."""
        assert "error" not in self.admin.answer(f"model.{model}.{button}", list(ids), {"company": self.company})

    @property
    def company(self) -> int:
        """Tryton's id of the company in which these tests write."""
        return self.ids.legal_entities["NB-UK"]

    def end_session(self) -> None:
        """Log the house out of Tryton."""
        server = self.admin.server
        call = {"id": 1, "method": "common.db.logout", "params": []}
        headers = {"Authorization": self.between.credential}
        httpx.post(server.rpc_url, json=call, headers=headers, trust_env=False).raise_for_status()

    def _word(self, ref: Ref) -> str:
        if ref.binding == self.source.binding:
            return ref.id
        word = self._words.get(ref.type, str)(ref.id)
        assert word is not None
        return word


def project(code: str, customer: str, entity: str, currency: str) -> CreateProject:
    """Return an engagement that is billed by the hour."""
    amount = Money.of(Decimal("480000.00"), currency)
    card = Ref("RateCard", "psa", "RC-BILL-NB-UK-V1")
    line = Line(description="Work", model=BillingModel.TIME_AND_MATERIALS, amount=amount, rate_card=card)
    return CreateProject(
        engagement=Ref("Engagement", "psa", code),
        code=code,
        name="Network rollout",
        legal_entity=Ref("LegalEntity", "hr", entity),
        customer=Ref("Customer", "crm", customer),
        currency=currency,
        start=date(2026, 4, 6),
        lines=(line,),
    )


async def contract(books: Bookkeeper, code: str, customer: str, entity: str, currency: str) -> Ref:
    """See to it that there is such an engagement, and return its contract's line."""
    done = await books.write(project(code, customer, entity, currency), f"c-{code}")
    return Ref("ContractLine", "erp", str(done.values["line"]))


def _value(value: Any) -> Any:
    match value:
        case {"__class__": "Decimal"}:
            return Decimal(value["decimal"])
        case {"__class__": "date"}:
            return date(value["year"], value["month"], value["day"])
    return value


@asynccontextmanager
async def bookkeeper(role: str, admin: Caller, ids: TrytonIds) -> AsyncIterator[Bookkeeper]:
    """Bind a role of the running Tryton."""
    async with parting(admin.server.base_url) as between:
        one = Bookkeeper(role, between, admin, ids)
        try:
            yield one
        finally:
            await one.source.wire.aclose()
