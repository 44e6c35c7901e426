"""Every restricted field by every road: who may not read it sees nothing, and who may sees it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from gql import Client, gql
from gql.transport.exceptions import TransportQueryError
from gql.transport.websockets import WebsocketsTransport
from graphql import build_schema

from tests.conformance.roads.forms import every, few
from tests.conformance.roads.ids import beside, entrances, specimen
from tests.conformance.roads.judging import Verdict
from tests.conformance.roads.paths import Place, restricted, ways, written

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from graphql import GraphQLSchema

    from tests.conformance.callers import Caller
    from tests.conformance.roads.forms import Road

pytestmark = [pytest.mark.conformance, pytest.mark.timeout(300)]

SCHEMA: GraphQLSchema = build_schema(
    Path("schema.graphql").read_text(encoding="utf-8"), assume_valid=True, assume_valid_sdl=True
)
# No card of the demo has a rate for one person alone.
SILENT = {"LedgerRate.resource"}
PLACES = restricted(SCHEMA)
LEAST = 40
AT_ONCE = 4
PROTOCOL = WebsocketsTransport.GRAPHQLWS_SUBPROTOCOL


def roads(place: Place, ask: Callable[[str], Any]) -> list[Road]:
    """Return all roads to a field: one way in every form, by the id if there is one, and every other way in a few."""
    field, found = written(SCHEMA, place), ways(SCHEMA, SCHEMA.query_type, place.type)
    if (id_ := specimen(SCHEMA, place, ask)) is not None:
        found = [*entrances(id_), *found, *beside(SCHEMA, place.type, ask)]
    first, *others = found
    return [*every(first, place.type, field), *(road for way in others for road in few(way, place.type, field))]


async def travel(caller: Caller, roads: Sequence[Road]) -> Verdict:
    """Ask by POST along every road, and along the plainest ones by GET and over a socket too."""
    verdict, gate = Verdict(), asyncio.Semaphore(AT_ONCE)
    plain = [road for road in roads if road.form.endswith("own")]
    async with httpx.AsyncClient(trust_env=False, timeout=60, headers=caller.headers) as client:

        async def post(road: Road) -> None:
            async with gate:
                body = {"query": road.text, "variables": road.variables}
                verdict.hear(road, (await client.post(caller.url, json=body)).json())

        async def get(road: Road) -> None:
            async with gate:
                verdict.hear(road, (await client.get(caller.url, params={"query": road.text})).json())

        await asyncio.gather(*map(post, roads), *map(get, plain))
    await over_a_socket(caller, plain, verdict)
    return verdict


async def over_a_socket(caller: Caller, roads: Sequence[Road], verdict: Verdict) -> None:
    """Ask along some roads over one socket."""
    address = caller.url.replace("http", "ws", 1)
    transport = WebsocketsTransport(address, headers=caller.headers, subprotocols=[PROTOCOL])
    async with Client(transport=transport) as session:
        for road in roads:
            try:
                data = await session.execute(gql(road.text))
            except TransportQueryError as refused:
                data = refused.data
            verdict.hear(road, {"data": data})


def test_the_search_finds_what_is_restricted() -> None:
    """The fields that the SDL marks, a restricted type's own, and the links to it are among those that are tried."""
    told = {str(place) for place in PLACES}
    assert {"Customer.taxRegistrationId", "Resource.standardCostRate", "TimeEntry.costRate"} <= told
    assert {"Absence.id", "Absence.kind", "Resource.absences", "Query.absences"} <= told


@pytest.mark.parametrize("place", PLACES, ids=str)
async def test_no_road_leads_to_what_is_restricted(
    place: Place, narrow: Caller, widest: Caller, router: dict[str, str], tell: Callable[[object], None]
) -> None:
    """No road shows a value to who may not read it, and at least one shows it to who may."""
    found = await asyncio.to_thread(roads, place, widest.through(router).ask)
    refused, allowed = await travel(narrow.through(router), found), await travel(widest.through(router), found)
    control = f"{len(allowed.shown)} of {allowed.executed} roads show it to who may"
    tell(f"FIGURE roads {place}: {len(refused.shown)} leaks in {refused.executed}; {control}")
    assert refused.shown == []
    assert allowed.shown or str(place) in SILENT
    assert refused.executed >= LEAST
    assert (refused.void, allowed.void) == ([], [])


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_no_subscription_leads_there(place: Place) -> None:
    """No subscription reaches a restricted field: one that does needs roads of its own here."""
    assert SCHEMA.subscription_type is None or ways(SCHEMA, SCHEMA.subscription_type, place.type) == []
