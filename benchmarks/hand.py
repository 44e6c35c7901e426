"""The bound in Python: an endpoint written by hand that knows each question, with the same calls and decoding."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import orjson
from httpx_aiohttp import AiohttpTransport
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.rows import CustomerRow, EngagementRow, Sources, global_id, named

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

    from starlette.requests import Request

Values = dict[str, Any]


def unique(values: Iterable[str]) -> list[str]:
    """Return each once, in their order."""
    return list(dict.fromkeys(values))


def flat(row: EngagementRow) -> Values:
    """Write the fields that an engagement has by itself."""
    return {
        "id": global_id("Engagement", "psa", row.id),
        "name": row.name,
        "deliveryStatus": row.status.name,
        "plannedStart": row.start,
        "plannedHours": f"{row.hours:.2f}",
    }


async def links(sources: Sources, rows: Sequence[EngagementRow]) -> list[Values]:
    """Write three links of each engagement."""
    customers, people, ids = (
        unique(row.customer for row in rows),
        unique(row.manager for row in rows),
        [row.id for row in rows],
    )
    found = await asyncio.gather(sources.customers(customers), sources.people(people), sources.demands_of(ids))
    of = {row.id: {"id": global_id("Customer", "crm", row.id), "displayName": row.name} for row in found[0] if row}
    by = {row.id: _person(row) for row in found[1] if row}
    return [
        {
            "customer": of[row.customer],
            "manager": by[row.manager],
            "demands": [{"hoursPerWeek": f"{demand.hours:.2f}"} for demand in demands],
        }
        for row, demands in zip(rows, found[2], strict=True)
    ]


def _person(row: Any) -> Values:
    return {"id": global_id("Resource", "hr", row.id), "displayName": row.name, "workEmail": row.email}


async def joined(sources: Sources, rows: Sequence[EngagementRow]) -> list[Values]:
    """Write engagements with three links."""
    return [flat(row) | linked for row, linked in zip(rows, await links(sources, rows), strict=True)]


async def full(sources: Sources, rows: Sequence[EngagementRow]) -> list[Values]:
    """Write engagements with four links, one of them to many."""
    linked, invoices = await asyncio.gather(links(sources, rows), sources.invoices_of([row.id for row in rows]))
    return [
        {
            "id": global_id("Engagement", "psa", row.id),
            "name": row.name,
            "deliveryStatus": row.status.name,
            **more,
            "invoices": [
                {
                    "number": invoice.number,
                    "total": {"amount": f"{invoice.total:f}", "currency": invoice.currency},
                    "paymentStatus": invoice.payment.name,
                }
                for invoice in own
            ],
        }
        for row, more, own in zip(rows, linked, invoices, strict=True)
    ]


Write: TypeAlias = "Callable[[Sources, Sequence[EngagementRow]], Awaitable[list[Values]]]"


async def _flat(_sources: Sources, rows: Sequence[EngagementRow]) -> list[Values]:
    return [flat(row) for row in rows]


async def one(sources: Sources, given: Mapping[str, Any]) -> Values:
    """Answer for one engagement."""
    (row,) = await sources.engagements([named(given["id"])[1]])
    assert row is not None  # noqa: S101  a benchmark asks for what there is
    return {"node": (await full(sources, [row]))[0]}


async def person(sources: Sources, given: Mapping[str, Any]) -> Values:
    """Answer for one person."""
    return {"node": _person((await sources.people([named(given["id"])[1]]))[0])}


def listed(write: Write) -> Callable[[Sources, Mapping[str, Any]], Awaitable[Values]]:
    """Answer with a list of engagements."""

    async def answer(sources: Sources, given: Mapping[str, Any]) -> Values:
        rows = await write(sources, await sources.first("/psa/engagements", given["n"], EngagementRow))
        return {"engagements": {"edges": [{"node": row} for row in rows]}}

    return answer


def nested(write: Write) -> Callable[[Sources, Mapping[str, Any]], Awaitable[Values]]:
    """Answer with the engagements of customers."""

    async def answer(sources: Sources, given: Mapping[str, Any]) -> Values:
        customers = await sources.first("/crm/customers", given["n"], CustomerRow)
        lists = await sources.engagements_of([row.id for row in customers])
        written = iter(await write(sources, [row for rows in lists for row in rows]))
        edges = [{"node": {"engagements": [next(written) for _ in rows]}} for rows in lists]
        return {"customers": {"edges": edges}}

    return answer


ANSWERS: Final[Mapping[str, Callable[[Sources, Mapping[str, Any]], Awaitable[Values]]]] = {
    "one": one,
    "person": person,
    "flat": listed(_flat),
    "join": listed(joined),
    "full": listed(full),
    "fullOfCustomers": nested(full),
    "joinOfCustomers": nested(joined),
}


def app() -> Starlette:
    """Return the ASGI app."""
    sources = Sources(AiohttpTransport())

    async def endpoint(request: Request) -> Response:
        asked = orjson.loads(await request.body())
        data = await ANSWERS[asked["operationName"]](sources, asked["variables"])
        return Response(orjson.dumps({"data": data}), media_type="application/json")

    return Starlette(routes=[Route("/graphql", endpoint, methods=["POST"])])
