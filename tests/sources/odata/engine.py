"""Somebody who changes a real OData engine through the house's acts, and looks at it without any of them."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx
import pytest

from colonnade.wiring import SystemClock
from schema.rows import Ref
from schema.values import Money
from sources.contract import SourceFailure, decode
from sources.erp.writes import DraftInvoice, DraftLine, PostInvoice
from sources.registry import Binding, connect
from sources.writing import Words, Writer, references
from tests.sources.hostile import scope
from tests.sources.written import NOW

if TYPE_CHECKING:
    from demo.systems import Bound
    from schema.problems import Code
    from sources.writes import Done, Write

OPEN_DAY, CLOSED_DAY = date(2026, 4, 8), date(2025, 7, 1)


class Clerk:
    """Who changes the engine through the house's acts, and looks at it without any of them."""

    def __init__(self, bound: Bound, road: str = "") -> None:
        """Connect to it; the house by a road of its own, where one is given."""
        binding = Binding(bound.role, bound.vendor, road or bound.address, bound.credentials)
        self.source = connect(binding, SystemClock())
        secrets = (bound.credentials["user"], bound.credentials["password"])
        self.http = httpx.AsyncClient(base_url=f"{bound.address}/odata/v4/erp", auth=secrets, trust_env=False)

    async def aclose(self) -> None:
        """Close the connections."""
        await self.http.aclose()
        await self.source.wire.aclose()

    async def write(self, write: Write, key: str, *, again: bool = False) -> Done:
        """Have a write carried out; `again` where it was tried before and its answer is missing."""
        at = NOW + timedelta(minutes=10)
        words = Words(key, at, {ref: ref.id for ref in references(write)}, self.source.manifest.codes)
        return await Writer(self.source).perform(write, words, scope(), NOW if again else None)

    async def refused(self, write: Write, key: str) -> Code:
        """Have a write refused, see that nothing happened, and return why."""
        before = await self.everything()
        with pytest.raises(SourceFailure) as caught:
            await self.write(write, key)
        assert await self.everything() == before
        return caught.value.code

    async def everything(self) -> list[Any]:
        """Return all documents and events as they are."""
        return [await self.rows(name) for name in ("Invoices", "InvoiceLines", "BillingEvents")]

    async def rows(self, name: str, chosen: str = "ID ne ''") -> list[dict[str, Any]]:
        """Return the rows of a set."""
        answer = await self.http.get(f"/{name}?$top=1000&$filter={quote(chosen)}")
        return list(decode(answer.raise_for_status().content)["value"])


def key() -> str:
    """Return a key that no other write has."""
    return str(uuid.uuid4())


def draft() -> DraftInvoice:
    """Return a draft whose sum no binary fraction holds."""
    lines = [
        DraftLine(
            event=Ref("BillingEvent", "erp", "BE-2603-001"),
            contract_line=Ref("ContractLine", "erp", "CTL-001"),
            description=f"Part {amount}",
            quantity=Decimal(3),
            net=Money.of(Decimal(amount), "GBP"),
        )
        for amount in ("0.10", "0.20")
    ]
    return DraftInvoice(
        customer=Ref("Customer", "erp", "CUS-01"),
        legal_entity=Ref("LegalEntity", "erp", "NB-UK"),
        engagement=Ref("Engagement", "erp", "ENG-001"),
        currency="GBP",
        lines=tuple(lines),
    )


def post(invoice: str, total: str = "0.30", day: date = OPEN_DAY) -> PostInvoice:
    """Return a draft's posting."""
    total_ = Money.of(Decimal(total), "GBP")
    return PostInvoice(invoice=Ref("Invoice", "erp", invoice), posting_date=day, expected_total=total_)


def events(*codes: str) -> tuple[Ref, ...]:
    """Return events by their codes."""
    return tuple(Ref("BillingEvent", "erp", code) for code in codes)
