"""The firm's emulated Kantata, written to through the house's own acts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from demo import kantata
from demo.emulator import serve
from schema.rows import Ref
from sources.registry import Binding
from tests.sources.written import Written

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from demo.firm.model import Firm

TOKEN = "a-kantata-token"
# What other systems are home to, and what Kantata calls it.
WORDS = {
    Ref("LegalEntity", "erp", "nbus"): "NB-US",
    Ref("LegalEntity", "erp", "nbuk"): "NB-UK",
    Ref("Customer", "crm", "001"): kantata.group_id("CUS-08"),
    Ref("Resource", "hr", "6"): kantata.user_id("RES-006"),
    Ref("Resource", "hr", "17"): kantata.user_id("RES-017"),
    Ref("RoleDemand", "forecast", "4711"): "DEM-001",
}


@pytest.fixture(scope="module")
def address(firm: Firm) -> Iterator[str]:
    """Serve the firm's Kantata for a whole file."""
    with serve(kantata.build(firm, token=TOKEN)) as server:
        yield server.url


@pytest.fixture
async def psa(address: str) -> AsyncIterator[Written]:
    """Kantata as at the start, to be written to."""
    written = Written(Binding("psa", "kantata", address, {"token": TOKEN}), WORDS)
    written.restore()
    yield written
    await written.aclose()
