"""gql, the Python client: a query, an error, and a subscription over a socket."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from gql import Client, gql
from gql.transport.exceptions import TransportQueryError
from gql.transport.httpx import HTTPXAsyncTransport
from gql.transport.websockets import WebsocketsTransport

if TYPE_CHECKING:
    from tests.conformance.callers import Caller

pytestmark = pytest.mark.conformance

CUSTOMERS = gql("{ customers(first: 1) { edges { node { displayName } } } }")
RESTRICTED = gql("{ customers(first: 1) { edges { node { displayName taxRegistrationId } } } }")
HEALTH = gql("subscription { systemHealthChanged { name } }")
ROLES = {"crm", "erp", "forecast", "hr", "psa", "warehouse"}


async def test_a_query(widest: Caller) -> None:
    """What is asked for comes back as Python's own values."""
    async with Client(transport=HTTPXAsyncTransport(url=widest.url, headers=widest.headers)) as session:
        data = await session.execute(CUSTOMERS)
    assert data == {"customers": {"edges": [{"node": {"displayName": "Aldermoor Rail"}}]}}


async def test_an_error(narrow: Caller) -> None:
    """An error raises, with its code and place, and what is there beside it is not lost."""
    async with Client(transport=HTTPXAsyncTransport(url=narrow.url, headers=narrow.headers)) as session:
        with pytest.raises(TransportQueryError) as raised:
            await session.execute(RESTRICTED)
    (error,) = list(raised.value.errors or [])
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert error["path"] == ["customers", "edges", 0, "node", "taxRegistrationId"]
    node = {"displayName": "Aldermoor Rail", "taxRegistrationId": None}
    assert raised.value.data == {"customers": {"edges": [{"node": node}]}}


async def test_a_subscription(widest: Caller) -> None:
    """Every bound system is told over a socket, and the socket closes when nobody listens any more."""
    transport = WebsocketsTransport(
        url=widest.url.replace("http", "ws", 1),
        headers=widest.headers,
        subprotocols=[WebsocketsTransport.GRAPHQLWS_SUBPROTOCOL],
    )
    told: set[str] = set()
    async with asyncio.timeout(10), Client(transport=transport) as session:
        async for item in session.subscribe(HEALTH):
            told.add(item["systemHealthChanged"]["name"])
            if told == ROLES:
                break
    assert told == ROLES
