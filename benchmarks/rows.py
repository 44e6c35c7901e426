"""What the upstream says, for the two Python servers that are no product: rows decoded by msgspec, asked in batches."""

from __future__ import annotations

import asyncio
import os
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Final, TypeVar
from urllib.parse import quote_plus

import httpx
import msgspec

from schema.engagement import EngagementStatus
from schema.invoice import PaymentStatus
from schema.problems import Problem
from schema.rows import Ref
from schema.values import CurrencyCode

if TYPE_CHECKING:
    from collections.abc import Sequence

# Of ids in one request, as in the sources of the product.
LIMIT: Final = 1_000


class CustomerRow(msgspec.Struct, gc=False):
    """A customer of the CRM."""

    id: str
    name: str


class PersonRow(msgspec.Struct, gc=False):
    """A person of HR."""

    id: str
    name: str
    email: str


class EngagementRow(msgspec.Struct, gc=False):
    """An engagement of the PSA."""

    id: str
    name: str
    status: EngagementStatus
    start: date
    hours: Decimal
    customer: str
    manager: str


class InvoiceRow(msgspec.Struct, gc=False):
    """An invoice of the ERP."""

    engagement: str
    number: str
    total: Decimal
    currency: CurrencyCode
    payment: PaymentStatus


class DemandRow(msgspec.Struct, gc=False):
    """A role demand of forecasting."""

    engagement: str
    hours: Decimal


T = TypeVar("T", bound=msgspec.Struct)


class Envelope(msgspec.Struct):
    """An answer, with its rows as they came."""

    value: msgspec.Raw


class Sources:
    """The upstream's lists. Each is asked for many keys at once, and answers in their order."""

    def __init__(self, transport: httpx.AsyncBaseTransport | None = None) -> None:
        address = os.environ["UPSTREAM"]
        self._http = httpx.AsyncClient(base_url=address, transport=transport, timeout=30, trust_env=False)

    async def body(self, target: str) -> bytes:
        """Return the body of an answer."""
        answer = await self._http.get(target)
        return answer.raise_for_status().content

    async def first(self, path: str, count: int, row: type[T]) -> list[T]:
        """Return the first rows of a list."""
        return _rows(await self.body(f"{path}?$orderby=id&$top={count}&$count=true"), row)

    async def engagements(self, ids: Sequence[str]) -> list[EngagementRow | None]:
        """Return engagements by their ids."""
        found = {row.id: row for row in await self._by("/psa/engagements", "id", ids, EngagementRow)}
        return [found.get(id_) for id_ in ids]

    async def customers(self, ids: Sequence[str]) -> list[CustomerRow | None]:
        """Return customers by their ids."""
        found = {row.id: row for row in await self._by("/crm/customers", "id", ids, CustomerRow)}
        return [found.get(id_) for id_ in ids]

    async def people(self, ids: Sequence[str]) -> list[PersonRow | None]:
        """Return people by their ids."""
        found = {row.id: row for row in await self._by("/hr/people", "id", ids, PersonRow)}
        return [found.get(id_) for id_ in ids]

    async def engagements_of(self, customers: Sequence[str]) -> list[list[EngagementRow]]:
        """Return the engagements of each of these customers."""
        found: dict[str, list[EngagementRow]] = {id_: [] for id_ in customers}
        for row in await self._by("/psa/engagements", "customer", customers, EngagementRow):
            found[row.customer].append(row)
        return list(found.values())

    async def invoices_of(self, engagements: Sequence[str]) -> list[list[InvoiceRow]]:
        """Return the invoices of each of these engagements."""
        found: dict[str, list[InvoiceRow]] = {id_: [] for id_ in engagements}
        for row in await self._by("/erp/invoices", "engagement", engagements, InvoiceRow):
            found[row.engagement].append(row)
        return list(found.values())

    async def demands_of(self, engagements: Sequence[str]) -> list[list[DemandRow]]:
        """Return the role demands of each of these engagements."""
        found: dict[str, list[DemandRow]] = {id_: [] for id_ in engagements}
        for row in await self._by("/forecast/demands", "engagement", engagements, DemandRow):
            found[row.engagement].append(row)
        return list(found.values())

    async def _by(self, path: str, column: str, ids: Sequence[str], row: type[T]) -> list[T]:
        parts = [ids[start : start + LIMIT] for start in range(0, len(ids), LIMIT)]
        answers = await asyncio.gather(*(self.body(f"{path}?{_among(column, part)}") for part in parts))
        return [one for answer in answers for one in _rows(answer, row)]


def _among(column: str, ids: Sequence[str]) -> str:
    literals = ",".join(f"'{id_}'" for id_ in ids)
    return f"$filter={quote_plus(f'{column} in ({literals})', safe=',()')}&$count=true"


def _rows(body: bytes, row: type[T]) -> list[T]:
    # An array of any row is decoded by the type's own decoder, which msgspec keeps.
    return msgspec.json.decode(msgspec.json.decode(body, type=Envelope).value, type=list[row])  # type: ignore[valid-type]


def global_id(type_: str, system: str, id_: str) -> str:
    """Return a record's global id, as the product writes it."""
    return Ref(type_, system, id_).encode()


def named(id_: str) -> tuple[str, str]:
    """Return the type and the own id that a global id means, or raise the Problem with it."""
    ref = Ref.decode(id_)
    if isinstance(ref, Problem):
        raise ref
    return ref.type, ref.id
