"""A record in another state than whoever writes has seen: refused as a conflict, and nothing has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from schema.problems import Code
from sources.contract import Request, SourceFailure
from tests.sources.hostile import scope

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from demo.systems import Bound
    from sources.source import Source

pytestmark = [pytest.mark.cap, pytest.mark.timeout(180)]

CUSTOMER = "/odata/v4/erp/Customers('CUS-01')"


@pytest.fixture
async def raw(engine: Mapping[str, Bound]) -> AsyncIterator[httpx.AsyncClient]:
    """The engine's own API, spoken without any code of the graph."""
    bound = engine["sap_cap"]
    secrets = (bound.credentials["user"], bound.credentials["password"])
    async with httpx.AsyncClient(base_url=bound.address, auth=secrets, trust_env=False, timeout=30) as http:
        yield http


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"If-Match": 'W/"2020-01-01T00:00:00.000Z"'}, id="stale"),
        pytest.param({}, id="none"),
    ],
)
async def test_a_state_that_is_gone_is_a_conflict(
    erp: Source, raw: httpx.AsyncClient, headers: Mapping[str, str]
) -> None:
    """A write with another ETag than the record's, or with none, is a conflict; the record is as it was."""
    before = (await raw.get(CUSTOMER)).json()
    change = Request(CUSTOMER, body={"legalName": "Somebody else"}, method="PATCH", headers=headers)
    with pytest.raises(SourceFailure) as caught:
        await erp.wire.write(change, scope(), "probe")
    assert caught.value.code is Code.STALE_VERSION
    assert (await raw.get(CUSTOMER)).json() == before


async def test_a_state_that_holds_is_written(erp: Source, raw: httpx.AsyncClient) -> None:
    """With the ETag that the record has it is changed, once: the same ETag is stale afterwards."""
    before = (await raw.get(CUSTOMER)).json()
    change = Request(CUSTOMER, body={"termsDays": 31}, method="PATCH", headers={"If-Match": before["@odata.etag"]})
    await erp.wire.write(change, scope(), "probe")
    after = (await raw.get(CUSTOMER)).json()
    assert (after["termsDays"], after["@odata.etag"] != before["@odata.etag"]) == (31, True)
    with pytest.raises(SourceFailure) as caught:
        await erp.wire.write(change, scope(), "probe")
    assert caught.value.code is Code.STALE_VERSION
    assert (await raw.get(CUSTOMER)).json() == after
